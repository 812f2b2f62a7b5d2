// What the model is told, and what it has done for it. Nothing else goes in or out, so a console can
// be run from a list of events, live, in a test and from a recording.

package import Ambient
package import Bytes
package import Operations
package import Terminal
package import Views

/// A moment on both clocks.
package struct Moment: Hashable, Sendable {
  package var wall: WallTime
  package var monotonic: MonotonicTime

  package init(wall: WallTime, monotonic: MonotonicTime) {
    self.wall = wall
    self.monotonic = monotonic
  }
}

/// Something that happened.
package enum ConsoleEvent: Sendable {
  case terminal(TerminalEvent)
  /// A newer snapshot, and why there may be more at risk than it counts.
  case snapshot(EngineSnapshot, unseen: String? = nil)
  /// A newer snapshot says the same as the one before: that is still true.
  case stillTrue(WallTime)
  case permissions(Permissions)
  /// What the load of a ticket came to.
  case loaded(UInt64, Result<Answer, Refusal>)
  /// The deadline that the model gave has come.
  case timeUp
  /// A sentence from outside the model, such as that a theme does not parse.
  case notice(Notice)
}

/// Something that is to be done.
package enum ConsoleEffect: Sendable {
  /// Have an operation called; the answer comes back with the ticket.
  case load(UInt64, operation: String, input: JSONValue)
  case cancel(UInt64)
  /// Find out anew what the person may do.
  case askPermissions
  case copy([UInt8])
  case useMouse(Bool)
  case nextTheme
  case redraw
  case suspend
  case end(ConsoleEnding)
}

/// How a console ended, and what is to become of its engine.
package enum ConsoleEnding: Hashable, Sendable {
  /// Nothing waits to be stored, or it may wait.
  case stop
  /// Everything is to be stored first, then it stops.
  case drain
  /// The engine goes on without a screen.
  case headless
  /// A signal ended it.
  case terminated
  /// The terminal is gone: the engine goes on until everything is stored.
  case hungUp
}

/// What is known of the line to the terminal.
package struct LinkView: Hashable, Sendable {
  package var roundTrip: Duration?
  package var detail: DetailLevel

  package init(roundTrip: Duration? = nil, detail: DetailLevel = .all) {
    self.roundTrip = roundTrip
    self.detail = detail
  }
}
