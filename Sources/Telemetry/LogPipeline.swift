// Where the lines of all rooms meet.
//
//   rooms ──▶ level ──▶ secrets hidden, cut, numbered ──▶ ring ──▶ writer thread ──▶ outputs
//                                                          └──▶ console
//
// Who logs waits for the ring's lock and nothing else: a slow or full disk costs lines in the file,
// which are counted and named there, and never the time of who logs. A crash loses what the writer
// had not yet written.

package import Ambient
import Synchronization

/// A place where lines are written; called by the writer thread alone.
package struct LogOutput: Sendable {
  /// Writes the lines, all or none that count; says why when it could not.
  package let write: @Sendable ([LogLine]) -> String?

  package init(write: @escaping @Sendable ([LogLine]) -> String?) {
    self.write = write
  }

  /// Writes each batch of lines as bytes; `write` says why when it could not.
  package static func bytes(
    _ format: LogFormat, _ write: @escaping @Sendable ([UInt8]) -> String?
  ) -> LogOutput {
    LogOutput { lines in write(lines.flatMap { Array(format.write($0).utf8) }) }
  }
}

/// How the log is doing.
package struct LogStatus: Equatable, Sendable {
  /// Lines that were kept since the process began.
  package var lines: UInt64
  /// Lines that left the ring before the writer came to them.
  package var dropped: UInt64
  /// Lines that an output refused, a line for each output.
  package var unwritten: UInt64
  /// Why an output refuses lines now, and since when; nil when all take them.
  package var trouble: Trouble?

  /// Why an output refuses lines.
  package struct Trouble: Equatable, Sendable {
    package let reason: String
    package let since: WallTime

    package init(reason: String, since: WallTime) {
      self.reason = reason
      self.since = since
    }
  }

  package init(
    lines: UInt64 = 0, dropped: UInt64 = 0, unwritten: UInt64 = 0, trouble: Trouble? = nil
  ) {
    self.lines = lines
    self.dropped = dropped
    self.unwritten = unwritten
    self.trouble = trouble
  }
}

/// The log of the process.
package final class LogPipeline: Sendable {
  /// The most lines that are written in one go.
  private static var batchMax: Int { 256 }

  private struct State {
    var ring: LogRing
    var written: UInt64 = 0
    var isWriting = false
    var isClosed = false
    var writerEnded = false
    var status = LogStatus()
  }

  private let clock: WallClock
  private let levels: Mutex<LogLevels>
  /// The least level that any room keeps, so that most lines that are not wanted cost no lock.
  private let least: Atomic<Int>
  // Only the writer and whoever flushes wait for it.
  private let state: Monitor<State>

  /// Begins to write to the outputs, on a thread of its own. The ring keeps so many lines and about
  /// so many bytes.
  package init(
    levels: LogLevels, clock: WallClock, linesMax: Int = 4_000,
    bytesMax: ByteCount = .init(4 << 20),
    outputs: [LogOutput]
  ) {
    self.clock = clock
    self.levels = Mutex(levels)
    least = Atomic(levels.least.rawValue)
    state = Monitor(State(ring: LogRing(linesMax: linesMax, bytesMax: Int(bytesMax.bytes))))
    Worker("log") { self.writeAll(to: outputs) }.detach()
  }

  /// The door through which rooms log.
  package var sink: LogSink {
    LogSink(
      keeps: { level, room in self.keeps(level, room) }, write: { record in self.take(record) })
  }

  /// The levels in force.
  package var currentLevels: LogLevels { levels.withLock { $0 } }

  /// Puts other levels in force.
  package func setLevels(_ levels: LogLevels) {
    self.levels.withLock { $0 = levels }
    least.store(levels.least.rawValue, ordering: .relaxed)
  }

  /// At most `max` lines after the one of this number, oldest first, of those that are still here.
  package func lines(after number: UInt64, max: Int) -> [LogLine] {
    state.withLock { $0.ring.lines(after: number, max: max) }
  }

  /// How the log is doing.
  package var status: LogStatus {
    state.withLock { state in
      var status = state.status
      status.lines = state.ring.last
      return status
    }
  }

  /// Waits until the outputs have had every line of before this call; false when `timeout` passed.
  @discardableResult
  package func flush(timeout: Duration) -> Bool {
    let wanted = state.withLock { $0.ring.last }
    return state.wait(timeout: timeout) { state in
      state.written >= wanted || state.writerEnded ? true : nil
    } ?? false
  }

  /// Writes what is left and ends the writer; what is logged from now on reaches the ring only.
  /// False when `timeout` passed first.
  @discardableResult
  package func close(timeout: Duration) -> Bool {
    state.change { $0.isClosed = true }
    return state.wait(timeout: timeout) { $0.writerEnded ? true : nil } ?? false
  }

  private func keeps(_ level: LogLevel, _ room: String) -> Bool {
    guard level.rawValue >= least.load(ordering: .relaxed) else { return false }
    return levels.withLock { $0.keeps(level, room) }
  }

  private func take(_ record: LogRecord) {
    // Everything that costs is done before the lock; only the number is not known yet.
    let line = LogLine(record, number: 0, at: clock.now())
    let wakes = state.withLock { state in
      state.ring.append(line.numbered(state.ring.last + 1))
      return !state.isWriting
    }
    if wakes { state.wakeAll() }
  }

  private func writeAll(to outputs: [LogOutput]) {
    // How many lines each output has not had since the last one it took.
    var missing = outputs.map { _ in UInt64(0) }
    while let (gone, lines) = nextBatch() {
      var reason: String?
      for (index, output) in outputs.enumerated() {
        missing[index] += gone
        if let refusal = output.write(notice(of: missing[index], before: lines[0]) + lines) {
          missing[index] += UInt64(lines.count)
          reason = reason ?? refusal
          state.withLock { $0.status.unwritten += UInt64(lines.count) }
        } else {
          missing[index] = 0
        }
      }
      note(reason, upTo: lines[lines.count - 1].number)
    }
    state.change { $0.writerEnded = true }
  }

  /// The line that stands where others are missing; none when none are.
  private func notice(of missing: UInt64, before line: LogLine) -> [LogLine] {
    guard missing > 0 else { return [] }
    let record = LogRecord(
      level: .warning, room: "telemetry",
      message: "lines are missing here, for they could not be written in time",
      fields: [LogField("lines", missing)])
    return [LogLine(record, number: line.number - 1, at: line.time)]
  }

  /// The lines that come next, and how many before them are gone; nil when closed and at the end.
  private func nextBatch() -> (missed: UInt64, lines: [LogLine])? {
    state.wait { (state: inout State) -> (missed: UInt64, lines: [LogLine])?? in
      let lines = state.ring.lines(after: state.written, max: Self.batchMax)
      guard let first = lines.first else {
        state.isWriting = false
        return state.isClosed ? .some(nil) : nil
      }
      state.isWriting = true
      let missed = first.number - state.written - 1
      state.status.dropped += missed
      return .some((missed, lines))
    } ?? nil
  }

  private func note(_ reason: String?, upTo number: UInt64) {
    let now = clock.now()
    state.change { state in
      state.written = number
      let since = state.status.trouble?.since ?? now
      state.status.trouble = reason.map { LogStatus.Trouble(reason: $0, since: since) }
    }
  }
}
