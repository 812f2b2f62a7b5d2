// How a backend is doing, for whoever looks: whether it answered the last time it was asked, since when
// not and why, how long its calls take now, and how much was asked of it at all. It is kept as calls
// come, so that looking costs nothing and asks nobody.

package import Ambient
package import Retry
internal import Synchronization
package import Telemetry

/// A backend at one moment.
package struct BackendStanding: Equatable, Sendable {
  /// What it last said.
  package enum Condition: Equatable, Sendable {
    /// Nothing was asked of it yet.
    case unknown
    case up
    /// It does not answer, or fails on its own account.
    case down(reason: String, since: WallTime)
    /// It answers, and refuses who we are.
    case refusing(reason: String, since: WallTime)
  }

  package var name: String
  package var condition: Condition
  /// How its circuit stands.
  package var circuit: CircuitSnapshot
  /// What half of its last calls, and all but one in a hundred, took at most; nil before the first.
  package var latency: RecentDurations.Summary?
  /// Operations, attempts that failed, and attempts after a first one, since the process began.
  package var calls: UInt64
  package var failures: UInt64
  package var retries: UInt64
  /// When it last answered, whatever it said.
  package var lastAnswer: WallTime?
}

/// What is kept of a backend's calls.
final class BackendRecord: Sendable {
  private struct State {
    var calls: UInt64 = 0
    var failures: UInt64 = 0
    var retries: UInt64 = 0
    var lastAnswer: WallTime?
    /// What is wrong with it, if anything is.
    var fault: Fault?
  }

  private struct Fault {
    let isRefusal: Bool
    var reason: String
    let since: WallTime
  }

  private let state = Mutex(State())
  private let durations = RecentDurations()

  /// Takes the end of one operation in: nil for one that went well.
  func note(_ error: StorageError?, retries: Int, took duration: Duration, at now: WallTime) {
    let meaning = error.map(\.meaning) ?? .answer
    // What the circuit refused was asked of nobody, and took no time that says anything.
    if meaning == .nothing || error?.isOfCircuit == true { return }
    durations.add(duration)
    state.withLock { (state: inout State) in
      state.calls += 1
      state.retries += UInt64(retries)
      state.failures += UInt64(retries) + (meaning == .answer ? 0 : 1)
      switch meaning {
      case .nothing: break
      case .answer:
        state.lastAnswer = now
        state.fault = nil
      case .refusal, .failure:
        let isRefusal = meaning == .refusal
        if isRefusal { state.lastAnswer = now }
        let since = state.fault.flatMap { $0.isRefusal == isRefusal ? $0.since : nil } ?? now
        state.fault = Fault(isRefusal: isRefusal, reason: error?.cause ?? "", since: since)
      }
    }
  }

  func standing(_ name: String, _ circuit: CircuitSnapshot) -> BackendStanding {
    let state = state.withLock { $0 }
    let condition: BackendStanding.Condition
    // The circuit knows of attempts whose operation has not ended yet.
    if circuit.state != .closed {
      condition = .down(
        reason: circuit.reason ?? state.fault?.reason ?? "it does not answer", since: circuit.since)
    } else if let fault = state.fault {
      condition =
        fault.isRefusal
        ? .refusing(reason: fault.reason, since: fault.since)
        : .down(reason: fault.reason, since: fault.since)
    } else {
      condition = state.calls == 0 ? .unknown : .up
    }
    return BackendStanding(
      name: name, condition: condition, circuit: circuit,
      latency: durations.summary,
      calls: state.calls, failures: state.failures, retries: state.retries,
      lastAnswer: state.lastAnswer)
  }
}

extension StorageError {
  /// What an error says of the backend.
  fileprivate enum Meaning {
    /// It works; the error is about what was asked.
    case answer
    case refusal
    case failure
    /// It was not asked to the end.
    case nothing
  }

  fileprivate var meaning: Meaning {
    switch kind {
    case .denied, .expiredCredentials, .clockSkew: .refusal
    case .unavailable, .throttled, .circuitOpen, .diskFull, .misconfigured: .failure
    case .cancelled, .source, .sink: .nothing
    case .invalidKey, .badMetadata, .absent, .alreadyExists, .preconditionFailed, .occupied,
      .escapes, .integrity, .tooLarge, .unsupported:
      .answer
    }
  }

  /// Whether the backend was not even asked.
  fileprivate var isOfCircuit: Bool {
    if case .circuitOpen = self { true } else { false }
  }

  /// The failure itself, without how often it was tried.
  fileprivate var cause: String {
    switch self {
    case .gaveUp(_, let last): last.cause
    case .circuitOpen(_, _, let last?): last.cause
    default: "\(self)"
    }
  }
}
