// CRC-32C: both ways of computing it against its definition, in pieces, and joined.

import Ambient
import Digests
import Testing

@Suite struct Crc32cTests {
  static let ways = Crc32c.hasInstruction ? [true, false] : [false]

  /// The definition: one bit at a time.
  private static func defined(_ bytes: Span<UInt8>) -> UInt32 {
    var register: UInt32 = ~0
    for index in bytes.indices {
      register ^= UInt32(bytes[index])
      for _ in 0..<8 { register = register >> 1 ^ (register & 1 == 1 ? 0x82F6_3B78 : 0) }
    }
    return ~register
  }

  /// The check value, and the iSCSI examples of RFC 3720, B.4.
  @Test(
    arguments: [
      (Array("123456789".utf8), 0xE306_9283),
      ([UInt8](repeating: 0, count: 32), 0x8A91_36AA),
      ([UInt8](repeating: 0xFF, count: 32), 0x62A8_AB43),
      (Array(0..<32), 0x46DD_794E),
      (Array((0..<32).reversed()), 0x113F_DB5C),
      ([], 0),
    ] as [([UInt8], UInt32)])
  func `the published checksums hold`(_ bytes: [UInt8], _ checksum: UInt32) {
    #expect(Crc32c.checksum(of: bytes) == checksum)
    for way in Self.ways {
      var crc = Crc32c(byInstruction: way)
      crc.update(bytes)
      #expect(crc.value == checksum)
    }
  }

  @Test(arguments: ways)
  func `every length and alignment agrees with the definition`(_ byInstruction: Bool) {
    var random = SeededGenerator(seed: 9)
    let bytes = random.bytes(30_000)
    for count in Array(0..<70) + [191, 192, 193, 200, 1_535, 1_536, 1_600, 12_288, 14_000, 26_000] {
      let start = random.below(9)
      let part = bytes.span.extracting(start..<start + count)
      var crc = Crc32c(byInstruction: byInstruction)
      crc.update(part)
      #expect(crc.value == Self.defined(part), "\(count) bytes from \(start)")
    }
  }

  @Test(arguments: ways)
  func `pieces give the checksum of the whole`(_ byInstruction: Bool) {
    var random = SeededGenerator(seed: 10)
    let bytes = random.bytes(40_000)
    var crc = Crc32c(byInstruction: byInstruction)
    var at = 0
    while at < bytes.count {
      let end = min(bytes.count, at + random.below(3_000))
      crc.update(bytes.span.extracting(at..<end))
      #expect(crc.value == Crc32c.checksum(of: bytes.span.extracting(first: end)))
      at = end
    }
  }

  @Test(arguments: ways)
  func `a word is its eight bytes, the low one first`(_ byInstruction: Bool) {
    var words = Crc32c(byInstruction: byInstruction)
    var bytes = Crc32c(byInstruction: byInstruction)
    for word in [0, 1, 0x0102_0304_0506_0708, .max] as [UInt64] {
      words.update(word: word)
      bytes.update((0..<8).map { UInt8(truncatingIfNeeded: word >> (8 * UInt64($0))) })
      #expect(words.value == bytes.value)
    }
  }

  @Test func `checksums of two parts join to that of both`() {
    var random = SeededGenerator(seed: 12)
    for _ in 0..<200 {
      let bytes = random.bytes(random.below(5_000))
      let cut = random.below(bytes.count + 1)
      let first = Crc32c.checksum(of: bytes.span.extracting(first: cut))
      let second = Crc32c.checksum(of: bytes.span.extracting(cut..<bytes.count))
      #expect(
        Crc32c.joined(first, second, count: UInt64(bytes.count - cut))
          == Crc32c.checksum(of: bytes))
    }
  }
}
