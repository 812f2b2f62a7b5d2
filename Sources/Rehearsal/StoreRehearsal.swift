// One run of an event store on a simulated disk: random steps, random crashes, a model that judges
// after each. One thread and no real clock, so the seed decides everything.

import Ambient
import DiskSimulation
import DurableFiles
import EventStore

/// A run of the event store.
package struct StoreRehearsal {
  var generator: SeededGenerator
  private let profile: FaultProfile
  private let seed: UInt64
  private let clock = ManualClock()
  private var disk: SimulatedDisk
  var store: EventStore?
  var model = StoreModel()
  private var payloads = 0
  private var crashes = 0
  /// What fired on disks that were given up.
  private var faults: [Fault: Int] = [:]
  private var steps = 0
  private var fence: (fence: Fence, members: [Int])?
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
    disk = SimulatedDisk(seed: generator.next(), faults: self.profile.plan, clock: clock)
    keys = Self.keys(&generator)
  }

  /// Runs that many steps and says what came of it.
  package mutating func run(steps count: Int = 120) -> Verdict {
    var violation: String?
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
    store = nil
    fence = nil
    return Verdict(
      seed: seed, profile: profile, trace: disk.traceDigest,
      faults: faults.merging(disk.faultCounts, uniquingKeysWith: +),
      steps: steps, crashes: crashes, violation: violation, lastOperations: disk.lastOperations)
  }

  // MARK: - Steps

  private mutating func step() throws {
    guard store != nil else { return try open() }
    switch generator.below(23) {
    case 0..<8: try append()
    case 8..<11: try appendBatch()
    case 11: try beginFence()
    case 12..<14: try appendFenced()
    case 14: try endFence()
    case 15: try readBack()
    case 16: clock.advance(by: .milliseconds(generator.below(1_500)))
    case 17: try closeAndOpen()
    case 18: try compact()
    case 19: try retryLate()
    case 20: try shred()
    default: try crash()
    }
  }

  private mutating func payload() -> String {
    payloads += 1
    let filler = String(
      repeating: "x", count: generator.below(generator.chance(oneIn: 8) ? 6_000 : 80))
    return "\(payloads) \(filler)"
  }

  private mutating func event(_ payload: String) throws -> NewEvent {
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
    var payloads: [String] = []
    var events: [NewEvent] = []
    for _ in 0..<1 + generator.below(9) {
      let payload = payload()
      payloads.append(payload)
      events.append(try event(payload))
    }
    let batch = events
    let index = model.add(payloads)
    try attempt(index) { store throws(StoreError) in try store.append(batch: batch) }
  }

  private mutating func beginFence() throws {
    guard fence == nil, let store else { return }
    do throws(StoreError) {
      fence = (try store.openFence(), [])
    } catch {
      try meet(error)
    }
  }

  private mutating func appendFenced() throws {
    guard let open = fence else { return }
    let payload = payload()
    let event = try event(payload)
    let index = model.add([payload], fence: .open)
    fence?.members.append(index)
    try attempt(index) { _ throws(StoreError) in [try open.fence.append(event)] }
  }

  private mutating func endFence() throws {
    guard let open = fence else { return }
    fence = nil
    let commits = generator.chance(oneIn: 2)
    model.set(.ending, of: open.members)
    do throws(StoreError) {
      if commits { try open.fence.commit() } else { try open.fence.cancel() }
      model.set(commits ? .committed : .cancelled, of: open.members)
    } catch .fence {
      // It was open for too long and cancelled, or a failure before this took it along.
    } catch {
      try meet(error)
    }
  }

  /// The reader of the writer's own process and one of another see the same.
  private mutating func readBack() throws {
    guard let store else { return }
    guard disk.isPowered else { return try meet(.disk(.crashed)) }
    do throws(StoreError) {
      let last = try store.reader.lastSequence
      let other = try EventReader.open(
        on: disk.startProcess(readOnly: true), keys: keys?.source)
      guard try other.lastSequence == last else {
        throw StoreError.badName("reader", "sees \(try other.lastSequence) events of \(last)")
      }
      guard last > 0 else { return }
      let sequence = UInt64(1 + generator.below(Int(last)))
      if try StoreModel.receipt(sequence, store.reader) != StoreModel.receipt(sequence, other) {
        throw StoreError.badName("reader", "got another receipt of event \(sequence)")
      }
      if try StoreModel.payload(sequence, store.reader) != StoreModel.payload(sequence, other) {
        throw StoreError.badName("reader", "got another payload of event \(sequence)")
      }
      model.see(try store.reader.root(count: last), count: last)
    } catch .badName(_, let fault) {
      guard profile.isHonest else { return try giveUp() }
      throw Broken("a reader in another process \(fault)")
    } catch {
      try meet(error)
    }
  }

  // MARK: - Endings

  private mutating func closeAndOpen() throws {
    loseFence()
    do throws(StoreError) {
      try store?.close()
    } catch {
      try meet(error)
    }
    store = nil
    disk = disk.reopen()
    try open()
  }

  private mutating func crash() throws {
    loseFence()
    crashes += 1
    if generator.chance(oneIn: 3) { disk.kill() } else { disk.crash() }
    store = nil
    disk = disk.reopen()
    try open()
  }

  /// A fence whose end nobody saw is settled by the next open.
  private mutating func loseFence() {
    if let fence { model.set(.ending, of: fence.members) }
    fence = nil
  }

  /// Opens the store, crashing and failing on the way as the faults have it, and judges it.
  private mutating func open() throws {
    for attempt in 0... {
      if attempt == Self.opensMax { disk.arm(.honest) }
      do throws(StoreError) {
        var options = StoreOptions()
        options.wallClock = clock.wall
        options.monotonicClock = clock.monotonic
        options.entropy = .seeded(generator.next())
        options.segmentBytes = 8_192
        options.preallocationBytes = 4_096
        options.maintenance = .inline
        options.keys = keys
        store = try EventStore.open(on: disk, options)
        break
      } catch {
        store = nil
        if isLoss(error) { return try giveUp() }
        switch error {
        case .keyset where !disk.isPowered: break
        case .corrupt, .keyset: throw Broken("the store does not open: \(error)")
        default: break
        }
        guard attempt <= Self.opensMax else {
          throw Broken("the store does not open on a disk that works: \(error)")
        }
        crashes += 1
        disk = disk.reopen()
      }
    }
    try judge()
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
  private mutating func giveUp() throws {
    model = StoreModel()
    keyed = []
    fence = nil
    store = nil
    faults.merge(disk.faultCounts, uniquingKeysWith: +)
    disk = SimulatedDisk(seed: generator.next(), faults: profile.plan, clock: clock)
    try open()
  }

  private mutating func judge() throws {
    guard let store else { return }
    let armed = profile.plan
    disk.arm(.none)
    defer { disk.arm(armed) }
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
      crashes += 1
      self.store = nil
      disk = disk.reopen()
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
    loseFence()
    store = nil
    disk = disk.reopen()
    try open()
  }

  // MARK: - Errors

  /// Does what a request asks for and notes the answer.
  private mutating func attempt(
    _ index: Int, _ body: (EventStore) throws(StoreError) -> [Receipt]
  ) throws {
    guard let store else { return }
    do throws(StoreError) {
      model.set(try body(store).map { .acknowledged($0) }, of: index)
    } catch {
      switch error {
      case .unknown, .disk(.crashed): break
      default: model.set([.refused], of: index)
      }
      try meet(error)
    }
  }

  /// Meets an error of a store that is open: some end it, some pass, and no other may come.
  mutating func meet(_ error: StoreError) throws {
    // A map of a machine without power shows nothing, and has no way to say why.
    if case .keyset = error, !disk.isPowered { return try meet(.disk(.crashed)) }
    switch error {
    case .disk(.crashed), .unknown, .latched, .closed, .disk(.latched):
      loseFence()
      crashes += 1
      store = nil
      disk = disk.reopen()
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
