// The engine of one depot: it is opened, started, asked, and stopped.
//
//   open ─▶ lock the depot, open the events, bring the manifest after them, clear up ─▶ start
//   start ─▶ watch, take in, upload, restore, evict, look through the depot in the background
//   stop ─▶ take nothing new, let transfers end within their grace ─▶ close everything, give the lock back
//
// The parts do not know each other. What connects them is here: what was taken in is news for the
// uploads, what was restored may be too much for the depot, what was not written down is looked for.
// This file holds what an engine is and its life; `+Files` what it is asked of single files,
// `+Keeper` what it does by itself, `+Snapshot` what it shows.

internal import Ambient
internal import ColdStorage
package import DurableFiles
internal import EventStore
internal import Manifest
internal import Synchronization
internal import Telemetry

/// An engine that keeps one depot.
public final class Engine: Sendable {
  static let lockFile = Depot.home.appending("engine.lock")
  /// The file in the depot that a running engine has locked.
  package static var lockPath: FilePath { lockFile }

  let inForce: SettingsInForce
  let parts: EngineParts
  let depot: Depot
  let store: EventStore
  let manifest: Manifest
  let ledger: Ledger
  let counters: EngineCounters
  let look: DepotLook
  let intake: Intake
  let uploads: UploadRunner
  let restores: RestoreRunner
  let evictions: EvictionRunner
  let verifier: FileVerifier
  /// What changes, for whoever shows it.
  let changes = EngineNews()
  let findings = Findings()
  /// How long requests took that found their file, and those that had to bring it.
  let hits = RecentDurations()
  let misses = RecentDurations()
  /// Nil where there are no keys.
  let shredding: ShredWork?
  /// Ends the verification that is under way when the engine stops.
  let scrubbing = Cancellation()
  let log: Log
  let started: WallTime
  /// What is to be taken in.
  let box: Mailbox<IntakeJob>
  let life = Monitor(Life())
  /// Held until the engine is stopped.
  private let lock: Mutex<OpenFile?>

  struct Life {
    var isStarted = false
    var isStopping = false
    /// Threads that have not ended.
    var threads = 0
    /// Changes that were told and are not taken in.
    var untaken = 0
    var watcher: (any ChangeWatcher)?
    var watcherFault: String?
    /// Since when that watcher tells, or that fault keeps it from telling.
    var watcherSince: WallTime?
    var isRescanning = false
    var lastOverflow: WallTime?
  }

  // MARK: - Life

  /// Opens the depot: nobody else may have it, and everything that the last engine left in the middle
  /// is put in order. Throws `.held` when another engine has it.
  public static func open(
    _ parts: EngineParts, _ settings: EngineSettings
  ) throws(EngineError) -> Engine {
    let log = Log(room: "engine", to: parts.log)
    let depot: Depot
    let lock: OpenFile
    do throws(DiskError) {
      depot = try Depot(opening: parts.depot)
      try depot.disk.makeDirectories(Depot.home, mode: 0o755)
      lock = try takeLock(depot.disk)
    } catch .locked(_, let holder) {
      throw .held(process: holder)
    } catch {
      throw .disk(error)
    }
    let store = try openStore(parts, settings.sealing)
    let manifest = try openManifest(parts, store)
    let engine = try Engine(parts, settings, depot, lock, store, manifest, log)
    try engine.recover()
    return engine
  }

  private static func takeLock(_ disk: any Disk) throws(DiskError) -> OpenFile {
    let file = try lockFile(on: disk)
    do throws(DiskError) {
      try file.lock()
    } catch .unsupported {
      // Then the lock of the event store must do.
    }
    return file
  }

  private static func lockFile(on disk: any Disk) throws(DiskError) -> OpenFile {
    do throws(DiskError) {
      return try OpenFile(lockFile, .writing, on: disk)
    } catch .absent {
      return try OpenFile(lockFile, .creating(mode: 0o600), on: disk)
    }
  }

  private static func openStore(
    _ parts: EngineParts, _ sealing: SealingSettings
  ) throws(EngineError) -> EventStore {
    var payloads = PayloadRegistry()
    FileEvent.register(in: &payloads)
    do throws(StoreError) {
      return try EventStore.open(
        on: parts.events,
        StoreOptions(
          wallClock: parts.wallClock, monotonicClock: parts.monotonicClock, entropy: parts.entropy,
          log: parts.log, maintenance: parts.hasThreads ? .worker : .inline, payloads: payloads,
          keys: try keys(parts, sealing)))
    } catch .locked(let holder) {
      throw .held(process: holder)
    } catch {
      throw .journal("\(error)")
    }
  }

