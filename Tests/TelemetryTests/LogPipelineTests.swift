// Who logs never waits for who writes, what is lost is counted and named, and the outputs see the
// lines in their order.

import Ambient
import Synchronization
import Telemetry
import Testing

@Suite struct LogPipelineTests {
  private let clock = ManualClock()

  private func pipeline(
    linesMax: Int = 4_000, bytesMax: ByteCount = ByteCount(4 << 20), _ outputs: LogOutput...
  ) -> LogPipeline {
    LogPipeline(
      levels: LogLevels(), clock: clock.wall, linesMax: linesMax, bytesMax: bytesMax,
      outputs: outputs)
  }

  @Test func `what one thread logs is written in its order, whatever others log`() {
    let written = Written()
    let pipeline = pipeline(linesMax: 100_000, bytesMax: ByteCount(1 << 30), written.output)
    Worker.each(4, named: "logger") { index in
      let log = Log(room: "room\(index)", to: pipeline.sink)
      for number in 0..<500 { log.write(.info, "line", [LogField("number", number)]) }
    }
    #expect(pipeline.close(timeout: .seconds(60)))
    let lines = written.lines
    #expect(lines.map(\.number) == Array(1...2_000))
    for index in 0..<4 {
      let own = lines.filter { $0.room == "room\(index)" }.map(\.fields)
      #expect(own == (0..<500).map { [LogField("number", $0)] })
    }
    #expect(pipeline.status == LogStatus(lines: 2_000, dropped: 0, unwritten: 0, trouble: nil))
  }

  @Test func `an output that hangs costs lines and never the time of who logs`() {
    let gate = Monitor(false)
    let written = Written()
    let hanging = LogOutput { lines in
      _ = gate.wait { $0 ? true : nil }
      return written.output.write(lines)
    }
    let pipeline = pipeline(linesMax: 100, hanging)
    let log = Log(room: "engine", to: pipeline.sink)
    // Were this to wait for the output, it would never end.
    for number in 0..<10_000 { log.write(.info, "line", [LogField("number", number)]) }
    #expect(pipeline.lines(after: 0, max: 1_000).count == 100)
    #expect(!pipeline.flush(timeout: .zero))
    gate.change { $0 = true }
    #expect(pipeline.flush(timeout: .seconds(60)))

    let status = pipeline.status
    #expect(status.lines == 10_000)
    #expect(status.dropped > 9_000)
    let lines = written.lines
    let notices = lines.filter { $0.room == "telemetry" }
    #expect(lines.count - notices.count == 10_000 - Int(status.dropped))
    // A first batch may have begun after the first lines were gone already.
    let told = notices.flatMap(\.fields).reduce(Int64(0)) { sum, field in
      guard case .number(let number) = field.value else { return sum }
      return sum + number
    }
    #expect(told == Int64(status.dropped))
    #expect(notices.first?.message.hasPrefix("lines are missing here") == true)
    #expect(lines.last?.fields == [LogField("number", 9_999)])
    #expect(pipeline.close(timeout: .seconds(60)))
  }

