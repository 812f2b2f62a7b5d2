// The event store in simulation: seeds, their replay, and that every run reached what it was for.

import Ambient
import DiskSimulation
import Rehearsal
import Testing

@Suite struct StoreRehearsalTests {
  @Test(arguments: FaultProfile.allCases)
  func `no promise is broken under any kind of fault`(_ profile: FaultProfile) {
    var reached = 0
    for seed in 1...3 as ClosedRange<UInt64> {
      var rehearsal = StoreRehearsal(seed: seed, profile: profile)
      let verdict = rehearsal.run()
      let replay = "larder simulate --seeds \(seed) --faults \(profile.rawValue)"
      #expect(verdict.violation == nil, "replay with: \(replay)")
      if verdict.reachedItsFaults { reached += 1 }
    }
    #expect(reached > 0, "the armed faults hardly ever fired")
  }

  @Test func `the same seed replays the same run and another does not`() {
    func trace(_ seed: UInt64) -> TraceDigest {
      var rehearsal = StoreRehearsal(seed: seed, profile: .honest)
      return rehearsal.run().trace
    }
    #expect(trace(1) == trace(1))
    #expect(trace(1) != trace(2))
  }
}
