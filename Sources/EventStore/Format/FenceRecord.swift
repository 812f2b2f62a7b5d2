// The payload of the records that end a fence: the sequence of its first member, which names it.
//
//   0  8  first member's sequence
//
// Its members are found by their own headers; a fence is short, so they lie close by.

internal import Bytes

enum FenceRecord {
  static func encode(fence: UInt64) -> [UInt8] {
    var writer = ByteWriter(reserving: 8)
    writer.append(fence)
    return writer.take()
  }

  /// The fence that a record ends; nil when it is none.
  static func fence(in bytes: Span<UInt8>, _ payload: Range<Int>) -> UInt64? {
    payload.count == 8 ? littleEndianUInt64(bytes, at: payload.lowerBound) : nil
  }
}
