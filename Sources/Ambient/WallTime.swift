// A moment of civil time, as microseconds since 1970-01-01T00:00:00Z, and its RFC 3339 spelling.
// Conversions use the proleptic Gregorian calendar in UTC; leap seconds do not exist, as in POSIX.

/// A moment of civil time in microseconds since the Unix epoch.
public struct WallTime: Hashable, Comparable, Sendable {
  /// Microseconds since 1970-01-01T00:00:00Z; negative before it.
  public var microseconds: Int64

  public init(microseconds: Int64) {
    self.microseconds = microseconds
  }

  /// A moment given in whole seconds since the Unix epoch.
  public init(seconds: Int64) {
    microseconds = seconds * 1_000_000
  }

  /// Whole seconds since the Unix epoch, rounded down.
  public var seconds: Int64 {
    let quotient = microseconds / 1_000_000
    return microseconds % 1_000_000 < 0 ? quotient - 1 : quotient
  }

  public static func < (left: WallTime, right: WallTime) -> Bool {
    left.microseconds < right.microseconds
  }

  /// The moment `duration` later.
  public static func + (time: WallTime, duration: Duration) -> WallTime {
    WallTime(microseconds: time.microseconds.addingSaturated(duration.wholeMicroseconds))
  }

  /// How long after `earlier` this moment is; negative when before it.
  public static func - (time: WallTime, earlier: WallTime) -> Duration {
    .microseconds(time.microseconds - earlier.microseconds)
  }
}

/// A moment split into the fields of the Gregorian calendar in UTC.
package struct CivilTime: Hashable, Sendable {
  package var year: Int
  package var month: Int
  package var day: Int
  package var hour: Int
  package var minute: Int
  package var second: Int
  package var microsecond: Int
  /// 0 is Sunday.
  package var weekday: Int

  package init(_ time: WallTime) {
    let seconds = time.seconds
    microsecond = Int(time.microseconds - seconds * 1_000_000)
    var days = Int(seconds / 86_400)
    var rest = Int(seconds % 86_400)
    if rest < 0 {
      rest += 86_400
      days -= 1
    }
    (hour, minute, second) = (rest / 3_600, rest / 60 % 60, rest % 60)
    weekday = ((days + 4) % 7 + 7) % 7
    // Years are counted from March, so that the leap day ends one; 146,097 days make 400 of them.
    let shifted = days + 719_468
    let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
    let dayOfEra = shifted - era * 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let monthFromMarch = (5 * dayOfYear + 2) / 153
    day = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
    month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
    year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
  }
}

extension WallTime {
  /// The moment of a date in UTC, or nil when a field is out of its range; second 60, which some
  /// clocks insert, is the first of the next minute.
  package init?(year: Int, month: Int, day: Int, hour: Int, minute: Int, second: Int) {
    guard (0...9_999).contains(year), (1...12).contains(month), (1...31).contains(day),
      (0...23).contains(hour), (0...59).contains(minute), (0...60).contains(second)
    else { return nil }
    let shiftedYear = month <= 2 ? year - 1 : year
    let era = (shiftedYear >= 0 ? shiftedYear : shiftedYear - 399) / 400
    let yearOfEra = shiftedYear - era * 400
    let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
    let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
    let days = era * 146_097 + dayOfEra - 719_468
    // A day that its month does not have comes out as one of the next.
    let civil = CivilTime(WallTime(seconds: Int64(days * 86_400)))
    guard civil.day == day && civil.month == month else { return nil }
    self.init(seconds: Int64(days * 86_400 + hour * 3_600 + minute * 60 + second))
  }
}

extension WallTime: CustomStringConvertible {
  /// RFC 3339 in UTC with microseconds: `2026-11-20T10:51:44.000000Z`.
  public var description: String {
    let civil = CivilTime(self)
    return civil.date + "T" + civil.time + "." + padded(civil.microsecond, 6) + "Z"
  }
}

extension CivilTime {
  /// `2026-11-20`.
  package var date: String { padded(year, 4) + "-" + padded(month, 2) + "-" + padded(day, 2) }

  /// `10:51:44`.
  package var time: String { padded(hour, 2) + ":" + padded(minute, 2) + ":" + padded(second, 2) }
}

private func padded(_ value: Int, _ width: Int) -> String {
  let digits = String(value.magnitude)
  let zeros = String(repeating: "0", count: max(0, width - digits.utf8.count))
  return (value < 0 ? "-" : "") + zeros + digits
}
