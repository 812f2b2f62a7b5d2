// How far the log has come, and who waits for it to come further. A change wakes only those whose
// target it reaches, and those who wait for what will never come.

internal import Ambient
internal import Synchronization

/// Which of the watermarks is meant.
public enum Watermark: Hashable, Sendable {
  case written, durable, visible
}

final class WatermarkBoard: Sendable {
  private struct Wait {
    let mark: Watermark
    let target: UInt64
    let parker: Parker
    let outcome: Outcome
  }
  private final class Outcome: Sendable {
    let value = Mutex<Result<Void, StoreError>?>(nil)
  }
  private struct State {
    var marks: Watermarks
    var waits: [Wait] = []
    /// Members of fences that were cancelled while this writer was open.
    var cancelled: Set<UInt64> = []
    var closed: StoreError?
  }
  /// The most threads that wait at once.
  static let waitsMax = 65_536

  private let state: Mutex<State>

  init(_ marks: Watermarks) {
    state = Mutex(State(marks: marks))
  }

  var current: Watermarks { state.withLock { $0.marks } }

  /// Moves the marks and wakes whom that concerns.
  func move(_ body: (inout Watermarks) -> Void) {
    settle { state in
      body(&state.marks)
      let marks = state.marks
      return { wait in marks.reached(wait.mark) >= wait.target ? .success(()) : nil }
    }
  }

  /// Tells those who wait for these events to become visible that they never will.
  func cancel(_ sequences: [UInt64]) {
    settle { state in
      state.cancelled.formUnion(sequences)
      let cancelled = state.cancelled
      return { wait in
        wait.mark == .visible && cancelled.contains(wait.target)
          ? .failure(.fence("that holds event \(wait.target) was cancelled")) : nil
      }
    }
  }

  /// Ends every wait: nothing moves any more.
  func close(_ reason: StoreError) {
    settle { state in
      state.closed = reason
      return { _ in .failure(reason) }
    }
  }

  private func settle(
    _ change: (inout State) -> (Wait) -> Result<Void, StoreError>?
  ) {
    let woken = state.withLock { state -> [Parker] in
      let outcome = change(&state)
      var woken: [Parker] = []
      state.waits.removeAll { wait in
        guard let result = outcome(wait) else { return false }
        wait.outcome.value.withLock { $0 = result }
        woken.append(wait.parker)
        return true
      }
      return woken
    }
    for parker in woken { parker.unpark() }
  }

  /// Sleeps until the mark has reached the sequence.
  func wait(
    for mark: Watermark, until target: UInt64, timeout: Duration?
  ) throws(StoreError) {
    let parker = Parker()
    let outcome = Outcome()
    let settled = state.withLock { state -> Result<Void, StoreError>? in
      if mark == .visible, state.cancelled.contains(target) {
        return .failure(.fence("that holds event \(target) was cancelled"))
      }
      if state.marks.reached(mark) >= target { return .success(()) }
      if let closed = state.closed { return .failure(closed) }
      guard state.waits.count < Self.waitsMax else {
        return .failure(.tooMany("waits for the log", countMax: Self.waitsMax))
      }
      state.waits.append(Wait(mark: mark, target: target, parker: parker, outcome: outcome))
      return nil
    }
    if let settled { return try settled.get() }
    parker.park(timeout: timeout)
    state.withLock { state in state.waits.removeAll { $0.parker === parker } }
    guard let result = outcome.value.withLock({ $0 }) else { throw .timedOut }
    return try result.get()
  }
}

extension Watermarks {
  fileprivate func reached(_ mark: Watermark) -> UInt64 {
    switch mark {
    case .written: written
    case .durable: durable
    case .visible: visible
    }
  }
}
