// What the loop of a server of requests and its workers share: requests that wait for a worker,
// answers that wait for the loop, and who has ended. A request that was taken is under way until
// its answer is settled, whether its connection lives or not, so their number is bounded.

import Ambient
import CLinux

/// Where requests and answers lie between two threads.
final class RequestBoard: Sendable {
  struct Request: Sendable {
    let connection: UInt64
    let line: [UInt8]
    let peer: Peer?
  }

  /// An answer; without bytes when nobody gave one.
  struct Answer: Sendable {
    let connection: UInt64
    let bytes: [UInt8]?
  }

  private struct State {
    var requests: [Request] = []
    /// How many of the requests workers have taken.
    var taken = 0
    var answers: [Answer] = []
    var counts = RequestCounts()
    var failure: SocketsError?
    var stopping: Stopping?
    var loopEnded = false
  }

  /// That no more is taken, and when what is under way is given up.
  struct Stopping: Sendable {
    let givesUpAt: MonotonicTime?
  }

  private struct Running {
    var loop = true
    var workers: Int
    var wasGivenUp = false
  }

  let limits: RequestLimits
  // Only workers sleep here, each as good as the other, so one is woken for one request.
  private let state = Monitor(State())
  private let running: Monitor<Running>
  private let wake: Descriptor

  init(limits: RequestLimits) throws(SocketsError) {
    precondition(limits.connectionsMax > 0 && limits.workersMax > 0, "a server serves somebody")
    self.limits = limits
    wake = Descriptor(try answer(for: "the wake of a server") { clinux_wake_descriptor() })
    running = Monitor(Running(workers: limits.workersMax))
  }

  /// What changes whenever there is something for the loop.
  var wakeNumber: Int32 { wake.number }

  var counts: RequestCounts { state.withLock { $0.counts } }

  var failure: SocketsError? { state.withLock { $0.failure } }

  // MARK: for the loop

  func count(_ change: (inout RequestCounts) -> Void) {
    state.withLock { change(&$0.counts) }
  }

  func fail(_ error: SocketsError) {
    state.withLock { $0.failure = error }
  }

  /// Leaves a request to the workers; false when as many are under way as may be.
  func submit(_ request: Request) -> Bool {
    let isTaken = state.withLock { state in
      if state.counts.underWay >= limits.requestsMax {
        state.counts.busy += 1
        return false
      }
      state.counts.underWay += 1
      state.requests.append(request)
      return true
    }
    if isTaken { state.wakeOne() }
    return isTaken
  }

  /// The answers that came since, and whether to stop.
  func collect() -> (answers: [Answer], stopping: Stopping?) {
    state.withLock { state in
      defer { state.answers = [] }
      return (state.answers, state.stopping)
    }
  }

  /// The loop has ended, so no more requests come.
  func endLoop(givenUp: Bool) {
    state.change { $0.loopEnded = true }
    running.change { running in
      running.loop = false
      running.wasGivenUp = givenUp
    }
  }

  // MARK: for the workers and whoever answers

  /// Answers requests until there will be no more.
  func work(_ serve: @Sendable (_ line: [UInt8], Peer?, Reply) -> Void) {
    while let request = next() {
      serve(request.line, request.peer, Reply(to: request.connection, self))
    }
    running.change { $0.workers -= 1 }
  }

  /// Gives the loop an answer.
  func settle(_ connection: UInt64, _ bytes: [UInt8]?) {
    let isFirst = state.withLock { state in
      state.counts.underWay -= 1
      state.answers.append(Answer(connection: connection, bytes: bytes))
      return state.answers.count == 1
    }
    // The loop takes all that is there, so it is woken once for them.
    if isFirst { _ = clinux_wake(wake.number) }
  }

  private func next() -> Request? {
    let taken = state.wait { (state: inout State) -> Request?? in
      if state.taken < state.requests.count {
        let request = state.requests[state.taken]
        state.taken += 1
        if state.taken == state.requests.count || state.taken > self.limits.requestsMax {
          state.requests.removeFirst(state.taken)
          state.taken = 0
        }
        return .some(request)
      }
      return state.loopEnded ? .some(nil) : nil
    }
    return taken ?? nil
  }

  // MARK: for the owner

  /// Tells the loop to stop, and returns when all threads have ended; false when something was given
  /// up, or a worker still answers, after `timeout`.
  func stop(timeout: Duration?) -> Bool {
    let givesUpAt = timeout.map { MonotonicClock.live.now() + $0 }
    state.withLock { state in
      // Whoever asks again may shorten the time, and does not make it longer.
      let first = state.stopping.flatMap(\.givesUpAt)
      let moment = [first, givesUpAt].compactMap { $0 }.min()
      state.stopping = Stopping(givesUpAt: moment)
    }
    _ = clinux_wake(wake.number)
    // The loop keeps the time by itself.
    _ = running.wait { $0.loop ? nil : true }
    let left = givesUpAt.map { $0 - MonotonicClock.live.now() }
    let haveEnded = running.wait(timeout: left) { $0.workers == 0 ? true : nil } ?? false
    return haveEnded && !running.withLock { $0.wasGivenUp }
  }
}