  /// The keys of objects, which a shred destroys; what is written down of files is in the clear, so that
  /// it stays readable whatever is shredded. Without `encrypt` what was sealed before still opens.
  private static func keys(
    _ parts: EngineParts, _ settings: SealingSettings
  ) throws(StoreError) -> StoreKeys? {
    let source: KeySource
    if let given = parts.keys {
      source = given
    } else if let file = settings.keyFile {
      source = .replaceable(try KeyFile(file))
    } else {
      return nil
    }
    return StoreKeys(source, granularity: .entity, policy: .only([]))
  }

  private static func openManifest(
    _ parts: EngineParts, _ store: EventStore
  ) throws(EngineError) -> Manifest {
    do throws(ManifestError) {
      return try Manifest.open(
        parts.state.map { .directory($0.disk, path: $0.path) } ?? .memory, log: store.reader,
        ManifestOptions(
          monotonicClock: parts.monotonicClock, log: parts.log,
          applying: parts.hasThreads ? .worker : .inline))
    } catch {
      throw .manifest("\(error)")
    }
  }

  private init(
    _ parts: EngineParts, _ settings: EngineSettings, _ depot: Depot, _ lock: consuming OpenFile,
    _ store: EventStore, _ manifest: Manifest, _ log: Log
  ) throws(EngineError) {
    let inForce = SettingsInForce(settings)
    self.inForce = inForce
    self.parts = parts
    self.depot = depot
    self.store = store
    self.manifest = manifest
    self.log = log
    self.lock = Mutex(consume lock)
    started = parts.wallClock.now()
    let registry = try Self.registry(parts.metrics)
    counters = try Self.counters(registry)
    let reading = try Self.reading(parts, registry)
    ledger = Ledger(
      store, manifest, clock: parts.monotonicClock, log: log, news: changes, findings: findings)
    let sealing = ObjectSealing(
      store, settings.sealing, to: parts.cold, entropy: parts.entropy, log: log)
    if let sealing {
      shredding = ShredWork(
        ledger: ledger, depot: depot, cold: parts.cold, sealing: sealing,
        sharesColdTier: settings.depot.sharesColdTier, log: log)
    } else {
      shredding = nil
    }
    look = DepotLook(
      ledger: ledger, depot: depot, clock: parts.wallClock, shredding: shredding)
    intake = Intake(look: look, manifest: manifest)
    let naming = ObjectNaming(
      limits: parts.cold.capabilities.keyLimits, lineage: store.lineage)
    let uploader = Uploader(
      depot: depot, cold: parts.cold, naming: naming,
      clock: parts.wallClock, sealing: sealing)
    let work = UploadWork(
      ledger: ledger, uploader: uploader, settings: inForce, clock: parts.wallClock,
      entropy: parts.entropy, pause: parts.pause, sharesColdTier: settings.depot.sharesColdTier,
      failures: FailedOperationsLog(on: parts.state?.disk, log: log))
    uploads = UploadRunner(
      work, manifest: manifest, counters: counters, settings: settings.uploads,
      flow: TransferFlow(changes, clock: parts.monotonicClock), monotonic: parts.monotonicClock,
      log: log)
    verifier = FileVerifier(
      ledger: ledger, depot: depot, stored: StoredCheck(cold: parts.cold, sealing: sealing),
      clock: parts.wallClock,
      log: log)
    let evictionWork = EvictionWork(
      ledger: ledger, depot: depot, check: StoredCheck(cold: parts.cold, sealing: sealing),
      clock: parts.wallClock, log: log, settings: inForce)
    let evictions = EvictionRunner(
      evictionWork, manifest: manifest, counters: counters, settings: inForce,
      hasThreads: parts.hasThreads, clock: parts.monotonicClock, log: log)
    self.evictions = evictions
    let counters = counters
    restores = RestoreRunner(
      RestoreWork(
        ledger: ledger, depot: depot,
        restorer: Restorer(
          depot: depot, cold: reading, entropy: parts.entropy, sealing: sealing),
        adoption: Adoption(
          ledger: ledger,
          catalogue: ObjectCatalogue(cold: parts.cold, naming: naming, clock: parts.wallClock),
          counter: counters.adopted, log: log),
        settings: inForce, log: log,
        makeRoom: { evictions.makeRoom($0) }, expect: { evictions.expect($0) },
        unrecorded: { counters.unrecordedRestores.add() }),
      counters: counters, concurrency: settings.restores.threads,
      flow: TransferFlow(changes, clock: parts.monotonicClock), clock: parts.monotonicClock,
      wall: parts.wallClock)
    box = Mailbox(messagesMax: Self.intakeMax)
    if !settings.depot.skipsStartupScan { ledger.oweRescan() }
  }

