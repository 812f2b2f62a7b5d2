// A circuit opens, lets one through, and closes or opens again; whoever looks sees since when.

import Ambient
import Retry
import Synchronization
import Testing

@Suite struct CircuitTests {
  private let clock = ManualClock()

  private func circuit(
    _ policy: CircuitPolicy = CircuitPolicy(),
    changed: @escaping @Sendable (CircuitSnapshot) -> Void = { _ in }
  ) -> Circuit {
    Circuit("primary", policy, clock: clock.monotonic, wall: clock.wall, changed: changed)
  }

  private enum Answer: Equatable {
    case admitted
    case refused(retryIn: Duration)
  }

  /// Asks once, and reports a failure when let through.
  private func fail(_ circuit: Circuit) -> Answer {
    switch circuit.admit() {
    case .admitted(let permit):
      permit.failed("no route")
      return .admitted
    case .refused(let time): return .refused(retryIn: time)
    }
  }

  /// Asks once, and reports an answer when let through.
  private func succeed(_ circuit: Circuit) -> Answer {
    switch circuit.admit() {
    case .admitted(let permit):
      permit.answered()
      return .admitted
    case .refused(let time): return .refused(retryIn: time)
    }
  }

  @Test func `five failures in a row open it, and it says since when and why`() {
    let circuit = circuit()
    let made = clock.wall.now()
    for _ in 0..<4 { #expect(fail(circuit) == .admitted) }
    #expect(circuit.snapshot.state == .closed)
    #expect(circuit.snapshot.since == made)
    clock.advance(by: .seconds(9))
    #expect(fail(circuit) == .admitted)
    #expect(
      circuit.snapshot
        == CircuitSnapshot(
          state: .open, since: made + .seconds(9), failures: 5, openings: 1,
          nextProbeIn: .seconds(1), reason: "no route"))
    #expect(fail(circuit) == .refused(retryIn: .seconds(1)))
  }

  @Test func `an answer in between begins the count anew`() {
    let circuit = circuit()
    for _ in 0..<10 {
      for _ in 0..<4 { #expect(fail(circuit) == .admitted) }
      #expect(succeed(circuit) == .admitted)
    }
    #expect(circuit.snapshot.state == .closed)
    #expect(circuit.snapshot.reason == nil)
  }

  @Test func `after the cool-down one probes while the others are refused`() {
    let circuit = circuit()
    for _ in 0..<5 { _ = fail(circuit) }
    clock.advance(by: .seconds(1))
    switch circuit.admit() {
    case .refused: Issue.record("nobody may probe")
    case .admitted(let probe):
      #expect(circuit.snapshot.state == .probing)
      #expect(fail(circuit) == .refused(retryIn: .seconds(1)))
      #expect(fail(circuit) == .refused(retryIn: .seconds(1)))
      probe.answered()
    }
    #expect(circuit.snapshot.state == .closed)
    #expect(circuit.snapshot.failures == 0)
    #expect(circuit.snapshot.since == clock.wall.now())
  }

  @Test func `each failed probe doubles the cool-down, up to a minute`() {
    let circuit = circuit()
    let opened = clock.wall.now()
    for _ in 0..<5 { _ = fail(circuit) }
    var waits: [Duration] = []
    for _ in 0..<8 {
      guard let wait = circuit.snapshot.nextProbeIn else { break }
      clock.advance(by: wait - .nanoseconds(1))
      #expect(fail(circuit) == .refused(retryIn: .nanoseconds(1)))
      clock.advance(by: .nanoseconds(1))
      #expect(fail(circuit) == .admitted)
      waits.append(circuit.snapshot.nextProbeIn ?? .zero)
    }
    #expect(waits == [2, 4, 8, 16, 32, 60, 60, 60].map { .seconds($0) })
    // It was open all the time, and opened once.
    #expect(circuit.snapshot.since == opened)
    #expect(circuit.snapshot.openings == 1)

    clock.advance(by: .seconds(60))
    #expect(succeed(circuit) == .admitted)
    for _ in 0..<5 { _ = fail(circuit) }
    #expect(circuit.snapshot.nextProbeIn == .seconds(1))
    #expect(circuit.snapshot.openings == 2)
  }

  @Test func `a probe that is never reported leaves the next one to another`() {
    let circuit = circuit()
    for _ in 0..<5 { _ = fail(circuit) }
    clock.advance(by: .seconds(1))
    do { _ = circuit.admit() }
    #expect(circuit.snapshot.state == .open)
    #expect(succeed(circuit) == .admitted)
    #expect(circuit.snapshot.state == .closed)
  }

  @Test func `a late failure changes nothing, a late answer closes`() {
    let circuit = circuit()
    // Two set out while it was closed.
    guard case .admitted(let slow) = circuit.admit() else {
      Issue.record("it was closed")
      return
    }
    guard case .admitted(let slower) = circuit.admit() else {
      Issue.record("it was closed")
      return
    }
    for _ in 0..<5 { _ = fail(circuit) }
    clock.advance(by: .milliseconds(400))
    slow.failed("late")
    #expect(circuit.snapshot.nextProbeIn == .milliseconds(600))
    slower.answered()
    #expect(circuit.snapshot.state == .closed)
  }

  @Test func `every change is told once`() {
    let told = Told()
    let circuit = circuit { snapshot in told.states.withLock { $0.append(snapshot.state) } }
    for _ in 0..<7 { _ = fail(circuit) }
    clock.advance(by: .seconds(1))
    _ = fail(circuit)
    clock.advance(by: .seconds(2))
    _ = succeed(circuit)
    _ = succeed(circuit)
    #expect(told.states.withLock { $0 } == [.open, .probing, .open, .probing, .closed])
  }

  @Test func `of many who ask at once, one probes`() {
    let circuit = circuit()
    for _ in 0..<5 { _ = fail(circuit) }
    clock.advance(by: .seconds(1))
    let probes = Mutex(0)
    let ready = Monitor(0)
    Worker.each(8, named: "asker") { _ in
      let admission = circuit.admit()
      // Nobody reports before everyone has asked.
      ready.change { $0 += 1 }
      _ = ready.wait { $0 == 8 ? true : nil }
      switch consume admission {
      case .admitted(let permit):
        probes.withLock { $0 += 1 }
        permit.failed("still dead")
      case .refused: break
      }
    }
    #expect(probes.withLock { $0 } == 1)
  }
}

private final class Told: Sendable {
  let states = Mutex<[CircuitState]>([])
}
