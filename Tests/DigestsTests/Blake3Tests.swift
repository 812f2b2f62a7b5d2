// What BLAKE3 promises beyond its vectors: the same digest whatever way the bytes take.

import Ambient
import Bytes
import Digests
import Testing

@Suite struct Blake3Tests {
  static let levels = Blake3VectorTests.levels

  @Test(arguments: levels)
  func `every length up to some chunks has the digest of the portable level`(
    _ level: Blake3Level
  ) {
    let bytes = counted(20_000)
    for count in Array(0...1_100) + Array(stride(from: 1_101, through: 20_000, by: 97)) {
      let part = bytes.span.extracting(first: count)
      #expect(
        Blake3.digest(of: part, .plain(level: level))
          == Blake3.digest(of: part, .plain(level: .portable)))
    }
  }

  @Test(arguments: levels)
  func `random pieces give the digest of the whole`(_ level: Blake3Level) {
    var random = SeededGenerator(seed: 7)
    for _ in 0..<40 {
      let bytes = random.bytes(random.below(300_000))
      var hasher = Blake3(.plain(level: level))
      var at = 0
      while at < bytes.count {
        let largest = random.chance(oneIn: 3) ? 70_000 : 2_000
        let end = min(bytes.count, at + random.below(largest))
        hasher.update(bytes.span.extracting(at..<end))
        // Asking on the way changes nothing.
        if random.chance(oneIn: 9) {
          #expect(hasher.digest() == Blake3.digest(of: bytes.span.extracting(first: end)))
        }
        at = end
      }
      #expect(hasher.digest() == Blake3.digest(of: bytes))
    }
  }

  @Test(arguments: levels)
  func `many inputs of any length have the digests they have alone`(_ level: Blake3Level) {
    var random = SeededGenerator(seed: 3)
    let bytes = random.bytes(50_000)
    for count in [0, 1, 3, 4, 5, 15, 16, 17, 40, 600] {
      let parts = (0..<count).map { _ in
        let length = random.chance(oneIn: 8) ? random.below(5_000) : random.below(1_025)
        let start = random.below(bytes.count - length)
        return start..<start + length
      }
      let digests = Blake3.digests(of: parts, in: bytes.span, .plain(level: level))
      let alone = parts.map { Blake3.digest(of: bytes.span.extracting($0)) }
      #expect(digests == alone)
    }
  }

  @Test func `a key of the wrong length is refused`() {
    #expect(throws: DigestsError.wrongLength(of: "key", expected: 32, got: 31)) {
      try Blake3Mode.keyed([UInt8](repeating: 1, count: 31).span)
    }
  }

  @Test func `every context derives other keys`() {
    let material = counted(64)
    let keys = ["", "a", "larder 2026 files", "larder 2026 names"].map {
      Blake3.digest(of: material, .deriving($0))
    }
    #expect(Set(keys).count == keys.count)
  }
}

@Suite struct Blake3DigestTests {
  @Test func `a digest survives the way through bytes and through hexadecimal`() throws {
    let digest = Blake3.digest(of: [1, 2, 3])
    #expect(try Blake3Digest(bytes: digest.bytes) == digest)
    #expect(try Blake3Digest(hexadecimal: digest.description) == digest)
    #expect(try Blake3Digest(hexadecimal: digest.description.uppercased()) == digest)
    #expect(digest.withBytes { $0.count } == Blake3Digest.byteCount)
  }

  @Test func `pairs have the digest of their bytes, one and many`() {
    let mode = Blake3Mode.deriving("larder tests: pairs")
    for pairs in [0, 1, 2, 7, 16, 17, 127, 128, 129, 300] {
      let digests = (0..<2 * pairs).map { Blake3.digest(of: Array("\($0)".utf8)) }
      let expected = (0..<pairs).map {
        Blake3.digest(of: digests[2 * $0].bytes + digests[2 * $0 + 1].bytes, mode)
      }
      #expect(Blake3.digests(ofPairs: digests, mode) == expected)
      for pair in 0..<pairs {
        #expect(
          Blake3.digest(ofPair: digests[2 * pair], digests[2 * pair + 1], mode)
            == expected[pair])
      }
    }
  }

  @Test func `a digest in words is its bytes, the first lowest`() {
    let digest = Blake3.digest(of: [1, 2, 3])
    let words = digest.littleEndianWords
    var writer = ByteWriter()
    writer.append(words.0, words.1, words.2, words.3)
    #expect(writer.bytes == digest.bytes)
  }

  @Test func `nothing is the digest that everyone knows`() {
    #expect(
      Blake3.digest(of: []).description
        == "af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262")
  }

  @Test func `digests are ordered as their bytes are`() {
    let digests = (0..<200).map { Blake3.digest(of: [UInt8($0)]) }
    let byBytes = digests.sorted { $0.bytes.lexicographicallyPrecedes($1.bytes) }
    #expect(digests.sorted() == byBytes)
    #expect(digests.sorted() != digests)
  }

  @Test(arguments: [0, 31, 33])
  func `any other number of bytes is refused`(_ count: Int) {
    #expect(
      throws: DigestsError.wrongLength(of: "BLAKE3 digest", expected: 32, got: count)
    ) {
      try Blake3Digest(bytes: [UInt8](repeating: 0, count: count))
    }
  }

  @Test(arguments: ["", "00", "zz", String(repeating: "0", count: 66)])
  func `text that spells no digest is refused`(_ text: String) {
    #expect(throws: DigestsError.self) { try Blake3Digest(hexadecimal: text) }
  }
}
