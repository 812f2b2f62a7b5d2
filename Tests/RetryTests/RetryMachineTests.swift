// The rule as conversations: what happened, what to do.

import Ambient
import Retry
import Testing

@Suite struct RetryMachineTests {
  /// As high a draw as there is, and the middle of all draws.
  private let most = UInt64.max
  private let half = UInt64(1) << 63

  private func at(_ seconds: Double) -> MonotonicTime {
    MonotonicTime(nanoseconds: Int64(seconds * 1e9))
  }

  @Test func `what goes well at once is tried once`() {
    var machine = RetryMachine(RetryPolicy())
    #expect(machine.handle(.begun(at: at(0))) == .attempt(1))
    #expect(machine.handle(.succeeded) == .done)
    #expect(machine.attempts == 1)
  }

  @Test func `a transient failure is tried again three times, each delay drawn from twice as much`()
  {
    var machine = RetryMachine(RetryPolicy())
    #expect(machine.handle(.begun(at: at(0))) == .attempt(1))
    for (number, milliseconds) in [(2, 100), (3, 200), (4, 400)] {
      let action = machine.handle(.failed(.transient(), at: at(0.1), random: half))
      #expect(action == .wait(.milliseconds(milliseconds)))
      #expect(machine.handle(.waited) == .attempt(number))
    }
    #expect(
      machine.handle(.failed(.transient(), at: at(1), random: half)) == .giveUp(.attemptsSpent))
    #expect(machine.attempts == 4)
  }

  @Test func `no delay is drawn above its bound`() {
    var policy = RetryPolicy()
    policy.attemptsMax = 50
    policy.elapsedMax = .seconds(1_000)
    var machine = RetryMachine(policy)
    var action = machine.handle(.begun(at: at(0)))
    var last = Duration.zero
    for _ in 1..<50 {
      action = machine.handle(.failed(.transient(), at: at(0), random: most))
      guard case .wait(let delay) = action else { break }
      #expect(delay >= last)
      #expect(delay < policy.delayMax)
      last = delay
      action = machine.handle(.waited)
    }
    #expect(action == .attempt(50))
    #expect(last > .seconds(7))
  }

  @Test func `a server that is throttling is left alone for longer`() {
    var machine = RetryMachine(RetryPolicy())
    _ = machine.handle(.begun(at: at(0)))
    let action = machine.handle(.failed(.throttled(), at: at(0), random: half))
    #expect(action == .wait(.milliseconds(500)))
  }

  @Test(
    arguments: [.transient(retryAfter: .seconds(5)), .throttled(retryAfter: .seconds(5))]
      as [FailureClass])
  func `a time that the server names is waited for, and not by all at once`(_ failure: FailureClass)
  {
    for random in [0, half, most] {
      var machine = RetryMachine(RetryPolicy())
      _ = machine.handle(.begun(at: at(0)))
      guard case .wait(let delay) = machine.handle(.failed(failure, at: at(0), random: random))
      else {
        Issue.record("it did not wait")
        continue
      }
      #expect(delay >= .seconds(5))
      #expect(delay < .seconds(6))
      #expect((delay > .seconds(5)) == (random > 0))
    }
  }

  @Test func `a time that outlasts the budget is not waited for`() {
    var machine = RetryMachine(RetryPolicy())
    _ = machine.handle(.begun(at: at(0)))
    let failure = FailureClass.throttled(retryAfter: .seconds(31))
    #expect(machine.handle(.failed(failure, at: at(0), random: 0)) == .giveUp(.timeSpent))
  }

  @Test func `the budget of time counts from the beginning`() {
    for (now, expected) in [
      (109.9, RetryMachine.Action.wait(.milliseconds(100))), (129.9, .wait(.milliseconds(100))),
      (129.95, .giveUp(.timeSpent)), (200, .giveUp(.timeSpent)),
    ] {
      var machine = RetryMachine(RetryPolicy())
      _ = machine.handle(.begun(at: at(100)))
      #expect(machine.handle(.failed(.transient(), at: at(now), random: half)) == expected)
    }
  }

  @Test func `what is permanent is not tried again`() {
    var machine = RetryMachine(RetryPolicy())
    _ = machine.handle(.begun(at: at(0)))
    #expect(machine.handle(.failed(.permanent, at: at(0), random: 0)) == .giveUp(.permanent))
  }

  @Test func `credentials are refreshed once, without a wait`() {
    var machine = RetryMachine(RetryPolicy())
    _ = machine.handle(.begun(at: at(0)))
    #expect(machine.handle(.failed(.authExpired, at: at(0), random: 0)) == .refresh)
    #expect(machine.handle(.refreshed(ok: true)) == .attempt(2))
    #expect(
      machine.handle(.failed(.transient(), at: at(0), random: half))
        == .wait(.milliseconds(100)))
    #expect(machine.handle(.waited) == .attempt(3))
    #expect(machine.handle(.failed(.authExpired, at: at(0), random: 0)) == .giveUp(.authRefused))
  }

  @Test func `credentials that cannot be refreshed end it`() {
    var machine = RetryMachine(RetryPolicy())
    _ = machine.handle(.begun(at: at(0)))
    _ = machine.handle(.failed(.authExpired, at: at(0), random: 0))
    #expect(machine.handle(.refreshed(ok: false)) == .giveUp(.authRefused))
  }

  @Test func `a policy of one attempt neither waits nor refreshes`() {
    for failure in [.transient(), .throttled(), .authExpired] as [FailureClass] {
      var machine = RetryMachine(.once)
      _ = machine.handle(.begun(at: at(0)))
      #expect(machine.handle(.failed(failure, at: at(0), random: 0)) == .giveUp(.attemptsSpent))
    }
  }

  @Test func `a cancelled wait ends it`() {
    var machine = RetryMachine(RetryPolicy())
    _ = machine.handle(.begun(at: at(0)))
    _ = machine.handle(.failed(.transient(), at: at(0), random: half))
    #expect(machine.handle(.cancelled) == .giveUp(.cancelled))
  }

  @Test func `what cannot have happened is a wrong program`() async {
    await #expect(processExitsWith: .failure) {
      var machine = RetryMachine(RetryPolicy())
      _ = machine.handle(.waited)
    }
  }

  @Test func `delays are spread over the whole of their range`() {
    var generator = SeededGenerator(seed: 17)
    var tenths = [Int](repeating: 0, count: 10)
    for _ in 0..<10_000 {
      var machine = RetryMachine(RetryPolicy())
      _ = machine.handle(.begun(at: at(0)))
      let action = machine.handle(.failed(.transient(), at: at(0), random: generator.next()))
      guard case .wait(let delay) = action else { continue }
      tenths[Int(delay.wholeNanoseconds / 20_000_000)] += 1
    }
    #expect(tenths.reduce(0, +) == 10_000)
    // A thousand are expected in each; 150 more or less is five standard deviations.
    #expect(tenths.allSatisfy { (850...1_150).contains($0) }, "\(tenths)")
  }
}
