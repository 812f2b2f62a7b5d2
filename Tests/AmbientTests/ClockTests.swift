// The clocks of the machine, and the one of a test.

import Ambient
import Testing

@Suite struct ClockTests {
  @Test func `the machine's clock never goes back`() {
    var last = MonotonicClock.live.now()
    for _ in 0..<10_000 {
      let now = MonotonicClock.live.now()
      #expect(now >= last)
      last = now
    }
  }

  @Test func `the machine's calendar is in this century`() {
    let now = CivilTime(WallClock.live.now())
    #expect((2_025..<2_100).contains(now.year))
  }

  @Test func `a test's clock stands still until it is told otherwise`() {
    let clock = ManualClock(at: WallTime(seconds: 1_000))
    let (wall, monotonic) = (clock.wall, clock.monotonic)
    let begun = monotonic.now()
    #expect(wall.now() == WallTime(seconds: 1_000))
    #expect(wall.now() == wall.now())
    #expect(monotonic.now() == begun)

    clock.advance(by: .seconds(5))
    #expect(wall.now() == WallTime(seconds: 1_005))
    #expect(monotonic.now() - begun == .seconds(5))
  }

  @Test func `a calendar that is set back leaves the other side alone`() {
    let clock = ManualClock(at: WallTime(seconds: 1_000))
    let begun = clock.monotonic.now()
    clock.jump(to: WallTime(seconds: 10))
    #expect(clock.wall.now() == WallTime(seconds: 10))
    #expect(clock.monotonic.now() == begun)
    clock.advance(by: .seconds(-4))
    #expect(clock.wall.now() == WallTime(seconds: 6))
    #expect(clock.monotonic.now() == begun)
  }

  @Test func `monotonic moments have an order and differences`() {
    let time = MonotonicTime(nanoseconds: 10)
    #expect(time + .nanoseconds(5) == MonotonicTime(nanoseconds: 15))
    #expect((time + .nanoseconds(5)) - time == .nanoseconds(5))
    #expect(time < time + .nanoseconds(1))
    // For ever is later than now, and no overflow.
    #expect(MonotonicClock.live.now() + .seconds(Int64.max) > time)
  }
}
