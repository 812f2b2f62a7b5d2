// The runner of the machine: it asks the clock, draws the randomness, waits and tries. It blocks,
// so it runs where blocking is allowed.

package import Ambient

/// What is told of every failure that is followed by another attempt.
package struct RetryNote<Failure: Error>: Sendable {
  /// Which attempt failed; the first is 1.
  package let attempt: Int
  package let failure: Failure
  /// How long it waits before the next; nil when credentials are refreshed instead.
  package let delay: Duration?
}

/// Why an operation failed after all that could be done.
package struct RetryFailure<Failure: Error>: Error {
  package let reason: GiveUpReason
  /// How the last attempt failed; nil when none was made.
  package let last: Failure?
  package let attempts: Int
  package let elapsed: Duration

  package init(reason: GiveUpReason, last: Failure?, attempts: Int, elapsed: Duration) {
    self.reason = reason
    self.last = last
    self.attempts = attempts
    self.elapsed = elapsed
  }
}

extension RetryFailure: Equatable where Failure: Equatable {}

extension RetryFailure: CustomStringConvertible {
  package var description: String {
    let cause = last.map { ": \($0)" } ?? ""
    let tries = attempts == 1 ? "1 attempt" : "\(attempts) attempts"
    return switch reason {
    case .permanent: last.map { "\($0)" } ?? "it cannot succeed"
    case .attemptsSpent: "gave up after \(tries)\(cause)"
    case .timeSpent: "gave up after \(tries), for there is no time for another\(cause)"
    case .authRefused: "the credentials are refused even when refreshed\(cause)"
    case .cancelled: "it was cancelled after \(tries)\(cause)"
    case .circuitOpen(let time):
      "the backend failed too often and is asked again in \(time.components.seconds) s\(cause)"
    }
  }
}

/// Runs operations under one policy.
package struct Retries: Sendable {
  package let policy: RetryPolicy
  private let clock: MonotonicClock
  private let entropy: Entropy
  private let pause: Pause

  package init(
    _ policy: RetryPolicy = RetryPolicy(), clock: MonotonicClock, entropy: Entropy, pause: Pause
  ) {
    self.policy = policy
    self.clock = clock
    self.entropy = entropy
    self.pause = pause
  }

  /// Tries until it goes well, `classify` says that it cannot, or the budget is spent.
  ///
  /// The circuit, if there is one, is asked before every attempt and told of its result. A raised
  /// cancellation ends it before the next attempt and cuts a wait short; an attempt in progress
  /// looks at it itself.
  package func run<Result, Failure: Error>(
    cancellation: Cancellation? = nil, circuit: Circuit? = nil,
    classify: (Failure) -> FailureClass,
    refresh: () -> Bool = { false },
    note: (RetryNote<Failure>) -> Void = { _ in },
    attempt: (_ number: Int) throws(Failure) -> Result
  ) throws(RetryFailure<Failure>) -> Result {
    var machine = RetryMachine(policy)
    let begun = clock.now()
    var last: Failure?
    var action = machine.handle(.begun(at: begun))

    func failure(_ reason: GiveUpReason, attempts: Int) -> RetryFailure<Failure> {
      RetryFailure(reason: reason, last: last, attempts: attempts, elapsed: clock.now() - begun)
    }

    while true {
      switch action {
      case .attempt(let number):
        if cancellation?.isCancelled == true { throw failure(.cancelled, attempts: number - 1) }
        let permit: Circuit.Permit?
        switch circuit?.admit() {
        case .refused(let time):
          throw failure(.circuitOpen(retryIn: time), attempts: number - 1)
        case .admitted(let admitted): permit = consume admitted
        case nil: permit = nil
        }
        do throws(Failure) {
          let result = try attempt(number)
          permit?.answered()
          return result
        } catch {
          last = error
          let kind = classify(error)
          if case .transient = kind { permit?.failed("\(error)") } else { permit?.answered() }
          let event = RetryMachine.Event.failed(kind, at: clock.now(), random: entropy.word())
          action = machine.handle(event)
          switch action {
          case .wait(let delay): note(RetryNote(attempt: number, failure: error, delay: delay))
          case .refresh: note(RetryNote(attempt: number, failure: error, delay: nil))
          default: break
          }
        }
      case .wait(let delay):
        let waited = pause.wait(delay, cancellation)
        action = machine.handle(waited ? .waited : .cancelled)
      case .refresh:
        action = machine.handle(.refreshed(ok: refresh()))
      case .giveUp(let reason):
        throw failure(reason, attempts: machine.attempts)
      case .done:
        preconditionFailure("a result returns at once")
      }
    }
  }
}
