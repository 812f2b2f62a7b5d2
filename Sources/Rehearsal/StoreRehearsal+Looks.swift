// The step of a rehearsal that reads, in the writer's process and in another: how far the log may be
// seen, pages of some region in either order, the newest of a lane and what came before it. Fences may
// be open and writes may just have failed; what is told is held against what was acknowledged.

import Ambient
import DiskSimulation
import DurableFiles
import EventStore

extension StoreRehearsal {
  /// Looks at the store as it is now.
  mutating func look() throws {
    guard let store else { return }
    guard disk.isRunning else { return try meet(.disk(.crashed)) }
    do {
      try lookNear(store)
      try lookFromAfar(store)
      try lookBeside(store)
    } catch let error as StoreError {
      try meet(error)
    } catch is Broken where !profile.isHonest {
      // What such a disk took, the next open would find.
      try giveUp()
    }
  }

  private mutating func lookNear(_ store: EventStore) throws {
    let marks = store.watermarks
    let last = try store.reader.lastSequence
    guard marks.accepted >= marks.written, marks.written >= marks.durable,
      marks.durable >= marks.visible, marks.visible == last
    else { throw Broken("the watermarks are out of order: \(marks), and \(last) is seen") }
    let horizon = model.horizon(durable: marks.durable, at: clock.monotonic.now())
    guard horizon.contains(last) else {
      throw Broken("event \(last) is the last to be seen, which should be within \(horizon)")
    }
    try page(store.reader, upTo: last)
    try lookBack(store.reader, upTo: last)
  }

  /// A reader needs no writer: what was acknowledged and no open fence hid is there before the next
  /// writer has begun.
  mutating func lookBetweenLives() throws {
    guard profile.isHonest, generator.chance(oneIn: 2) else { return }
    disk.arm(.none)
    defer { disk.arm(plan) }
    let process = disk.startProcess(readOnly: true)
    let known = model.acknowledged.map(\.sequence).filter { !model.removable.contains($0) }
    guard let newest = known.max() else { return }
    do throws(StoreError) {
      let visible = try EventReader.open(on: process, keys: keys?.source).lastSequence
      if visible < newest {
        throw StoreError.badName("reader", "sees \(visible) of \(newest)")
      }
    } catch {
      throw Broken("a reader between two writers: \(error)")
    }
  }

  /// Pages through a region from some place on.
  private mutating func page(_ reader: EventReader, upTo last: UInt64) throws {
    let region = region()
    let start = last == 0 ? 0 : UInt64(generator.below(Int(last)))
    let isForward = generator.chance(oneIn: 2)
    let limit = 1 + generator.below(40)
    var told: [Event] = []
    var position = isForward ? start : 0
    while true {
      let page = try reader.events(
        in: region, after: position, limit: limit, order: isForward ? .oldestFirst : .newestFirst)
      told += page.events
      position = page.position
      if page.isEnd { break }
    }
    try model.check(
      isForward ? told : told.reversed(), of: region, behind: isForward ? start : 0, upTo: last,
      "a page")
  }

  /// Some part of the store.
  private mutating func region() -> Region {
    switch generator.below(6) {
    case 0: Region(entityPrefix: "file:\(generator.below(6))")
    case 1: Region(scope: "run\(generator.below(2))")
    case 2: Region(kind: .exactly(EventKind(category: 1, type: UInt16(generator.below(3)))!))
    case 3: Region(lane: Lane(UInt32(generator.below(2))))
    case 4: Region(entityPrefix: "file", kind: .category(1))
    default: .everything
    }
  }

  /// The newest event of a lane, and the way back from it.
  private mutating func lookBack(_ reader: EventReader, upTo last: UInt64) throws {
    let entity = "file:\(generator.below(6))"
    let wanted = Region(entityPrefix: entity, lane: .main)
    let known = model.acknowledged.filter { $0.sequence <= last && wanted.contains($0.header) }
    let found = try reader.latest(entity)
    if let newest = known.max(by: { $0.sequence < $1.sequence }) {
      guard model.removable.contains(newest.sequence) || found?.header.id == newest.id else {
        throw Broken("event \(newest.sequence) is the newest of \(entity), and another is told")
      }
    }
    guard let found else { return }
    let before = try reader.ancestors(of: found.header.id, limit: 1_000)
    switch before.end {
    case .genesis, .removed: break
    case .failed(let error): throw error
    default: throw Broken("the way back from event \(found.header.sequence) ends: \(before.end)")
    }
  }

  /// The reader that follows in another process is told what was published.
  private mutating func lookBeside(_ store: EventStore) throws {
    guard let bystander else { return }
    disk.arm(.none)
    defer { disk.arm(plan) }
    let last = try store.reader.lastSequence
    if let seen = bystander.lookNow(beside: disk), seen != last {
      throw Broken("a reader that follows sees \(seen) events of \(last)")
    }
  }

  /// A reader that begins in another process sees the same.
  private mutating func lookFromAfar(_ store: EventStore) throws {
    let last = try store.reader.lastSequence
    // What works in the background may have met the end of the machine meanwhile.
    guard disk.isPowered else { throw StoreError.disk(.crashed) }
    let other = try EventReader.open(on: disk.startProcess(readOnly: true), keys: keys?.source)
    guard try other.lastSequence == last else {
      throw Broken("a reader in another process sees \(try other.lastSequence) events of \(last)")
    }
    guard last > 0 else { return }
    let sequence = UInt64(1 + generator.below(Int(last)))
    let receipt = try StoreModel.receipt(sequence, store.reader)
    guard try receipt == StoreModel.receipt(sequence, other) else {
      throw Broken("a reader in another process got another receipt of event \(sequence)")
    }
    let payload = try StoreModel.payload(sequence, store.reader)
    guard try payload == StoreModel.payload(sequence, other) else {
      throw Broken("a reader in another process got another payload of event \(sequence)")
    }
    model.see(try store.reader.root(count: last), count: last)
  }
}
