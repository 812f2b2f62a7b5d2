// One run of a whole engine in simulation: random steps, random crashes, a server that writes between any
// two of its calls on the disk, a cold store with moods, and a model that judges every read. One
// thread and no real clock, so the seed decides everything.
//
// What is held: what the server wrote and synced is read back as it is, hot or cold, through every crash
// of the process or the machine; no read ever gives other bytes; nothing is called clean whose stored
// copy does not verify; the counts are those of a recount.
//
// Where the depot's disk does not keep its own promises, an engine cannot keep all of its. One that lies
// about syncs may have lost what the server wrote once the power has failed; until then every read is
// judged. One whose bits rot or whose pages stray changes files under everybody's hands, with no stamp
// that tells: there no read of a hot file is judged. On all three what is called clean verifies, the counts
// are right, the engine opens again, and in the end everything leaves the depot and comes back as it was
// stored, bit for bit. The event store's disk keeps its promises here: what a log does on one that does
// not is the other rehearsal's, and an engine does not open over a log that does not verify.

import Ambient
import CacheEngine
package import ColdStorage
import Digests
import DiskSimulation
import DurableFiles
import Manifest
import Retry
import Telemetry

/// A run of an engine.
package struct EngineRehearsal {
  private let seed: UInt64
  private let profile: FaultProfile
  private let clock = ManualClock()
  private var generator: SeededGenerator
  private var depotDisk: SimulatedDisk
  private var eventsDisk: SimulatedDisk
  private let local: LocalStore
  private let world: EngineWorld
  private var engine: Engine?
  private var faults: [Fault: Int] = [:]
  private var crashes = 0
  private var opens: UInt64 = 0
  /// Whether nothing moves or fails any more.
  private var isAtRest = false
  private var deeds: [Deed: Int] = [:]

  /// What a run is about; a run that did none of it has shown nothing.
  private enum Deed: String {
    case opened = "opens"
    case read = "reads judged"
    case restored = "restores"
    case uploaded = "uploads tried"
    case evicted = "evictions"
    case deleted = "deletes"
    case verified = "clean copies verified"
    case recounted = "recounts"
    case moods = "moods of the store"
    case written = "writes of the server"
  }

  /// The most times in a row that opening may fail before the faults are lifted.
  private static let opensMax = 4

  package init(seed: UInt64, profile: FaultProfile? = nil) throws(StorageError) {
    self.seed = seed
    generator = SeededGenerator(seed: seed)
    let honest = FaultProfile.allCases.filter(\.isHonest)
    let chosen = honest[generator.below(honest.count)]
    self.profile = profile ?? chosen
    depotDisk = SimulatedDisk(
      seed: generator.next(), faults: self.profile.depotPlan, clock: clock,
      capacity: ByteCount(512 << 10))
    eventsDisk = SimulatedDisk(
      seed: generator.next(), faults: self.profile.isHonest ? self.profile.plan : .honest,
      clock: clock)
    let coldDisk = SimulatedDisk(seed: generator.next(), faults: .none, clock: clock)
    local = try LocalStore(
      Self.backend(clock), pause: .advancing(clock), entropy: .seeded(generator.next())
    ) { () throws(DiskError) in coldDisk }
    world = EngineWorld(seed: generator.next(), server: depotDisk.startProcess())
  }

  private static func backend(_ clock: ManualClock) -> Backend {
    var policy = RetryPolicy()
    policy.attemptsMax = 1
    do throws(TelemetryError) {
      return Backend(
        "primary",
        retries: Retries(
          policy, clock: clock.monotonic, entropy: .seeded(1), pause: .advancing(clock)),
        circuit: Circuit("primary", clock: clock.monotonic, wall: clock.wall),
        metrics: try StorageMetrics(MetricRegistry()), log: Log(room: "storage", to: .none),
        clock: clock.monotonic)
    } catch {
      preconditionFailure("an empty registry has every name free: \(error)")
    }
  }

  /// Runs that many steps and says what came of it.
  package mutating func run(steps count: Int = 200) -> Verdict {
    var violation: String?
    var steps = 0
    do {
      try open()
      while steps < count {
        steps += 1
        try step()
      }
      try endQuietly()
    } catch let broken as Broken {
      violation = broken.sentence
    } catch {
      violation = "an error of no kind that a step may meet: \(error)"
    }
    engine = nil
    keepCounts()
    (deeds[.moods], deeds[.written]) = world.with { ($0.moods, $0.written) }
    return Verdict(
      seed: seed, profile: profile, trace: depotDisk.traceDigest, faults: faults, steps: steps,
      crashes: crashes, violation: violation,
      deeds: Dictionary(uniqueKeysWithValues: deeds.map { ($0.key.rawValue, $0.value) }),
      lastOperations: depotDisk.lastOperations)
  }

  private mutating func count(_ deed: Deed, _ times: Int = 1) { deeds[deed, default: 0] += times }

  /// Whether what stands in the depot is what was put there.
  private var isBytesKept: Bool {
    switch profile {
    case .rot, .misdirected: false
    default: true
    }
  }

  // MARK: - Steps

  private mutating func step() throws {
    guard let engine else { return try open() }
    switch generator.below(24) {
    case 0..<5: world.with { $0.act() }
    case 5..<9: tell(engine)
    case 9..<12: count(.uploaded, engine.stepUploads(max: 1 + generator.below(4)))
    case 12..<15: try read(engine)
    case 15..<18: if engine.stepEvict(anyPath()) { count(.evicted) }
    case 18: engine.stepRescan(isAsked: true)
    case 19: try delete(engine)
    case 20:
      engine.stepOrphans()
      try judgeMeanwhile(engine)
    case 21: clock.advance(by: .milliseconds(generator.below(20_000)))
    case 22: engine.stepEvictions()
    default: crash()
    }
    if !depotDisk.isPowered || !eventsDisk.isPowered { crash() }
  }

  private mutating func anyPath() -> FilePath {
    EngineWorld.paths[generator.below(EngineWorld.paths.count)]
  }

  /// Tells the engine what changed, or forgets to.
  private mutating func tell(_ engine: Engine) {
    let untold = world.with { state -> [FilePath] in
      defer { state.untold = [] }
      return state.untold
    }
    if generator.chance(oneIn: 6) { return }
    for path in untold {
      do throws(EngineError) {
        try engine.stepLook(at: path)
      } catch {
        // A look through the depot is owed, and comes at the end at the latest.
      }
    }
  }

  /// Reads a file as the server does: it asks when there is none.
  private mutating func read(_ engine: Engine) throws {
    let path = anyPath()
    // A disk that failed says nothing of the engine.
    guard case .success(let found) = look(path) else { return }
    if let found { return try judge(found, path) }
    do throws(EngineError) {
      _ = try engine.fetch(path)
      count(.restored)
    } catch .notFound {
      return try judge(nil, path)
    } catch {
      return
    }
    // It may have left again at once, which another try would heal.
    guard case .success(let bytes?) = look(path) else { return }
    try judge(bytes, path)
  }

  private func look(_ path: FilePath) -> Result<[UInt8]?, DiskError> {
    world.with { state in
      state.result { (state) throws(DiskError) in try state.read(path) }
    }
  }

  private mutating func judge(_ bytes: [UInt8]?, _ path: FilePath) throws(Broken) {
    guard isBytesKept || isAtRest else { return }
    count(.read)
    let fault = world.with { $0.model.fault(finding: bytes, at: path) }
    if let fault { throw Broken(fault) }
  }

  private mutating func delete(_ engine: Engine) throws {
    let path = anyPath()
    world.with { $0.turnsOneIn = 0 }
    defer { world.with { $0.turnsOneIn = 40 } }
    guard world.with({ $0.discard(path) }) else { return }
    do throws(EngineError) {
      try engine.delete(path)
      count(.deleted)
      world.with { $0.model.deleted(path) }
    } catch {
      world.with { $0.model.doubts(path) }
    }
  }

  /// In the middle of everything: what is called clean verifies, and the counts are those of a recount.
  private mutating func judgeMeanwhile(_ engine: Engine) throws {
    do throws(EngineError) {
      try engine.stepManifest()
    } catch {
      // The next open brings everything after the log.
      return
    }
    for path in EngineWorld.paths {
      guard let row = try engine.row(at: path), row.state == .clean else { continue }
      try verify(row)
    }
    try recount(engine)
  }

  private mutating func recount(_ engine: Engine) throws {
    let (kept, counted) = try engine.recount()
    guard kept == counted else { throw Broken("the counts are not those of a recount") }
    count(.recounted)
  }

  /// Reads the stored copy of a file that is called clean, past all moods.
  private mutating func verify(_ row: FileRow) throws {
    guard let stored = row.stored else { throw Broken("\(row.path) is clean and has no copy") }
    let sink = BytesSink(bytesMax: 1 << 20)
    let transfer: Transfer
    do throws(StorageError) {
      transfer = try local.download(
        try ObjectKey(bytes: stored.key), to: sink, DownloadRequest())
    } catch {
      throw Broken("\(row.path) is called clean, and its object cannot be read: \(error)")
    }
    guard transfer.digest == stored.digest else {
      throw Broken("\(row.path) is called clean, and its object has other bytes")
    }
    count(.verified)
  }

  // MARK: - Crashes

  /// Kills the engine, or cuts the power of the whole machine.
  private mutating func crash() {
    crashes += 1
    engine = nil
    keepCounts()
    let isOff = !depotDisk.isPowered || !eventsDisk.isPowered
    if isOff || generator.chance(oneIn: 2) {
      depotDisk.crash()
      eventsDisk.crash()
      // What such a disk has called durable need not be.
      if !profile.isHonest {
        world.with { for path in EngineWorld.paths { $0.model.doubts(path) } }
      }
    }
    let server = world.with { $0.server }
    depotDisk = depotDisk.reopen()
    eventsDisk = eventsDisk.reopen()
    server.kill()
    let next = depotDisk.startProcess()
    world.with { $0.server = next }
  }

  private mutating func keepCounts() {
    for disk in [depotDisk, eventsDisk] {
      for (fault, count) in disk.faultCounts {
        faults[fault] = max(faults[fault, default: 0], count)
      }
    }
  }

  /// Opens the engine, crashing and failing on the way as the faults have it.
  private mutating func open() throws {
    for attempt in 1... {
      if attempt > Self.opensMax { quieten() }
      do throws(EngineError) {
        engine = try Engine.open(parts(), settings)
        count(.opened)
        if attempt > Self.opensMax { rearm() }
        return
      } catch {
        guard attempt <= Self.opensMax * 2 else {
          throw Broken("the engine does not open on a disk without faults: \(error)")
        }
        crash()
      }
    }
  }

  private func quieten() {
    depotDisk.arm(.honest)
    eventsDisk.arm(.honest)
  }

  private func rearm() {
    depotDisk.arm(profile.depotPlan)
    eventsDisk.arm(profile.isHonest ? profile.plan : .honest)
  }

  private mutating func parts() -> EngineParts {
    opens += 1
    let (disk, world) = (depotDisk, world)
    var parts = EngineParts(
      depot: { () throws(DiskError) in
        // A process that opens the disk anew is one that has not latched.
        InterposedDisk(disk.startProcess()) { world.interpose() }
      },
      events: eventsDisk, state: nil,
      cold: UnreliableStore(
        local, mood: { world.mood() }, interpose: { world.interpose() }),
      wallClock: clock.wall, monotonicClock: clock.monotonic, entropy: .seeded(seed &+ opens))
    parts.pause = .advancing(clock)
    parts.hasThreads = false
    return parts
  }

  private var settings: EngineSettings {
    var settings = EngineSettings(depot: Array("/depot".utf8))
    settings.cache.minimumAge = .zero
    settings.cache.bytesMax = ByteCount(16 << 10)
    settings.cache.lowWatermark = ByteCount(4 << 10)
    settings.cache.verifyBeforeEvictAfter = .seconds(30)
    settings.depot.deleteGrace = .seconds(1)
    settings.retries.attemptsMax = 1_000
    return settings
  }

  // MARK: - The end

  /// Lets everything come to rest, and judges every file hot and cold.
  private mutating func endQuietly() throws {
    world.with { ($0.turnsOneIn, $0.moodsOneIn) = (0, 0) }
    quieten()
    crash()
    quieten()
    try open()
    guard let engine else { throw Broken("the engine is not open") }
    clock.advance(by: .seconds(10))
    engine.stepRescan(isAsked: true)
    try engine.stepManifest()
    for _ in 0..<20 {
      clock.advance(by: .seconds(20_000))
      engine.stepUploads(max: 100)
    }
    if !isBytesKept { try adopt(engine) }
    isAtRest = true
    // What stands in the depot of a disk that changes bytes by itself is nobody's; what left it is.
    for round in isBytesKept ? ["at rest", "after eviction"] : ["after eviction"] {
      for path in EngineWorld.paths {
        do throws(Broken) {
          try settle(engine, path)
        } catch {
          throw Broken("\(round): \(error.sentence)")
        }
      }
      if round == "at rest" { for path in EngineWorld.paths { _ = engine.stepEvict(path) } }
    }
    try judgeRows(engine)
  }

  /// Has everything leave the depot, and takes what was stored of it for what was written, on a disk
  /// that changed bytes by itself.
  private func adopt(_ engine: Engine) throws {
    for path in EngineWorld.paths {
      _ = engine.stepEvict(path)
      let row = try engine.row(at: path)
      if let row, row.isHot { throw Broken("\(path) is stored and cannot leave the depot") }
      let sink = BytesSink(bytesMax: 1 << 20)
      if let stored = row?.stored {
        _ = try local.download(try ObjectKey(bytes: stored.key), to: sink, DownloadRequest())
      }
      world.with { $0.model.adopt(path, row == nil ? nil : sink.bytes) }
    }
  }

  private mutating func settle(_ engine: Engine, _ path: FilePath) throws(Broken) {
    do throws(EngineError) {
      _ = try engine.fetch(path)
    } catch .notFound {
      return try judge(nil, path)
    } catch .denied {
      return
    } catch {
      throw Broken("\(path) cannot be read though nothing fails: \(error)")
    }
    guard case .success(let bytes) = look(path) else { throw Broken("\(path) cannot be opened") }
    try judge(bytes, path)
  }

  /// Nothing is at risk, what is called clean verifies, and the counts are those of a recount.
  private mutating func judgeRows(_ engine: Engine) throws {
    for path in EngineWorld.paths {
      guard let row = try engine.row(at: path) else { continue }
      guard row.state == .clean else {
        throw Broken("\(path) is \(row.state) when everything could be stored")
      }
      try verify(row)
    }
    try engine.stepManifest()
    try recount(engine)
  }
}

extension EngineWorld.State {
  /// The outcome of a call that throws.
  func result<Value>(
    _ body: (EngineWorld.State) throws(DiskError) -> Value
  ) -> Result<Value, DiskError> {
    do throws(DiskError) {
      return .success(try body(self))
    } catch {
      return .failure(error)
    }
  }
}
