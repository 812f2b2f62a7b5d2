// How fast files went lately, by which plans say how long they would take. Older files count less with
// each newer one, so the pace follows what the disk and the network do now.

internal import Ambient
internal import Bytes
internal import Synchronization

/// How fast files went lately.
final class TransferPace: Sendable {
  /// What is known of the pace.
  struct Reading: Equatable, Sendable {
    /// Files, bytes and seconds of work, the older ones with less weight.
    var files = 0.0
    var bytes = 0.0
    var seconds = 0.0
    /// How many files go side by side.
    var together: Int

    /// How long so many files of so many bytes would take; nil when none went yet.
    func estimate(files: Int, bytes: UInt64) -> Duration? {
      guard self.files > 0, seconds > 0 else { return nil }
      let byFiles = Double(files) * seconds / self.files
      let byBytes = self.bytes > 0 ? Double(bytes) * seconds / self.bytes : 0
      // Small files take as long as they are many, large ones as long as they are large; which of
      // the two was measured nobody knows, so the longer is said.
      let all = max(byFiles, byBytes) / Double(together)
      return .milliseconds(Int64(min(all, 1e12) * 1_000))
    }
  }

  /// How much of what is known every newer file leaves.
  private static let weight = 0.995

  private let state: Mutex<Reading>

  init(together: Int) {
    state = Mutex(Reading(together: together))
  }

  /// What is known now.
  var reading: Reading { state.withLock { $0 } }

  /// Notes that a file went.
  func note(bytes: UInt64, took duration: Duration) {
    state.withLock { reading in
      reading.files = reading.files * Self.weight + 1
      reading.bytes = reading.bytes * Self.weight + Double(bytes)
      reading.seconds = reading.seconds * Self.weight + duration.inSeconds
    }
  }
}

extension TransferPace.Reading {
  var json: JSONValue {
    [
      "files": .number(files), "bytes": .number(bytes), "seconds": .number(seconds),
      "together": JSONValue(together),
    ]
  }

  /// Reads what `json` wrote; nil when it is something else.
  init?(_ json: JSONValue) {
    guard let files = json["files"]?.number, let bytes = json["bytes"]?.number,
      let seconds = json["seconds"]?.number,
      let together = json["together"]?.integer.flatMap(Int.init(exactly:)), together > 0
    else { return nil }
    self.init(files: files, bytes: bytes, seconds: seconds, together: together)
  }
}
