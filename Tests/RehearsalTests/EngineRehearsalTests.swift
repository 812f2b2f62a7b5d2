// Whole engines in simulation: seeds, and their replay.

import Ambient
import ColdStorage
import DiskSimulation
import Rehearsal
import Testing

@Suite struct EngineRehearsalTests {
  @Test(arguments: FaultProfile.allCases.filter(\.isHonest))
  func `no file is lost and no wrong byte is served whatever fails`(
    _ profile: FaultProfile
  ) throws {
    for seed in 1...4 as ClosedRange<UInt64> {
      var rehearsal = try EngineRehearsal(seed: seed, profile: profile)
      let verdict = rehearsal.run()
      #expect(verdict.violation == nil, replay(verdict))
    }
  }

  @Test(arguments: FaultProfile.allCases.filter { !$0.isHonest })
  func `what is called clean verifies even where the depot's disk keeps no promise`(
    _ profile: FaultProfile
  ) throws {
    var reached = 0
    for seed in 1...4 as ClosedRange<UInt64> {
      var rehearsal = try EngineRehearsal(seed: seed, profile: profile)
      let verdict = rehearsal.run()
      #expect(verdict.violation == nil, replay(verdict))
      if verdict.reachedItsFaults { reached += 1 }
    }
    #expect(reached > 0, "the armed faults hardly ever fired")
  }

  @Test func `a run stores, evicts, restores, deletes and meets a store with moods`() throws {
    var deeds: [String: Int] = [:]
    for seed in 1...4 as ClosedRange<UInt64> {
      var rehearsal = try EngineRehearsal(seed: seed, profile: .honest)
      deeds.merge(rehearsal.run().deeds, uniquingKeysWith: +)
    }
    for deed in [
      "opens", "reads judged", "restores", "uploads tried", "evictions", "deletes",
      "clean copies verified", "recounts", "moods of the store", "writes of the server",
    ] {
      #expect(deeds[deed, default: 0] > 0, "\(deed)")
    }
  }

  private func replay(_ verdict: Verdict) -> Comment {
    "replay with: larder simulate --engine --seeds \(verdict.seed) --faults \(verdict.profile.rawValue)"
  }

  @Test func `the same seed replays the same run of an engine and another does not`() throws {
    func trace(_ seed: UInt64) throws(StorageError) -> TraceDigest {
      var rehearsal = try EngineRehearsal(seed: seed, profile: .honest)
      return rehearsal.run(steps: 60).trace
    }
    #expect(try trace(1) == trace(1))
    #expect(try trace(1) != trace(2))
  }
}