  @Test func `an output that refuses is told of until it takes lines again`() {
    let refuses = Mutex(true)
    let (good, bad) = (Written(), Written())
    let refusing = LogOutput { lines in
      refuses.withLock { $0 } ? "no space is left" : bad.output.write(lines)
    }
    let pipeline = pipeline(good.output, refusing)
    let log = Log(room: "engine", to: pipeline.sink)
    let begun = clock.wall.now()
    for _ in 0..<3 {
      log.write(.info, "lost")
      #expect(pipeline.flush(timeout: .seconds(60)))
      clock.advance(by: .seconds(1))
    }
    #expect(
      pipeline.status
        == LogStatus(
          lines: 3, dropped: 0, unwritten: 3,
          trouble: .init(reason: "no space is left", since: begun)))
    refuses.withLock { $0 = false }
    log.write(.info, "kept")
    #expect(pipeline.flush(timeout: .seconds(60)))
    #expect(pipeline.status.trouble == nil)
    #expect(good.lines.map(\.message) == ["lost", "lost", "lost", "kept"])
    #expect(bad.lines.map(\.message).last == "kept")
    #expect(bad.lines.first?.fields == [LogField("lines", 3)])
    #expect(bad.lines.count == 2)
    #expect(pipeline.close(timeout: .seconds(60)))
  }

  @Test func `lines are kept by the levels in force, and not even made otherwise`() throws {
    let pipeline = pipeline()
    let log = Log(room: "engine", to: pipeline.sink)
    let made = Mutex(0)
    func text() -> String {
      made.withLock { $0 += 1 }
      return "line"
    }
    log.write(.debug, text())
    #expect(made.withLock { $0 } == 0)
    pipeline.setLevels(try LogLevels(parsing: "error,engine=debug"))
    #expect(pipeline.currentLevels.base == .error)
    log.write(.debug, text())
    log.write(.trace, text())
    Log(room: "http", to: pipeline.sink).write(.warning, text())
    #expect(made.withLock { $0 } == 1)
    #expect(pipeline.lines(after: 0, max: 10).map(\.level) == [.debug])
    #expect(pipeline.close(timeout: .seconds(60)))
  }

  @Test func `the last lines are there for whoever comes, from where he was`() {
    let pipeline = pipeline(linesMax: 10)
    let log = Log(room: "engine", to: pipeline.sink)
    #expect(pipeline.lines(after: 0, max: 5) == [])
    for number in 1...25 { log.write(.info, "\(number)") }
    #expect(pipeline.lines(after: 0, max: 3).map(\.number) == [16, 17, 18])
    #expect(pipeline.lines(after: 18, max: 100).map(\.message) == (19...25).map { "\($0)" })
    #expect(pipeline.lines(after: 25, max: 100) == [])
    #expect(pipeline.lines(after: 999, max: 100) == [])
    #expect(pipeline.close(timeout: .seconds(60)))
  }

  @Test func `the last lines take no more memory than they may`() {
    let pipeline = pipeline(linesMax: 1_000, bytesMax: ByteCount(20_000))
    let log = Log(room: "engine", to: pipeline.sink)
    for _ in 0..<100 { log.write(.info, String(repeating: "x", count: 4_000)) }
    #expect(pipeline.lines(after: 0, max: 100).count == 4)
    for _ in 0..<100 { log.write(.info, "small") }
    #expect(pipeline.lines(after: 0, max: 1_000).count == 100)
    #expect(pipeline.close(timeout: .seconds(60)))
  }

  @Test func `closing writes what is left, and logging goes on into the ring`() {
    let written = Written()
    let pipeline = pipeline(written.output)
    let log = Log(room: "engine", to: pipeline.sink)
    for _ in 0..<1_000 { log.write(.info, "before") }
    #expect(pipeline.close(timeout: .seconds(60)))
    #expect(written.lines.count == 1_000)
    log.write(.info, "after")
    #expect(written.lines.count == 1_000)
    #expect(pipeline.lines(after: 1_000, max: 10).map(\.message) == ["after"])
    #expect(pipeline.flush(timeout: .zero))
  }

  @Test func `an output of bytes gets whole lines in its format`() {
    let bytes = Mutex<[UInt8]>([])
    let output = LogOutput.bytes(.text) { part in
      bytes.withLock { $0 += part }
      return nil
    }
    let pipeline = pipeline(output)
    Log(room: "engine", to: pipeline.sink).write(.notice, "a\nb")
    Log(room: "http", to: pipeline.sink).write(.error, "c")
    #expect(pipeline.close(timeout: .seconds(60)))
    let time = clock.wall.now()
    #expect(
      String(decoding: bytes.withLock { $0 }, as: UTF8.self)
        == "\(time) notice engine: a\\x0ab\n\(time) error http: c\n")
  }
}

/// What an output was given.
private final class Written: Sendable {
  private let all = Mutex<[LogLine]>([])

  var lines: [LogLine] { all.withLock { $0 } }

  var output: LogOutput {
    LogOutput { lines in
      self.all.withLock { $0 += lines }
      return nil
    }
  }
}
