// What an engine shows of itself. Everything here is kept as it happens and is only put together when
// somebody asks: nothing is counted, no transfer is waited for, and no backend is asked. What is not
// known is nil.

internal import Ambient
internal import Bytes
internal import ColdStorage
internal import DurableFiles
internal import EventStore
internal import Manifest
internal import Telemetry
public import Views

extension Engine {
  // MARK: - News

  /// How often something has changed since the engine was opened; equal numbers mean equal snapshots,
  /// but for what time alone changes.
  public var news: UInt64 { changes.count }

  /// Has `wake` called on a thread of the engine's own after something has changed, at most ten times
  /// a second, and each second while files move. It must not block, and ends with the engine.
  @discardableResult
  public func onNews(_ wake: @escaping @Sendable () -> Void) -> NewsWatch {
    NewsWatch(
      number: changes.add(wake) { [uploads, restores] in
        uploads.flow.moves || restores.flow.moves
      })
  }

  /// Ends a watch; its closure may be called once more while this returns.
  public func end(_ watch: NewsWatch) { changes.remove(watch.number) }

  // MARK: - Safe to stop

  /// What would be lost if the machine were lost now.
  public var atRisk: AtRisk {
    let counts = manifest.counts()
    let files = Tally(counts.atRisk)
    return AtRisk(
      files: files, failed: Tally(counts[.failed]), oldest: oldestAtRisk,
      drain: uploads.flow.duration(of: files), unseen: unseen)
  }

  /// Why there may be more at risk than rows say.
  private var unseen: String? {
    let life = life.withLock { $0 }
    if settings.depot.isReadOnly { return nil }
    if let fault = life.watcherFault { return "changes of the depot are not told: \(fault)" }
    if parts.hasThreads, !life.isStarted || parts.watch != nil && life.watcher == nil {
      return "the depot is not watched yet"
    }
    if life.isRescanning || ledger.owesRescan { return "the depot is still to be looked through" }
    if life.untaken > 0 { return "changes are still to be taken in" }
    do throws(ManifestError) {
      return try manifest.lag().isReplaying ? "the manifest is still behind the log" : nil
    } catch {
      return "\(error)"
    }
  }

  private var oldestAtRisk: WallTime? {
    guard manifest.counts().atRisk.files > 0 else { return nil }
    do throws(ManifestError) {
      return try manifest.oldestAtRisk()
    } catch {
      // Not known; what is wrong with the manifest is shown in its own place.
      return nil
    }
  }

  // MARK: - The snapshot

  /// The engine as it is now; may be asked by any thread, and costs some index look-ups.
  public func snapshot() -> EngineSnapshot {
    let now = parts.wallClock.now()
    let settings = settings
    let counts = manifest.counts()
    let found = findings.newest
    return EngineSnapshot(
      taken: now, started: started, depot: escaped(settings.depot.path),
      mode: settings.depot.isReadOnly ? .readOnly : .readWrite, files: DepotCounts(counts),
      cache: cache(counts, settings.cache), uploads: uploadsView(counts, now),
      restores: restoresView, backends: backends, eventStore: eventStoreView(now),
      manifest: manifestView(now), watcher: watcherView, findings: found.shown,
      findingsCount: found.count)
  }

  private func cache(_ counts: Counts, _ settings: CacheSettings) -> CacheFill {
    CacheFill(
      used: ByteCount(counts.hot.bytes), lowWatermark: settings.lowWatermark,
      ceiling: settings.bytesMax, diskFree: diskFree, evictable: ByteCount(counts.evictable.bytes),
      aboveSince: evictions.aboveSince, evictedFiles: counters.evictions.value,
      evictedBytes: counters.evictedBytes.value)
  }

  private var diskFree: ByteCount? {
    do throws(DiskError) {
      return try depot.disk.spaceLeft()
    } catch {
      // Not known; a disk that refuses this refuses what matters too, which is shown where it does.
      return nil
    }
  }

  private func uploadsView(_ counts: Counts, _ now: WallTime) -> UploadsView {
    let inFlight = uploads.underWay.map { $0.view() }
    let hold = uploads.hold
    let atRisk = Tally(counts.atRisk)
    // Those under way are dirty too, and wait for nothing any more.
    let going = inFlight.filter { $0.attempt == 1 }
    let goingAgain = inFlight.filter { $0.attempt > 1 }
    return UploadsView(
      inFlight: inFlight,
      queued: Tally(counts[.dirty] - counts.waiting).less(going),
      waiting: Tally(counts.waiting).less(goingAgain), oldest: oldestAtRisk,
      drain: willDrain(counts) ? uploads.flow.duration(of: atRisk) : nil, rate: uploads.flow.rate,
      hold: hold, stored: counters.uploads.value, storedBytes: counters.uploadedBytes.value,
      gaveUp: counters.uploadsGivenUp.value)
  }

