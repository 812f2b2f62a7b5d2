// How far long work has come, as one line on a terminal that is drawn over itself. It is drawn ten
// times a second at most and only where a person is looking; what is piped or logged stays clean.
// Whoever owns the line ends it before anything else is said, and nothing of it is left.

import Ambient

/// A line that shows how far work has come.
struct ProgressLine: ~Copyable {
  /// What is counted.
  enum Unit {
    case bytes
    case items
  }

  private let label: String
  private let unit: Unit
  private let total: Int64?
  private let stream: TextStream
  private let clock: MonotonicClock
  private let start: MonotonicTime
  private var drawn: MonotonicTime?

  /// The shortest time between two drawings.
  static let interval = Duration.milliseconds(100)

  /// A line that is not drawn before the first `update`; nil as `total` when the end is not known.
  init(
    _ label: String, _ unit: Unit, total: Int64?, on stream: TextStream,
    clock: MonotonicClock = .live
  ) {
    self.label = label
    self.unit = unit
    self.total = total
    self.stream = stream
    self.clock = clock
    start = clock.now()
  }

  deinit {
    if drawn != nil { Self.send("\r\u{1B}[K", to: stream) }
  }

  /// Says how much is done; draws when it is time to.
  mutating func update(done: Int64) {
    guard stream.isTerminal else { return }
    let now = clock.now()
    // What takes no longer than an interval shows no line at all.
    guard now - (drawn ?? start) >= Self.interval else { return }
    drawn = now
    let text = text(done: done, after: now - start)
    Self.send("\r" + text.prefix(stream.columns - 1) + "\u{1B}[K", to: stream)
  }

  /// Erases the line.
  consuming func end() {}

  private func text(done: Int64, after elapsed: Duration) -> String {
    let rate = Double(done) / max(elapsed.inSeconds, 0.001)
    let perSecond = spelled(Int64(rate)) + "/s"
    guard let total, total > 0 else { return "\(label)  \(spelled(done))  \(perSecond)" }
    let share = min(Double(done) / Double(total), 1)
    let number = "\(Int(share * 100))%"
    // The bar keeps its length while the number grows.
    let percent = String(repeating: " ", count: 4 - number.count) + number
    let left = rate > 0 ? "  " + timeLeft(Double(total - done) / rate) : ""
    let figures = "\(spelled(done)) of \(spelled(total))  \(perSecond)\(left)"
    let besides = label.count + percent.count + figures.count + 6
    return "\(label)  \(bar(share, columns: stream.columns - 1 - besides))\(percent)  \(figures)"
  }

  /// A bar with a space behind it, or nothing where there is no room for one.
  private func bar(_ share: Double, columns: Int) -> String {
    guard columns >= 8 else { return "" }
    let width = min(columns, 24) - 2
    let filled = Int(share * Double(width))
    return "[" + String(repeating: "#", count: filled)
      + String(repeating: ".", count: width - filled) + "] "
  }

  private func spelled(_ value: Int64) -> String {
    switch unit {
    case .bytes: ByteCount(value).description
    case .items: value.description
    }
  }

  /// Minutes and seconds, or hours and minutes, until it is done at this rate.
  private func timeLeft(_ seconds: Double) -> String {
    let seconds = Int(min(max(seconds, 0), 359_999))
    let (large, small) =
      seconds < 3_600 ? (seconds / 60, seconds % 60) : (seconds / 3_600, seconds / 60 % 60)
    return "\(large)\(seconds < 3_600 ? "m" : "h")\(small < 10 ? "0" : "")\(small)"
      + (seconds < 3_600 ? "s left" : "m left")
  }

  private static func send(_ text: String, to stream: TextStream) {
    do throws(StreamError) {
      try stream.write(Array(text.utf8))
    } catch {
      // A line that nobody can see is no reason to stop the work.
    }
  }
}
