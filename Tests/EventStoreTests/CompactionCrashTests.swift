// A whole compaction, cut short before and after every operation on the disk that it makes, and cut
// short again while the next open repairs that. What is left is the store before or the store after
// each step, and never anything between.

import Ambient
import DiskSimulation
import DurableFiles
import EventStore
import Testing

@Suite struct CompactionCrashTests {
  enum Case: CaseIterable {
    case merge, retention, severalSteps

    var request: CompactionRequest {
      switch self {
      case .merge: CompactionRequest()
      case .retention: CompactionRequest(removing: .below(20, .everything))
      case .severalSteps:
        CompactionRequest(
          removing: .below(20, Region(entityPrefix: "file")), mergedBytesMax: 3_000)
      }
    }
  }

  private static let events = 24

  /// Runs the compaction until it ends or the machine does.
  private func compact(_ scene: CompactionScene, _ which: Case) throws {
    do throws(StoreError) {
      _ = try scene.store?.compact(which.request)
    } catch {
      switch error {
      case .disk(.crashed), .unknown, .latched: break
      default: throw error
      }
    }
  }

  /// What is removed before, between and after the steps of the undisturbed compaction, and its
  /// operations on the disk.
  private func rehearse(
    _ which: Case
  ) throws -> (states: [Set<UInt64>], operations: ClosedRange<Int>) {
    let scene = try CompactionScene(events: Self.events)
    let store = try #require(scene.store)
    let first = scene.disk.operations
    let report = try store.compact(which.request)
    let operations = first + 1...scene.disk.operations
    let removed = try scene.check(store)
    var states: [Set<UInt64>] = [[]]
    for removal in report.removals {
      states.append(removed.filter { $0 <= removal.last })
    }
    #expect(states.last == removed)
    return (states, operations)
  }

  @Test(arguments: Case.allCases)
  func `a crash at any operation leaves the old or the new store`(_ which: Case) throws {
    let (states, operations) = try rehearse(which)
    var met: Set<Set<UInt64>> = []
    for operation in operations {
      let scene = try CompactionScene(events: Self.events)
      scene.disk.arm(.honest.arming(.crash, at: operation))
      try compact(scene, which)
      let disk = try recover(scene.disk, crashingAt: operation % 37)
      let store = try EventStore.open(on: disk, CompactionScene.options(3))
      let removed = try scene.check(store)
      #expect(states.contains(removed), "crashed at \(operation)")
      met.insert(removed)
      try store.close()
      #expect(try scene.files(on: disk).allSatisfy { !$0.hasSuffix(".pending") })
    }
    #expect(met == Set(states), "every state between the steps is met")
  }

  /// Opens the store and crashes in the middle of that, once or until it has gone through.
  private func recover(
    _ crashed: SimulatedDisk, crashingAt operation: Int
  ) throws -> SimulatedDisk {
    let disk = crashed.reopen()
    disk.arm(.honest.arming(.crash, at: disk.operations + 1 + operation))
    do throws(StoreError) {
      _ = try EventStore.open(on: disk, CompactionScene.options(2))
    } catch {
      switch error {
      case .disk(.crashed), .unknown, .latched: break
      default: throw error
      }
    }
    let next = disk.reopen()
    next.arm(.honest)
    return next
  }

  @Test(arguments: [Fault.full, .writeFails, .syncFails, .readFails])
  func `a disk that fails or is full in the middle leaves a store that goes on`(
    _ fault: Fault
  ) throws {
    let (_, operations) = try rehearse(.retention)
    var failures = 0
    for operation in operations {
      let scene = try CompactionScene(events: Self.events)
      let store = try #require(scene.store)
      scene.disk.arm(.none.arming(fault, at: operation))
      do throws(StoreError) {
        _ = try store.compact(Case.retention.request)
      } catch {
        failures += 1
        switch error {
        case .full, .disk(.io), .disk(.full), .latched, .unknown, .disk(.latched): break
        default: Issue.record("\(fault) at \(operation): \(error)")
        }
      }
      scene.disk.arm(.none)
      let report = try store.reader.verify()
      #expect(report.isIntact, "\(fault) at \(operation): \(report.findings)")
      let again = try EventStore.open(on: scene.disk.reopen(), CompactionScene.options(4))
      try scene.check(again)
      // And what could not be done then is done now.
      try again.compact(Case.retention.request)
      #expect(try scene.check(again).isSuperset(of: scene.receipts.keys.filter { $0 < 16 }))
    }
    #expect(failures > 0, "\(fault) never fired")
  }

  @Test func `a compaction that is cancelled leaves no file behind`() throws {
    let scene = try CompactionScene()
    let store = try #require(scene.store)
    let files = try scene.files()
    let cancellation = Cancellation()
    cancellation.cancel()
    #expect(throws: StoreError.cancelled) {
      try store.compact(
        Case.merge.request, CompactionOptions(cancellation: cancellation))
    }
    #expect(try scene.files() == files)
    try store.compact(Case.merge.request)
    #expect(try scene.files().count == 2)
  }
}
