// How a line leaves a room: asked for first, made only then, and with everything that was said.

import Ambient
import Synchronization
import Testing

@Suite struct LogTests {
  private final class Taken: Sendable {
    let records = Mutex<[LogRecord]>([])
    let asked = Mutex<[String]>([])

    func sink(keeping least: LogLevel) -> LogSink {
      LogSink(
        keeps: { level, room in
          self.asked.withLock { $0.append("\(room) \(level)") }
          return level >= least
        },
        write: { record in self.records.withLock { $0.append(record) } })
    }
  }

  @Test func `a line arrives with its room, level, message and fields`() {
    let taken = Taken()
    let log = Log(room: "engine", to: taken.sink(keeping: .trace))
    log.write(.notice, "stored", [LogField("path", "a/b"), LogField("bytes", 12)])
    log.write(.error, "failed")
    #expect(
      taken.records.withLock { $0 } == [
        LogRecord(
          level: .notice, room: "engine", message: "stored",
          fields: [LogField("path", .text("a/b")), LogField("bytes", .number(12))]),
        LogRecord(level: .error, room: "engine", message: "failed", fields: []),
      ])
  }

  @Test func `a line that is not kept is never made`() {
    let taken = Taken()
    let log = Log(room: "engine", to: taken.sink(keeping: .warning))
    func costly() -> String {
      Issue.record("the line was made")
      return ""
    }
    log.write(.info, costly(), [LogField("a", costly())])
    log.write(.warning, "kept")
    #expect(taken.asked.withLock { $0 } == ["engine info", "engine warning"])
    #expect(taken.records.withLock { $0.map(\.message) } == ["kept"])
    Log(room: "engine", to: .none).write(.error, costly())
  }

  @Test func `levels are ordered by how much they matter`() {
    #expect(LogLevel.allCases == [.trace, .debug, .info, .notice, .warning, .error])
    #expect(LogLevel.allCases == LogLevel.allCases.sorted())
  }

  @Test func `numbers that do not fit are the nearest that do`() {
    #expect(LogField("n", UInt64.max).value == .number(.max))
    #expect(LogField("n", -5 as Int8).value == .number(-5))
  }
}
