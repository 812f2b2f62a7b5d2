// Values of our formats at the end of an output whose room was made before: the same bytes as
// `ByteWriter` gives, for the few places where each append writes many of them.

internal import Digests

extension OutputSpan<UInt8> {
  /// Appends a number of fixed width, the low byte first.
  @inline(__always)
  mutating func append(number value: some FixedWidthInteger & UnsignedInteger) {
    for index in 0..<value.bitWidth / 8 {
      append(UInt8(truncatingIfNeeded: value >> (8 * index)))
    }
  }

  /// Appends a number in seven-bit groups, the low one first.
  @inline(__always)
  mutating func append(varint value: UInt64) {
    var rest = value
    while rest > 0x7F {
      append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    append(UInt8(truncatingIfNeeded: rest))
  }

  /// Appends the bytes as they are.
  @inline(__always)
  mutating func append(bytes: Span<UInt8>) {
    for index in bytes.indices { append(bytes[index]) }
  }

  /// Appends the bytes with their length as a varint in front.
  @inline(__always)
  mutating func append(prefixed bytes: Span<UInt8>) {
    append(varint: UInt64(bytes.count))
    append(bytes: bytes)
  }

  /// Appends an id in network order.
  @inline(__always)
  mutating func append(id: EventID) {
    append(number: id.high.byteSwapped)
    append(number: id.low.byteSwapped)
  }

  /// Appends the 32 bytes of a digest.
  @inline(__always)
  mutating func append(digest: Blake3Digest) {
    let words = digest.littleEndianWords
    append(number: words.0)
    append(number: words.1)
    append(number: words.2)
    append(number: words.3)
  }
}
