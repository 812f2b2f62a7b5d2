// Rounds, and the stopwatch that measures in them.

import Ambient
import Bench
import Synchronization
import Testing

@Suite struct ContestTests {
  private let clock = ManualClock()

  @Test func `a batch lasts long enough, and a call is its share of it`() {
    let stopwatch = Stopwatch(clock.monotonic, shortest: .milliseconds(50))
    var calls = 0
    let seconds = stopwatch.seconds {
      calls += 1
      clock.advance(by: .milliseconds(3))
    }
    // 1, 2, 4, 8, 16 calls are too quick, 32 are not.
    #expect(calls == 63)
    #expect(abs(seconds - 0.003) < 1e-9)
  }

  @Test func `one long call is enough`() {
    let stopwatch = Stopwatch(clock.monotonic, shortest: .milliseconds(50))
    var calls = 0
    let rate = stopwatch.bytesPerSecond(1_000) {
      calls += 1
      clock.advance(by: .milliseconds(500))
    }
    #expect(calls == 1)
    #expect(abs(rate - 2_000) < 1e-6)
  }

  @Test func `both sides are measured in every round, in turn`() throws {
    let order = Mutex<[String]>([])
    func note(_ word: String) { order.withLock { $0.append(word) } }
    let contests = ["a", "b"].map { name in
      Contest(
        name, .perSecond, bar: .ratio(1),
        against: .init("\(name)'s rival") { (_, round) throws(RivalMissing) in
          note("\(name) rival \(round)")
          return Double(round)
        }
      ) { _ in
        note(name)
        return 7
      }
    }
    var told: [Int] = []
    let figures = try hold(contests, rounds: 2, Stopwatch(clock.monotonic)) { told.append($0) }
    #expect(
      order.withLock { $0 }
        == ["a", "a rival 0", "b", "b rival 0", "a", "a rival 1", "b", "b rival 1"])
    #expect(told == [1, 2, 3, 4])
    #expect(figures.map(\.runs) == [Runs([7, 7]), Runs([7, 7])])
    #expect(figures[1].rival == Rival(name: "b's rival", result: .measured(Runs([0, 1]))))
  }

  @Test func `what cannot be measured ends the bench by its reason`() {
    let contest = Contest("a", .seconds) { (_) throws(BenchFailure) in
      throw BenchFailure("the disk is full")
    }
    #expect(throws: BenchFailure("the disk is full")) {
      try hold([contest], rounds: 1, Stopwatch(clock.monotonic)) { _ in }
    }
  }

  @Test func `a rival that is missing is asked once and named`() throws {
    let asked = Mutex(0)
    let contest = Contest(
      "a", .perSecond,
      against: .init("r") { (_, _) throws(RivalMissing) in
        asked.withLock { $0 += 1 }
        throw RivalMissing("r is not installed")
      }
    ) { _ in 1 }
    let figures = try hold([contest], rounds: 3, Stopwatch(clock.monotonic)) { _ in }
    #expect(asked.withLock { $0 } == 1)
    #expect(figures[0].runs.values.count == 3)
    #expect(figures[0].rival?.result == .missing("r is not installed"))
  }
}
