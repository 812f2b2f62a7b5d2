// What a command says: results to standard output, through a buffer, and one sentence to standard
// error when something went wrong. A reader that leaves ends the command quietly; a full disk is
// told. Everything is written before the process ends, or the exit code says that it was not.

import Ambient
import Bytes
import Flags

/// Where text leaves the process, and what is known of the other end.
struct TextStream: Sendable {
  /// Writes all of the bytes.
  let write: @Sendable ([UInt8]) throws(StreamError) -> Void
  /// Whether a person is looking, at a screen that can move its cursor.
  let isTerminal: Bool
  let columns: Int

  init(
    isTerminal: Bool, columns: Int,
    write: @escaping @Sendable ([UInt8]) throws(StreamError) -> Void
  ) {
    self.isTerminal = isTerminal
    self.columns = columns
    self.write = write
  }

  /// One of the process's own streams.
  static func live(_ stream: StandardStream) -> TextStream {
    let isDumb = ThisProcess.variable("TERM").map { $0.elementsEqual("dumb".utf8) } ?? true
    return TextStream(
      isTerminal: stream.isTerminal && !isDumb, columns: stream.columns ?? 80
    ) { (bytes) throws(StreamError) in try stream.write(bytes) }
  }
}

/// The output of one command.
struct Output {
  private let results: TextStream
  private let errors: TextStream
  private var buffer: [UInt8] = []
  /// Whether text may stand out: a terminal, and nobody asked for none (no-color.org).
  let standsOut: Bool

  /// The most that waits in the buffer.
  private static let bufferedBytesMax = 65_536

  init(
    _ results: TextStream, errors: TextStream,
    noColor: Bool = ThisProcess.variable("NO_COLOR").map { !$0.isEmpty } ?? false
  ) {
    self.results = results
    self.errors = errors
    standsOut = results.isTerminal && !noColor
  }

  /// How help is laid out here.
  var helpLayout: HelpLayout {
    HelpLayout(width: results.isTerminal ? results.columns : 80, standsOut: standsOut)
  }

  /// Writes text as it is.
  mutating func write(_ text: String) throws(Failure) {
    buffer.append(contentsOf: text.utf8)
    if buffer.count >= Self.bufferedBytesMax { try flush() }
  }

  /// Writes a line.
  mutating func print(_ line: String = "") throws(Failure) {
    try write(line + "\n")
  }

  /// Writes a line of bytes that need not be text, a file's name among them, as they are; at a
  /// terminal, what it would obey instead of show becomes `\xNN`.
  mutating func print(bytes line: [UInt8]) throws(Failure) {
    let text = String(validating: line, as: UTF8.self)
    let isShowable = text?.unicodeScalars.allSatisfy(Bytes.isShowable) == true
    if results.isTerminal, !isShowable { return try print(escaped(line)) }
    buffer.append(contentsOf: line)
    try print()
  }

  /// Writes a value as JSON: laid out for a person at a terminal, else on one line.
  mutating func print(json value: JSONValue) throws(Failure) {
    try print(value.text(results.isTerminal ? .indented : .oneLine))
  }

  /// Writes what waits in the buffer.
  mutating func flush() throws(Failure) {
    guard !buffer.isEmpty else { return }
    defer { buffer.removeAll(keepingCapacity: true) }
    do throws(StreamError) {
      try results.write(buffer)
    } catch {
      switch error {
      case .readerLeft: throw .readerLeft
      case .full:
        throw .ended(.failed, "the output could not be written: no space is left on its disk")
      case .closed: throw .ended(.failed, "the output could not be written: it is closed")
      case .system(let errno):
        throw .ended(.failed, "the output could not be written: system error \(errno)")
      }
    }
  }

  /// A line beside the results that shows how far long work has come.
  func progress(_ label: String, _ unit: ProgressLine.Unit, total: Int64?) -> ProgressLine {
    ProgressLine(label, unit, total: total, on: errors)
  }

  /// A progress line for work that reports from inside a library.
  func meter(_ label: String) -> Meter {
    Meter(label, on: errors)
  }

  /// Says a sentence to the person, beside the results.
  func say(_ sentence: String) {
    do throws(StreamError) {
      try errors.write(Array("larder: \(sentence)\n".utf8))
    } catch {
      // There is nowhere left to say it; the exit code still tells.
    }
  }

  /// Writes what is left, says why the command failed, and gives the code to end with.
  mutating func end(with failure: Failure) -> ExitCode {
    do throws(Failure) {
      try flush()
    } catch {
      // The first failure is the one to tell.
    }
    switch failure {
    case .readerLeft: return .done
    case .ended(let code, let sentence):
      say(sentence)
      return code
    }
  }
}
