// What readers in other processes see while one writer has ended and the next begins: after a kill,
// after a power cut, and between any two calls of the writer that opens the store again.

import Ambient
import DiskSimulation
import DurableFiles
import EventStore
import Synchronization
import Testing

@Suite struct BetweenWritersTests {
  private static var options: StoreOptions {
    var options = StoreOptions.still
    options.segmentBytes = 2_048
    options.preallocationBytes = 4_096
    return options
  }

  private func reader(_ disk: SimulatedDisk) throws(StoreError) -> EventReader {
    try EventReader.open(on: disk.startProcess(readOnly: true))
  }

  @Test func `fences that a killed writer left open never show a member while they are cancelled`()
    throws
  {
    let disk = SimulatedDisk(seed: 1, faults: .none)
    let store = try EventStore.open(on: disk, Self.options)
    let hidden = try (0..<3).map { _ in try store.openFence() }
      .map { try $0.append(.of("file:1", "hidden")).sequence }
    let other = try reader(disk)
    disk.kill()
    let next = disk.reopen()
    let seen = Mutex<Set<UInt64>>([])
    next.afterEachCall {
      do throws(StoreError) {
        let events = try other.events(in: Region(entityPrefix: "file:1")).events
        seen.withLock { $0.formUnion(events.map(\.header.sequence)) }
      } catch {
        Issue.record("\(error)")
      }
    }
    let again = try EventStore.open(on: next, Self.options)
    next.afterEachCall(nil)
    #expect(seen.withLock { $0 } == [])
    for sequence in hidden {
      #expect(throws: StoreError.absent("event \(sequence)")) { try again.reader.event(sequence) }
    }
    try again.close()
  }

  @Test func `a reader never sees the first events of a writer before they are durable`() throws {
    var written = 0
    for seed in 1...30 as ClosedRange<UInt64> {
      let disk = SimulatedDisk(seed: seed, faults: .none)
      let store = try EventStore.open(on: disk, Self.options)
      let other = try reader(disk)
      try store.close()
      let last = try other.lastSequence
      let next = disk.reopen()
      let seen = Mutex<UInt64>(0)
      next.afterEachCall {
        do throws(StoreError) {
          let visible = try other.lastSequence
          seen.withLock { $0 = max($0, visible) }
        } catch {
          Issue.record("\(error)")
        }
      }
      // The device fails after some of the first group or all of it, and the writer takes it back.
      next.arm(.none.arming(.writeFails, oneIn: 1, below: "segments", timesMax: 1))
      #expect(throws: StoreError.self) { try EventStore.open(on: next, Self.options) }
      next.afterEachCall(nil)
      #expect(seen.withLock { $0 } == last, "seed \(seed)")
      if next.firedFaults.last?.detail.first != "0" { written += 1 }
    }
    #expect(written > 0)
  }

  @Test func `after a power cut a reader needs no writer to see what was acknowledged`() throws {
    // What was published lies on the device as it was at some earlier moment.
    let disk = SimulatedDisk(seed: 2, faults: .none.arming(.pageLost, oneIn: 1))
    let store = try EventStore.open(on: disk, Self.options)
    try store.append(.of("file:1", "first"))
    try OpenFile("live.words", .writing, on: disk.startProcess()).sync(.all)
    try disk.syncDirectory(.root)
    let receipt = try store.append(.of("file:1", "second"))
    #expect(try reader(disk).lastSequence == receipt.sequence)
    disk.crash()
    let after = disk.reopen()
    #expect(try reader(after).receipt(receipt.sequence) == receipt)
    // A reader that was there first follows the writer that comes then.
    let waiting = try reader(after)
    let again = try EventStore.open(on: after, Self.options)
    let third = try again.append(.of("file:1", "third"))
    #expect(try waiting.receipt(third.sequence) == third)
    try again.close()
  }

