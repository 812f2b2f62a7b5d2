// What a rehearsal is given and what it tells: a seed and a profile of faults in, a verdict out.

package import DiskSimulation

/// Which faults a run arms beside power cuts; chosen by the seed unless one is asked for.
package enum FaultProfile: String, CaseIterable, Sendable {
  /// Power cuts alone.
  case honest
  /// Short and interrupted calls.
  case nagging
  /// The disk fills up, again and again.
  case full
  /// Writes fail.
  case writes
  /// Syncs fail.
  case syncs
  /// Reads fail.
  case reads
  /// Civil time jumps.
  case clock
  /// The power fails in the middle of calls, of recovery and of compaction too.
  case power
  /// Syncs lie: they report success and do nothing.
  case lies
  /// Bits flip on the device.
  case rot
  /// Pages land where they do not belong.
  case misdirected

  /// True where the disk keeps its promises, so that nothing acknowledged may be lost.
  package var isHonest: Bool {
    switch self {
    case .lies, .rot, .misdirected: false
    default: true
    }
  }

  /// The faults themselves.
  var plan: FaultPlan {
    let plan = FaultPlan.honest
    switch self {
    case .honest: return plan
    case .nagging:
      return plan.arming(.shortRead, oneIn: 8).arming(.shortWrite, oneIn: 6)
        .arming(.interrupted, oneIn: 10)
    case .full: return plan.arming(.full, oneIn: 25)
    case .writes: return plan.arming(.writeFails, oneIn: 30)
    case .syncs: return plan.arming(.syncFails, oneIn: 60)
    case .reads: return plan.arming(.readFails, oneIn: 60)
    case .clock: return plan.arming(.clockJump, oneIn: 20)
    case .power: return plan.arming(.crash, oneIn: 150).arming(.killed, oneIn: 300)
    case .lies: return plan.arming(.syncDropped, oneIn: 10)
    case .rot: return plan.arming(.bitRot, oneIn: 40)
    case .misdirected: return plan.arming(.misdirectedWrite, oneIn: 40)
    }
  }

  /// The faults of a depot's disk, on which fewer bytes go to and fro than on a log's.
  var depotPlan: FaultPlan {
    switch self {
    case .rot: FaultPlan.honest.arming(.bitRot, oneIn: 8)
    case .misdirected: FaultPlan.honest.arming(.misdirectedWrite, oneIn: 8)
    default: plan
    }
  }

  /// Faults of which at least one must have fired for a run to have shown anything.
  var wanted: Set<Fault> {
    switch self {
    case .honest: [.pageLost, .sectorTorn, .sizeLost, .nameLost]
    case .nagging: [.shortRead, .shortWrite, .interrupted]
    case .full: [.full]
    case .writes: [.writeFails]
    case .syncs: [.syncFails]
    case .reads: [.readFails]
    case .clock: [.clockJump]
    case .power: [.crash, .killed]
    case .lies: [.syncDropped]
    case .rot: [.bitRot]
    case .misdirected: [.misdirectedWrite]
    }
  }
}

/// What came of a run.
package struct Verdict: Sendable {
  package let seed: UInt64
  package let profile: FaultProfile
  /// The same for the same seed, and for no other.
  package let trace: TraceDigest
  /// How often each fault fired.
  package let faults: [Fault: Int]
  package let steps: Int
  package let crashes: Int
  /// The promise that was broken, or nil.
  package let violation: String?
  /// How often what a run is about was done and judged, by name; empty where that is not counted.
  package var deeds: [String: Int] = [:]
  /// The last operations on the disk, for whoever looks into a violation.
  package let lastOperations: [String]

  /// The armed faults fired at least once, so the run could have failed.
  package var reachedItsFaults: Bool {
    profile.wanted.contains { faults[$0, default: 0] > 0 }
  }
}

/// A promise that was not kept.
struct Broken: Error {
  let sentence: String

  init(_ sentence: String) {
    self.sentence = sentence
  }
}
