// An engine that is well, and the same with one thing wrong.

import Ambient
import Views

enum Snapshots {
  static let now = WallTime(seconds: 100_000)

  static func well(at time: WallTime = now) -> EngineSnapshot {
    EngineSnapshot(
      taken: time, started: WallTime(seconds: 0), depot: "/depot", mode: .readWrite,
      files: DepotCounts(
        dirty: Tally(files: 2, bytes: 2_000), hot: Tally(files: 100, bytes: 1 << 30),
        cold: Tally(files: 900, bytes: 9 << 30)),
      cache: CacheFill(
        used: ByteCount(1 << 30), lowWatermark: ByteCount(8 << 30), ceiling: ByteCount(10 << 30),
        diskFree: ByteCount(100 << 30), evictable: ByteCount(1 << 30)),
      uploads: UploadsView(
        queued: Tally(files: 2, bytes: 2_000), oldest: WallTime(seconds: time.seconds - 5),
        drain: .seconds(3)),
      restores: RestoresView(),
      backends: [
        BackendView(
          name: "bucket", isPrimary: true, state: .up,
          latency: LatencyView(p50: .milliseconds(20), p99: .milliseconds(90), count: 400),
          calls: 500, lastAnswer: time)
      ],
      eventStore: EventStoreView(visible: 5_000), manifest: ManifestView(),
      watcher: WatcherView(mechanism: "fanotify"))
  }
}

/// One thing that can be wrong: what makes it so, and what triage must say of it.
struct Staged: Sendable, CustomStringConvertible {
  let rule: String
  /// Words that the title or the cause must have.
  let says: [String]
  let evidence: [String]
  let since: WallTime?
  let stage: @Sendable (inout EngineSnapshot) -> Void

  var description: String { rule }

  static let hour = WallTime(seconds: Snapshots.now.seconds - 3_600)

  static let all: [Staged] = [
    Staged(
      rule: "events.latched", says: ["no events", "disk is gone"], evidence: ["5000"], since: hour
    ) {
      $0.eventStore.latch = Trouble(reason: "disk is gone", since: hour)
    },
    Staged(
      rule: "files.integrity", says: ["2 files", "other bytes"], evidence: ["a", "b"], since: hour
    ) {
      $0.findings = [
        FindingView(path: "a", fault: "other bytes", found: Snapshots.now),
        FindingView(path: "b", fault: "is gone", found: hour),
      ]
    },
    Staged(
      rule: "backend.down", says: ["'bucket' is down", "no route"],
      evidence: ["last answer 1 h ago", "9 of 500", "2 files not stored", "900 cold"], since: hour
    ) {
      $0.backends[0].state = .down(Trouble(reason: "no route", since: hour))
      $0.backends[0].failures = 9
      $0.backends[0].lastAnswer = hour
    },
    Staged(
      rule: "backend.refusing", says: ["refuses our credentials", "403"], evidence: ["0 of 500"],
      since: hour
    ) { $0.backends[0].state = .refusing(Trouble(reason: "403", since: hour)) },
    Staged(
      rule: "backend.slow", says: ["is slow", "10 s"], evidence: ["p50 20 ms", "p99 12 s", "400"],
      since: nil
    ) { $0.backends[0].latency?.p99 = .seconds(12) },
    Staged(
      rule: "uploads.failed", says: ["3 files could not"], evidence: ["4.00 KiB"], since: nil
    ) { $0.files.failed = Tally(files: 3, bytes: 4_096) },
    Staged(
      rule: "uploads.old", says: ["for 1 h", "more is written"],
      evidence: ["2 files wait", "done in 3.0 s"], since: WallTime(seconds: hour.seconds + 900)
    ) { $0.uploads.oldest = hour },
    Staged(
      rule: "uploads.held", says: ["held by operator", "maintenance"], evidence: ["2 files"],
      since: hour
    ) {
      $0.uploads.hold = HoldView(holder: "operator", reason: "maintenance", since: hour)
    },
    Staged(
      rule: "depot.full", says: ["nearly full", "1.00 GiB"], evidence: ["20.0 MiB free"], since: nil
    ) { $0.cache.diskFree = ByteCount(20 << 20) },
    Staged(
      rule: "cache.stuck", says: ["cannot be evicted", "pinned files"],
      evidence: ["20.0 GiB of 10.0 GiB", "9.00 GiB pinned"], since: hour
    ) {
      $0.cache.used = ByteCount(20 << 30)
      $0.cache.aboveSince = hour
      $0.files.pinned = Tally(files: 5, bytes: 9 << 30)
    },
    Staged(
      rule: "watcher.degraded", says: ["watched by inotify", "capability"], evidence: [],
      since: hour
    ) {
      $0.watcher.mechanism = "inotify"
      $0.watcher.degraded = Trouble(reason: "the capability is missing", since: hour)
    },
    Staged(
      rule: "watcher.overflowed", says: ["could be watched", "a rescan finds"],
      evidence: ["4 overflows"], since: hour
    ) {
      $0.watcher.overflows = 4
      $0.watcher.lastOverflow = hour
      $0.watcher.isRescanning = true
    },
    Staged(
      rule: "manifest.rebuilding", says: ["being rebuilt", "damaged"], evidence: ["10 of 90"],
      since: hour
    ) {
      $0.manifest.lag = 200_000
      $0.manifest.rebuild = RebuildView(done: 10, all: 90, since: hour, reason: "it was damaged")
    },
    Staged(rule: "manifest.behind", says: ["behind the log"], evidence: ["200000"], since: nil) {
      $0.manifest.lag = 200_000
    },
  ]
}
