// How long the last calls of one kind took. Unlike a histogram, which remembers everything since the
// process began, it forgets: what a person is shown is how things are now.

import Ambient
import Synchronization

/// The durations of the last calls.
package final class RecentDurations: Sendable {
  /// How many calls are remembered.
  package static var callsMax: Int { 512 }

  private struct State {
    var durations: [Duration] = []
    /// Where the next one goes once all places are taken.
    var next = 0
  }
  private let state = Mutex(State())

  package init() {}

  /// Takes one call in; it may cost the oldest.
  package func add(_ duration: Duration) {
    state.withLock { state in
      if state.durations.count < Self.callsMax {
        state.durations.append(duration)
      } else {
        state.durations[state.next] = duration
        state.next = (state.next + 1) % Self.callsMax
      }
    }
  }

  /// What the remembered calls took together.
  package struct Summary: Equatable, Sendable {
    /// What one call in two, and one in a hundred, did not exceed.
    package let p50: Duration
    package let p99: Duration
    package let count: Int
    /// All of them, the shortest first.
    package let sorted: [Duration]
  }

  /// The last calls together; nil when there was none.
  package var summary: Summary? {
    let durations = state.withLock { $0.durations }.sorted()
    guard !durations.isEmpty else { return nil }
    func rank(_ part: Int) -> Duration { durations[(durations.count * part - 1) / 100] }
    return Summary(
      p50: rank(50), p99: rank(99), count: durations.count, sorted: durations)
  }
}
