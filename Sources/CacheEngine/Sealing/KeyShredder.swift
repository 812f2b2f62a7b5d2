// Destroys keys, many at once: each shred writes the whole keyset anew, so whoever comes while one is under
// way goes with the next, and all of those go together.
//
//   asked ─▶ gathered ─▶ (one leads) keyset written anew, recorded in the log ─▶ all told
//
// What is destroyed may not be sealed under at the same time: an upload holds `living` from the look at
// its key to its event, and a shred waits until nobody does. Neither side starves the other: whoever
// comes to hold keys lets a shred that waits go first, and the next shred lets those go first that this
// one has kept waiting.

internal import Ambient
internal import EventStore

/// Destroys keys of scopes.
final class KeyShredder: Sendable {
  private struct State {
    var waiting: Set<KeyScope> = []
    /// The batch that gathers, and the last that was done with what came of it.
    var batch: UInt64 = 1
    var isShredding = false
    var outcomes: [UInt64: StoreError?] = [:]
    /// How many hold keys that must live meanwhile, and how many want to.
    var holders = 0
    var comers = 0
    /// How many of those who want to hold keys go before the next shred.
    var owed = 0
  }

  /// How many batches are remembered for those who have not looked yet.
  private static let outcomesMax = 64

  private let store: EventStore
  private let state = Monitor(State())

  init(_ store: EventStore) {
    self.store = store
  }

  /// Runs `body` while no key is destroyed.
  func living<Result, Failure: Error>(
    _ body: () throws(Failure) -> Result
  ) throws(Failure) -> Result {
    state.withLock { $0.comers += 1 }
    _ = state.wait { (state: inout State) -> Bool? in
      guard !state.isShredding, state.waiting.isEmpty || state.owed > 0 else { return nil }
      state.comers -= 1
      state.owed = max(0, state.owed - 1)
      state.holders += 1
      return true
    }
    defer { state.change { $0.holders -= 1 } }
    return try body()
  }

  /// Returns when the keys of a scope are destroyed, and that is recorded.
  func shred(_ scope: KeyScope) throws(StoreError) {
    let mine = state.withLock { (state: inout State) -> UInt64 in
      state.waiting.insert(scope)
      return state.batch
    }
    let led = state.wait { (state: inout State) -> Set<KeyScope>?? in
      if state.outcomes[mine] != nil { return .some(nil) }
      guard !state.isShredding, state.holders + state.owed == 0, state.batch == mine
      else { return nil }
      state.isShredding = true
      state.batch += 1
      defer { state.waiting = [] }
      return .some(state.waiting)
    }
    if let scopes = led ?? nil {
      var failure: StoreError?
      do throws(StoreError) {
        try store.shred(scopes)
      } catch {
        failure = error
      }
      state.change { [failure] (state: inout State) in
        state.isShredding = false
        state.owed = state.comers
        state.outcomes[mine] = .some(failure)
        state.outcomes = state.outcomes.filter { $0.key + UInt64(Self.outcomesMax) > mine }
      }
    }
    if let failure = state.withLock({ $0.outcomes[mine] }) ?? nil { throw failure }
  }
}
