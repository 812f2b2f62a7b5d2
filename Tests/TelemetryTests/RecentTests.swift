// What is remembered of the last calls and the last seconds, and what is forgotten.

import Ambient
import Telemetry
import Testing

@Suite struct RecentTests {
  @Test func `of the last calls the middle and the slowest are told`() {
    let durations = RecentDurations()
    #expect(durations.summary == nil)
    for number in 1...200 { durations.add(.milliseconds(number)) }
    #expect(durations.summary?.p50 == .milliseconds(100))
    #expect(durations.summary?.p99 == .milliseconds(198))
    #expect(durations.summary?.count == 200)
  }

  @Test func `calls of long ago are forgotten`() {
    let durations = RecentDurations()
    durations.add(.seconds(100))
    for _ in 0..<RecentDurations.callsMax { durations.add(.milliseconds(1)) }
    #expect(durations.summary?.p99 == .milliseconds(1))
    #expect(durations.summary?.count == RecentDurations.callsMax)
  }

  @Test func `each second that is over has what moved in it, the newest last`() {
    let clock = ManualClock()
    let rate = RecentRate(at: clock.monotonic.now())
    #expect(rate.perSecond(at: clock.monotonic.now()) == [])
    rate.add(10, at: clock.monotonic.now())
    clock.advance(by: .seconds(1))
    rate.add(5, at: clock.monotonic.now())
    rate.add(6, at: clock.monotonic.now())
    clock.advance(by: .seconds(2))
    #expect(rate.perSecond(at: clock.monotonic.now()) == [10, 11, 0])
  }

  @Test func `a minute is remembered, and nothing of what was before`() {
    let clock = ManualClock()
    let rate = RecentRate(at: clock.monotonic.now())
    for second in 0..<200 {
      rate.add(UInt64(second), at: clock.monotonic.now())
      clock.advance(by: .seconds(1))
    }
    #expect(rate.perSecond(at: clock.monotonic.now()) == (140..<200).map(UInt64.init))
    clock.advance(by: .seconds(1_000))
    #expect(
      rate.perSecond(at: clock.monotonic.now())
        == [UInt64](repeating: 0, count: RecentRate.secondsMax))
  }
}
