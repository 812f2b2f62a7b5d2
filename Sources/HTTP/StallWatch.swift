// When an exchange counts as stalled. Two rules: no byte at all for the time of a stall, and fewer
// bytes in a window of that length than the slowest allowed rate would carry. Once everything was
// sent and no answer has begun, the server is given the longer time for an answer. Time that our
// own side spends in a closure is not the server's, and shifts the clock.

import Ambient

/// The watch over one exchange.
struct StallWatch {
  private let deadlines: Deadlines
  private var lastMove: MonotonicTime
  private var windowBegan: MonotonicTime
  private var bytesInWindow = 0
  /// True from the last byte sent to the first of the answer.
  private var awaitsAnswer: Bool

  init(_ deadlines: Deadlines, hasBody: Bool, at now: MonotonicTime) {
    self.deadlines = deadlines
    lastMove = now
    windowBegan = now
    awaitsAnswer = !hasBody
  }

  /// Bytes went out, the last of them when `isLast`.
  mutating func sent(_ count: Int, isLast: Bool, at now: MonotonicTime) {
    move(count, now)
    awaitsAnswer = isLast
  }

  /// Bytes of the answer came in.
  mutating func received(_ count: Int, at now: MonotonicTime) {
    if awaitsAnswer {
      awaitsAnswer = false
      (windowBegan, bytesInWindow) = (now, 0)
    }
    move(count, now)
  }

  /// Our own side was busy for so long.
  mutating func excuse(_ time: Duration) {
    lastMove = lastMove + time
    windowBegan = windowBegan + time
  }

  /// For how long nothing, or too little, has moved; nil while all is well.
  mutating func stall(at now: MonotonicTime) -> Duration? {
    if awaitsAnswer {
      return now - lastMove >= quietMax ? quietMax : nil
    }
    if now - lastMove >= deadlines.stall { return deadlines.stall }
    if now - windowBegan >= deadlines.stall {
      let wanted = Double(deadlines.bytesPerSecondMin) * deadlines.stall.inSeconds
      if Double(bytesInWindow) < wanted { return deadlines.stall }
      (windowBegan, bytesInWindow) = (now, 0)
    }
    return nil
  }

  /// How long nobody needs to look again, if nothing moves.
  func rest(at now: MonotonicTime) -> Duration {
    if awaitsAnswer { return lastMove + quietMax - now }
    return min(lastMove, windowBegan) + deadlines.stall - now
  }

  private var quietMax: Duration { max(deadlines.answer, deadlines.connect) }

  private mutating func move(_ count: Int, _ now: MonotonicTime) {
    lastMove = now
    bytesInWindow += count
  }
}
