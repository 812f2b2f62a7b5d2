// The rules for what an engine's snapshot can show. They are a table: one property a rule, in no
// order, for severity and age order what they find.

internal import Ambient
internal import Views

extension Rule {
  /// All rules of the engine.
  public static let ofEngine: [Rule] = [
    storeLatched, integrity, backendDown, backendRefusing, uploadsFailed, diskFull, cacheStuck,
    queueOld, uploadsHeld, backendSlow, watcherDegraded, watcherOverflowed, manifestRebuilding,
    manifestBehind,
  ]

  /// The event store takes nothing more.
  static let storeLatched = Rule("events.latched", .critical) { snapshot, _ in
    guard let latch = snapshot.eventStore.latch else { return [] }
    return [
      Diagnosis(
        "The event store takes no events", cause: latch.reason,
        evidence: [
          "last event \(snapshot.eventStore.visible)",
          "no upload, eviction, delete or shred until it is open again",
        ],
        since: latch.since,
        remedy: Remedy(
          command: "show.log", "Mend the disk that holds the state directory, then restart."))
    ]
  }

  /// A check has found damage.
  static let integrity = Rule("files.integrity", .critical) { snapshot, _ in
    guard let newest = snapshot.findings.first else { return [] }
    let count = max(snapshot.findingsCount, snapshot.findings.count)
    return [
      Diagnosis(
        count == 1
          ? "One file does not match what was stored"
          : "\(count) files do not match what was stored",
        cause: newest.fault,
        evidence: snapshot.findings.prefix(3).map(\.path),
        since: snapshot.findings.map(\.found).min(),
        remedy: Remedy(
          command: "show.findings", "Look at each; nothing of them is served until it is right."))
    ]
  }

  /// Cold storage does not answer.
  static let backendDown = Rule("backend.down", .critical) { snapshot, _ in
    snapshot.backends.compactMap { backend in
      guard case .down(let trouble) = backend.state else { return nil }
      return Diagnosis(
        "\(backend.role) is down", about: backend.name, cause: trouble.reason,
        evidence: backend.evidence(at: snapshot.taken) + snapshot.waitingEvidence(backend),
        since: trouble.since,
        remedy: Remedy(command: "backend.probe", "Probe it once it should be back."))
    }
  }

  /// Cold storage does not know us.
  static let backendRefusing = Rule("backend.refusing", .critical) { snapshot, _ in
    snapshot.backends.compactMap { backend in
      guard case .refusing(let trouble) = backend.state else { return nil }
      return Diagnosis(
        "\(backend.role) refuses our credentials", about: backend.name, cause: trouble.reason,
        evidence: backend.evidence(at: snapshot.taken) + snapshot.waitingEvidence(backend),
        since: trouble.since,
        remedy: Remedy(
          command: "config.reload", "Mend the credentials, then reload the configuration."))
    }
  }

  /// Cold storage is slow.
  static let backendSlow = Rule("backend.slow", .warning) { snapshot, bounds in
    snapshot.backends.compactMap { backend in
      guard case .up = backend.state, let latency = backend.latency,
        latency.count >= bounds.backendCallsMin, latency.p99 > bounds.backendLatencyMax
      else { return nil }
      return Diagnosis(
        "\(backend.role) is slow", about: backend.name,
        cause: "one call in a hundred takes longer than \(bounds.backendLatencyMax.inWords)",
        evidence: [
          "p50 \(latency.p50.inWords)", "p99 \(latency.p99.inWords)", "\(latency.count) calls",
        ],
        remedy: Remedy(command: "show.backends", "Look at its latency and at the line to it."))
    }
  }

  /// Uploads gave up.
  static let uploadsFailed = Rule("uploads.failed", .critical) { snapshot, _ in
    let failed = snapshot.files.failed
    guard failed.files > 0 else { return [] }
    return [
      Diagnosis(
        "\(counted(failed.files)) could not be stored",
        cause: "the retry budget is spent; nothing tries again by itself",
        evidence: ["\(ByteCount(failed.bytes)) exist in the depot alone"],
        remedy: Remedy(command: "show.failed", "See why, mend that, then retry."))
    ]
  }

  /// Something waits too long.
  static let queueOld = Rule("uploads.old", .warning) { snapshot, bounds in
    guard let oldest = snapshot.uploads.oldest, snapshot.taken - oldest > bounds.queueAgeMax else {
      return []
    }
    let waiting = snapshot.uploads.queued + snapshot.uploads.waiting
    return [
      Diagnosis(
        "A file has not been stored for \((snapshot.taken - oldest).inWords)",
        cause: snapshot.uploads.hold?.reason ?? snapshot.reasonOfDelay,
        evidence: [
          "\(counted(waiting.files)) wait", "\(ByteCount(waiting.bytes)) not stored",
          "done in " + (snapshot.uploads.drain?.inWords ?? "–"),
        ],
        since: oldest + bounds.queueAgeMax,
        remedy: Remedy(command: "show.uploads", "See what the queue waits for."))
    ]
  }

  /// Somebody holds the uploads.
  static let uploadsHeld = Rule("uploads.held", .warning) { snapshot, _ in
    guard let hold = snapshot.uploads.hold else { return [] }
    let atRisk = snapshot.files.atRisk
    return [
      Diagnosis(
        "Uploads are held by \(hold.holder)", cause: hold.reason,
        evidence: ["\(counted(atRisk.files)) not stored", "\(ByteCount(atRisk.bytes))"],
        since: hold.since, remedy: Remedy(command: "upload.resume", "Resume when that is over."))
    ]
  }

