// Waiting for the log to grow, the same in the writer's process and in any other: there the watermarks
// wake whoever waits, here the writer's shared words do. Nothing is registered with the writer, and it
// does nothing for those who follow but move one number, so no follower can slow an append.

public import Ambient

extension EventReader {
  /// How long one sleep in another process than the writer's may last; a writer that begins
  /// meanwhile, or a cancellation, is noticed after it.
  static let sleepMax = Duration.seconds(1)

  /// Sleeps until something behind the sequence may be seen; false when `timeout` passed first or
  /// the cancellation was raised.
  @discardableResult
  public func wait(
    after sequence: UInt64, timeout: Duration? = nil, until cancellation: Cancellation? = nil
  ) throws(StoreError) -> Bool {
    let clock = MonotonicClock.live
    let end = timeout.map { clock.now() + $0 }
    let parker = Parker()
    while try lastSequence <= sequence {
      let left = end.map { $0 - clock.now() }
      if cancellation?.isCancelled == true || left.map({ $0 <= .zero }) == true { return false }
      if let board {
        try watch(cancellation, parker) { () throws(StoreError) in
          try board.waitForMore(after: sequence, parker, timeout: left)
        }
      } else {
        try refresher?.wait(timeout: min(left ?? Self.sleepMax, Self.sleepMax))
      }
    }
    return true
  }

  /// Does something that waits on the parker, which a cancellation wakes.
  private func watch(
    _ cancellation: Cancellation?, _ parker: Parker, _ body: () throws(StoreError) -> Void
  ) throws(StoreError) {
    guard let cancellation else { return try body() }
    try cancellation.watched(by: { parker.unpark() }, during: body)
  }
}
