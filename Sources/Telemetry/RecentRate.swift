// How much moved in each of the last seconds: bytes, or files. Whoever moves some says so as they go,
// and not only at the end, so that one large file is seen as the stream it is.

package import Ambient
import Synchronization

/// What moved in the last seconds.
package final class RecentRate: Sendable {
  /// How many whole seconds are remembered.
  package static var secondsMax: Int { 60 }

  private struct State {
    /// One place a second, in turns, and one for the second that is not over.
    var amounts = [UInt64](repeating: 0, count: RecentRate.secondsMax + 1)
    /// The second that is not over, since the clock began.
    var present: UInt64

    mutating func advance(to second: UInt64) {
      guard second > present else { return }
      let places = UInt64(amounts.count)
      for passed in 1...min(second - present, places) {
        amounts[Int((present + passed) % places)] = 0
      }
      present = second
    }
  }
  private let begun: UInt64
  private let state: Mutex<State>

  package init(at time: MonotonicTime) {
    begun = Self.second(of: time)
    state = Mutex(State(present: begun))
  }

  /// Takes in what moved just now.
  package func add(_ amount: UInt64, at time: MonotonicTime) {
    let second = Self.second(of: time)
    state.withLock { (state: inout State) in
      state.advance(to: second)
      let place = Int(second % UInt64(state.amounts.count))
      if second == state.present { state.amounts[place] &+= amount }
    }
  }

  /// What moved in each of the last seconds that are over, the newest last; as many as there were.
  package func perSecond(at time: MonotonicTime) -> [UInt64] {
    let second = Self.second(of: time)
    return state.withLock { (state: inout State) in
      state.advance(to: second)
      let count = min(UInt64(Self.secondsMax), state.present - begun)
      let places = UInt64(state.amounts.count)
      return (state.present - count..<state.present).map { state.amounts[Int($0 % places)] }
    }
  }

  private static func second(of time: MonotonicTime) -> UInt64 {
    UInt64(clamping: time.nanoseconds / 1_000_000_000)
  }
}