  /// The depot's disk has no room.
  static let diskFull = Rule("depot.full", .critical) { snapshot, bounds in
    guard let free = snapshot.cache.diskFree, free < bounds.diskFreeMin else { return [] }
    return [
      Diagnosis(
        "The depot's disk is nearly full",
        cause: "less than \(bounds.diskFreeMin) is left for whoever writes",
        evidence: [
          "\(free) free", "\(snapshot.cache.used) in the depot",
          "\(snapshot.cache.evictable.map(\.description) ?? "–") can be evicted",
        ],
        remedy: Remedy(command: "cache.evict", "Evict, or lower the ceiling of the cache."))
    ]
  }

  /// The cache is above its ceiling and nothing in it can go.
  static let cacheStuck = Rule("cache.stuck", .critical) { snapshot, _ in
    let cache = snapshot.cache
    guard cache.used > cache.ceiling, let evictable = cache.evictable,
      evictable < cache.used - cache.ceiling
    else { return [] }
    let atRisk = snapshot.files.atRisk
    return [
      Diagnosis(
        "The cache is full of what cannot be evicted",
        cause: atRisk.bytes >= snapshot.files.pinned.bytes
          ? "what is not stored yet stays in the depot" : "pinned files stay in the depot",
        evidence: [
          "\(cache.used) of \(cache.ceiling)", "\(ByteCount(atRisk.bytes)) not stored",
          "\(ByteCount(snapshot.files.pinned.bytes)) pinned", "\(evictable) can be evicted",
        ],
        since: cache.aboveSince,
        remedy: Remedy(
          command: "show.uploads", "Have the uploads go on, unpin, or raise the ceiling."))
    ]
  }

  /// Changes are seen late, or in a costly way.
  static let watcherDegraded = Rule("watcher.degraded", .warning) { snapshot, _ in
    guard let degraded = snapshot.watcher.degraded else { return [] }
    return [
      Diagnosis(
        "Changes are watched by " + (snapshot.watcher.mechanism ?? "nobody"),
        cause: degraded.reason, evidence: [], since: degraded.since,
        remedy: Remedy(command: "show.log", "Give the engine what the better watcher needs."))
    ]
  }

  /// Changes were missed and are being looked for.
  static let watcherOverflowed = Rule("watcher.overflowed", .warning) { snapshot, bounds in
    let watcher = snapshot.watcher
    guard let last = watcher.lastOverflow,
      watcher.isRescanning || snapshot.taken - last <= bounds.overflowTold
    else { return [] }
    return [
      Diagnosis(
        "More changed than could be watched",
        cause: watcher.isRescanning
          ? "a rescan finds what was missed" : "a rescan has found what was missed",
        evidence: ["\(watcher.overflows) overflows since the start"], since: last,
        remedy: Remedy(command: "show.log", "Raise the kernel's queue if this happens often."))
    ]
  }

  /// The manifest is being made again.
  static let manifestRebuilding = Rule("manifest.rebuilding", .notice) { snapshot, _ in
    guard let rebuild = snapshot.manifest.rebuild else { return [] }
    return [
      Diagnosis(
        "The manifest is being rebuilt", cause: rebuild.reason,
        evidence: ["\(rebuild.done) of \(rebuild.all) events", "files are served meanwhile"],
        since: rebuild.since, remedy: Remedy(command: "show.log", "Wait; it ends by itself."))
    ]
  }

  /// The manifest does not keep up.
  static let manifestBehind = Rule("manifest.behind", .warning) { snapshot, bounds in
    guard snapshot.manifest.rebuild == nil, snapshot.manifest.lag > bounds.manifestLagMax else {
      return []
    }
    return [
      Diagnosis(
        "The manifest is behind the log", cause: "more happens than it can take in",
        evidence: ["\(snapshot.manifest.lag) events behind"],
        remedy: Remedy(command: "show.log", "Look at the disk that holds the state directory."))
    ]
  }
}

extension BackendView {
  fileprivate var role: String { (isPrimary ? "Cold storage " : "Secondary ") + "'\(name)'" }

  fileprivate func evidence(at now: WallTime) -> [String] {
    [
      lastAnswer.map { "last answer \((now - $0).inWords) ago" } ?? "it never answered",
      "\(failures) of \(calls) attempts failed",
    ]
  }
}

extension EngineSnapshot {
  /// What waits for the primary; nothing waits for another.
  fileprivate func waitingEvidence(_ backend: BackendView) -> [String] {
    guard backend.isPrimary else { return [] }
    return ["\(counted(files.atRisk.files)) not stored", "\(files.cold.files) cold, not readable"]
  }

  /// The likeliest reason why the oldest file still waits.
  fileprivate var reasonOfDelay: String {
    for backend in backends where backend.isPrimary {
      switch backend.state {
      case .down: return "cold storage is down"
      case .refusing: return "cold storage refuses our credentials"
      case .unknown, .up: break
      }
    }
    if uploads.waiting.files > uploads.queued.files { return "uploads fail and are tried again" }
    return "more is written than cold storage takes"
  }
}

private func counted(_ count: UInt64) -> String { count == 1 ? "1 file" : "\(count) files" }
