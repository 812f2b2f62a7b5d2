// One line of the log as lists show it. Secrets were hidden before the line was kept.

public import Ambient
package import Bytes

/// A line of the log.
public struct LogLineView: Hashable, Sendable {
  /// Its place among all lines since the process began; the first is 1.
  public var number: UInt64
  public var time: WallTime
  public var level: LogLevel
  /// The room that speaks.
  public var room: String
  public var message: String
  public var fields: [LogFieldView]

  public init(
    number: UInt64, time: WallTime, level: LogLevel, room: String, message: String,
    fields: [LogFieldView] = []
  ) {
    self.number = number
    self.time = time
    self.level = level
    self.room = room
    self.message = message
    self.fields = fields
  }
}

/// A named value beside a line of the log, as text.
public struct LogFieldView: Hashable, Sendable {
  public var name: String
  public var value: String

  public init(_ name: String, _ value: String) {
    self.name = name
    self.value = value
  }
}

extension LogLineView {
  /// The fields that a filter may ask of a line.
  public static let vocabulary = FilterVocabulary(
    [
      FilterField("text", .text, "what the line says, its fields included"),
      FilterField("level", .words(LogLevel.allCases.map { "\($0)" }), "how much it matters"),
      FilterField("room", .text, "the part of the product that speaks"),
      FilterField("age", .age, "how long ago it was said"),
    ], searched: "text")

  /// What the line has in a field of the vocabulary.
  public func value(of field: Int) -> FilterValue {
    switch field {
    case 0:
      .text(
        Array(([message] + fields.map { "\($0.name)=\($0.value)" }).joined(separator: " ").utf8))
    case 1: .words(["\(level)"])
    case 2: .text(Array(room.utf8))
    case 3: .time(time)
    default: preconditionFailure("a line of the log has no field \(field)")
    }
  }

  /// The line as a JSON value.
  package var json: JSONValue {
    [
      "number": JSONValue(number), "time": .string("\(time)"), "level": .string("\(level)"),
      "room": .string(room), "message": .string(message),
      "fields": .array(
        fields.map { ["name": .string($0.name), "value": .string($0.value)] }),
    ]
  }

  /// Reads a line that `json` wrote; nil for anything else.
  package init?(json: JSONValue) {
    guard let number = json.count("number"), let time = json.time("time"),
      let word = json["level"]?.string,
      let level = LogLevel.allCases.first(where: { "\($0)" == word }),
      let room = json["room"]?.string, let message = json["message"]?.string,
      let fields = json["fields"]?.array
    else { return nil }
    var read: [LogFieldView] = []
    for field in fields {
      guard let name = field["name"]?.string, let value = field["value"]?.string else { return nil }
      read.append(LogFieldView(name, value))
    }
    self.init(
      number: number, time: time, level: level, room: room, message: message, fields: read)
  }
}
