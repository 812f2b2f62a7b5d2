// Numbers streams in the order in which they come, and finds a number by the stream's key. A key is a
// hash already, so a cell is found by a few of its bits; which ones differs from process to process,
// lest names be chosen so that all of them want the same cell.

/// Numbers from 0 for streams.
struct StreamNumbers {
  /// The streams by their numbers.
  private(set) var keys: [StreamKey] = []
  /// One more than a number, or 0 where a cell is free; a power of two of them, at most
  /// three quarters taken.
  private var cells: [UInt32] = []
  /// How far a mixed key is shifted so that the number of a cell is left.
  private var shift: UInt64 = 64

  private static let cellsMin = 16
  private static let secret = UInt64(truncatingIfNeeded: Hasher().finalize())

  var count: Int { keys.count }

  /// The number of a stream, if it has one.
  func number(of key: StreamKey) -> Int? {
    guard !cells.isEmpty else { return nil }
    let found = cells[cell(of: key)]
    return found == 0 ? nil : Int(found) - 1
  }

  /// The number of a stream, which is the next free one if it had none.
  mutating func insert(_ key: StreamKey) -> Int {
    if (keys.count + 1) * 4 > cells.count * 3 { grow() }
    let cell = cell(of: key)
    if cells[cell] > 0 { return Int(cells[cell]) - 1 }
    keys.append(key)
    cells[cell] = UInt32(keys.count)
    return keys.count - 1
  }

  /// The cell that has the stream's number, or the free one where it belongs.
  private func cell(of key: StreamKey) -> Int {
    let mixed = (key.high ^ Self.secret) &* 0x9E37_79B9_7F4A_7C15
    var cell = Int(mixed >> shift)
    while cells[cell] > 0, keys[Int(cells[cell]) - 1] != key {
      cell = (cell + 1) & (cells.count - 1)
    }
    return cell
  }

  private mutating func grow() {
    let count = max(Self.cellsMin, cells.count * 2)
    cells = Array(repeating: 0, count: count)
    shift = UInt64(64 - count.trailingZeroBitCount)
    for number in keys.indices { cells[cell(of: keys[number])] = UInt32(number) + 1 }
  }
}
