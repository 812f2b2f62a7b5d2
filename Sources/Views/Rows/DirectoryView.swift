// One directory of the depot with what lies below it, in sums.

package import Bytes

/// A directory, and all that is below it.
public struct DirectoryView: Hashable, Sendable {
  /// Relative to the depot; empty for the depot itself.
  public var path: [UInt8]
  public var all: Tally
  /// With a copy in the depot.
  public var hot: Tally
  /// Whose bytes exist nowhere but in the depot.
  public var atRisk: Tally

  public init(path: [UInt8], all: Tally, hot: Tally, atRisk: Tally) {
    self.path = path
    self.all = all
    self.hot = hot
    self.atRisk = atRisk
  }

  /// Without a copy in the depot.
  public var cold: Tally {
    Tally(
      files: all.files - min(all.files, hot.files), bytes: all.bytes - min(all.bytes, hot.bytes))
  }
}

extension DirectoryView {
  /// The directory as a JSON value.
  package var json: JSONValue {
    [
      "path": .string(escaped(path)), "all": all.json, "hot": hot.json, "cold": cold.json,
      "atRisk": atRisk.json,
    ]
  }

  /// Reads a directory that `json` wrote; nil for anything else.
  package init?(json: JSONValue) {
    guard let path = json["path"]?.string.flatMap(unescaped),
      let all = json["all"].flatMap(Tally.init(json:)),
      let hot = json["hot"].flatMap(Tally.init(json:)),
      let atRisk = json["atRisk"].flatMap(Tally.init(json:))
    else { return nil }
    self.init(path: path, all: all, hot: hot, atRisk: atRisk)
  }
}

extension Tally {
  /// The tally as a JSON value.
  package var json: JSONValue { ["files": JSONValue(files), "bytes": JSONValue(bytes)] }

  /// Reads a tally that `json` wrote; nil for anything else.
  package init?(json: JSONValue) {
    guard let files = json.count("files"), let bytes = json.count("bytes") else { return nil }
    self.init(files: files, bytes: bytes)
  }
}
