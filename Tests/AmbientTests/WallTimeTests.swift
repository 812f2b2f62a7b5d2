// Civil time: the calendar in both directions, far from today and before 1970 as well. The numbers
// come from another calendar's implementation.

import Ambient
import Testing

@Suite struct WallTimeTests {
  /// Year, month, day, hour, minute, second; seconds since 1970; weekday, 0 being Sunday.
  private static let moments: [([Int], Int64, Int)] = [
    ([1970, 1, 1, 0, 0, 0], 0, 4),
    ([1969, 12, 31, 23, 59, 59], -1, 3),
    ([2000, 2, 29, 12, 34, 56], 951_827_696, 2),
    ([2024, 2, 29, 0, 0, 0], 1_709_164_800, 4),
    ([1900, 2, 28, 0, 0, 0], -2_203_977_600, 3),
    ([1900, 3, 1, 0, 0, 0], -2_203_891_200, 4),
    ([2100, 2, 28, 23, 59, 59], 4_107_542_399, 0),
    ([2100, 3, 1, 0, 0, 0], 4_107_542_400, 1),
    ([1600, 2, 29, 0, 0, 0], -11_670_998_400, 2),
    ([1, 1, 1, 0, 0, 0], -62_135_596_800, 1),
    ([9999, 12, 31, 23, 59, 59], 253_402_300_799, 5),
  ]

  @Test(arguments: moments)
  func `a moment has one date, and a date one moment`(
    _ fields: [Int], _ seconds: Int64, _ weekday: Int
  ) {
    let civil = CivilTime(WallTime(seconds: seconds))
    #expect(
      [civil.year, civil.month, civil.day, civil.hour, civil.minute, civil.second] == fields)
    #expect(civil.microsecond == 0)
    #expect(civil.weekday == weekday)
    let time = WallTime(
      year: fields[0], month: fields[1], day: fields[2], hour: fields[3], minute: fields[4],
      second: fields[5])
    #expect(time == WallTime(seconds: seconds))
  }

  @Test func `every day of four centuries follows the one before`() {
    var expected = (year: 1_799, month: 12, day: 31, weekday: 2)
    let begin = WallTime(year: 1_800, month: 1, day: 1, hour: 0, minute: 0, second: 0)!
    for day in 0..<146_097 as Range<Int64> {
      let isLeap =
        expected.year % 4 == 0 && (expected.year % 100 != 0 || expected.year % 400 == 0)
      let last = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][expected.month - 1]
      expected.weekday = (expected.weekday + 1) % 7
      expected.day += 1
      if expected.day > last { (expected.month, expected.day) = (expected.month + 1, 1) }
      if expected.month > 12 { (expected.year, expected.month) = (expected.year + 1, 1) }
      let civil = CivilTime(WallTime(seconds: begin.seconds + day * 86_400))
      let same = (civil.year, civil.month, civil.day, civil.weekday) == expected
      #expect(same, "\(civil)")
      if !same { return }
    }
  }

  @Test(
    arguments: [
      [2023, 2, 29, 0, 0, 0], [2100, 2, 29, 0, 0, 0], [2024, 2, 30, 0, 0, 0],
      [2024, 4, 31, 0, 0, 0], [2024, 13, 1, 0, 0, 0], [2024, 0, 1, 0, 0, 0],
      [2024, 1, 0, 0, 0, 0], [2024, 1, 32, 0, 0, 0], [2024, 1, 1, 24, 0, 0],
      [2024, 1, 1, 0, 60, 0], [2024, 1, 1, 0, 0, 61], [2024, 1, 1, 0, 0, -1],
      [10_000, 1, 1, 0, 0, 0], [-1, 1, 1, 0, 0, 0], [2024, 2, 31, 23, 59, 60],
    ])
  func `what is no date is none`(_ fields: [Int]) {
    #expect(
      WallTime(
        year: fields[0], month: fields[1], day: fields[2], hour: fields[3], minute: fields[4],
        second: fields[5]) == nil)
  }

  @Test func `an inserted second is the first of the next minute`() {
    let inserted = WallTime(year: 2_016, month: 12, day: 31, hour: 23, minute: 59, second: 60)
    #expect(inserted == WallTime(year: 2_017, month: 1, day: 1, hour: 0, minute: 0, second: 0))
  }

  @Test(
    arguments: [
      (0, "1970-01-01T00:00:00.000000Z"), (-1, "1969-12-31T23:59:59.999999Z"),
      (1_795_171_904_000_120, "2026-11-20T10:51:44.000120Z"),
      (-62_135_596_800_000_000, "0001-01-01T00:00:00.000000Z"),
      (-62_167_219_200_000_001, "-0001-12-31T23:59:59.999999Z"),
    ] as [(Int64, String)])
  func `a moment has one spelling`(_ microseconds: Int64, _ text: String) {
    #expect(WallTime(microseconds: microseconds).description == text)
  }

  @Test func `seconds are rounded down, before 1970 as well`() {
    for (microseconds, seconds) in [
      (0, 0), (999_999, 0), (1_000_000, 1), (-1, -1), (-999_999, -1), (-1_000_000, -1),
      (-1_000_001, -2),
    ] as [(Int64, Int64)] {
      #expect(WallTime(microseconds: microseconds).seconds == seconds)
    }
  }

  @Test func `moments and durations add up`() {
    let time = WallTime(seconds: 100)
    #expect(time + .milliseconds(1_500) == WallTime(microseconds: 101_500_000))
    #expect(time + .seconds(-101) == WallTime(seconds: -1))
    #expect(time - WallTime(seconds: 40) == .seconds(60))
    #expect(WallTime(seconds: 40) - time == .seconds(-60))
    #expect(WallTime(seconds: 40) < time)
    #expect(WallTime(microseconds: .max) + .seconds(1) == WallTime(microseconds: .max))
    #expect(WallTime(microseconds: .min) + .seconds(-1) == WallTime(microseconds: .min))
  }

  @Test(
    arguments: [
      (.zero, 0, 0), (.nanoseconds(1_999), 1, 1_999), (.nanoseconds(-1_999), -1, -1_999),
      (.seconds(3), 3_000_000, 3_000_000_000), (.seconds(Int64.max), .max, .max),
      (.seconds(Int64.min), .min, .min),
      (.seconds(9_223_372_036) + .milliseconds(900), 9_223_372_036_900_000, .max),
    ] as [(Duration, Int64, Int64)])
  func `durations are counted in whole units`(
    _ duration: Duration, _ microseconds: Int64, _ nanoseconds: Int64
  ) {
    #expect(duration.wholeMicroseconds == microseconds)
    #expect(duration.wholeNanoseconds == nanoseconds)
  }

  @Test func `durations are shown in seconds`() {
    #expect(Duration.milliseconds(1_250).inSeconds == 1.25)
    #expect(Duration.seconds(-2).inSeconds == -2)
  }
}
