// A progress line for work that reports from inside a library, possibly from another thread.

import Ambient
import Synchronization

/// A progress line that is made when the first report comes and may be shared.
final class Meter: Sendable {
  private let label: String
  private let stream: TextStream
  private let line = Mutex<ProgressLine?>(nil)

  init(_ label: String, on stream: TextStream) {
    self.label = label
    self.stream = stream
  }

  /// Says how much of how much is done.
  func update(done: UInt64, of total: UInt64?) {
    line.withLock { line in
      if line == nil {
        line = ProgressLine(label, .items, total: total.map { Int64(clamping: $0) }, on: stream)
      }
      line?.update(done: Int64(clamping: done))
    }
  }

  /// Erases the line.
  func end() {
    line.withLock { $0 = nil }
  }
}
