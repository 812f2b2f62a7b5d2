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
      #expect(verdict.violation == nil, "seed \(seed), faults \(profile.rawValue)")
    }
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
