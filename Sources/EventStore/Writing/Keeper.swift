// The store's own thread, which does what is due at a certain time when no appender comes by: flush
// buffered events and cancel fences that were left open. It sleeps until something is due, and
// without end when nothing is.

internal import Ambient
internal import Synchronization

final class Keeper: Sendable {
  private struct State {
    var due: MonotonicTime?
    var stopped = false
  }
  private enum Wake {
    case stop
    case due(MonotonicTime)
  }
  private let state = Monitor(State())
  private let clock: MonotonicClock
  private let worker = Mutex<Worker?>(nil)

  init(clock: MonotonicClock) {
    self.clock = clock
  }

  /// Has `tend` called at this time, or earlier.
  func schedule(_ due: MonotonicTime) {
    let isEarlier = state.withLock { state in
      guard state.due.map({ due < $0 }) ?? true else { return false }
      state.due = due
      return true
    }
    if isEarlier { state.wakeAll() }
  }

  /// Starts the thread; `tend` returns when it is to be called next.
  func start(_ tend: @escaping @Sendable () -> MonotonicTime?) {
    worker.withLock { worker in
      guard worker == nil else { return }
      let (state, clock) = (state, clock)
      worker = Worker("larder-keeper") {
        while case .due(let due)? = Self.next(state, clock) {
          state.withLock { state in
            if state.due == due { state.due = nil }
          }
          guard let next = tend() else { continue }
          state.withLock { state in
            state.due = min(state.due ?? next, next)
          }
        }
      }
    }
  }

  /// Sleeps until something is due.
  private static func next(_ state: Monitor<State>, _ clock: MonotonicClock) -> Wake? {
    while true {
      let wake = state.wait { (state: inout State) -> Wake? in
        state.stopped ? .stop : state.due.map(Wake.due)
      }
      guard case .due(let due)? = wake else { return wake }
      let left = due - clock.now()
      if left <= .zero { return wake }
      // Woken early by an earlier due time or by the end; either way look again.
      _ = state.wait(timeout: left) { state in state.stopped || state.due != due ? true : nil }
    }
  }

  func stop() {
    state.change { $0.stopped = true }
    let running = worker.withLock { worker in worker.take() }
    running?.join()
  }
}
