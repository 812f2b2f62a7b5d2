// What is refused when metrics are registered and settings of the log are read.

import Ambient

/// A refusal of the registry or of the log's settings.
package enum TelemetryError: Error, Equatable, Sendable {
  /// The name is not lower-case letters, digits and underscores, or has the wrong ending.
  case badName(String)
  case badLabel(String, of: String)
  case noHelp(String)
  case badBounds(String)
  /// The name is claimed by something else, of this type.
  case taken(String, MetricType)
  /// The text is not the name of a level.
  case badLevel(String)
  /// The text is not the name of a room.
  case badRoom(String)
  /// One room was given two levels.
  case levelTwice(String)
}

extension TelemetryError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .badName(let name):
      "'\(name)' is no name for a metric: lower-case letters, digits and underscores, and "
        + "'_total' at the end of a counter and of nothing else"
    case .badLabel(let label, let name): "'\(label)' is no label for \(name)"
    case .noHelp(let name): "\(name) needs a sentence that says what it is"
    case .badBounds(let name): "the bounds of \(name) must be finite and rise"
    case .taken(let name, let type): "\(name) is the name of another \(type.rawValue) already"
    case .badLevel(let text):
      "'\(text)' is no level of the log; write one of "
        + LogLevel.allCases.map { "\($0)" }.joined(separator: ", ")
    case .badRoom(let text): "'\(text)' is no room; write levels as engine=debug,http=info"
    case .levelTwice(let room): "\(room) is given two levels of the log"
    }
  }
}
