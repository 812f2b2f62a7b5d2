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

  /// What one call in two, and one in a hundred, did not exceed; nil when there was none.
  package var summary: (p50: Duration, p99: Duration, count: Int)? {
    let durations = state.withLock { $0.durations }.sorted()
    guard !durations.isEmpty else { return nil }
    func rank(_ part: Int) -> Duration { durations[(durations.count * part - 1) / 100] }
    return (rank(50), rank(99), durations.count)
  }
}
