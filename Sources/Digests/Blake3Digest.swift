// The digest by which the product knows files, payloads and commitments.

/// A BLAKE3 digest of 32 bytes, ordered as they are.
public struct Blake3Digest: Hashable, Sendable {
  let value: Bytes32

  init(_ value: Bytes32) {
    self.value = value
  }

  /// A digest that was kept as bytes; throws `.wrongLength` unless they are 32.
  public init(bytes: Span<UInt8>) throws(DigestsError) {
    value = try Bytes32(bytes, what: "BLAKE3 digest")
  }

  /// A digest that was kept as bytes; throws `.wrongLength` unless they are 32.
  public init(bytes: [UInt8]) throws(DigestsError) {
    try self.init(bytes: bytes.span)
  }

  /// A digest that was written in hexadecimal, in either case.
  public init(hexadecimal text: some StringProtocol) throws(DigestsError) {
    value = try Bytes32(hexadecimal: text, what: "BLAKE3 digest")
  }

  /// How many bytes a digest has.
  public static let byteCount = 32

  /// The bytes of the digest, as a copy.
  public var bytes: [UInt8] { value.bytes }

  /// The bytes of the digest as four words, each with its first byte lowest.
  package var littleEndianWords: (UInt64, UInt64, UInt64, UInt64) {
    let words = value.words
    return (
      UInt64(littleEndian: words.0), UInt64(littleEndian: words.1), UInt64(littleEndian: words.2),
      UInt64(littleEndian: words.3)
    )
  }

  /// Lends the bytes of the digest, without a copy on the heap.
  public func withBytes<Result, Failure: Error>(
    _ body: (Span<UInt8>) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try value.withBytes(body)
  }
}

extension Blake3Digest: Comparable {
  public static func < (left: Blake3Digest, right: Blake3Digest) -> Bool {
    left.value < right.value
  }
}

extension Blake3Digest: CustomStringConvertible {
  /// 64 hexadecimal digits in lower case.
  public var description: String { value.hexadecimal }
}
