// Bytes to values, in order, from an array that the reader keeps. What each read promises is said
// at `ByteCursor`, which does the work; this lends it the bytes, under a second name because the
// cursor is part of the reader and may not change while another part of it is lent.

/// A reader of values from bytes of its own.
package struct ByteReader: Sendable {
  /// The bytes that are read.
  package let bytes: [UInt8]
  private var cursor: ByteCursor

  /// A reader of all of the bytes.
  package init(_ bytes: [UInt8]) {
    self.bytes = bytes
    cursor = ByteCursor(0..<bytes.count)
  }

  /// Where the next value begins.
  package var offset: Int { cursor.offset }

  /// How many bytes are left.
  package var left: Int { cursor.left }

  /// True when nothing is left.
  package var isAtEnd: Bool { cursor.isAtEnd }

  /// Throws unless nothing is left.
  package func finish() throws(BytesError) { try cursor.finish() }

  /// Passes over `count` bytes and returns where they stand.
  package mutating func skip(_ count: Int) throws(BytesError) -> Range<Int> {
    try cursor.skip(count)
  }

  /// Reads one byte.
  package mutating func uint8() throws(BytesError) -> UInt8 {
    let lent = bytes
    return try cursor.uint8(in: lent.span)
  }

  /// Reads a byte that is 0 for false or 1 for true.
  package mutating func flag() throws(BytesError) -> Bool {
    let lent = bytes
    return try cursor.flag(in: lent.span)
  }

  /// Reads two bytes, the low one first.
  package mutating func uint16() throws(BytesError) -> UInt16 {
    let lent = bytes
    return try cursor.uint16(in: lent.span)
  }

  /// Reads four bytes, the low one first.
  package mutating func uint32() throws(BytesError) -> UInt32 {
    let lent = bytes
    return try cursor.uint32(in: lent.span)
  }

  /// Reads eight bytes, the low one first.
  package mutating func uint64() throws(BytesError) -> UInt64 {
    let lent = bytes
    return try cursor.uint64(in: lent.span)
  }

  /// Reads eight bytes in two's complement, the low one first.
  package mutating func int64() throws(BytesError) -> Int64 {
    let lent = bytes
    return try cursor.int64(in: lent.span)
  }

  /// Reads `count` bytes.
  package mutating func bytes(_ count: Int) throws(BytesError) -> [UInt8] {
    let lent = bytes
    return try cursor.bytes(count, in: lent.span)
  }

  /// Reads a varint, which must be in its shortest form.
  package mutating func varint() throws(BytesError) -> UInt64 {
    let lent = bytes
    return try cursor.varint(in: lent.span)
  }

  /// Reads a signed number that was written as a zigzag varint.
  package mutating func zigzag() throws(BytesError) -> Int64 {
    let lent = bytes
    return try cursor.zigzag(in: lent.span)
  }

  /// Reads bytes with their length as a varint in front, refusing more than `lengthMax`.
  package mutating func prefixed(lengthMax: Int) throws(BytesError) -> [UInt8] {
    let lent = bytes
    return try cursor.prefixed(lengthMax: lengthMax, in: lent.span)
  }

  /// Reads text with its length in bytes as a varint in front; what is not UTF-8 is refused.
  package mutating func text(lengthMax: Int) throws(BytesError) -> String {
    var ahead = cursor
    let range = try ahead.skipPrefixed(lengthMax: lengthMax, in: bytes.span)
    guard let text = String(validating: bytes[range], as: UTF8.self) else {
      throw .notUTF8(offset: range.lowerBound)
    }
    cursor = ahead
    return text
  }
}
