// Plans that wait to be committed. They are kept in memory alone: a plan that nobody can find any more
// costs a new dry run and nothing else. Bounded by number and by bytes; the oldest goes first.

internal import Digests
internal import Synchronization

/// Plans that were shown to somebody.
final class PlanShelf: Sendable {
  private let plans = Mutex<[Plan]>([])

  /// Keeps a plan, in place of an equal one.
  func keep(_ plan: Plan) {
    plans.withLock { plans in
      plans.removeAll { $0.digest == plan.digest }
      plans.append(plan)
      var bytes = plans.reduce(0) { $0 + $1.footprint }
      while plans.count > OperationsLimits.plansMax
        || bytes > OperationsLimits.plansBytesMax && plans.count > 1
      {
        bytes -= plans.removeFirst().footprint
      }
    }
  }

  /// The plan of a digest.
  func plan(_ digest: Blake3Digest) -> Plan? {
    plans.withLock { $0.first { $0.digest == digest } }
  }

  /// Forgets a plan that was carried out.
  func remove(_ digest: Blake3Digest) {
    plans.withLock { $0.removeAll { $0.digest == digest } }
  }
}
