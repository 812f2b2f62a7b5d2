// Values to bytes, at the end of a buffer that grows. Numbers are little-endian and of fixed width,
// or varints; a length can be left open and filled in when the end is known. A cleared writer keeps
// its storage, so that encoding many values costs no allocation.
//
// Every method is concrete on purpose: a generic one is not specialised across modules, and costs
// seventy times as much.

/// A growing buffer to which values are appended as bytes.
package struct ByteWriter: Sendable {
  /// What was written so far.
  package private(set) var bytes: [UInt8] = []

  package init() {}

  /// A writer with room for that many bytes.
  package init(reserving capacity: Int) {
    bytes.reserveCapacity(capacity)
  }

  /// A writer that goes on behind bytes that are there already.
  package init(continuing bytes: [UInt8]) {
    self.bytes = bytes
  }

  /// How many bytes were written so far.
  package var count: Int { bytes.count }

  /// Forgets what was written and keeps the storage.
  package mutating func removeAll() {
    bytes.removeAll(keepingCapacity: true)
  }

  /// Forgets what was written after the first `count` bytes.
  package mutating func truncate(to count: Int) {
    bytes.removeLast(bytes.count - count)
  }

  /// Gives away what was written and starts anew, without storage.
  package mutating func take() -> [UInt8] {
    defer { bytes = [] }
    return bytes
  }

  /// Appends one byte.
  package mutating func append(_ value: UInt8) {
    bytes.append(value)
  }

  /// Appends two bytes, the low one first.
  package mutating func append(_ value: UInt16) {
    bytes.append(addingCapacity: 2) { output in
      output.append(UInt8(truncatingIfNeeded: value))
      output.append(UInt8(truncatingIfNeeded: value >> 8))
    }
  }

  /// Appends four bytes, the low one first.
  package mutating func append(_ value: UInt32) {
    bytes.append(addingCapacity: 4) { output in
      for index in 0..<4 { output.append(UInt8(truncatingIfNeeded: value >> (8 * index))) }
    }
  }

  /// Appends eight bytes, the low one first.
  package mutating func append(_ value: UInt64) {
    bytes.append(addingCapacity: 8) { output in
      for index in 0..<8 { output.append(UInt8(truncatingIfNeeded: value >> (8 * index))) }
    }
  }

  /// Appends thirty-two bytes as four words, the low byte of each first.
  package mutating func append(
    _ first: UInt64, _ second: UInt64, _ third: UInt64, _ fourth: UInt64
  ) {
    bytes.append(addingCapacity: 32) { output in
      for index in 0..<8 { output.append(UInt8(truncatingIfNeeded: first >> (8 * index))) }
      for index in 0..<8 { output.append(UInt8(truncatingIfNeeded: second >> (8 * index))) }
      for index in 0..<8 { output.append(UInt8(truncatingIfNeeded: third >> (8 * index))) }
      for index in 0..<8 { output.append(UInt8(truncatingIfNeeded: fourth >> (8 * index))) }
    }
  }

  /// Appends eight bytes in two's complement, the low one first.
  package mutating func append(_ value: Int64) {
    append(UInt64(bitPattern: value))
  }

  /// Appends the bytes as they are.
  package mutating func append(bytes more: [UInt8]) {
    bytes.append(contentsOf: more)
  }

  /// Appends the bytes as they are.
  package mutating func append(bytes more: ArraySlice<UInt8>) {
    bytes.append(contentsOf: more)
  }

  /// Appends the bytes as they are.
  package mutating func append(bytes more: Span<UInt8>) {
    // By way of an array, for that is copied many bytes at once, and appending one by one is not.
    bytes.append(contentsOf: copy(more, 0..<more.count))
  }

  /// Appends the text as UTF-8.
  package mutating func append(text: String) {
    bytes.append(contentsOf: text.utf8)
  }

  /// Appends what `body` writes, which is at most so many bytes: room for many values is made once.
  package mutating func append(atMost count: Int, _ body: (inout OutputSpan<UInt8>) -> Void) {
    bytes.append(addingCapacity: count) { output in body(&output) }
  }

  /// Appends `count` times the same byte.
  package mutating func append(repeating value: UInt8, count: Int) {
    bytes.append(contentsOf: repeatElement(value, count: count))
  }

  /// Appends a number in seven-bit groups, the low one first: one byte below 128, ten at most.
  package mutating func append(varint value: UInt64) {
    var rest = value
    while rest > 0x7F {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    bytes.append(UInt8(truncatingIfNeeded: rest))
  }

  /// How many bytes a number takes as a varint.
  package static func count(ofVarint value: UInt64) -> Int {
    max(1, (64 - value.leadingZeroBitCount + 6) / 7)
  }

  /// Appends a signed number as a varint that is short on both sides of zero.
  package mutating func append(zigzag value: Int64) {
    append(varint: UInt64(bitPattern: value << 1 ^ value >> 63))
  }

  /// Appends the bytes with their length as a varint in front.
  package mutating func append(prefixed more: [UInt8]) {
    append(varint: UInt64(more.count))
    append(bytes: more)
  }

  /// Appends the bytes with their length as a varint in front.
  package mutating func append(prefixed more: Span<UInt8>) {
    append(varint: UInt64(more.count))
    append(bytes: more)
  }

  /// Appends the text as UTF-8 with its length in bytes as a varint in front.
  package mutating func append(prefixed text: String) {
    append(varint: UInt64(text.utf8.count))
    append(text: text)
  }
}

extension ByteWriter {
  /// A length that is written before what it measures is.
  package struct OpenLength: Sendable {
    fileprivate let offset: Int
  }

  /// Leaves four bytes for the length of what follows; `close` fills them in.
  package mutating func openLength() -> OpenLength {
    defer { append(0 as UInt32) }
    return OpenLength(offset: bytes.count)
  }

  /// Fills in how many bytes were written since the length was opened, its own four excluded.
  package mutating func close(_ length: OpenLength) {
    set(UInt32(bytes.count - length.offset - 4), at: length.offset)
  }

  /// Writes over one byte that was written before.
  package mutating func set(_ value: UInt8, at offset: Int) {
    bytes[offset] = value
  }

  /// Writes over four bytes that were written before.
  package mutating func set(_ value: UInt32, at offset: Int) {
    var span = bytes.mutableSpan
    for index in 0..<4 { span[offset + index] = UInt8(truncatingIfNeeded: value >> (8 * index)) }
  }

  /// Writes over bytes that were written before, as many as there are.
  package mutating func set(bytes more: [UInt8], at offset: Int) {
    bytes.replaceSubrange(offset..<offset + more.count, with: more)
  }

  /// Writes over eight bytes that were written before.
  package mutating func set(_ value: UInt64, at offset: Int) {
    var span = bytes.mutableSpan
    for index in 0..<8 { span[offset + index] = UInt8(truncatingIfNeeded: value >> (8 * index)) }
  }
}
