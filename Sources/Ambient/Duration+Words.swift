// Durations as people say them, in the two largest units that matter: `850 us`, `2.4 s`, `3 min 20 s`,
// `2 h 5 min`, `4 d 3 h`.

extension Duration {
  /// The duration for a person; a negative one is said as zero, for nothing takes less.
  package var inWords: String {
    let microseconds = max(wholeMicroseconds, 0)
    if microseconds < 1_000 { return "\(microseconds) us" }
    if microseconds < 1_000_000 { return "\(microseconds / 1_000) ms" }
    if microseconds < 10_000_000 {
      return "\(microseconds / 1_000_000).\(microseconds / 100_000 % 10) s"
    }
    let seconds = microseconds / 1_000_000
    switch seconds {
    case ..<60: return "\(seconds) s"
    case ..<3_600: return Self.pair(seconds / 60, "min", seconds % 60, "s")
    case ..<86_400: return Self.pair(seconds / 3_600, "h", seconds / 60 % 60, "min")
    default: return Self.pair(seconds / 86_400, "d", seconds / 3_600 % 24, "h")
    }
  }

  private static func pair(
    _ large: Int64, _ largeUnit: String, _ small: Int64, _ smallUnit: String
  ) -> String {
    small == 0 ? "\(large) \(largeUnit)" : "\(large) \(largeUnit) \(small) \(smallUnit)"
  }
}
