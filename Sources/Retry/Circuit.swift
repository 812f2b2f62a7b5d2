// What keeps a dead backend from being asked by everyone all the time.
//
//            failuresMax in a row                    coolDown passed, one asks
//   closed ────────────────────────▶ open ◀───────────────────────▶ probing
//     ▲                                     the probe fails: the cool-down doubles    │
//     └──────────────── anything is answered ──────────────────────────┘
//
// While it is open everyone is refused at once; while it is probing, everyone but the prober. A
// backend that answers at all is alive: a refusal or an absent object closes it as a success does.
// The machine is a value and takes the time in; `Circuit` is the lock around it.

package import Ambient
import Synchronization

/// When a circuit opens, and for how long.
package struct CircuitPolicy: Equatable, Sendable {
  /// So many failures in a row open it.
  package var failuresMax = 5
  /// How long it stays open the first time; each failed probe doubles that.
  package var coolDown = Duration.seconds(1)
  /// What the cool-down does not exceed.
  package var coolDownMax = Duration.seconds(60)

  package init() {}
}

/// How a circuit stands.
package enum CircuitState: Equatable, Sendable {
  case closed
  /// Nobody asks the backend.
  case open
  /// One asks, and the others wait for the answer.
  case probing
}

/// A circuit as the console shows it.
package struct CircuitSnapshot: Equatable, Sendable {
  package let state: CircuitState
  /// Since when it is closed, or since when it is not.
  package let since: WallTime
  /// Failures in a row.
  package let failures: Int
  /// How often it has opened.
  package let openings: Int
  /// When the next probe may begin; nil unless it is open.
  package let nextProbeIn: Duration?
  /// What the last failure said; nil when there was none since it was closed.
  package let reason: String?

  package init(
    state: CircuitState, since: WallTime, failures: Int, openings: Int, nextProbeIn: Duration?,
    reason: String?
  ) {
    self.state = state
    self.since = since
    self.failures = failures
    self.openings = openings
    self.nextProbeIn = nextProbeIn
    self.reason = reason
  }
}

/// The circuit of one backend, shared by all who ask it.
package final class Circuit: Sendable {
  /// The name of the backend.
  package let name: String
  private let clock: MonotonicClock
  package let wall: WallClock
  private let changed: @Sendable (CircuitSnapshot) -> Void
  private let machine: Mutex<CircuitMachine>

  /// `changed` is told, outside of any lock, whenever the state has changed.
  package init(
    _ name: String, _ policy: CircuitPolicy = CircuitPolicy(), clock: MonotonicClock,
    wall: WallClock, changed: @escaping @Sendable (CircuitSnapshot) -> Void = { _ in }
  ) {
    self.name = name
    self.clock = clock
    self.wall = wall
    self.changed = changed
    machine = Mutex(CircuitMachine(policy, since: wall.now()))
  }

  /// The answer to who wants to ask the backend.
  package enum Admission: ~Copyable {
    case admitted(Permit)
    /// Not now; perhaps in this time.
    case refused(retryIn: Duration)
  }

  /// The right to ask the backend once. Letting go of it without a report counts as neither.
  package struct Permit: ~Copyable {
    private let circuit: Circuit
    private let isProbe: Bool
    private var report = CircuitMachine.Report.abandoned

    fileprivate init(_ circuit: Circuit, isProbe: Bool) {
      self.circuit = circuit
      self.isProbe = isProbe
    }

    deinit {
      circuit.take(report, isProbe: isProbe)
    }

    /// The backend answered, whatever it said.
    package consuming func answered() {
      report = .answered
    }

    /// The backend did not answer, or failed; the reason is for the console.
    package consuming func failed(_ reason: String) {
      report = .failed(reason)
    }
  }

  /// Asks for the right to ask the backend once.
  package func admit() -> Admission {
    let (now, time) = (clock.now(), wall.now())
    let (decision, news) = machine.withLock { (machine: inout CircuitMachine) in
      let before = machine.state
      let decision = machine.admit(at: now, time)
      return (decision, machine.state == before ? nil : machine.snapshot(at: now))
    }
    if let news { changed(news) }
    return switch decision {
    case .asUsual: .admitted(Permit(self, isProbe: false))
    case .asProbe: .admitted(Permit(self, isProbe: true))
    case .refused(let time): .refused(retryIn: time)
    }
  }

  /// How it stands now.
  package var snapshot: CircuitSnapshot {
    let now = clock.now()
    return machine.withLock { $0.snapshot(at: now) }
  }

  private func take(_ report: CircuitMachine.Report, isProbe: Bool) {
    let (now, time) = (clock.now(), wall.now())
    let news = machine.withLock { (machine: inout CircuitMachine) in
      let before = machine.state
      machine.take(report, isProbe: isProbe, at: now, time)
      return machine.state == before ? nil : machine.snapshot(at: now)
    }
    if let news { changed(news) }
  }
}

/// The rule of a circuit.
struct CircuitMachine: Sendable {
  enum Decision: Equatable {
    case asUsual
    case asProbe
    case refused(retryIn: Duration)
  }

  enum Report: Equatable {
    case answered
    case failed(String)
    case abandoned
  }

  private let policy: CircuitPolicy
  private(set) var state = CircuitState.closed
  private var since: WallTime
  private var failures = 0
  private var openings = 0
  private var coolDown: Duration
  private var openUntil = MonotonicTime(nanoseconds: 0)
  private var reason: String?

  init(_ policy: CircuitPolicy, since: WallTime) {
    precondition(policy.failuresMax > 0, "a circuit opens after a failure, not before")
    self.policy = policy
    self.since = since
    coolDown = policy.coolDown
  }

  mutating func admit(at now: MonotonicTime, _ time: WallTime) -> Decision {
    switch state {
    case .closed:
      return .asUsual
    case .open where now >= openUntil:
      enter(.probing, time)
      return .asProbe
    case .open:
      return .refused(retryIn: openUntil - now)
    case .probing:
      return .refused(retryIn: coolDown)
    }
  }

  mutating func take(
    _ report: Report, isProbe: Bool, at now: MonotonicTime, _ time: WallTime
  ) {
    switch report {
    case .answered:
      failures = 0
      reason = nil
      coolDown = policy.coolDown
      if state != .closed { enter(.closed, time) }
    case .failed(let text):
      failures += 1
      reason = text
      if isProbe {
        coolDown = min(coolDown * 2, policy.coolDownMax)
        open(at: now, time)
      } else if state == .closed && failures >= policy.failuresMax {
        open(at: now, time)
      }
    case .abandoned:
      // The next to come may probe in its stead.
      if isProbe {
        openUntil = now
        enter(.open, time)
      }
    }
  }

  func snapshot(at now: MonotonicTime) -> CircuitSnapshot {
    CircuitSnapshot(
      state: state, since: since, failures: failures, openings: openings,
      nextProbeIn: state == .open ? max(openUntil - now, .zero) : nil, reason: reason)
  }

  private mutating func open(at now: MonotonicTime, _ time: WallTime) {
    if state == .closed { openings += 1 }
    openUntil = now + coolDown
    enter(.open, time)
  }

  private mutating func enter(_ next: CircuitState, _ time: WallTime) {
    // For whoever looks, a circuit that probes and fails has been open all the time.
    if state == .closed || next == .closed { since = time }
    state = next
  }
}
