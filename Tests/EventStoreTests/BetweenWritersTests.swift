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
}
