// Output and the progress line against streams that a test can see, fill and break.

import Ambient
import Bytes
import Flags
import Synchronization
import Testing

@testable import larder

/// A stream that keeps what is written, and fails when told to.
final class HeldStream: Sendable {
  private struct State {
    var text = ""
    var writes = 0
    var error: StreamError?
  }
  private let state = Mutex(State())

  var text: String { state.withLock { $0.text } }
  var writes: Int { state.withLock { $0.writes } }

  func fail(with error: StreamError?) {
    state.withLock { $0.error = error }
  }

  func stream(isTerminal: Bool = false, columns: Int = 80) -> TextStream {
    TextStream(isTerminal: isTerminal, columns: columns) { (bytes) throws(StreamError) in
      let error = self.state.withLock { state in
        if state.error == nil { state.text += String(decoding: bytes, as: UTF8.self) }
        state.writes += 1
        return state.error
      }
      if let error { throw error }
    }
  }
}

@Suite struct OutputTests {
  @Test func `lines leave in large pieces and in order`() throws {
    let held = HeldStream()
    var output = Output(held.stream(), errors: held.stream(), noColor: false)
    for number in 0..<20_000 { try output.print("\(number)") }
    #expect(held.writes == 1)
    try output.flush()
    try output.flush()
    #expect(held.writes == 2)
    #expect(held.text == (0..<20_000).map { "\($0)\n" }.joined())
  }

  @Test func `JSON is laid out for a person and on one line for a program`() throws {
    let held = HeldStream()
    var piped = Output(held.stream(), errors: held.stream(), noColor: false)
    try piped.print(json: ["a": [1]])
    try piped.flush()
    var shown = Output(held.stream(isTerminal: true), errors: held.stream(), noColor: false)
    try shown.print(json: ["a": [1]])
    try shown.flush()
    #expect(held.text == "{\"a\":[1]}\n{\n  \"a\": [\n    1\n  ]\n}\n")
  }

  @Test(
    arguments: [
      (.full, "the output could not be written: no space is left on its disk"),
      (.closed, "the output could not be written: it is closed"),
      (.system(errno: 5), "the output could not be written: system error 5"),
    ] as [(StreamError, String)])
  func `a stream that fails is told as a sentence`(_ error: StreamError, _ sentence: String) throws
  {
    let (held, errors) = (HeldStream(), HeldStream())
    var output = Output(held.stream(), errors: errors.stream(), noColor: false)
    held.fail(with: error)
    try output.print("x")
    let failure = #expect(throws: Failure.self) { try output.flush() }
    #expect(failure == .ended(.failed, sentence))
    #expect(output.end(with: try #require(failure)) == .failed)
    #expect(errors.text == "larder: \(sentence)\n")
  }

  @Test func `what was said before a failure is written before its sentence`() throws {
    let held = HeldStream()
    var output = Output(held.stream(), errors: held.stream(), noColor: false)
    try output.print("first")
    #expect(output.end(with: .ended(.broken, "second")) == .broken)
    #expect(held.text == "first\nlarder: second\n")
  }

  @Test func `a reader that left is no failure and hears nothing`() throws {
    let (held, errors) = (HeldStream(), HeldStream())
    var output = Output(held.stream(), errors: errors.stream(), noColor: false)
    held.fail(with: .readerLeft)
    try output.print("x")
    #expect(throws: Failure.readerLeft) { try output.flush() }
    #expect(output.end(with: .readerLeft) == .done)
    #expect(errors.writes == 0)
  }
}

@Suite struct ProgressLineTests {
  private let clock = ManualClock()
  private let held = HeldStream()

  @Test func `a line is drawn over itself and leaves nothing`() {
    var line = ProgressLine(
      "hashing", .bytes, total: 4_096, on: held.stream(isTerminal: true), clock: clock.monotonic)
    clock.advance(by: .seconds(1))
    line.update(done: 1_024)
    clock.advance(by: .seconds(1))
    line.update(done: 4_096)
    line.end()
    #expect(
      held.text
        == "\rhashing  [####............]  25%  1.00 KiB of 4.00 KiB  1.00 KiB/s  0m03s left\u{1B}[K"
        + "\rhashing  [################] 100%  4.00 KiB of 4.00 KiB  2.00 KiB/s  0m00s left\u{1B}[K"
        + "\r\u{1B}[K")
  }

  @Test func `it is drawn ten times a second at most`() {
    var line = ProgressLine(
      "files", .items, total: nil, on: held.stream(isTerminal: true), clock: clock.monotonic)
    for step in 1...1_000 {
      clock.advance(by: .milliseconds(1))
      line.update(done: Int64(step))
    }
    #expect(held.writes == 10)
    #expect(held.text.hasSuffix("\rfiles  1000  1000/s\u{1B}[K"))
    line.end()
  }

  @Test func `nothing is drawn where nobody looks, nor for work that is over at once`() {
    var piped = ProgressLine(
      "files", .items, total: 10, on: held.stream(), clock: clock.monotonic)
    clock.advance(by: .seconds(5))
    piped.update(done: 5)
    piped.end()
    var quick = ProgressLine(
      "files", .items, total: 10, on: held.stream(isTerminal: true), clock: clock.monotonic)
    clock.advance(by: .milliseconds(99))
    quick.update(done: 10)
    quick.end()
    #expect(held.writes == 0)
  }

  @Test func `a narrow terminal gets as much as it can hold`() {
    var line = ProgressLine(
      "hashing", .bytes, total: 1_000_000, on: held.stream(isTerminal: true, columns: 20),
      clock: clock.monotonic)
    clock.advance(by: .seconds(3_000))
    line.update(done: 1)
    #expect(held.text == "\rhashing    0%  1 B \u{1B}[K")
    line.end()
  }

  @Test func `a stream that fails does not stop the work`() {
    var line = ProgressLine(
      "files", .items, total: 2, on: held.stream(isTerminal: true), clock: clock.monotonic)
    held.fail(with: .closed)
    clock.advance(by: .seconds(7_200))
    line.update(done: 1)
    line.end()
    #expect(held.writes == 2)
  }
}
