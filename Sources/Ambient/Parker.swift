// A place where one thread sleeps and one other wakes it. A wake that comes first is kept, so the
// two may race. Group commit and watermarks use one a waiter, and so wake only whom they must.

/// Lets one thread sleep until another wakes it.
package final class Parker: Sendable {
  private let woken = Monitor(false)

  package init() {}

  /// Sleeps until woken, or returns at once when the wake came first; false when `timeout` passed.
  @discardableResult
  package func park(timeout: Duration? = nil) -> Bool {
    woken.wait(timeout: timeout) { (woken: inout Bool) -> Bool? in
      guard woken else { return nil }
      woken = false
      return true
    } ?? false
  }

  /// Wakes the sleeper, or the next to come.
  package func unpark() {
    woken.withLock { $0 = true }
    woken.wakeOne()
  }
}
