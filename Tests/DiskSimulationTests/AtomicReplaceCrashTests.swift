// `AtomicReplace` under every fault: whatever happens, the name leads to the whole old file or the
// whole new one, and once it said that it is done, to the new one.

import Ambient
import DiskSimulation
import DurableFiles
import Testing

@Suite struct AtomicReplaceCrashTests {
  private let old = pattern(9_000, seed: 3)
  private let new = pattern(12_000, seed: 5)

  /// A disk that has the old file, safely, and then the plan.
  private func disk(_ seed: Int, _ plan: FaultPlan) throws(DiskError) -> SimulatedDisk {
    let disk = SimulatedDisk(seed: UInt64(seed))
    try disk.putDurably("a", old)
    disk.arm(plan)
    return disk
  }

  private func replace(
    on disk: SimulatedDisk, replacing: Bool = true, path: FilePath = "a"
  ) throws(DiskError) {
    try AtomicReplace.write(
      new, to: path, mode: 0o640, replacing: replacing, on: disk, entropy: .seeded(1))
  }

  @Test func `a power failure at any moment leaves the old file or the new`() throws {
    var (olds, news, done) = (0, 0, 0)
    for seed in 1...400 {
      var disk = try disk(seed, .honest.arming(.crash, oneIn: 8).arming(.shortWrite, oneIn: 3))
      var isDone = false
      do throws(DiskError) {
        try replace(on: disk)
        isDone = true
        disk.crash()
      } catch {
        #expect(error == .crashed)
      }
      disk = disk.reopen()
      disk.arm(.honest)
      let bytes = try disk.get("a")
      if bytes == new {
        news += 1
        #expect(try disk.status(at: "a")?.mode == 0o640)
      } else {
        #expect(bytes == old && !isDone, "seed \(seed)")
        olds += 1
      }
      if isDone { done += 1 }
      try disk.sweepTemporaries(in: .root)
      #expect(try disk.names() == ["a"])
    }
    #expect(olds > 50 && news > done && done > 50)
  }

  @Test func `a new name is not taken, or leads to the whole file`() throws {
    var (made, missing) = (0, 0)
    for seed in 1...200 {
      var disk = try disk(seed, .honest.arming(.crash, oneIn: 8))
      var isDone = false
      do throws(DiskError) {
        try replace(on: disk, replacing: false, path: "b")
        isDone = true
        disk.crash()
      } catch {
        #expect(error == .crashed)
      }
      disk = disk.reopen()
      disk.arm(.honest)
      if try disk.status(at: "b") == nil {
        #expect(!isDone, "seed \(seed)")
        missing += 1
      } else {
        #expect(try disk.get("b") == new)
        made += 1
      }
    }
    #expect(made > 30 && missing > 30)
  }

  @Test(arguments: [Fault.full, .writeFails])
  func `a write that is refused leaves the old file and no other`(_ fault: Fault) throws {
    for operation in 0..<8 {
      let disk = try disk(operation + 1, .none)
      disk.arm(.none.arming(fault, at: disk.operations + operation))
      do throws(DiskError) {
        try replace(on: disk)
      } catch {
        #expect(try disk.get("a") == old)
      }
      #expect(try disk.names() == ["a"])
    }
  }

  @Test func `a failed sync leaves the old file, and its leftover to the sweep`() throws {
    let disk = try disk(1, .none.arming(.syncFails, at: 0))
    #expect(throws: DiskError.self) { try replace(on: disk) }
    #expect(try disk.get("a") == old)
    #expect(try disk.names().count == 2)
    let restarted = disk.reopen()
    #expect(try restarted.sweepTemporaries(in: .root) == 1)
    #expect(try restarted.names() == ["a"])
  }

  @Test func `a disk that lies about syncs is found out`() throws {
    var broken = 0
    for seed in 1...100 {
      let disk = try disk(seed, .honest.arming(.syncDropped, oneIn: 1))
      try replace(on: disk)
      disk.crash()
      let bytes = try disk.reopen().get("a")
      if bytes != new { broken += 1 }
    }
    #expect(broken > 50)
  }
}
