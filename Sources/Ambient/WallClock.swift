// The clocks. Civil time may jump in either direction; monotonic time never goes back. Every
// room takes them as values, so that a test or a simulation decides what time it is.

import Glibc
import Synchronization

/// The door to civil time.
public struct WallClock: Sendable {
  /// The present moment.
  public let now: @Sendable () -> WallTime

  public init(now: @escaping @Sendable () -> WallTime) {
    self.now = now
  }

  /// The machine's clock.
  public static let live = WallClock {
    let time = readClock(CLOCK_REALTIME)
    return WallTime(microseconds: Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1_000)
  }
}

/// A moment on a clock that never goes back; only differences mean anything.
public struct MonotonicTime: Hashable, Comparable, Sendable {
  public var nanoseconds: Int64

  public init(nanoseconds: Int64) {
    self.nanoseconds = nanoseconds
  }

  public static func < (left: MonotonicTime, right: MonotonicTime) -> Bool {
    left.nanoseconds < right.nanoseconds
  }

  public static func + (time: MonotonicTime, duration: Duration) -> MonotonicTime {
    MonotonicTime(nanoseconds: time.nanoseconds.addingSaturated(duration.wholeNanoseconds))
  }

  public static func - (time: MonotonicTime, earlier: MonotonicTime) -> Duration {
    .nanoseconds(time.nanoseconds - earlier.nanoseconds)
  }
}

/// The door to monotonic time.
public struct MonotonicClock: Sendable {
  /// The present moment.
  public let now: @Sendable () -> MonotonicTime

  public init(now: @escaping @Sendable () -> MonotonicTime) {
    self.now = now
  }

  /// The machine's clock since boot, suspend excluded.
  public static let live = MonotonicClock {
    let time = readClock(CLOCK_MONOTONIC)
    return MonotonicTime(nanoseconds: Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec))
  }
}

/// Both clocks of a test: they stand still until told otherwise.
package final class ManualClock: Sendable {
  private struct State {
    var wall: WallTime
    var monotonic = MonotonicTime(nanoseconds: 1_000_000_000)
  }
  private let state: Mutex<State>

  package init(at start: WallTime = WallTime(seconds: 1_750_000_000)) {
    state = Mutex(State(wall: start))
  }

  /// The civil side of this clock.
  package var wall: WallClock { WallClock { self.state.withLock { $0.wall } } }

  /// The monotonic side of this clock.
  package var monotonic: MonotonicClock { MonotonicClock { self.state.withLock { $0.monotonic } } }

  /// Lets time pass on both sides.
  package func advance(by duration: Duration) {
    state.withLock {
      $0.wall = $0.wall + duration
      $0.monotonic = $0.monotonic + max(duration, .zero)
    }
  }

  /// Sets civil time alone, as an administrator or a time server would; backwards included.
  package func jump(to time: WallTime) {
    state.withLock { $0.wall = time }
  }
}

private func readClock(_ clock: clockid_t) -> timespec {
  var time = timespec()
  let failed = unsafe clock_gettime(clock, &time)
  precondition(failed == 0, "the kernel refused a clock that every Linux has")
  return time
}
