// Durations as whole numbers of a unit, for formats and clocks that count in one.

extension Duration {
  /// Whole microseconds, rounded toward zero.
  package var wholeMicroseconds: Int64 {
    components.seconds * 1_000_000 + components.attoseconds / 1_000_000_000_000
  }

  /// Whole nanoseconds, rounded toward zero; precise for 292 years.
  package var wholeNanoseconds: Int64 {
    components.seconds * 1_000_000_000 + components.attoseconds / 1_000_000_000
  }

  /// Seconds with their fraction, for figures that are shown.
  package var inSeconds: Double {
    Double(components.seconds) + Double(components.attoseconds) * 1e-18
  }
}