  /// Whether all that is at risk is stored in time if nobody does anything; if not, nobody knows how
  /// long it will take.
  private func willDrain(_ counts: Counts) -> Bool {
    guard uploads.hold == nil, counts[.failed].files == 0 else { return false }
    switch parts.backends.first?.standing.condition {
    case .down, .refusing: return false
    case .unknown, .up, nil: return true
    }
  }

  private var restoresView: RestoresView {
    let standing = restores.standing
    return RestoresView(
      inFlight: standing.inFlight, recent: restores.recent.newest, queued: standing.queued,
      rate: restores.flow.rate,
      hits: hits.view, misses: misses.view, restored: counters.restores.value,
      restoredBytes: counters.restoredBytes.value, failed: counters.restoreFailures.value)
  }

  private var backends: [BackendView] {
    parts.backends.enumerated().map { index, backend in
      BackendView(backend.standing, isPrimary: index == 0)
    }
  }

  private func eventStoreView(_ now: WallTime) -> EventStoreView {
    let latch = ledger.standingRefusal.map { refusal, since in
      Trouble(reason: refusal.sentence, since: wallTime(of: since, now))
    }
    do throws(StoreError) {
      return EventStoreView(visible: try store.reader.lastSequence, latch: latch)
    } catch {
      return EventStoreView(
        visible: store.watermarks.visible,
        latch: latch ?? Trouble(reason: "\(error)", since: now))
    }
  }

  private func manifestView(_ now: WallTime) -> ManifestView {
    let lag: ManifestLag
    do throws(ManifestError) {
      lag = try manifest.lag()
    } catch {
      // The log cannot be asked, which is shown where the log is.
      return ManifestView(oddities: manifest.oddityCount)
    }
    let rebuild = lag.remaking.map { remaking in
      RebuildView(
        done: lag.building?.events ?? lag.replayed.done,
        all: lag.building?.eventsTotal ?? lag.replayed.all,
        since: wallTime(of: remaking.since, now), reason: remaking.reason)
    }
    return ManifestView(lag: lag.events, rebuild: rebuild, oddities: manifest.oddityCount)
  }

  private var watcherView: WatcherView {
    let life = life.withLock { $0 }
    var degraded: Trouble?
    if let fault = life.watcherFault {
      degraded = Trouble(reason: fault, since: life.watcherSince ?? started)
    } else if let mechanism = life.watcher?.mechanism, let reason = mechanism.reasonOfDegradation {
      degraded = Trouble(reason: reason, since: life.watcherSince ?? started)
    }
    return WatcherView(
      mechanism: life.watcherFault == nil ? life.watcher?.mechanism.rawValue : nil,
      degraded: degraded, overflows: counters.overflows.value, lastOverflow: life.lastOverflow,
      isRescanning: life.isRescanning || ledger.owesRescan)
  }

  /// A moment of the monotonic clock on the other one, as they stand to each other now.
  private func wallTime(of time: MonotonicTime, _ now: WallTime) -> WallTime {
    now + (time - parts.monotonicClock.now())
  }
}

extension Tally {
  /// What is left when these are taken away.
  fileprivate func less(_ transfers: [TransferView]) -> Tally {
    Tally(
      files: files - min(files, UInt64(transfers.count)),
      bytes: bytes - min(bytes, transfers.reduce(0) { $0 + $1.bytes }))
  }
}

extension LatencyView {
  fileprivate init(_ summary: RecentDurations.Summary) {
    self.init(
      p50: summary.p50, p99: summary.p99, count: summary.count,
      steps: DurationSteps.counts(of: summary.sorted))
  }
}

extension RecentDurations {
  fileprivate var view: LatencyView? {
    summary.map { LatencyView($0) }
  }
}

extension BackendView {
  fileprivate init(_ standing: BackendStanding, isPrimary: Bool) {
    let state: BackendState =
      switch standing.condition {
      case .unknown: .unknown
      case .up: .up
      case .down(let reason, let since): .down(Trouble(reason: reason, since: since))
      case .refusing(let reason, let since): .refusing(Trouble(reason: reason, since: since))
      }
    self.init(
      name: standing.name, isPrimary: isPrimary, state: state,
      latency: standing.latency.map { LatencyView($0) },
      calls: standing.calls, failures: standing.failures, retries: standing.retries,
      lastAnswer: standing.lastAnswer)
  }
}

extension WatchMechanism {
  /// Why it is not the best one, and what the best one needs; nil for the best one.
  fileprivate var reasonOfDegradation: String? {
    switch self {
    case .fanotify: nil
    case .inotify:
      "the kernel refuses fanotify, which needs CAP_SYS_ADMIN; one watch a directory does instead"
    case .scan: "the kernel refuses to watch here; the depot is looked through again and again"
    }
  }
}
