// That something has changed, told to whoever shows it. A change costs one number here; those who want
// to know are woken by a thread of this place, at most ten times a second, and look for themselves at
// what it was. While files move they are woken each second besides, for the pace changes by itself.
//
//   change ─▶ number ─(somebody sleeps)─▶ thread ─▶ wakes, then a short rest

internal import Ambient
internal import Synchronization

/// A change number, and those who want to be woken by it.
final class EngineNews: Sendable {
  /// The least time between two wakes.
  static let rest = Duration.milliseconds(100)
  /// How often one is woken while things move.
  static let beat = Duration.seconds(1)
  /// The most who are woken.
  static let watchersMax = 1_024

  private struct State {
    var wakes: [UInt64: @Sendable () -> Void] = [:]
    var wakesEver: UInt64 = 0
    var hasThread = false
    var isStopped = false
  }
  private let number = Atomic<UInt64>(0)
  /// The thread sleeps until the number changes.
  private let isAwaited = Atomic<Bool>(false)
  private let state = Monitor(State())

  /// How often something has changed.
  var count: UInt64 { number.load(ordering: .acquiring) }

  /// Something has changed.
  func note() {
    number.wrappingAdd(1, ordering: .acquiringAndReleasing)
    if isAwaited.load(ordering: .acquiring) { state.change { _ in } }
  }

  /// Has `wake` called after changes until it is let go of; `moves` says whether things change by
  /// themselves. Returns its number.
  func add(
    _ wake: @escaping @Sendable () -> Void, moves: @escaping @Sendable () -> Bool
  ) -> UInt64 {
    let (mine, startsThread) = state.withLock { (state: inout State) -> (UInt64, Bool) in
      precondition(state.wakes.count < Self.watchersMax, "nobody is woken a thousand times")
      state.wakesEver += 1
      state.wakes[state.wakesEver] = wake
      defer { state.hasThread = true }
      return (state.wakesEver, !state.hasThread && !state.isStopped)
    }
    if startsThread { Worker("news") { [self] in run(moves) }.detach() }
    return mine
  }

  /// Wakes this one no more; it may be woken once again while this returns.
  func remove(_ number: UInt64) {
    state.withLock { $0.wakes[number] = nil }
  }

  /// Wakes everyone a last time and ends the thread.
  func stop() { state.change { $0.isStopped = true } }

  private func run(_ moves: () -> Bool) {
    var seen: UInt64 = 0
    while true {
      let isOver = state.wait(timeout: Self.beat) { (state: inout State) -> Bool? in
        if state.isStopped { return true }
        isAwaited.store(true, ordering: .sequentiallyConsistent)
        return number.load(ordering: .sequentiallyConsistent) != seen ? false : nil
      }
      isAwaited.store(false, ordering: .releasing)
      let now = count
      if isOver != nil || moves() {
        for wake in state.withLock({ Array($0.wakes.values) }) { wake() }
      }
      if isOver == true { return }
      seen = now
      _ = state.wait(timeout: Self.rest) { $0.isStopped ? true : nil }
    }
  }
}

/// The right to be woken by an engine's news.
public struct NewsWatch: Sendable {
  let number: UInt64
}
