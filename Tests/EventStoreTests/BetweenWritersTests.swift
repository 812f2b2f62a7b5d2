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
}
