// How a backend is said to be doing, from what its calls came to.

import Ambient
import Retry
import Telemetry
import Testing

@testable import ColdStorage

@Suite struct BackendStandingTests {
  private let clock = ManualClock()

  private func backend() throws -> Backend {
    var policy = RetryPolicy()
    policy.attemptsMax = 2
    return Backend(
      "primary",
      retries: Retries(
        policy, clock: clock.monotonic, entropy: .seeded(1), pause: .advancing(clock)),
      circuit: Circuit("primary", clock: clock.monotonic, wall: clock.wall),
      metrics: try StorageMetrics(MetricRegistry()), log: Log(room: "storage", to: .none),
      clock: clock.monotonic)
  }

  /// Makes one call that fails so, or goes well.
  private func call(_ backend: Backend, _ error: StorageError?) {
    do throws(StorageError) {
      try backend.perform(.head, nil, cancellation: nil) { (attempts) throws(StorageError) in
        try attempts.run { (_) throws(StorageError) in
          clock.advance(by: .milliseconds(20))
          if let error { throw error }
        }
      }
    } catch {
      // What it said is looked at in its standing.
    }
  }

  @Test func `nothing is known before the first call, and then that it answers`() throws {
    let backend = try backend()
    #expect(backend.standing.condition == .unknown && backend.standing.latency == nil)
    call(backend, nil)
    #expect(backend.standing.condition == .up)
    #expect(backend.standing.calls == 1 && backend.standing.failures == 0)
    #expect(backend.standing.latency?.p50 == .milliseconds(20))
    #expect(backend.standing.lastAnswer == clock.wall.now())
  }

  @Test func `an object that is absent is an answer`() throws {
    let backend = try backend()
    call(backend, .absent(try ObjectKey(bytes: Array("a".utf8))))
    #expect(backend.standing.condition == .up && backend.standing.failures == 0)
  }

  @Test func `a backend that fails is down since the first failure, and up with the next answer`()
    throws
  {
    let backend = try backend()
    call(backend, nil)
    let answered = backend.standing.lastAnswer
    let gone = StorageError.unavailable(store: "primary", detail: "no route", retryAfter: nil)
    call(backend, gone)
    let since = clock.wall.now()
    #expect(backend.standing.condition == .down(reason: "\(gone)", since: since))
    #expect(backend.standing.failures == 2 && backend.standing.retries == 1)
    clock.advance(by: .seconds(100))
    call(backend, gone)
    #expect(backend.standing.condition == .down(reason: "\(gone)", since: since))
    #expect(backend.standing.lastAnswer == answered)
    call(backend, nil)
    #expect(backend.standing.condition == .up)
  }

  @Test func `a backend that denies access answers, and refuses us`() throws {
    let backend = try backend()
    let denied = StorageError.denied(store: "primary", detail: "it answered 403")
    call(backend, denied)
    #expect(
      backend.standing.condition == .refusing(reason: "\(denied)", since: clock.wall.now()))
    #expect(backend.standing.lastAnswer == clock.wall.now())
  }

  @Test func `an open circuit is a backend that is down`() throws {
    let backend = try backend()
    let gone = StorageError.unavailable(store: "primary", detail: "no route", retryAfter: nil)
    for _ in 0..<5 { call(backend, gone) }
    #expect(backend.standing.circuit.state == .open)
    guard case .down(let reason, _) = backend.standing.condition else {
      Issue.record("it is down")
      return
    }
    #expect(reason == "\(gone)")
  }

  @Test func `a call that nobody waited for says nothing`() throws {
    let backend = try backend()
    call(backend, .cancelled)
    #expect(backend.standing.condition == .unknown && backend.standing.calls == 0)
  }
}
