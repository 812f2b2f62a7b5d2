// The last lines of the log in memory: a bound on how many, and on the bytes that they take. Both
// the console and the writer read from here, each from where it was; who comes too late for a line
// learns from the numbers how many it missed.

/// The last lines, oldest first, numbered without gaps.
struct LogRing {
  private let linesMax: Int
  private let bytesMax: Int
  private var lines: [LogLine?]
  private var first = 0
  private var count = 0
  private var bytes = 0

  /// The number of the newest line; 0 before the first.
  private(set) var last: UInt64 = 0

  init(linesMax: Int, bytesMax: Int) {
    precondition(linesMax > 0, "the ring holds at least one line")
    self.linesMax = linesMax
    self.bytesMax = bytesMax
    lines = Array(repeating: nil, count: linesMax)
  }

  /// Puts a line in and the oldest out, as many as the bounds want; the newest always stays.
  mutating func append(_ line: LogLine) {
    precondition(line.number == last + 1, "lines come in order")
    last = line.number
    bytes += line.size
    while count == linesMax || count > 0 && bytes > bytesMax { dropOldest() }
    lines[(first + count) % linesMax] = line
    count += 1
  }

  /// At most `max` lines after the one of this number, oldest first, of those that are still here.
  func lines(after number: UInt64, max: Int) -> [LogLine] {
    let oldest = last - UInt64(count) + 1
    let start = Swift.max(number + 1, oldest)
    guard count > 0, start <= last else { return [] }
    let skipped = Int(start - oldest)
    return (0..<min(max, count - skipped)).compactMap { lines[(first + skipped + $0) % linesMax] }
  }

  private mutating func dropOldest() {
    bytes -= lines[first]?.size ?? 0
    lines[first] = nil
    first = (first + 1) % linesMax
    count -= 1
  }
}
