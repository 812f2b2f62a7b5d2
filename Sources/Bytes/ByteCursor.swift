// Bytes to values, in order, from bytes that are lent for each call: a map of a file, or a part of
// an array. Every read is checked against the end; a read that throws leaves the cursor where it
// was. `ByteReader` is the same over bytes of its own.

/// A place in lent bytes, which moves past each value that is read there.
package struct ByteCursor: Sendable {
  /// Where the next value begins.
  package private(set) var offset: Int
  /// Where reading ends.
  package let end: Int

  /// A cursor over the range; the bytes lent later must reach as far.
  package init(_ range: Range<Int>) {
    precondition(range.lowerBound >= 0, "bytes have no negative offsets")
    offset = range.lowerBound
    end = range.upperBound
  }

  /// How many bytes are left.
  package var left: Int { end - offset }

  /// True when nothing is left.
  package var isAtEnd: Bool { offset == end }

  /// Throws unless nothing is left.
  package func finish() throws(BytesError) {
    guard isAtEnd else { throw .leftOver(offset: offset, count: left) }
  }

  /// Passes over `count` bytes and returns where they stand.
  package mutating func skip(_ count: Int) throws(BytesError) -> Range<Int> {
    guard count >= 0, count <= left else {
      throw .endsEarly(offset: offset, wanted: count, left: left)
    }
    defer { offset += count }
    return offset..<offset + count
  }

  /// Reads one byte.
  package mutating func uint8(in bytes: Span<UInt8>) throws(BytesError) -> UInt8 {
    bytes[try skip(1).lowerBound]
  }

  /// Reads one byte that is 0 for false or 1 for true, and nothing else.
  package mutating func flag(in bytes: Span<UInt8>) throws(BytesError) -> Bool {
    let at = offset
    let byte = try uint8(in: bytes)
    guard byte <= 1 else { throw .notAFlag(offset: at) }
    return byte == 1
  }

  /// Reads two bytes, the low one first.
  package mutating func uint16(in bytes: Span<UInt8>) throws(BytesError) -> UInt16 {
    let at = try skip(2).lowerBound
    return UInt16(bytes[at]) | UInt16(bytes[at + 1]) << 8
  }

  /// Reads four bytes, the low one first.
  package mutating func uint32(in bytes: Span<UInt8>) throws(BytesError) -> UInt32 {
    littleEndianUInt32(bytes, at: try skip(4).lowerBound)
  }

  /// Reads eight bytes, the low one first.
  package mutating func uint64(in bytes: Span<UInt8>) throws(BytesError) -> UInt64 {
    littleEndianUInt64(bytes, at: try skip(8).lowerBound)
  }

  /// Reads eight bytes in two's complement, the low one first.
  package mutating func int64(in bytes: Span<UInt8>) throws(BytesError) -> Int64 {
    Int64(bitPattern: try uint64(in: bytes))
  }

  /// Reads `count` bytes into an array of their own.
  package mutating func bytes(
    _ count: Int, in bytes: Span<UInt8>
  ) throws(BytesError) -> [UInt8] {
    copy(bytes, try skip(count))
  }

  /// Reads a varint, which must be in its shortest form.
  package mutating func varint(in bytes: Span<UInt8>) throws(BytesError) -> UInt64 {
    if offset < end, bytes[offset] < 0x80 {
      defer { offset += 1 }
      return UInt64(bytes[offset])
    }
    var value: UInt64 = 0
    var at = offset
    for shift in stride(from: 0 as UInt64, through: 63, by: 7) {
      guard at < end else {
        throw .endsEarly(offset: offset, wanted: at - offset + 1, left: left)
      }
      let byte = bytes[at]
      at += 1
      // The tenth byte holds the one bit that is left of 64.
      if shift == 63 && byte > 1 { throw .badVarint(offset: offset, .tooLarge) }
      value |= UInt64(byte & 0x7F) << shift
      if byte < 0x80 {
        if byte == 0 && shift > 0 { throw .badVarint(offset: offset, .overlong) }
        offset = at
        return value
      }
    }
    throw .badVarint(offset: offset, .tooLarge)
  }

  /// Reads a signed number that was written as a zigzag varint.
  package mutating func zigzag(in bytes: Span<UInt8>) throws(BytesError) -> Int64 {
    let value = try varint(in: bytes)
    return Int64(bitPattern: value >> 1) ^ -Int64(bitPattern: value & 1)
  }

  /// Passes over bytes with their length as a varint in front; returns where they stand.
  package mutating func skipPrefixed(
    lengthMax: Int, in bytes: Span<UInt8>
  ) throws(BytesError) -> Range<Int> {
    var ahead = self
    let length = try ahead.varint(in: bytes)
    guard length <= UInt64(lengthMax) else {
      throw .tooLong(offset: offset, length: length, lengthMax: lengthMax)
    }
    let range = try ahead.skip(Int(length))
    self = ahead
    return range
  }

  /// Reads bytes with their length as a varint in front; one longer than `lengthMax` is refused
  /// before anything is allocated for it.
  package mutating func prefixed(
    lengthMax: Int, in bytes: Span<UInt8>
  ) throws(BytesError) -> [UInt8] {
    copy(bytes, try skipPrefixed(lengthMax: lengthMax, in: bytes))
  }
}

/// The four bytes at the offset, the low one first; the offset must be in bounds.
// Cutting the bytes out first leaves one check of the bounds, and then a single load.
@inlinable
package func littleEndianUInt32(_ bytes: Span<UInt8>, at offset: Int) -> UInt32 {
  let word = bytes.extracting(offset..<offset + 4)
  return UInt32(word[0]) | UInt32(word[1]) << 8 | UInt32(word[2]) << 16 | UInt32(word[3]) << 24
}

/// The eight bytes at the offset, the low one first; the offset must be in bounds.
@inlinable
package func littleEndianUInt64(_ bytes: Span<UInt8>, at offset: Int) -> UInt64 {
  let word = bytes.extracting(offset..<offset + 8)
  let low =
    UInt64(word[0]) | UInt64(word[1]) << 8 | UInt64(word[2]) << 16 | UInt64(word[3]) << 24
  let high =
    UInt64(word[4]) | UInt64(word[5]) << 8 | UInt64(word[6]) << 16 | UInt64(word[7]) << 24
  return low | high << 32
}

/// A range of lent bytes as an array of its own.
package func copy(_ bytes: Span<UInt8>, _ range: Range<Int>) -> [UInt8] {
  let part = bytes.extracting(range)
  return [UInt8](capacity: part.count) { output in
    for index in part.indices { output.append(part[index]) }
  }
}

/// Whether two lent pieces are the same bytes.
package func areEqual(_ left: Span<UInt8>, _ right: Span<UInt8>) -> Bool {
  guard left.count == right.count else { return false }
  var at = 0
  while at + 8 <= left.count {
    guard littleEndianUInt64(left, at: at) == littleEndianUInt64(right, at: at) else {
      return false
    }
    at += 8
  }
  while at < left.count {
    if left[at] != right[at] { return false }
    at += 1
  }
  return true
}
