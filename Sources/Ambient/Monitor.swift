// A lock that can be waited on: a state, a POSIX mutex and a condition variable on the monotonic
// clock. `Synchronization.Mutex` is the choice wherever nobody waits; this is for the few places
// where a thread must sleep until another changes the state.

import CLinux
import Glibc

/// A state behind a lock, with threads that may sleep until it changes.
///
/// Nothing may block or call out while holding it.
// The two C objects never move, are touched only through their own calls, and the state is only
// reached while the mutex is held: that is what makes the unchecked conformance true.
@safe package final class Monitor<State>: @unchecked Sendable {
  private let mutex: UnsafeMutablePointer<pthread_mutex_t>
  private let condition: UnsafeMutablePointer<pthread_cond_t>
  private var state: State

  package init(_ state: consuming sending State) {
    unsafe mutex = .allocate(capacity: 1)
    unsafe condition = .allocate(capacity: 1)
    self.state = state
    let failed = unsafe pthread_mutex_init(mutex, nil) | clinux_init_monotonic_condition(condition)
    precondition(failed == 0, "no memory for a lock")
  }

  deinit {
    unsafe pthread_cond_destroy(condition)
    unsafe pthread_mutex_destroy(mutex)
    unsafe condition.deallocate()
    unsafe mutex.deallocate()
  }

  /// Reads or changes the state under the lock.
  package func withLock<Result, Failure: Error>(
    _ body: (inout State) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    unsafe pthread_mutex_lock(mutex)
    defer { unsafe pthread_mutex_unlock(mutex) }
    return try body(&state)
  }

  /// Changes the state under the lock and wakes everyone who waits for it.
  package func change<Result>(_ body: (inout State) -> Result) -> Result {
    let result = withLock(body)
    wakeAll()
    return result
  }

  /// Sleeps until `attempt` returns a value; it runs under the lock at once and after every wake.
  ///
  /// Returns nil when `timeout` passed first; without one, waits for ever.
  package func wait<Result>(
    timeout: Duration? = nil, until attempt: (inout State) -> Result?
  ) -> Result? {
    unsafe pthread_mutex_lock(mutex)
    defer { unsafe pthread_mutex_unlock(mutex) }
    if let result = attempt(&state) { return result }
    guard let timeout else {
      while true {
        unsafe pthread_cond_wait(condition, mutex)
        if let result = attempt(&state) { return result }
      }
    }
    var deadline = absolute(MonotonicClock.live.now() + max(timeout, .zero))
    while true {
      let outcome = unsafe pthread_cond_timedwait(condition, mutex, &deadline)
      if let result = attempt(&state) { return result }
      if outcome == ETIMEDOUT { return nil }
    }
  }

  /// Wakes one sleeper, if there is any.
  package func wakeOne() {
    unsafe pthread_cond_signal(condition)
  }

  /// Wakes every sleeper.
  package func wakeAll() {
    unsafe pthread_cond_broadcast(condition)
  }
}

private func absolute(_ time: MonotonicTime) -> timespec {
  timespec(
    tv_sec: Int(time.nanoseconds / 1_000_000_000), tv_nsec: Int(time.nanoseconds % 1_000_000_000))
}
