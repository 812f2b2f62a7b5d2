// What the watermarks promise: each is what it says, and a wait ends when its own target is reached
// and not before.

import Ambient
import DiskSimulation
import DurableFiles
import ScratchFiles
import Synchronization
import Testing

@testable import EventStore

@Suite struct WatermarkTests {
  @Test func `a change wakes those whose target it reaches, and nobody else`() {
    let board = WatermarkBoard(Watermarks())
    let targets: [UInt64] = [3, 1, 4, 1, 5, 9, 2, 6]
    let woken = Monitor<[UInt64]>([])
    Worker.each(targets.count + 1, named: "waits") { index in
      guard index == targets.count else {
        do throws(StoreError) {
          try board.wait(for: .durable, until: targets[index], timeout: nil)
        } catch {
          Issue.record("\(error)")
        }
        // What is durable now is all that may have woken this thread.
        #expect(board.current.durable >= targets[index])
        return woken.change { $0.append(targets[index]) }
      }
      for step in 1...9 as ClosedRange<UInt64> {
        board.move { $0.durable = step }
        let due = targets.count { $0 <= step }
        _ = woken.wait { $0.count >= due ? true : nil }
        #expect(woken.withLock { $0.count } == due)
      }
    }
  }

  @Test func `durable follows the sync and not what was accepted`() throws {
    let scratch = try Scratch()
    var options = StoreOptions()
    options.durability = .buffered(eventsMax: 1_000, timeMax: .seconds(3_600))
    options.maintenance = .inline
    let store = try EventStore.open(on: scratch.disk, options)
    let before = store.watermarks
    let receipt = try store.append(.of("file:1", "buffered"))
    #expect(store.watermarks.accepted == receipt.sequence)
    #expect(store.watermarks.written == before.written)
    #expect(store.watermarks.durable == before.durable)
    #expect(store.watermarks.visible == before.visible)
    #expect(throws: StoreError.timedOut) {
      try store.wait(for: .durable, until: receipt.sequence, timeout: .zero)
    }
    #expect(throws: StoreError.self) { try store.reader.event(receipt.sequence) }
    try store.flush()
    try store.wait(for: .durable, until: receipt.sequence)
    #expect(store.watermarks.durable == receipt.sequence)
    try store.close()
  }

  @Test func `a wait for an event of a cancelled fence ends at once, also long after`() throws {
    let scratch = try Scratch()
    let store = try EventStore.open(on: scratch.disk, .still)
    let fence = try store.openFence()
    let member = try fence.append(.of("file:1", "never")).sequence
    let ended = Mutex<StoreError?>(nil)
    Worker.each(2, named: "fence") { index in
      do throws(StoreError) {
        if index == 0 {
          try store.wait(for: .visible, until: member)
        } else {
          try fence.cancel()
        }
      } catch {
        ended.withLock { $0 = error }
      }
    }
    #expect(ended.withLock { $0 } == .cancelledFence(member))
    for _ in 0..<10 { try store.append(.of("file:1", "later")) }
    #expect(throws: StoreError.cancelledFence(member)) {
      try store.wait(for: .visible, until: member)
    }
    try store.wait(for: .visible, until: member + 5)
    try store.close()
  }

  @Test func `events that could not be committed are taken back from those who wait for them`()
    throws
  {
    let disk = SimulatedDisk(seed: 1, faults: .none, clock: ManualClock())
    var options = StoreOptions()
    options.entropy = .seeded(1)
    options.maintenance = .inline
    options.durability = .buffered(eventsMax: 1_000, timeMax: .seconds(3_600))
    let store = try EventStore.open(on: disk, options)
    let before = store.watermarks
    let lost = try store.append(.of("file:1", "lost")).sequence
    disk.arm(FaultPlan.none.arming(.full, oneIn: 1))
    #expect(throws: StoreError.self) { try store.flush() }
    disk.arm(.none)
    #expect(store.watermarks == before)
    // The sequence goes to another event, which nobody waited for.
    #expect(try store.append(.of("file:1", "other")).sequence == lost)
    try store.flush()
    #expect(try store.reader.event(lost).bytes == Array("other".utf8))
  }

  @Test func `a retry does not wait without end for a first try that failed`() {
    let board = WatermarkBoard(Watermarks(accepted: 7, written: 7, durable: 7, visible: 7))
    let ended = Monitor<[UInt64: StoreError?]>([:])
    Worker.each(3, named: "retry") { index in
      guard index < 2 else {
        // Sequence 8 was given out and its event failed; 20 was never given out.
        while ended.wait(timeout: .milliseconds(1), until: { $0.isEmpty ? nil : true }) == nil {
          board.retract(from: 9, to: 7, because: .full("segments"))
        }
        return board.move { $0.durable = 20 }
      }
      let target: UInt64 = index == 0 ? 8 : 20
      do throws(StoreError) {
        try board.wait(for: .durable, until: target, timeout: nil)
        ended.change { $0[target] = .some(nil) }
      } catch {
        ended.change { $0[target] = .some(error) }
      }
    }
    #expect(ended.withLock { $0 } == [8: .full("segments"), 20: nil])
  }
}
