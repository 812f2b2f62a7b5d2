// Durations as whole numbers of a unit, for formats and clocks that count in one.

extension Duration {
  /// Whole microseconds, rounded toward zero; what is out of range is the nearest that is not.
  package var wholeMicroseconds: Int64 {
    whole(perSecond: 1_000_000, attoseconds: 1_000_000_000_000)
  }

  /// Whole nanoseconds, rounded toward zero; what is out of range, 292 years, is the nearest that
  /// is not.
  package var wholeNanoseconds: Int64 {
    whole(perSecond: 1_000_000_000, attoseconds: 1_000_000_000)
  }

  /// Seconds with their fraction, for figures that are shown.
  package var inSeconds: Double {
    Double(components.seconds) + Double(components.attoseconds) * 1e-18
  }

  private func whole(perSecond: Int64, attoseconds: Int64) -> Int64 {
    let (seconds, overflow) = components.seconds.multipliedReportingOverflow(by: perSecond)
    if overflow { return components.seconds < 0 ? .min : .max }
    return seconds.addingSaturated(components.attoseconds / attoseconds)
  }
}

extension Int64 {
  /// The sum, or the nearest number that is one.
  func addingSaturated(_ other: Int64) -> Int64 {
    let (sum, overflow) = addingReportingOverflow(other)
    return overflow ? (other < 0 ? .min : .max) : sum
  }
}
