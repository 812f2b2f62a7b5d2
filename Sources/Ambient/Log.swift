// How a line reaches the log. A room holds a `Log` with its own name; where lines go, which are
// kept and how they are written is decided by the sink that the executable wires in.

/// How much a line matters.
public enum LogLevel: Int, Comparable, CaseIterable, Sendable {
  case trace, debug, info, notice, warning, error

  public static func < (left: LogLevel, right: LogLevel) -> Bool { left.rawValue < right.rawValue }
}

/// A value beside a log message.
public enum LogValue: Equatable, Sendable {
  case text(String)
  case number(Int64)
  /// Known, and never shown.
  case redacted

  /// What stands wherever something is known and not shown.
  public static var redactedText: String { "‹redacted›" }
}

/// A named value beside a log message.
public struct LogField: Equatable, Sendable {
  public let name: String
  public let value: LogValue

  public init(_ name: String, _ value: LogValue) {
    self.name = name
    self.value = value
  }

  /// A field whose value is text.
  public init(_ name: String, _ text: String) { self.init(name, .text(text)) }

  /// A field whose value is known and never shown.
  public init(_ name: String, _ secret: Redacted<some Any>) { self.init(name, .redacted) }

  /// A field whose value is a whole number.
  public init(_ name: String, _ number: some BinaryInteger) {
    self.init(name, .number(Int64(clamping: number)))
  }
}

/// One line of the log, before anyone decided how it is written.
public struct LogRecord: Equatable, Sendable {
  public let level: LogLevel
  /// The room that speaks, in lower case.
  public let room: String
  public let message: String
  public let fields: [LogField]

  public init(level: LogLevel, room: String, message: String, fields: [LogField]) {
    self.level = level
    self.room = room
    self.message = message
    self.fields = fields
  }
}

/// The door through which lines leave.
public struct LogSink: Sendable {
  /// Whether a line of this level from this room would be kept; asked before the line is made.
  public let keeps: @Sendable (LogLevel, _ room: String) -> Bool
  /// Takes one line; never blocks on anything but its own lock.
  public let write: @Sendable (LogRecord) -> Void

  public init(
    keeps: @escaping @Sendable (LogLevel, _ room: String) -> Bool = { _, _ in true },
    write: @escaping @Sendable (LogRecord) -> Void
  ) {
    self.keeps = keeps
    self.write = write
  }

  /// Keeps nothing.
  public static let none = LogSink(keeps: { _, _ in false }, write: { _ in })
}

/// A room's voice in the log.
public struct Log: Sendable {
  private let room: String
  private let sink: LogSink

  public init(room: String, to sink: LogSink) {
    self.room = room
    self.sink = sink
  }

  /// Writes a line at the level, unless the sink would drop it.
  public func write(
    _ level: LogLevel, _ message: @autoclosure () -> String,
    _ fields: @autoclosure () -> [LogField] = []
  ) {
    guard sink.keeps(level, room) else { return }
    sink.write(LogRecord(level: level, room: room, message: message(), fields: fields()))
  }
}
