// The runner on a clock that moves only when it waits.

import Ambient
import Retry
import Testing

@Suite struct RetriesTests {
  private enum Failure: Error, Equatable, CustomStringConvertible {
    case reset, slowDown, expired, absent

    var description: String {
      switch self {
      case .reset: "the connection was reset"
      case .slowDown: "slow down"
      case .expired: "the token is too old"
      case .absent: "there is no such object"
      }
    }

    static func classify(_ failure: Failure) -> FailureClass {
      switch failure {
      case .reset: .transient()
      case .slowDown: .throttled(retryAfter: .seconds(3))
      case .expired: .authExpired
      case .absent: .permanent
      }
    }
  }

  private let clock = ManualClock()

  private func retries(seed: UInt64 = 1) -> Retries {
    Retries(clock: clock.monotonic, entropy: .seeded(seed), pause: .advancing(clock))
  }

  /// An operation that fails in these ways and then goes well.
  private func run(
    _ failures: [Failure], seed: UInt64 = 1, cancellation: Cancellation? = nil,
    circuit: Circuit? = nil, refresh: () -> Bool = { true },
    note: (RetryNote<Failure>) -> Void = { _ in }
  ) throws(RetryFailure<Failure>) -> Int {
    try retries(seed: seed).run(
      cancellation: cancellation, circuit: circuit, classify: Failure.classify, refresh: refresh,
      note: note
    ) { (number) throws(Failure) in
      if number <= failures.count { throw failures[number - 1] }
      return number
    }
  }

  @Test func `an operation is tried until it goes well, and each failure is told`() throws {
    let begun = clock.monotonic.now()
    var notes: [RetryNote<Failure>] = []
    #expect(try run([.reset, .slowDown, .reset], note: { notes.append($0) }) == 4)
    #expect(notes.map(\.attempt) == [1, 2, 3])
    #expect(notes.map(\.failure) == [.reset, .slowDown, .reset])
    let waited = notes.reduce(Duration.zero) { $0 + ($1.delay ?? .zero) }
    #expect(clock.monotonic.now() - begun == waited)
    #expect(waited >= .seconds(3))
  }

  @Test func `the same seed waits the same, another one differently`() throws {
    func delays(seed: UInt64) throws -> [Duration?] {
      var delays: [Duration?] = []
      _ = try run([.reset, .reset, .reset], seed: seed, note: { delays.append($0.delay) })
      return delays
    }
    #expect(try delays(seed: 5) == delays(seed: 5))
    #expect(try delays(seed: 5) != delays(seed: 6))
  }

  @Test func `the last failure is what is told in the end`() {
    let error = #expect(throws: RetryFailure<Failure>.self) {
      try run([.slowDown, .reset, .reset, .reset])
    }
    #expect(error?.reason == .attemptsSpent)
    #expect(error?.last == .reset)
    #expect(error?.attempts == 4)
    #expect((error?.elapsed ?? .zero) >= .seconds(3))
    #expect(error?.description == "gave up after 4 attempts: the connection was reset")
  }

  @Test func `what is permanent is told as it is`() {
    let error = #expect(throws: RetryFailure<Failure>.self) { try run([.absent]) }
    #expect(error?.reason == .permanent)
    #expect(error?.attempts == 1)
    #expect(error?.description == "there is no such object")
  }

  @Test func `old credentials are refreshed between two attempts`() throws {
    var refreshed = 0
    var notes: [Duration?] = []
    func refresh() -> Bool {
      refreshed += 1
      return true
    }
    let number = try run([.expired], refresh: refresh, note: { notes.append($0.delay) })
    #expect(number == 2)
    #expect(refreshed == 1)
    #expect(notes == [nil])
    let error = #expect(throws: RetryFailure<Failure>.self) {
      try run([.expired, .expired], refresh: refresh)
    }
    #expect(error?.reason == .authRefused)
    #expect(refreshed == 2)
  }

  @Test func `nothing is tried for whom nobody waits`() {
    let cancellation = Cancellation()
    cancellation.cancel()
    let error = #expect(throws: RetryFailure<Failure>.self) {
      try run([], cancellation: cancellation)
    }
    #expect(error?.reason == .cancelled)
    #expect(error?.attempts == 0)
    #expect(error?.last == nil)
  }

  @Test func `a cancellation ends the wait between attempts`() {
    let cancellation = Cancellation()
    let error = #expect(throws: RetryFailure<Failure>.self) {
      try run([.reset], cancellation: cancellation, note: { _ in cancellation.cancel() })
    }
    #expect(error?.reason == .cancelled)
    #expect(error?.last == .reset)
  }

  @Test func `a backend that stays dead costs one probe at a time`() throws {
    let circuit = Circuit("primary", clock: clock.monotonic, wall: clock.wall)
    let dead = Array(repeating: Failure.reset, count: 10)
    #expect(throws: RetryFailure<Failure>.self) { try run(dead, circuit: circuit) }
    // The fifth failure in a row opens it in the middle of the second operation.
    let error = #expect(throws: RetryFailure<Failure>.self) { try run(dead, circuit: circuit) }
    guard case .circuitOpen? = error?.reason else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(error?.last == .reset)
    #expect(error?.attempts == 1)
    let refused = #expect(throws: RetryFailure<Failure>.self) { try run([], circuit: circuit) }
    #expect(refused?.attempts == 0)
    clock.advance(by: .seconds(1))
    #expect(try run([], circuit: circuit) == 1)
    #expect(circuit.snapshot.state == .closed)
  }

  @Test func `a backend that answers at all is not dead`() {
    let circuit = Circuit("primary", clock: clock.monotonic, wall: clock.wall)
    for _ in 0..<10 {
      #expect(throws: RetryFailure<Failure>.self) { try run([.absent], circuit: circuit) }
      #expect(throws: RetryFailure<Failure>.self) {
        try run([.slowDown, .slowDown, .slowDown, .slowDown], circuit: circuit)
      }
    }
    #expect(circuit.snapshot.state == .closed)
    #expect(circuit.snapshot.failures == 0)
  }

  @Test(
    arguments: [
      (.permanent, "it cannot succeed"),
      (.attemptsSpent, "gave up after 2 attempts"),
      (.timeSpent, "gave up after 2 attempts, for there is no time for another"),
      (.authRefused, "the credentials are refused even when refreshed"),
      (.cancelled, "it was cancelled after 2 attempts"),
      (
        .circuitOpen(retryIn: .seconds(7)), "the backend failed too often and is asked again in 7 s"
      ),
    ] as [(GiveUpReason, String)])
  func `a reason is one sentence`(_ reason: GiveUpReason, _ text: String) {
    let bare = RetryFailure<Failure>(reason: reason, last: nil, attempts: 2, elapsed: .zero)
    #expect(bare.description == text)
    let full = RetryFailure(reason: reason, last: Failure.reset, attempts: 2, elapsed: .zero)
    #expect(full.description.hasSuffix("the connection was reset"))
  }
}
