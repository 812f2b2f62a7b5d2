// Which lines are kept: one level for all rooms, and others for some of them, spelled
// `engine=debug,http=info` or, for all, just `debug`.

package import Ambient

/// The least level that is kept, by room.
package struct LogLevels: Equatable, Sendable {
  /// The level of every room that has none of its own.
  package var base: LogLevel
  /// Rooms with a level of their own, by their names in lower case.
  package var rooms: [String: LogLevel]

  package init(base: LogLevel = .info, rooms: [String: LogLevel] = [:]) {
    self.base = base
    self.rooms = rooms
  }

  /// Reads a setting such as `debug`, `engine=debug,http=info` or both; no text means `info`.
  package init(parsing text: String) throws(TelemetryError) {
    self.init()
    var hasBase = false
    for part in text.split(separator: ",", omittingEmptySubsequences: false) {
      let entry = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        .map { $0.filter { $0 != " " } }
      if text.allSatisfy({ $0 == " " }) { return }
      let level = try Self.level(entry[entry.count - 1])
      if entry.count == 1 {
        if hasBase { throw .levelTwice("every room") }
        (base, hasBase) = (level, true)
      } else {
        guard !entry[0].isEmpty, entry[0].allSatisfy({ $0.isLowercase || $0 == "-" }) else {
          throw .badRoom(entry[0])
        }
        guard rooms.updateValue(level, forKey: entry[0]) == nil else {
          throw .levelTwice(entry[0])
        }
      }
    }
  }

  /// Whether a line of this level from this room is kept.
  package func keeps(_ level: LogLevel, _ room: String) -> Bool {
    level >= rooms[room] ?? base
  }

  /// The least level that any room keeps.
  var least: LogLevel { rooms.values.reduce(base, min) }

  private static func level(_ text: String) throws(TelemetryError) -> LogLevel {
    guard let level = LogLevel.allCases.first(where: { "\($0)" == text }) else {
      throw .badLevel(text)
    }
    return level
  }
}

extension LogLevels: CustomStringConvertible {
  /// The setting that reads as these levels.
  package var description: String {
    (["\(base)"] + rooms.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" })
      .joined(separator: ",")
  }
}
