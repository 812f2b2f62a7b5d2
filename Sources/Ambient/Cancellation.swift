// The way to tell work in progress that nobody wants it any more, and the door to waiting.
// A pause ends early when its work is cancelled, so nothing ever sleeps out a long delay in vain.

/// A flag that is raised once and never lowered.
public final class Cancellation: Sendable {
  private struct State {
    var isRaised = false
    var watchers: [UInt64: @Sendable () -> Void] = [:]
    var watchersEver: UInt64 = 0
  }
  private let state = Monitor(State())

  public init() {}

  /// True once cancelled.
  public var isCancelled: Bool { state.withLock { $0.isRaised } }

  /// Cancels; further calls change nothing.
  public func cancel() {
    let watchers = state.change { (state: inout State) in
      state.isRaised = true
      return state.watchers.values.map { $0 }
    }
    for wake in watchers { wake() }
  }

  /// Sleeps until cancelled, at most for `timeout`; true when cancelled.
  package func wait(timeout: Duration) -> Bool {
    state.wait(timeout: timeout) { $0.isRaised ? true : nil } ?? false
  }

  /// Runs `body`, and calls `wake` when cancelled meanwhile or before; for work that waits for
  /// something else than this flag.
  ///
  /// `wake` is called on the thread that cancels, perhaps a moment after `body` has ended.
  package func watched<Result, Failure: Error>(
    by wake: @escaping @Sendable () -> Void, during body: () throws(Failure) -> Result
  ) throws(Failure) -> Result {
    let (number, isRaised) = state.withLock { (state: inout State) in
      state.watchersEver += 1
      state.watchers[state.watchersEver] = wake
      return (state.watchersEver, state.isRaised)
    }
    defer { state.withLock { $0.watchers[number] = nil } }
    if isRaised { wake() }
    return try body()
  }
}

/// The door to waiting for time to pass.
package struct Pause: Sendable {
  /// Waits for the duration; false when the cancellation was raised before its end.
  package let wait: @Sendable (Duration, Cancellation?) -> Bool

  package init(wait: @escaping @Sendable (Duration, Cancellation?) -> Bool) {
    self.wait = wait
  }

  /// Really waits, on the calling thread.
  package static let live = Pause { duration, cancellation in
    !(cancellation ?? Cancellation()).wait(timeout: duration)
  }

  /// Does not wait: advances `clock` instead.
  package static func advancing(_ clock: ManualClock) -> Pause {
    Pause { duration, cancellation in
      if cancellation?.isCancelled == true { return false }
      clock.advance(by: duration)
      return true
    }
  }
}
