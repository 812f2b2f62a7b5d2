// The simulation finds each planted bug within 50 seeds, and finds none where there is none.

import Ambient
import DiskSimulation
import DurableFiles
import Testing

@Suite struct ExampleLogTests {
  /// What was wrong after a crash.
  private struct Loss: Error, CustomStringConvertible {
    let seed: UInt64
    let acknowledged: UInt64
    let found: UInt64
    let operations: [String]

    var description: String {
      "seed \(seed): \(acknowledged) were acknowledged and \(found) found\n"
        + operations.joined(separator: "\n")
    }
  }

  private let plan = FaultPlan.honest
    .arming(.crash, oneIn: 30).arming(.shortWrite, oneIn: 8).arming(.shortRead, oneIn: 8)
    .arming(.interrupted, oneIn: 8)

  /// Works on a log through ten crashes; throws when one took what was acknowledged, or left what
  /// was never written.
  private func live(_ seed: UInt64, _ bug: ExampleLog.Bug?) throws -> SimulatedDisk {
    var disk = SimulatedDisk(seed: seed, faults: plan)
    var choices = SeededGenerator(seed: seed &* 77)
    var (acknowledged, attempted): (UInt64, UInt64) = (0, 0)
    var crashes = 0
    while crashes < 10 {
      var loss: Loss?
      do throws(DiskError) {
        var log = try ExampleLog(on: disk, bug: bug)
        if log.last < acknowledged || log.last > max(attempted, acknowledged) {
          loss = Loss(
            seed: seed, acknowledged: acknowledged, found: log.last,
            operations: disk.lastOperations)
        }
        acknowledged = log.last
        while loss == nil {
          let count = 1 + choices.below(5)
          attempted = log.last + UInt64(count)
          try log.append(count)
          acknowledged = log.last
          if choices.chance(oneIn: 4) { try log.rewrite() }
        }
      } catch {
        #expect(error == .crashed)
        crashes += 1
        disk = disk.reopen()
      }
      if let loss { throw loss }
    }
    return disk
  }

  @Test func `a log without a bug survives five hundred seeds of crashes`() throws {
    var counts: [Fault: Int] = [:]
    for seed: UInt64 in 1...500 {
      counts.merge(try live(seed, nil).faultCounts, uniquingKeysWith: +)
    }
    for fault: Fault in [
      .crash, .shortWrite, .shortRead, .interrupted, .pageLost, .sectorTorn, .sizeLost, .nameLost,
    ] {
      #expect(counts[fault, default: 0] > 100, "\(fault) was hardly tried")
    }
  }

  @Test(arguments: ExampleLog.Bug.allCases)
  func `a planted bug is found within fifty seeds`(_ bug: ExampleLog.Bug) {
    let found = (1...50 as ClosedRange<UInt64>).first { seed in
      do {
        _ = try live(seed, bug)
        return false
      } catch {
        return error is Loss
      }
    }
    #expect(found != nil)
  }
}
