// How a program that stops ends every wait at once. The switch is a descriptor that becomes readable
// and stays so; each wait of a socket that was given the switch waits for that as well.

import CLinux
import Synchronization

/// A switch that is thrown once and ends all waits that were given it, then and later.
package final class StopSwitch: Sendable {
  private let thrown = Atomic(false)
  private let wake: Descriptor

  /// Throws only when too many files are open.
  package init() throws(SocketsError) {
    wake = Descriptor(try answer(for: "a stop switch") { clinux_wake_descriptor() })
  }

  /// Ends all waits; further calls change nothing.
  package func stop() {
    thrown.store(true, ordering: .releasing)
    _ = clinux_wake(wake.number)
  }

  /// True once thrown.
  package var isStopped: Bool { thrown.load(ordering: .acquiring) }

  /// Sleeps until thrown, at most for `timeout`; true when thrown.
  package func wait(timeout: Duration) -> Bool {
    let deadline = Deadline.after(timeout)
    while !isStopped {
      if deadline.hasPassed { return false }
      _ = clinux_wait(-1, 0, wake.number, deadline.nanosecondsLeft)
    }
    return true
  }

  /// What to wait for besides a socket.
  var number: Int32 { wake.number }
}
