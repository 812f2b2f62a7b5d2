// The threads on which operations are called, so that the loop never waits. A call that nobody wants
// any more is cancelled; one that does not heed that keeps its thread a while longer, and its answer
// is thrown away. The threads are let go and not joined: leaving a console waits for nobody.

internal import Ambient
internal import Bytes
internal import Operations
internal import Terminal

/// Calls operations for a console.
final class Loader: Sendable {
  /// How many calls are under way at once, and how many wait.
  static let threads = 2
  static let waitingMax = 256

  private struct Call: Sendable {
    let ticket: UInt64
    let operation: String
    let input: JSONValue
    let cancellation: Cancellation
  }
  private struct State {
    var waiting: [Call] = []
    var underWay: [UInt64: Cancellation] = [:]
    var done: [(ticket: UInt64, result: Result<Answer, Refusal>)] = []
    var isStopped = false
  }

  private let state = Monitor(State())
  private let waker: Waker

  init(_ host: ConsoleHost, waker: Waker) {
    self.waker = waker
    for number in 0..<Self.threads {
      Worker("console-\(number)") { self.work(host) }.detach()
    }
  }

  /// Has an operation called.
  func begin(_ ticket: UInt64, _ operation: String, _ input: JSONValue) {
    let isTaken = state.change { state in
      guard state.waiting.count < Self.waitingMax else {
        let refusal = Refusal(.overLimit, "too much is being asked at once; try again")
        state.done.append((ticket, .failure(refusal)))
        return false
      }
      state.waiting.append(
        Call(
          ticket: ticket, operation: operation, input: input, cancellation: Cancellation()))
      return true
    }
    if !isTaken { waker.wake() }
  }

  /// Nobody wants the answer any more.
  func cancel(_ ticket: UInt64) {
    let found = state.withLock { state in
      state.waiting.removeAll { $0.ticket == ticket }
      return state.underWay[ticket]
    }
    found?.cancel()
  }

  /// The answers that have come.
  func take() -> [(ticket: UInt64, result: Result<Answer, Refusal>)] {
    state.withLock { state in
      defer { state.done = [] }
      return state.done
    }
  }

  /// Whether anything is asked and not answered.
  var isBusy: Bool {
    state.withLock { !$0.waiting.isEmpty || !$0.underWay.isEmpty || !$0.done.isEmpty }
  }

  func stop() {
    let left = state.change { state in
      state.isStopped = true
      state.waiting = []
      return Array(state.underWay.values)
    }
    for cancellation in left { cancellation.cancel() }
  }

  private func work(_ host: ConsoleHost) {
    while let call = next() {
      let result: Result<Answer, Refusal>
      do throws(Refusal) {
        result = .success(try host.call(call.operation, call.input, call.cancellation))
      } catch {
        result = .failure(error)
      }
      state.withLock { state in
        state.underWay[call.ticket] = nil
        if !state.isStopped { state.done.append((call.ticket, result)) }
      }
      waker.wake()
    }
  }

  private func next() -> Call? {
    let found = state.wait { state -> Call?? in
      if state.isStopped { return .some(nil) }
      guard !state.waiting.isEmpty else { return nil }
      let call = state.waiting.removeFirst()
      state.underWay[call.ticket] = call.cancellation
      return .some(call)
    }
    return found ?? nil
  }
}
