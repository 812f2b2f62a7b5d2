// What is kept, and how a line is written: on one line, of bounded size, without secrets.

import Ambient
import Bytes
import Telemetry
import Testing

@Suite struct LogLineTests {
  /// The lines that the log keeps of these records.
  private func lines(_ records: [LogRecord], _ levels: LogLevels = LogLevels()) -> [LogLine] {
    let clock = ManualClock(at: WallTime(microseconds: 1_795_171_904_123_456))
    let pipeline = LogPipeline(levels: levels, clock: clock.wall, outputs: [])
    for record in records { pipeline.sink.write(record) }
    pipeline.close(timeout: .seconds(30))
    return pipeline.lines(after: 0, max: 100)
  }

  private func line(_ message: String, _ fields: [LogField] = []) -> LogLine {
    lines([LogRecord(level: .warning, room: "engine", message: message, fields: fields)])[0]
  }

  @Test func `as text a line has its time, level, room, message and fields`() {
    let line = line(
      "stored a file",
      [
        LogField("path", "art/a b.png"), LogField("bytes", 12), LogField("key", .redacted),
        LogField("state", "clean"), LogField("note", "a \"b\" = c"), LogField("empty", ""),
        LogField("name", "ä中"),
      ])
    #expect(
      LogFormat.text.write(line)
        == """
        2026-11-20T10:51:44.123456Z warning engine: stored a file path="art/a b.png" bytes=12 \
        key=‹redacted› state=clean note="a \\"b\\" = c" empty="" name=ä中

        """)
  }

  @Test func `as JSON it is an object that reads back`() throws {
    let line = line("stored \"a\"\n", [LogField("path", "a\\b\u{1B}"), LogField("bytes", -12)])
    let text = LogFormat.json.write(line)
    #expect(text.hasSuffix("\n"))
    #expect(text.count { $0 == "\n" } == 1)
    let value = try JSONValue(parsing: Array(text.utf8))
    #expect(
      value
        == .object([
          "time": .string("2026-11-20T10:51:44.123456Z"), "level": .string("warning"),
          "room": .string("engine"), "message": .string("stored \"a\"\n"),
          "fields": .object(["path": .string("a\\b\u{1B}"), "bytes": .integer(-12)]),
        ]))
    let bare = self.line("done")
    #expect(!LogFormat.json.write(bare).contains("fields"))
  }

  @Test(arguments: [
    "two\nlines", "a\r\u{1B}[2Jb", "a\u{0}b", "right\u{202E}left", "zero\u{200B}width",
    "\u{85}\u{2028}",
  ])
  func `foreign text neither makes a line nor moves the cursor`(_ text: String) {
    for format in [LogFormat.text, .json] {
      let written = format.write(line(text, [LogField(text, text)]))
      #expect(written.unicodeScalars.dropLast().allSatisfy(isShowable), "\(written)")
      #expect(written.hasSuffix("\n"))
    }
  }

  @Test func `what is longer than a line may be is cut, and says so`() {
    let long = String(repeating: "ä", count: 5_000)
    let line = line(
      long, (0..<100).map { LogField("field\($0)", long) })
    #expect(line.fields.count == LogLine.fieldsMax)
    #expect(line.message.utf8.count < LogLine.textBytesMax + 30)
    #expect(line.message.hasSuffix("… (10000 bytes)"))
    #expect(line.fields[3].value == .text(line.message))
  }

  @Test func `no secret reaches a line`() {
    let line = line(
      "sent Authorization: Bearer abc",
      [
        LogField("url", "/x?sig=abc"), LogField("secret_key", "wJalr"),
        LogField("password", Redacted("hunter2")),
      ])
    #expect(line.message == "sent Authorization: ‹redacted›")
    #expect(line.fields.map(\.value) == [.text("/x?sig=‹redacted›"), .redacted, .redacted])
  }

  @Test(
    arguments: [
      ("", "info"), ("  ", "info"), ("debug", "debug"),
      ("engine=debug,http=warning", "info,engine=debug,http=warning"),
      (" error , engine = trace ", "error,engine=trace"), ("engine=info", "info,engine=info"),
    ] as [(String, String)])
  func `levels are read, and spelled as they are read`(_ text: String, _ spelled: String) throws {
    let levels = try LogLevels(parsing: text)
    #expect(levels.description == spelled)
    #expect(try LogLevels(parsing: spelled) == levels)
  }

  @Test(
    arguments: [
      ("debgu", .badLevel("debgu")), ("engine=", .badLevel("")), ("engine=loud", .badLevel("loud")),
      ("info,", .badLevel("")), ("=debug", .badRoom("")), ("Engine=debug", .badRoom("Engine")),
      ("a b=c=debug", .badLevel("c=debug")), ("info,debug", .levelTwice("every room")),
      ("http=info,http=info", .levelTwice("http")),
    ] as [(String, TelemetryError)])
  func `what is no level is refused`(_ text: String, _ error: TelemetryError) {
    #expect(throws: error) { try LogLevels(parsing: text) }
  }

  @Test(
    arguments: [
      (
        .badName("a-b"),
        "'a-b' is no name for a metric: lower-case letters, digits and underscores, and '_total' "
          + "at the end of a counter and of nothing else"
      ),
      (.badLabel("le", of: "wait"), "'le' is no label for wait"),
      (.noHelp("wait"), "wait needs a sentence that says what it is"),
      (.badBounds("wait"), "the bounds of wait must be finite and rise"),
      (.taken("wait", .gauge), "wait is the name of another gauge already"),
      (
        .badLevel("x"),
        "'x' is no level of the log; write one of trace, debug, info, notice, warning, error"
      ),
      (.badRoom("X"), "'X' is no room; write levels as engine=debug,http=info"),
      (.levelTwice("http"), "http is given two levels of the log"),
    ] as [(TelemetryError, String)])
  func `an error is one sentence`(_ error: TelemetryError, _ text: String) {
    #expect(error.description == text)
  }

  @Test func `a line is kept when its room wants its level`() throws {
    let levels = try LogLevels(parsing: "warning,engine=debug,http=error")
    let kept = LogLevel.allCases.flatMap { level in
      ["engine", "http", "other"].filter { levels.keeps(level, $0) }.map { "\(level) \($0)" }
    }
    #expect(
      kept == [
        "debug engine", "info engine", "notice engine", "warning engine", "warning other",
        "error engine", "error http", "error other",
      ])
  }
}