  private static func registry(
    _ given: MetricRegistry?
  ) throws(EngineError) -> MetricRegistry {
    if let given { return given }
    return try registering { () throws(TelemetryError) in try MetricRegistry() }
  }

  private static func counters(
    _ registry: MetricRegistry
  ) throws(EngineError) -> EngineCounters {
    try registering { () throws(TelemetryError) in try EngineCounters(registry) }
  }

  /// Where files are read back from: what the primary cannot give, the secondary may.
  private static func reading(
    _ parts: EngineParts, _ registry: MetricRegistry
  ) throws(EngineError) -> any ObjectStore {
    guard let secondary = parts.secondary else { return parts.cold }
    return PrimaryAndSecondary(
      primary: parts.cold, secondary: secondary, asksWhenUnavailable: true,
      metrics: try registering { () throws(TelemetryError) in try StorageMetrics(registry) })
  }

  private static func registering<Metrics>(
    _ body: () throws(TelemetryError) -> Metrics
  ) throws(EngineError) -> Metrics {
    do throws(TelemetryError) {
      return try body()
    } catch {
      throw .denied(.root, "its metrics cannot be registered: \(error)")
    }
  }

  /// Puts in order what the last engine left in the middle.
  private func recover() throws(EngineError) {
    let found = try Recovery(depot: depot, ledger: ledger, log: log).run()
    for path in found.putBack { try look.look(at: path, .putBack) }
    guard found != Recovery.Found() else { return }
    log.write(
      .notice, "put in order what was left in the middle",
      [
        LogField("put_back", found.putBack.count), LogField("removed", found.removed),
        LogField("kept", found.kept),
      ])
  }

  /// Starts to work; an engine is started once.
  public func start() {
    precondition(parts.hasThreads, "an engine without threads goes step by step")
    let isFirst = life.change { (life: inout Life) -> Bool in
      defer { life.isStarted = true }
      return !life.isStarted
    }
    precondition(isFirst, "an engine is started once")
    drainFailedDeletes()
    restores.start()
    evictions.start()
    if settings.depot.isReadOnly { return startKeeper() }
    for number in 0..<Self.intakeThreads { run("intake-\(number)") { $0.takeIn() } }
    if parts.watch != nil { run("watcher") { $0.watch() } }
    run("rescan") { $0.rescanWhenOwed() }
    uploads.start()
    startKeeper()
    log.write(.notice, "started")
  }

  /// Ends the engine: nothing new is taken, transfers may go on for `grace`, then they are cancelled;
  /// returns when everything is closed. Further calls do nothing.
  public func stop(grace: Duration? = nil) throws(EngineError) {
    let deadline = parts.monotonicClock.now() + (grace ?? settings.depot.shutdownGrace)
    let (isFirst, watcher) = life.change { (life: inout Life) -> (Bool, (any ChangeWatcher)?) in
      defer { life.isStopping = true }
      return (!life.isStopping, life.watcher)
    }
    guard isFirst else { return }
    watcher?.stop()
    scrubbing.cancel()
    box.close()
    if life.withLock({ $0.isStarted }) {
      restores.stop(timeout: max(.zero, deadline - parts.monotonicClock.now()))
      evictions.stop()
      if !settings.depot.isReadOnly { uploads.stop(by: deadline) }
      _ = life.wait { $0.threads == 0 ? true : nil }
    }
    // Whoever watches sees the end of transfers too.
    changes.stop()
    defer { lock.withLock { $0 = nil } }
    do throws(ManifestError) {
      try manifest.close()
    } catch {
      // It is brought after the log when it is opened again.
      log.write(.warning, "the manifest was not closed in order", [LogField("why", "\(error)")])
    }
    do throws(StoreError) {
      try store.close()
    } catch {
      throw .journal("\(error)")
    }
    log.write(.notice, "stopped")
  }

  /// Runs work of the engine on a thread of its own.
  func run(_ name: String, _ body: @escaping @Sendable (Engine) -> Void) {
    life.change { $0.threads += 1 }
    Worker(name) { [self] in
      body(self)
      life.change { $0.threads -= 1 }
    }.detach()
  }

  var isStopping: Bool { life.withLock { $0.isStopping } }
}
