// A line of the log as lists show it.

import Ambient
import Telemetry
import Views

extension LogLine {
  /// The line as a row; its fields are text.
  var view: LogLineView {
    LogLineView(
      number: number, time: time, level: level, room: room, message: message,
      fields: fields.map { LogFieldView($0.name, $0.value.shown) })
  }
}

extension LogValue {
  fileprivate var shown: String {
    switch self {
    case .text(let text): text
    case .number(let number): "\(number)"
    case .redacted: LogValue.redactedText
    }
  }
}
