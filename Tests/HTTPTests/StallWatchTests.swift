// When an exchange counts as stalled, told to the machine step by step.

import Ambient
import Testing

@testable import HTTP

@Suite struct StallWatchTests {
  let deadlines: Deadlines = {
    var deadlines = Deadlines()
    deadlines.stall = .seconds(10)
    deadlines.answer = .seconds(60)
    deadlines.bytesPerSecondMin = 100
    return deadlines
  }()

  func at(_ seconds: Int64) -> MonotonicTime {
    MonotonicTime(nanoseconds: seconds * 1_000_000_000)
  }

  @Test func `a body that stops moving is stalled, and not a moment before`() {
    var watch = StallWatch(deadlines, hasBody: true, at: at(0))
    watch.sent(1_000_000, isLast: false, at: at(5))
    #expect(watch.rest(at: at(5)) == .seconds(5))
    #expect(watch.stall(at: at(14)) == nil)
    #expect(watch.stall(at: at(15)) == .seconds(10))
  }

  @Test func `a trickle is stalled though something always moves`() {
    var watch = StallWatch(deadlines, hasBody: true, at: at(0))
    for second in 1..<10 { watch.sent(99, isLast: false, at: at(Int64(second))) }
    #expect(watch.stall(at: at(9)) == nil)
    #expect(watch.stall(at: at(10)) == .seconds(10))
  }

  @Test func `a slow body that keeps the allowed rate goes on`() {
    var watch = StallWatch(deadlines, hasBody: true, at: at(0))
    for second in 1...100 {
      watch.sent(101, isLast: false, at: at(Int64(second)))
      #expect(watch.stall(at: at(Int64(second))) == nil)
    }
  }

  @Test func `a server is given longer to begin its answer than to go on with it`() {
    var watch = StallWatch(deadlines, hasBody: false, at: at(0))
    #expect(watch.stall(at: at(59)) == nil)
    #expect(watch.stall(at: at(60)) == .seconds(60))
    watch.received(10, at: at(59))
    #expect(watch.stall(at: at(69)) == .seconds(10))
  }

  @Test func `time that our own side takes is not the server's`() {
    var watch = StallWatch(deadlines, hasBody: true, at: at(0))
    watch.sent(10_000, isLast: false, at: at(1))
    watch.excuse(.seconds(100))
    #expect(watch.stall(at: at(105)) == nil)
    #expect(watch.stall(at: at(111)) == .seconds(10))
  }
}
