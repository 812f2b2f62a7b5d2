// The steps of a rehearsal that take events elsewhere: a snapshot, a fork, and an export that another
// store imports, again and again. Copies lie on disks of their own, which fail only where that is what
// is looked at: the store that imports is cut off in the middle and takes the same lines again.

import Ambient
import DiskSimulation
import DurableFiles
import EventStore

extension StoreRehearsal {
  /// Copies the store while it is open; the copy holds what could be seen, and goes on by itself.
  mutating func copy() throws {
    guard let store, profile.isHonest else { return }
    guard disk.isRunning else { return try meet(.disk(.crashed)) }
    let target = SimulatedDisk(seed: generator.next(), faults: .none)
    let options = CopyOptions(
      includesKeys: keys != nil, wallClock: clock.wall, entropy: .seeded(generator.next()))
    let isFork = generator.chance(oneIn: 2)
    let count: UInt64
    do throws(StoreError) {
      count =
        isFork
        ? try store.reader.fork(to: target, options).origin.sequence
        : try store.reader.snapshot(to: target, options).count
    } catch {
      switch error {
      case .target, .absent: return
      default: return try meet(error)
      }
    }
    do {
      let copied = try EventReader.open(on: target, keys: keys?.source)
      try check(copied, upTo: count, isFork ? "a fork" : "a snapshot")
      let last = try store.reader.lastSequence
      guard count <= last else { throw Broken("a copy goes on behind what could be seen") }
      if count > 0, try copied.root(count: count) != store.reader.root(count: count) {
        throw Broken("a copy has another root than what it is a copy of")
      }
      try goOn(on: target)
    } catch let error as StoreError {
      // The copy's disk does not fail, so only the store itself may have.
      guard !disk.isRunning || profile == .reads else { throw Broken("of a copy: \(error)") }
      try meet(disk.isRunning ? error : .disk(.crashed))
    }
  }

  /// Holds a copy against what was acknowledged.
  private func check(_ copied: EventReader, upTo count: UInt64, _ who: String) throws {
    var told: [Event] = []
    var position: UInt64 = 0
    while position < count {
      let page = try copied.events(
        in: Region(sequences: 1...count), after: position, limit: 1_000)
      told += page.events
      position = page.isEnd ? count : page.position
    }
    try model.check(told, of: .everything, behind: 0, upTo: count, who)
    let report = try copied.verify()
    if let finding = report.findings.first {
      throw Broken("\(who) does not verify: \(finding.file) \(finding.fault)")
    }
  }

  /// A copy takes events like any store.
  private mutating func goOn(on target: SimulatedDisk) throws {
    let copy = try EventStore.open(on: target, options())
    let payload = "goes on"
    let receipt = try copy.append(
      NewEvent(
        try Coordinate(entity: "file:0", scope: "run0"),
        kind: EventKind(category: 1, type: 0)!, payload: Array(payload.utf8)))
    guard try copy.reader.event(receipt.sequence).bytes == Array(payload.utf8) else {
      throw Broken("a copy lost what was appended to it")
    }
    if let finding = try copy.reader.verify().findings.first {
      throw Broken("a copy that went on does not verify: \(finding.file) \(finding.fault)")
    }
    try copy.close()
  }

  /// Exports everything and imports it elsewhere, twice.
  mutating func export() throws {
    guard let store, profile.isHonest else { return }
    guard disk.isRunning else { return try meet(.disk(.crashed)) }
    var lines: [[UInt8]] = []
    do throws(StoreError) {
      var exporter = try EventExporter(store.reader)
      while let line = try exporter.next() { lines.append(line.dropLast()) }
    } catch {
      return try meet(error)
    }
    do {
      try importTwice(lines)
    } catch let error as StoreError {
      // Only the rehearsed store's disk may fail where nothing of the other's was armed.
      guard !disk.isRunning || profile == .reads else { throw Broken("of an import: \(error)") }
      try meet(disk.isRunning ? error : .disk(.crashed))
    }
  }

  private mutating func importTwice(_ lines: [[UInt8]]) throws {
    var target = twin ?? SimulatedDisk(seed: generator.next(), clock: clock)
    if generator.chance(oneIn: 2) {
      target.arm(.honest.arming(.crash, at: target.operations + 1 + generator.below(200)))
      do throws(StoreError) {
        _ = try take(lines, into: target)
      } catch {
        // The lines are taken again.
        guard !target.isRunning else { throw error }
      }
      target.arm(.honest)
      target = target.reopen()
    }
    _ = try take(lines, into: target)
    target = target.reopen()
    guard try take(lines, into: target).appended == 0 else {
      throw Broken("an import of what was imported appended something")
    }
    target = target.reopen()
    twin = target
    try check(target)
  }

  private mutating func take(
    _ lines: [[UInt8]], into disk: SimulatedDisk
  ) throws(StoreError) -> ImportReport {
    let store = try EventStore.open(on: disk, options())
    var importer = EventImporter(into: store)
    for line in lines { try importer.take(line) }
    let report = try importer.finish()
    try store.close()
    return report
  }

  /// Everything that can be read still was imported, and each event once.
  private mutating func check(_ target: SimulatedDisk) throws {
    let reader = try EventReader.open(on: target, keys: keys?.source)
    var numbers: Set<UInt64> = []
    var position: UInt64 = 0
    while true {
      let page = try reader.events(in: .everything, after: position, limit: 1_000)
      for event in page.events where !event.header.kind.isReserved {
        guard let payload = model.payload(of: event.header),
          event.bytes?.elementsEqual(payload.utf8) ?? true
        else { throw Broken("an import made \(event.header.id) of nothing") }
        guard numbers.insert(StoreModel.number(of: payload)).inserted else {
          throw Broken("'\(StoreModel.name(payload))' was imported twice")
        }
      }
      position = page.position
      if page.isEnd { break }
    }
    guard let store else { return }
    let last = try store.reader.lastSequence
    for receipt in model.acknowledged where receipt.sequence <= last {
      guard let number = model.payload(of: receipt.header).map(StoreModel.number),
        !numbers.contains(number)
      else { continue }
      if case .bytes? = try StoreModel.payload(receipt.sequence, store.reader) {
        throw Broken("event \(receipt.sequence) was exported and not imported")
      }
    }
  }
}
