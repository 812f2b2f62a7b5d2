// One operation that may be tried several times.
//
//            ┌──────────── waited ─────────────┐
//            ▼                                 │
//  begin ─▶ trying ── transient, throttled ─▶ waiting
//            │  ▲ │
//            │  │ └─── auth expired, once ───▶ refreshing
//            │  └───────── refreshed ────────────┘
//            ├── succeeded ─▶ over (done)
//            └── permanent, budget spent ─▶ over (given up)
//
// The delay is drawn between zero and a bound that doubles with each failure, so that many who
// failed together do not come back together; a server that names a time is given at least that.
// The budget is attempts and elapsed time, whichever ends first; a wait that would outlast it is
// not begun. Time and randomness arrive in events; nothing here waits.

package import Ambient

/// What a failure means for trying again.
package enum FailureClass: Equatable, Sendable {
  /// It may go well the next time: a lost connection, a 500.
  case transient(retryAfter: Duration? = nil)
  /// The server lives and wants to be asked less often: a 429, a 503 that says slow down.
  case throttled(retryAfter: Duration? = nil)
  /// The credentials are too old; they may be refreshed, once.
  case authExpired
  /// It will not go well however often it is tried.
  case permanent
}

/// How often and how long an operation is tried.
package struct RetryPolicy: Equatable, Sendable {
  /// The first attempt and those after it.
  package var attemptsMax = 4
  /// From the beginning of the first attempt to the beginning of the last.
  package var elapsedMax = Duration.seconds(30)
  /// The bound of the first delay; each later one is twice as high.
  package var firstDelayMax = Duration.milliseconds(200)
  /// The bound of the first delay when the server wants to be asked less often.
  package var firstThrottledDelayMax = Duration.seconds(1)
  /// What no drawn delay exceeds.
  package var delayMax = Duration.seconds(8)

  package init() {}

  /// One attempt and no second.
  package static var once: RetryPolicy {
    var policy = RetryPolicy()
    policy.attemptsMax = 1
    return policy
  }
}

/// Why an operation was given up.
package enum GiveUpReason: Equatable, Sendable {
  case permanent
  case attemptsSpent
  /// The next attempt would begin too late.
  case timeSpent
  /// The credentials were refreshed and still refused, or could not be refreshed.
  case authRefused
  case cancelled
  /// The backend has failed too often and is not asked now; it may be in this time.
  case circuitOpen(retryIn: Duration)
}

/// The rule of one operation.
package struct RetryMachine: Sendable {
  /// What happened.
  package enum Event: Equatable, Sendable {
    case begun(at: MonotonicTime)
    case succeeded
    /// The attempt failed; `random` decides the delay.
    case failed(FailureClass, at: MonotonicTime, random: UInt64)
    case waited
    case refreshed(ok: Bool)
    case cancelled
  }

  /// What to do now.
  package enum Action: Equatable, Sendable {
    /// Try, for the time of this number; the first is 1.
    case attempt(Int)
    case wait(Duration)
    case refresh
    case giveUp(GiveUpReason)
    case done
  }

  private enum State {
    case idle, trying, waiting, refreshing, over
  }

  private let policy: RetryPolicy
  private var state = State.idle
  private var begunAt = MonotonicTime(nanoseconds: 0)
  private var hasRefreshed = false
  private var delays = 0

  /// How many attempts were begun.
  package private(set) var attempts = 0

  package init(_ policy: RetryPolicy) {
    precondition(policy.attemptsMax > 0, "an operation is tried at least once")
    self.policy = policy
  }

  /// Takes in what happened and says what to do.
  package mutating func handle(_ event: Event) -> Action {
    switch (state, event) {
    case (.idle, .begun(let now)):
      begunAt = now
      return attempt()
    case (.trying, .succeeded):
      state = .over
      return .done
    case (.trying, .failed(let failure, let now, let random)):
      return next(after: failure, now, random)
    case (.waiting, .waited), (.refreshing, .refreshed(ok: true)):
      return attempt()
    case (.refreshing, .refreshed(ok: false)):
      return giveUp(.authRefused)
    case (.idle, .cancelled), (.trying, .cancelled), (.waiting, .cancelled),
      (.refreshing, .cancelled):
      return giveUp(.cancelled)
    default:
      preconditionFailure("\(event) cannot happen while \(state)")
    }
  }

  private mutating func next(
    after failure: FailureClass, _ now: MonotonicTime, _ random: UInt64
  ) -> Action {
    if failure == .permanent { return giveUp(.permanent) }
    if failure == .authExpired && hasRefreshed { return giveUp(.authRefused) }
    if attempts >= policy.attemptsMax { return giveUp(.attemptsSpent) }
    switch failure {
    case .authExpired:
      if now - begunAt > policy.elapsedMax { return giveUp(.timeSpent) }
      hasRefreshed = true
      state = .refreshing
      return .refresh
    case .transient(let retryAfter):
      return wait(policy.firstDelayMax, atLeast: retryAfter, now, random)
    case .throttled(let retryAfter):
      return wait(policy.firstThrottledDelayMax, atLeast: retryAfter, now, random)
    case .permanent:
      return giveUp(.permanent)
    }
  }

  private mutating func wait(
    _ first: Duration, atLeast retryAfter: Duration?, _ now: MonotonicTime, _ random: UInt64
  ) -> Action {
    // The shift is bounded because a bound of the delay is reached long before 2^16.
    let bound = min(policy.delayMax, first * (1 << min(delays, 16)))
    let drawn = fraction(of: bound, random)
    let delay = retryAfter.map { max($0, .zero) + drawn } ?? drawn
    guard now - begunAt + delay <= policy.elapsedMax else { return giveUp(.timeSpent) }
    delays += 1
    state = .waiting
    return .wait(delay)
  }

  private mutating func attempt() -> Action {
    attempts += 1
    state = .trying
    return .attempt(attempts)
  }

  private mutating func giveUp(_ reason: GiveUpReason) -> Action {
    state = .over
    return .giveUp(reason)
  }
}

/// A duration from zero up to, but never as long as, `bound`; each as likely as any other.
private func fraction(of bound: Duration, _ random: UInt64) -> Duration {
  let nanoseconds = UInt64(max(bound, .zero).wholeNanoseconds)
  return .nanoseconds(Int64(nanoseconds.multipliedFullWidth(by: random).high))
}
