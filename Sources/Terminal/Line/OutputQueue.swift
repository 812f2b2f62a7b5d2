// What was made for the terminal and not yet taken by it. Frames are whole or not at all: a queue that
// is full takes none, and the caller draws anew when there is room. What gives the terminal back goes
// before everything else and drops it, after a CAN that breaks off a sequence that was cut.

/// Bytes on their way to a terminal.
struct OutputQueue {
  /// The most bytes that wait; a frame that is made while there are none is taken whatever its size.
  static let bytesMax = 262_144

  private var bytes: [UInt8] = []
  private var sent = 0

  var isEmpty: Bool { sent == bytes.count }
  var count: Int { bytes.count - sent }
  /// Whether another frame is taken.
  var hasRoom: Bool { count < Self.bytesMax }

  mutating func add(_ more: [UInt8]) {
    bytes += more
  }

  /// Drops what waits and puts this in its place. A character that was cut is sent to its end, for no
  /// control breaks that off.
  mutating func replace(with last: [UInt8]) {
    let rest = bytes[sent...].prefix { $0 & 0xC0 == 0x80 }
    bytes = rest + (isEmpty ? [] : [0x18]) + last
    sent = 0
  }

  /// Offers what waits to `write`, which answers how many bytes it took, 0 for none now, -1 for an
  /// end; false at that end.
  mutating func flush(_ write: ([UInt8], Int) -> Int) -> Bool {
    while !isEmpty {
      let taken = write(bytes, sent)
      if taken < 0 { return false }
      if taken == 0 { break }
      sent += taken
    }
    if isEmpty {
      bytes.removeAll(keepingCapacity: bytes.count < Self.bytesMax)
      sent = 0
    } else if sent > Self.bytesMax {
      bytes.removeFirst(sent)
      sent = 0
    }
    return true
  }
}
