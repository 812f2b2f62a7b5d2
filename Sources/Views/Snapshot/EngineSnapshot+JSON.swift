// A snapshot as JSON, for scripts and for whoever is not in this process. What is not known is null and
// never 0, and without an engine that is all that only an engine knows; durations are seconds, moments
// RFC 3339 in UTC.

internal import Ambient
package import Bytes

extension EngineSnapshot {
  /// The snapshot as a JSON value.
  package var json: JSONValue {
    var object: JSONObject = [
      "taken": .string("\(taken)"), "started": .string("\(started)"), "depot": .string(depot),
      "mode": .string(mode.rawValue), "files": files.json, "cache": cache.json,
      "uploads": uploads.json, "restores": restores.json,
      "backends": .array(backends.map(\.json)), "eventStore": eventStore.json,
      "manifest": manifest.json, "watcher": watcher.json,
      "findings": .array(findings.map(\.json)), "findingsCount": JSONValue(findingsCount),
    ]
    guard mode == .evaluation else { return .object(object) }
    for key in ["started", "restores", "backends", "watcher", "findings", "findingsCount"] {
      object[key] = .null
    }
    object["cache"] = cache.json.forgetting(["aboveSince", "evictedFiles", "evictedBytes"])
    object["uploads"] = uploads.json.forgetting([
      "inFlight", "drainSeconds", "rate", "hold", "stored", "storedBytes", "gaveUp",
    ])
    return .object(object)
  }
}

extension DepotCounts {
  /// The counts as a JSON value.
  package var json: JSONValue {
    [
      "all": all.json, "dirty": dirty.json, "failed": failed.json, "hot": hot.json,
      "cold": cold.json, "shredded": shredded.json, "pinned": pinned.json, "atRisk": atRisk.json,
    ]
  }
}

extension CacheFill {
  fileprivate var json: JSONValue {
    [
      "used": JSONValue(used.bytes), "lowWatermark": JSONValue(lowWatermark.bytes),
      "ceiling": JSONValue(ceiling.bytes), "diskFree": JSONValue(known: diskFree?.bytes),
      "evictable": JSONValue(known: evictable?.bytes), "aboveSince": JSONValue(aboveSince),
      "evictedFiles": JSONValue(evictedFiles), "evictedBytes": JSONValue(evictedBytes),
    ]
  }
}

extension UploadsView {
  fileprivate var json: JSONValue {
    [
      "inFlight": .array(inFlight.map(\.json)), "queued": queued.json, "waiting": waiting.json,
      "oldest": JSONValue(oldest), "drainSeconds": JSONValue(seconds: drain), "rate": rate.json,
      "hold": hold?.json ?? .null, "stored": JSONValue(stored),
      "storedBytes": JSONValue(storedBytes), "gaveUp": JSONValue(gaveUp),
    ]
  }
}

extension RestoresView {
  fileprivate var json: JSONValue {
    [
      "inFlight": .array(inFlight.map(\.json)), "recent": .array(recent.map(\.json)),
      "queued": JSONValue(queued), "rate": rate.json,
      "hits": hits?.json ?? .null, "misses": misses?.json ?? .null,
      "restored": JSONValue(restored), "restoredBytes": JSONValue(restoredBytes),
      "failed": JSONValue(failed),
    ]
  }
}

extension RestoresView {
  /// The restores that ended lately, as a JSON value.
  package var recentJSON: JSONValue { .array(recent.map(\.json)) }
}

extension RestoredView {
  fileprivate var json: JSONValue {
    [
      "path": .string(path), "bytes": JSONValue(bytes), "ended": .string("\(ended)"),
      "tookSeconds": JSONValue(seconds: took), "waited": JSONValue(waited),
      "fault": JSONValue(fault),
    ]
  }
}

extension RateView {
  fileprivate var json: JSONValue { .array(bytesPerSecond.map { JSONValue($0) }) }
}

extension LatencyView {
  fileprivate var json: JSONValue {
    [
      "p50Seconds": JSONValue(seconds: p50), "p99Seconds": JSONValue(seconds: p99),
      "count": JSONValue(count), "steps": .array(steps.map { JSONValue($0) }),
    ]
  }
}

extension HoldView {
  fileprivate var json: JSONValue {
    ["holder": .string(holder), "reason": .string(reason), "since": .string("\(since)")]
  }
}

extension Trouble {
  fileprivate var json: JSONValue {
    ["reason": .string(reason), "since": .string("\(since)")]
  }
}

extension BackendState {
  /// The state in a word.
  package var word: String {
    switch self {
    case .unknown: "unknown"
    case .up: "up"
    case .down: "down"
    case .refusing: "refusing"
    }
  }

  /// Why it is not up; nil when it is, or nothing is known.
  package var trouble: Trouble? {
    switch self {
    case .unknown, .up: nil
    case .down(let trouble), .refusing(let trouble): trouble
    }
  }
}

extension BackendView {
  /// The backend as a JSON value.
  package var json: JSONValue {
    [
      "name": .string(name), "primary": .bool(isPrimary), "state": .string(state.word),
      "trouble": state.trouble?.json ?? .null, "latency": latency?.json ?? .null,
      "calls": JSONValue(calls), "failures": JSONValue(failures), "retries": JSONValue(retries),
      "lastAnswer": JSONValue(lastAnswer),
    ]
  }
}

extension EventStoreView {
  fileprivate var json: JSONValue {
    ["visible": JSONValue(visible), "latch": latch?.json ?? .null]
  }
}

extension ManifestView {
  fileprivate var json: JSONValue {
    var rebuilding = JSONValue.null
    if let rebuild {
      rebuilding = [
        "done": JSONValue(rebuild.done), "all": JSONValue(rebuild.all),
        "since": .string("\(rebuild.since)"), "reason": .string(rebuild.reason),
      ]
    }
    return ["lag": JSONValue(lag), "rebuild": rebuilding, "oddities": JSONValue(oddities)]
  }
}

extension WatcherView {
  fileprivate var json: JSONValue {
    [
      "mechanism": JSONValue(mechanism), "degraded": degraded?.json ?? .null,
      "overflows": JSONValue(overflows), "lastOverflow": JSONValue(lastOverflow),
      "rescanning": .bool(isRescanning),
    ]
  }
}

extension FindingView {
  fileprivate var json: JSONValue {
    ["path": .string(path), "fault": .string(fault), "found": .string("\(found)")]
  }
}

extension JSONValue {
  /// The object with these members unknown.
  fileprivate func forgetting(_ keys: [String]) -> JSONValue {
    guard case .object(var object) = self else { return self }
    for key in keys { object[key] = .null }
    return .object(object)
  }

  /// A number, or null when it is not known.
  fileprivate init(known number: Int64?) {
    self = number.map { .integer($0) } ?? .null
  }
}
