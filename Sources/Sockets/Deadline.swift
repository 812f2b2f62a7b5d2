// When a wait ends at the latest. It is a moment and not a length of time, so that a message that
// comes in many pieces has one deadline and not one a piece.

package import Ambient

/// The latest moment that a wait may last to.
package struct Deadline: Equatable, Sendable {
  private let moment: MonotonicTime?

  /// No moment: for waits that a stop switch ends.
  package static let never = Deadline(moment: nil)

  /// So long from now; sockets are waited for in the kernel, so this is the kernel's time.
  package static func after(_ duration: Duration) -> Deadline {
    Deadline(moment: MonotonicClock.live.now() + max(duration, .zero))
  }

  /// At this moment of the machine's clock.
  package static func at(_ moment: MonotonicTime) -> Deadline {
    Deadline(moment: moment)
  }

  /// True once it has passed.
  var hasPassed: Bool {
    moment.map { MonotonicClock.live.now() >= $0 } ?? false
  }

  /// What is left of it in nanoseconds; negative for never.
  var nanosecondsLeft: Int64 {
    guard let moment else { return -1 }
    return max(0, (moment - MonotonicClock.live.now()).wholeNanoseconds)
  }
}
