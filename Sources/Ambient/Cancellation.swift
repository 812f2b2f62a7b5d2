// The way to tell work in progress that nobody wants it any more, and the door to waiting.
// A pause ends early when its work is cancelled, so nothing ever sleeps out a long delay in vain.

/// A flag that is raised once and never lowered.
public final class Cancellation: Sendable {
  private let raised = Monitor(false)

  public init() {}

  /// True once cancelled.
  public var isCancelled: Bool { raised.withLock { $0 } }

  /// Cancels; further calls change nothing.
  public func cancel() {
    raised.change { $0 = true }
  }

  /// Sleeps until cancelled, at most for `timeout`; true when cancelled.
  package func wait(timeout: Duration) -> Bool {
    raised.wait(timeout: timeout) { $0 ? true : nil } ?? false
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
