// One run of an event store on a simulated disk: random steps, random crashes, a model that judges
// after each. One thread and no real clock, so the seed decides everything.

import Ambient
import DiskSimulation
import DurableFiles
import EventStore

/// A run of the event store.
package struct StoreRehearsal {
  var generator: SeededGenerator
  let profile: FaultProfile
  /// What may fail; a step may arm more for a while.
  var plan: FaultPlan
  private let seed: UInt64
  let clock = ManualClock()
  private(set) var disk: SimulatedDisk
  var store: EventStore?
  var model = StoreModel()
  private var payloads = 0
  private var crashes = 0
  /// What fired on disks that were given up.
  private var faults: [Fault: Int] = [:]
  private var steps = 0
  /// Fences that are open, and their numbers in the model.
  var fences: [(fence: Fence, number: Int)] = []
  /// Reads along in another process; nobody does on a disk that breaks its promises.
  let bystander: Bystander?
  var followers: Followers
  /// No segment is full for now.
  var isAligning = false
  /// The store that exports are imported into.
  var twin: SimulatedDisk?
  /// Appends with a key and what they were answered, for retries long after.
  var keyed: [(event: NewEvent, receipt: Receipt)] = []
  /// How payloads are sealed; nil in a run without keys.
  let keys: StoreKeys?

  /// The most times in a row that opening may be cut short before the faults are lifted.
  private static let opensMax = 6

  package init(seed: UInt64, profile: FaultProfile? = nil) {
    self.seed = seed
    generator = SeededGenerator(seed: seed)
    let chosen = FaultProfile.allCases[generator.below(FaultProfile.allCases.count)]
    self.profile = profile ?? chosen
    plan = self.profile.plan
    disk = SimulatedDisk(seed: generator.next(), faults: self.profile.plan, clock: clock)
    keys = Self.keys(&generator)
    followers = Followers(&generator)
    let bystander = Bystander(seed: generator.next(), keys: keys?.source)
    self.bystander = self.profile.isHonest ? bystander : nil
    self.bystander?.watch(disk)
  }

  /// Runs that many steps and says what came of it.
  package mutating func run(steps count: Int = 120) -> Verdict {
    var violation: String?
    do {
      try open()
      while steps < count {
        steps += 1
        try step()
        try judgeSights()
      }
      try endQuietly()
      try judgeSights()
    } catch let broken as Broken {
      violation = broken.sentence
    } catch {
      violation = "an error of no kind that a step may meet: \(error)"
    }
    disk.afterEachCall(nil)
    store = nil
    fences = []
    followers.endLife()
    return Verdict(
      seed: seed, profile: profile, trace: disk.traceDigest,
      faults: faults.merging(disk.faultCounts, uniquingKeysWith: +),
      steps: steps, crashes: crashes, violation: violation, lastOperations: disk.lastOperations)
  }

  // MARK: - Steps

  private mutating func step() throws {
    guard store != nil else { return try open() }
    switch generator.below(35) {
    case 0..<8: try append()
    case 8..<11: try appendBatch()
    case 11: generator.chance(oneIn: 3) ? try crossFences() : try beginFence()
    case 12..<15: try appendFenced()
    case 15: try endFence()
    case 16..<18: try look()
    case 18: clock.advance(by: .milliseconds(generator.below(1_500)))
    case 19: try closeAndOpen()
    case 20: try compact()
    case 21: try retryLate()
    case 22: try shred()
    case 23..<26: try follow()
    case 26: try copy()
    case 27: try export()
    case 28: try appendTwins()
    case 29..<32: try stepIntoCrash()
    default: try crash()
    }
  }

  /// Does something whose end the machine or the process does not live to see, if it makes so many
  /// calls.
  private mutating func stepIntoCrash() throws {
    let (path, callsMax): (FilePath, Int) =
      switch generator.below(4) {
      case 0: (.root, 60)
      case 1: ("keys", 12)
      default: ("segments", 4)
      }
    let fault = generator.chance(oneIn: 3) ? Fault.killed : .crash
    disk.arm(
      plan.arming(
        fault, at: disk.operations + 1 + generator.below(callsMax), below: path))
    switch generator.below(9) {
    case 0..<2: try append()
    case 2..<5: try appendBatch()
    case 5: try endFence()
    case 6: try compact()
    case 7: try shred()
    default: try closeAndOpen()
    }
    disk.arm(plan)
  }

  mutating func payload(bytesMax: Int = 6_000) -> String {
    payloads += 1
    let filler = String(
      repeating: "x", count: generator.below(generator.chance(oneIn: 8) ? bytesMax : 80))
    return "\(payloads) \(filler)"
  }

  mutating func event(_ payload: String) throws -> NewEvent {
    NewEvent(
      // The correlation names the payload, also when that cannot be read any more.
      try Coordinate(entity: "file:\(generator.below(6))", scope: "run\(generator.below(2))"),
      kind: EventKind(category: 1, type: UInt16(generator.below(3)))!, payload: Array(payload.utf8),
      lane: Lane(generator.chance(oneIn: 9) ? 1 : 0),
      key: generator.chance(oneIn: 3) ? try IdempotencyKey("key \(payload.prefix(8))") : nil,
      correlation: CorrelationID(
        EventID(high: 1, low: StoreModel.number(of: payload))))
  }

  private mutating func append() throws {
    let payload = payload()
    let event = try event(payload)
    let index = model.add([payload])
    try attempt(index) { store throws(StoreError) in [try store.append(event)] }
    if model.requests.indices.contains(index), let key = event.key,
      case .acknowledged(let receipt) = model.requests[index].fates[0]
    {
      keyed.append((event, receipt))
      if generator.chance(oneIn: 2) { try retry(event, key, receipt) }
    }
  }

  /// A retry returns the first receipt, and other content under the same key is refused.
  mutating func retry(
    _ event: NewEvent, _ key: IdempotencyKey, _ receipt: Receipt
  ) throws {
    guard let store else { return }
    do throws(StoreError) {
      var event = event
      event.expected = .noStream
      guard try store.append(event) == receipt else {
        throw StoreError.badName("retry", "got another receipt")
      }
      event.payload.append(0)
      _ = try store.append(event)
      throw StoreError.badName("retry", "of other content was accepted")
    } catch .keyConflict {
      return
    } catch .shredded where model.mayBeShredded(receipt) {
      // Whether the retry has the same payload is what nobody can tell any more.
      return
    } catch .badName(_, let fault) {
      throw Broken("a retry \(fault)")
    } catch {
      try meet(error)
    }
  }

  private mutating func appendBatch() throws {
    // Now and then one that takes many pages, of which a crash keeps some.
    let isLarge = generator.chance(oneIn: 6)
    var payloads: [String] = []
    var events: [NewEvent] = []
    for _ in 0..<1 + generator.below(isLarge ? 60 : 9) {
      let payload = payload(bytesMax: isLarge ? 900 : 6_000)
      payloads.append(payload)
      events.append(try event(payload))
    }
    let batch = events
    let index = model.add(payloads)
    try attempt(index) { store throws(StoreError) in try store.append(batch: batch) }
  }

  // MARK: - Endings

  private mutating func closeAndOpen() throws {
    guard let closing = store else { return }
    loseFences()
    followers.rest(keepingSnapshot: generator.chance(oneIn: 2))
    do throws(StoreError) {
      try closing.close()
    } catch {
      try meet(error)
      // One that could not be closed is left as it is.
      guard store === closing else { return }
    }
    try reboot()
    try open()
  }

  mutating func crash() throws {
    let isHidden = !fences.isEmpty
    loseFences()
    if generator.chance(oneIn: 3) { disk.kill() } else { disk.crash() }
    try reboot()
    if !isHidden { try lookBetweenLives() }
    // The next life may be cut short while it begins.
    if generator.chance(oneIn: 4) {
      let fault = generator.chance(oneIn: 2) ? Fault.killed : .crash
      disk.arm(plan.arming(fault, at: disk.operations + 1 + generator.below(80)))
    }
    try open()
  }

  /// Starts the next process, on the machine as the last one left it.
  mutating func reboot() throws {
    crashes += 1
    store = nil
    followers.endLife()
    disk = disk.reopen()
    bystander?.watch(disk)
  }

  /// Fences whose end nobody saw are settled by the next open.
  mutating func loseFences() {
    model.endLife()
    fences = []
  }

  /// Opens the store, crashing and failing on the way as the faults have it, and judges it.
  mutating func open() throws {
    for attempt in 0... {
      if attempt == Self.opensMax { disk.arm(.honest) }
      do throws(StoreError) {
        store = try EventStore.open(on: disk, options())
        break
      } catch {
        store = nil
        if isLoss(error) { return try giveUp() }
        switch error {
        // A map in a process that is dead shows nothing, and has no way to say why.
        case _ where !disk.isRunning: break
        case .corrupt, .keyset: throw Broken("the store does not open: \(error)")
        default: break
        }
        guard attempt <= Self.opensMax else {
          throw Broken("the store does not open on a disk that works: \(error)")
        }
        try reboot()
      }
    }
    bystander?.expectStore()
    try judge()
  }

  /// How a store is opened here.
  mutating func options() -> StoreOptions {
    var options = StoreOptions()
    options.wallClock = clock.wall
    options.monotonicClock = clock.monotonic
    options.entropy = .seeded(generator.next())
    options.segmentBytes = 4_096 << generator.below(4)
    // Only the larger ones are filled ahead of groups of this size.
    options.preallocationBytes = [0, 4_096, 65_536, 131_072][generator.below(4)]
    if isAligning { options.segmentBytes = 1 << 20 }
    options.maintenance = .inline
    options.keys = keys
    return options
  }

  /// What a disk that lies may do to a store: refuse it, by name.
  private func isLoss(_ error: StoreError) -> Bool {
    guard !profile.isHonest else { return false }
    switch error {
    case .corrupt, .notAStore, .newerFormat, .keyset: return true
    default: return false
    }
  }

  /// A store that its disk has ruined is left alone; a new one begins.
  mutating func giveUp() throws {
    model = StoreModel()
    keyed = []
    fences = []
    store = nil
    twin = nil
    followers.beginAnew()
    faults.merge(disk.faultCounts, uniquingKeysWith: +)
    disk = SimulatedDisk(seed: generator.next(), faults: plan, clock: clock)
    try open()
  }

  private mutating func judge() throws {
    guard let store else { return }
    disk.arm(.none)
    defer { disk.arm(plan) }
    if !profile.isHonest {
      model.forgive()
      keyed = []
    }
    do {
      try model.judge(store.reader)
      let report = try store.reader.verify()
      if let finding = report.findings.first {
        throw Broken("verification: \(finding.file) at \(finding.offset) \(finding.fault)")
      }
      let last = try store.reader.lastSequence
      if last > 0 { model.see(try store.reader.root(count: last), count: last) }
    } catch StoreError.disk(.crashed) {
      // The power failed in a call that cannot fail, and the next one met it.
      try reboot()
      try open()
    } catch let error as StoreError where !profile.isHonest {
      guard isLoss(error) else { throw error }
      self.store = nil
      try giveUp()
    } catch let broken as Broken where !profile.isHonest && broken.sentence.hasPrefix("verif") {
      self.store = nil
      try giveUp()
    }
  }

  /// The run's last look: a clean close, and everything once more.
  private mutating func endQuietly() throws {
    disk.arm(.honest)
    loseFences()
    try reboot()
    try open()
    try look()
    try follow()
  }

  /// Holds what the other process saw against what became of it.
  private mutating func judgeSights() throws {
    guard let bystander else { return }
    let (sights, fault) = bystander.takeSights()
    for sight in sights { try model.judge(sight) }
    if let fault { throw Broken(fault) }
  }

  // MARK: - Errors

  /// Does what a request asks for and notes the answer.
  mutating func attempt(
    _ index: Int, _ body: (EventStore) throws(StoreError) -> [Receipt]
  ) throws {
    guard let store else { return }
    do throws(StoreError) {
      model.set(try body(store).map { .acknowledged($0) }, of: index)
    } catch {
      switch error {
      case .unknown, .disk(.crashed): return try meet(error)
      default: model.set([.refused], of: index)
      }
      try meet(error)
      // What was refused must not come back, whatever the next life finds of it.
      if self.store === store, generator.chance(oneIn: 3) { try crash() }
    }
  }

  /// Meets an error of a store that is open: some end it, some pass, and no other may come.
  mutating func meet(_ error: StoreError) throws {
    // A map in a process that is dead shows nothing, and has no way to say why.
    switch disk.isRunning ? error : .disk(.crashed) {
    case .disk(.crashed), .unknown, .latched, .closed, .disk(.latched):
      loseFences()
      try reboot()
      try open()
    case .full, .disk(.io), .fence, .disk(.full):
      // The request failed, and the store goes on.
      return
    case .corrupt where !profile.isHonest, .keyset where !profile.isHonest,
      .newerFormat where !profile.isHonest, .positionConflict where !profile.isHonest,
      .absent where !profile.isHonest:
      return try giveUp()
    default:
      throw Broken("\(error)")
    }
  }
}
