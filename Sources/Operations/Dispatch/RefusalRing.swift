// What a dispatcher without an engine refused, kept in memory for whoever looks: there is no store
// there that could keep it. Bounded; the oldest is forgotten first, and counted.

package import Ambient
internal import Synchronization

/// One refusal that nothing but memory keeps.
package struct RememberedRefusal: Sendable {
  package let time: WallTime
  package let operation: String
  package let caller: Caller
  package let refusal: Refusal
}

/// The newest refusals.
package final class RefusalRing: Sendable {
  private struct State {
    var refusals: [RememberedRefusal] = []
    var total = 0
  }
  private let state = Mutex(State())

  package init() {}

  func add(_ refusal: RememberedRefusal) {
    state.withLock { state in
      if state.refusals.count == OperationsLimits.refusalsMax { state.refusals.removeFirst() }
      state.refusals.append(refusal)
      state.total += 1
    }
  }

  /// The refusals that are remembered, the oldest first.
  package var refusals: [RememberedRefusal] { state.withLock { $0.refusals } }
  /// How many there were in all.
  package var total: Int { state.withLock { $0.total } }
}
