// The overview as a value, with the same figures as the screen.

internal import Ambient
internal import Bytes
internal import Views

extension EngineSnapshot {
  /// The figures for a program.
  var shownJSON: JSONValue {
    .object([
      "depot": .string(depot), "mode": .string(mode.rawValue), "started": .string("\(started)"),
      "files": .object([
        "dirty": files.dirty.shownJSON, "failed": files.failed.shownJSON,
        "hot": files.hot.shownJSON, "cold": files.cold.shownJSON,
        "shredded": files.shredded.shownJSON, "pinned": files.pinned.shownJSON,
        "all": files.all.shownJSON,
      ]),
      "cache": .object([
        "used": JSONValue(cache.used.bytes), "ceiling": JSONValue(cache.ceiling.bytes),
        "lowWatermark": JSONValue(cache.lowWatermark.bytes),
        "diskFree": cache.diskFree.map { JSONValue($0.bytes) } ?? .null,
        "evictable": cache.evictable.map { JSONValue($0.bytes) } ?? .null,
      ]),
      "safeToStop": .bool(files.atRisk.files == 0), "notStored": files.atRisk.shownJSON,
      "drainSeconds": uploads.drain.map { .number($0.inSeconds) } ?? .null,
    ])
  }
}

extension Tally {
  fileprivate var shownJSON: JSONValue {
    ["files": JSONValue(files), "bytes": JSONValue(bytes)]
  }
}