  @Test(arguments: [4, 12, 20, 28, 36, 44, 52, 60])
  func `what a power cut left of the published words is taken for none`(_ kept: Int) throws {
    let disk = SimulatedDisk(seed: 3, faults: .none)
    let receipt = try EventStore.open(on: disk, Self.options).append(.of("file:1", "first"))
    disk.kill()
    let after = disk.reopen()
    let words = try OpenFile("live.words", .writing, on: after)
    try words.truncate(to: UInt64(kept))
    try words.truncate(to: 64)
    #expect(try reader(after).receipt(receipt.sequence) == receipt)
    let again = try EventStore.open(on: after, Self.options)
    #expect(try again.reader.receipt(receipt.sequence) == receipt)
    try again.close()
  }

  @Test func `a reader that began before the store had keys opens what is sealed later`() throws {
    let sealed = SealedStore()
    var plain = sealed.options
    plain.keys = nil
    let first = try EventStore.open(on: sealed.disk, plain)
    try first.append(.of("file:1", "in the clear"))
    let other = try sealed.reader()
    #expect(try other.latest("file:1")?.bytes == Array("in the clear".utf8))
    try first.close()
    let second = try sealed.open()
    let receipt = try second.append(.of("file:1", "sealed"))
    #expect(receipt.header.sealing != nil)
    #expect(try other.event(receipt.sequence).payload == .bytes(Array("sealed".utf8)))
    try second.close()
  }

  @Test func `a reader takes no change of the next writer for one that it knows`() throws {
    for looksAfter in 0..<6 {
      let scene = try CompactionScene()
      let receipts = scene.receipts.values.sorted { $0.sequence < $1.sequence }.prefix(24)
      let other = try reader(scene.disk)
      #expect(try other.lastSequence == scene.count)
      scene.disk.kill()
      let store = try EventStore.open(on: scene.disk.reopen(), CompactionScene.options(2))
      // It looks when this writer has changed as much as the one before, or a little more or less.
      for (number, receipt) in receipts.enumerated() {
        try store.compact(CompactionRequest(removing: .events([receipt.sequence]), merges: false))
        guard number % 6 == looksAfter else { continue }
        #expect(throws: StoreError.removed(sequence: receipt.sequence)) {
          try other.event(receipt.sequence)
        }
      }
      try store.close()
    }
  }

  @Test(arguments: [Fault.writeFails, .full])
  func `a write that fails and cannot be taken back is neither stored nor refused yet`(
    _ fault: Fault
  ) throws {
    var fates: Set<Bool> = []
    for seed in 1...40 as ClosedRange<UInt64> {
      let disk = SimulatedDisk(seed: seed, faults: .none)
      let store = try EventStore.open(on: disk, Self.options)
      // The write, and the cut that would take it back.
      disk.arm(
        FaultPlan.none.arming(fault, oneIn: 1, below: "segments", timesMax: 1)
          .arming(.writeFails, at: disk.operations + 2, below: "segments"))
      let failure = #expect(throws: StoreError.self) { try store.append(.of("file:1", "perhaps")) }
      guard case .unknown(let token)? = failure else {
        Issue.record("\(String(describing: failure))")
        continue
      }
      disk.kill()
      let again = try EventStore.open(on: disk.reopen(), Self.options)
      let receipt = try again.resolve(token)
      let found = try again.reader.latest("file:1")
      #expect(receipt?.id == found?.header.id)
      fates.insert(found != nil)
      try again.close()
    }
    #expect(fates == (fault == .full ? [false] : [true, false]))
  }

  @Test func `no copy is made while a fence hides the record of a removal`() throws {
    let scene = try CompactionScene()
    let store = try #require(scene.store)
    let fence = try store.openFence()
    try fence.append(.of("file:1", "hidden"))
    try store.compact(CompactionRequest(removing: .below(12, .everything)))
    let waits = StoreError.target("waits for a fence that is open; try again when it has ended")
    let target = SimulatedDisk(seed: 9, faults: .none)
    #expect(throws: waits) { try store.reader.snapshot(to: target) }
    #expect(throws: waits) { try store.reader.fork(to: target) }
    try fence.cancel()
    try store.reader.snapshot(to: target)
    #expect(try EventReader.verify(on: target).isIntact)
    try store.close()
  }
}
