// A line of the log as it is kept and written: numbered, timed, free of secrets and of bounded
// size. As text it is one line whatever it says:
//
//   2026-11-20T10:51:44.123456Z info engine: stored a file path="art/a b.png" bytes=12
//
// and as JSON an object with `time`, `level`, `room`, `message` and, if there are any, `fields`.

package import Ambient
import Bytes

/// A line of the log.
package struct LogLine: Equatable, Sendable {
  /// The most bytes of a message or of the text of a field; what is more is cut.
  package static var textBytesMax: Int { 4_096 }
  /// The most fields of a line; what is more is dropped.
  package static var fieldsMax: Int { 24 }

  /// Its place among all lines since the process began; the first is 1.
  package private(set) var number: UInt64
  package let time: WallTime
  package let level: LogLevel
  package let room: String
  package let message: String
  package let fields: [LogField]

  init(_ record: LogRecord, number: UInt64, at time: WallTime) {
    self.number = number
    self.time = time
    level = record.level
    room = record.room
    message = cut(withoutSecrets(record.message))
    fields = record.fields.prefix(Self.fieldsMax).map(safe)
  }

  /// The line in its place among the others.
  func numbered(_ number: UInt64) -> LogLine {
    var line = self
    line.number = number
    return line
  }

  /// About how many bytes it takes in memory.
  var size: Int {
    fields.reduce(160 + message.utf8.count) { sum, field in
      guard case .text(let text) = field.value else { return sum + 48 }
      return sum + 48 + text.utf8.count
    }
  }
}

/// How lines are written.
package enum LogFormat: String, Equatable, Sendable {
  case text, json

  /// The line in this format, its newline included.
  package func write(_ line: LogLine) -> String {
    switch self {
    case .text:
      let fields = line.fields.map { " " + printable($0.name) + "=" + spelled($0.value) }
      return "\(line.time) \(line.level) \(line.room): \(printable(line.message))"
        + fields.joined() + "\n"
    case .json:
      var object: JSONObject = [
        "time": .string(line.time.description), "level": .string("\(line.level)"),
        "room": .string(line.room), "message": .string(line.message),
      ]
      var fields = JSONObject()
      for field in line.fields { fields[field.name] = jsonValue(of: field.value) }
      if fields.count > 0 { object["fields"] = .object(fields) }
      return JSONValue.object(object).text() + "\n"
    }
  }
}

/// A field without secrets and of bounded size.
private func safe(_ field: LogField) -> LogField {
  guard case .text(let text) = field.value else { return field }
  if isSecretName(field.name) { return LogField(field.name, .redacted) }
  return LogField(field.name, cut(withoutSecrets(text)))
}

private func cut(_ text: String) -> String {
  let count = text.utf8.count
  guard count > LogLine.textBytesMax else { return text }
  let kept = String(decoding: text.utf8.prefix(LogLine.textBytesMax), as: UTF8.self)
  return kept + "… (\(count) bytes)"
}

private func spelled(_ value: LogValue) -> String {
  switch value {
  case .number(let number): return String(number)
  case .redacted: return LogValue.redactedText
  case .text(let text):
    let shown = printable(text)
    let isPlain = !shown.isEmpty && !shown.utf8.contains { " \"=".utf8.contains($0) }
    return isPlain
      ? shown
      : "\""
        + shown.split(separator: "\"", omittingEmptySubsequences: false)
        .joined(separator: "\\\"") + "\""
  }
}

private func jsonValue(of value: LogValue) -> JSONValue {
  switch value {
  case .number(let number): .integer(number)
  case .redacted: .string(LogValue.redactedText)
  case .text(let text): .string(text)
  }
}

/// The text on one line, with what a terminal would obey spelled out. Unlike `escaped`, backslashes
/// stay as they are, for most texts here have been through that already.
private func printable(_ text: String) -> String {
  guard !text.unicodeScalars.allSatisfy(isShowable) else { return text }
  var shown = ""
  for scalar in text.unicodeScalars {
    if isShowable(scalar) {
      shown.unicodeScalars.append(scalar)
    } else {
      shown += escaped(String(scalar))
    }
  }
  return shown
}
