// The door to whoever sits at the terminal: events come out of it, surfaces go into it. The live one
// is a terminal, the scripted one a test. One thread uses a device; others may wake it.

package import Ambient
import CTerminal

/// Something that happened at the terminal, or a reason to look up.
package enum TerminalEvent: Hashable, Sendable {
  case key(Key)
  case paste(Paste)
  case mouse(MouseEvent)
  /// The screen has another size, and nothing on it: draw.
  case resized(GridSize)
  /// The process was stopped and goes on; nothing is on the screen: draw.
  case resumed
  /// Somebody called `Waker.wake()`.
  case woken
  /// The time that was waited for has come.
  case timeUp
  /// A frame that was refused would be taken now.
  case ready
  /// The line got worse or better; draw that much from now on.
  case detail(DetailLevel)
  /// The screen should end. It comes once for each reason; after `closed` nothing else comes.
  case ended(TerminalEnding)
}

/// Why a screen should end.
package enum TerminalEnding: Hashable, Sendable {
  /// SIGINT, SIGTERM.
  case interrupted
  case terminated
  /// SIGHUP, or the terminal is gone.
  case hungUp
  case closed
}

/// A terminal with a person at it.
package protocol TerminalDevice: ~Copyable {
  var size: GridSize { get }
  var abilities: ScreenAbilities { get }
  /// How much the line carries.
  var detail: DetailLevel { get }
  /// How long the terminal took to acknowledge the last frame; nil while it never did.
  var roundTrip: Duration? { get }

  /// Sleeps until something happened, at most until the deadline, and answers what; never empty.
  mutating func next(until deadline: MonotonicTime?) -> [TerminalEvent]
  /// Shows the surface; false when the line has not taken the last one yet, in which case `ready`
  /// comes when it has, unless another surface was shown meanwhile. A surface that answers a key is
  /// refused only when the terminal stopped reading.
  mutating func show(_ surface: Surface, _ cause: FrameCause) -> Bool
  /// Draws with another theme from the next surface on.
  mutating func use(_ theme: Theme)
  /// Has the next surface drawn whole, whatever the terminal shows.
  mutating func redraw()
  /// Gives the terminal back and stops the process; `resumed` follows when it goes on.
  mutating func suspend()
  mutating func ring()
  /// Has the mouse reported, or no more. It is not, at the beginning.
  mutating func useMouse(_ isOn: Bool)
  /// Asks the terminal to put text into the clipboard (OSC 52); false when it cannot be asked.
  mutating func copy(_ text: [UInt8]) -> Bool
}

/// Wakes a device from any thread.
package final class Waker: Sendable {
  let descriptor: Int32

  package init() {
    descriptor = cterminal_wake_descriptor()
    precondition(descriptor >= 0, "the machine has no descriptor left for a waker")
  }

  deinit {
    cterminal_close_descriptor(descriptor)
  }

  /// Has the device answer `woken`, now or the next time it is asked; several wakes may be one.
  package func wake() {
    cterminal_wake(descriptor)
  }

  /// Takes a wake back; whether there was one.
  func take() -> Bool { cterminal_take_wake(descriptor) == 1 }
}
