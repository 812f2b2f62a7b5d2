// Snapshots made by hand, and a console on them without any thread: what it asks for is answered by a
// closure, at once.

import Ambient
import Bytes
import Console
import Operations
import Terminal
import Triage
import Views
import Widgets

enum Sample {
  static let now = WallTime(seconds: 1_795_000_000)

  private static func ago(_ seconds: Int64) -> WallTime {
    WallTime(seconds: now.seconds - seconds)
  }

  /// A depot at work, with nothing wrong.
  static var quiet: EngineSnapshot {
    EngineSnapshot(
      taken: now, started: ago(273_600), depot: "/srv/depot", mode: .readWrite,
      files: DepotCounts(
        dirty: Tally(files: 12, bytes: 1_288_490_188),
        hot: Tally(files: 48_211, bytes: 665_719_930_880),
        cold: Tally(files: 912_404, bytes: 7_916_483_719_987),
        pinned: Tally(files: 40, bytes: 4_294_967_296)),
      cache: CacheFill(
        used: ByteCount(667_008_421_068), lowWatermark: ByteCount(858_993_459_200),
        ceiling: ByteCount(1_099_511_627_776), diskFree: ByteCount(1_319_413_953_331),
        evictable: ByteCount(501_719_930_880), evictedFiles: 120_331,
        evictedBytes: 3_518_437_208_883),
      uploads: UploadsView(
        inFlight: [
          TransferView(
            path: "art/hero.psd", bytesDone: 40_000_000, bytes: 310_000_000, since: ago(6))
        ],
        queued: Tally(files: 11, bytes: 978_490_188), oldest: ago(41), drain: .seconds(34),
        rate: RateView(bytesPerSecond: wave(60, 41_943_040)), stored: 310_442,
        storedBytes: 4_398_046_511_104),
      restores: RestoresView(
        rate: RateView(bytesPerSecond: wave(60, 9_437_184)),
        hits: LatencyView(
          p50: .microseconds(310), p99: .milliseconds(2), count: 512,
          steps: [0, 12, 201, 160, 84, 41, 12, 2]),
        misses: LatencyView(
          p50: .milliseconds(48), p99: .milliseconds(420), count: 512,
          steps: [0, 0, 0, 0, 1, 18, 130, 232, 101, 24, 6]),
        restored: 20_114, restoredBytes: 96_636_764_160),
      backends: [
        BackendView(
          name: "primary", isPrimary: true, state: .up,
          latency: LatencyView(p50: .milliseconds(18), p99: .milliseconds(140), count: 4_096),
          calls: 331_004, failures: 12, retries: 12, lastAnswer: ago(1))
      ],
      eventStore: EventStoreView(visible: 1_482_330), manifest: ManifestView(),
      watcher: WatcherView(mechanism: "fanotify"))
  }

  /// The same with everything stored.
  static var stored: EngineSnapshot {
    var snapshot = quiet
    snapshot.files.dirty = .zero
    snapshot.uploads.inFlight = []
    snapshot.uploads.queued = .zero
    snapshot.uploads.oldest = nil
    snapshot.uploads.drain = .zero
    return snapshot
  }

  /// Two in the morning: cold storage is down, uploads have failed, the cache is full.
  static var trouble: EngineSnapshot {
    var snapshot = quiet
    snapshot.backends[0].state = .down(
      Trouble(reason: "connect to s3.example.net:443 is refused", since: ago(1_260)))
    snapshot.backends[0].failures = 4_210
    snapshot.backends[0].lastAnswer = ago(1_261)
    snapshot.files.dirty = Tally(files: 4_120, bytes: 460_000_000_000)
    snapshot.files.failed = Tally(files: 3, bytes: 912_680_550)
    snapshot.uploads.queued = Tally(files: 4_120, bytes: 460_000_000_000)
    snapshot.uploads.oldest = ago(1_300)
    snapshot.uploads.drain = nil
    snapshot.uploads.rate = RateView(
      bytesPerSecond: wave(30, 41_943_040) + Array(repeating: 0, count: 30))
    snapshot.cache.used = ByteCount(1_121_501_860_331)
    snapshot.cache.evictable = ByteCount(2_147_483_648)
    snapshot.cache.aboveSince = ago(420)
    snapshot.findings = [
      FindingView(
        path: "art/chars/hero/textures/hero_body_albedo_4k.tga",
        fault: "its bytes do not match the digest that was stored", found: ago(7_200))
    ]
    snapshot.findingsCount = 1
    return snapshot
  }

  private static func wave(_ count: Int, _ top: UInt64) -> [UInt64] {
    (0..<count).map { index in
      let phase = index % 20
      return top * UInt64(phase < 10 ? phase + 3 : 23 - phase) / 14
    }
  }

  static func permissions(readOnly: Bool = false) -> Permissions {
    var missing: [String: [String]] = [:]
    for command in CommandTable().commands {
      guard let operation = command.operation else { continue }
      missing[operation] = readOnly ? ["cache.write"] : []
    }
    for name in ["jobs.page", "plan.page", "event.get", "job.pause", "job.resume", "job.cancel"] {
      missing[name] = []
    }
    return Permissions(missing: missing, isReadOnly: readOnly, who: "anna")
  }

  static func model(
    _ snapshot: EngineSnapshot?, columns: Int, rows: Int, readOnly: Bool = false,
    glyphs: GlyphSet = .unicode
  ) -> ConsoleModel {
    var model = ConsoleModel(
      depot: "/srv/depot", version: "0.1.0", ownsEngine: true,
      permissions: permissions(readOnly: readOnly), size: GridSize(rows: rows, columns: columns),
      brush: Brush(glyphs), at: moment)
    _ = model.begin()
    if let snapshot { _ = model.handle(.snapshot(snapshot), at: moment) }
    return model
  }

  static let moment = Moment(wall: now, monotonic: MonotonicTime(nanoseconds: 1_000_000_000))
}

extension ConsoleModel {
  /// Presses keys by their names, and answers what that asks for.
  mutating func press(_ keys: String...) -> [ConsoleEffect] {
    keys.flatMap { name -> [ConsoleEffect] in
      guard let key = Key(parsing: name) else { preconditionFailure("there is no key \(name)") }
      return handle(.terminal(.key(key)), at: moment)
    }
  }

  mutating func type(_ text: String) -> [ConsoleEffect] {
    text.unicodeScalars.flatMap { handle(.terminal(.key(.character($0))), at: moment) }
  }
}
