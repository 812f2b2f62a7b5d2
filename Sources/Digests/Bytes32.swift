// Thirty-two bytes as a value in four words: what digests, chaining values and public keys are made
// of. A word holds its first byte highest, so words compare as the bytes do.

import Bytes

struct Bytes32: Hashable, Comparable, Sendable {
  /// The bytes as four words that lie in memory as the bytes do.
  typealias Words = (UInt64, UInt64, UInt64, UInt64)

  private let first: UInt64
  private let second: UInt64
  private let third: UInt64
  private let fourth: UInt64

  init(_ words: Words) {
    first = UInt64(bigEndian: words.0)
    second = UInt64(bigEndian: words.1)
    third = UInt64(bigEndian: words.2)
    fourth = UInt64(bigEndian: words.3)
  }

  /// Copies 32 bytes; `what` names them when they are fewer or more.
  init(_ bytes: Span<UInt8>, what: String) throws(DigestsError) {
    guard bytes.count == 32 else {
      throw .wrongLength(of: what, expected: 32, got: bytes.count)
    }
    self.init(
      unsafe bytes.withUnsafeBytes { bytes -> Words in
        func word(_ index: Int) -> UInt64 {
          unsafe bytes.loadUnaligned(fromByteOffset: 8 * index, as: UInt64.self)
        }
        return (word(0), word(1), word(2), word(3))
      })
  }

  /// Reads 64 hexadecimal digits.
  init(hexadecimal text: some StringProtocol, what: String) throws(DigestsError) {
    guard let bytes = Bytes.bytes(fromHexadecimal: text) else {
      throw .notHexadecimal(of: what)
    }
    try self.init(bytes.span, what: what)
  }

  var words: Words {
    (first.bigEndian, second.bigEndian, third.bigEndian, fourth.bigEndian)
  }

  /// Lends the bytes.
  func withBytes<Result, Failure: Error>(
    _ body: (Span<UInt8>) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    var words = words
    return try unsafe withUnsafeBytes(of: &words) { (buffer) throws(Failure) -> Result in
      try unsafe body(buffer.bindMemory(to: UInt8.self).span)
    }
  }

  var bytes: [UInt8] {
    withBytes { bytes in bytes.indices.map { bytes[$0] } }
  }

  var hexadecimal: String { Bytes.hexadecimal(bytes) }

  static func < (left: Bytes32, right: Bytes32) -> Bool {
    if left.first != right.first { return left.first < right.first }
    if left.second != right.second { return left.second < right.second }
    if left.third != right.third { return left.third < right.third }
    return left.fourth < right.fourth
  }
}
