// Durations as people write them: `250ms`, `30s`, `5m`, `2h`, `1d`, and put together `1h30m`. Units
// fall from left to right and none stands twice, so that each duration reads in one way.

extension Spelling where Value == Duration {
  /// A duration such as `30s` or `1h30m`.
  package static func duration(
    _ range: ClosedRange<Duration> = .zero...longestDuration
  ) -> Spelling {
    Spelling(
      placeholder: "TIME",
      wanted: "a time such as 30s or 1h30m"
        + bounds(range, open: .zero...longestDuration, spelled(duration:)),
      read: { bytes in
        guard let duration = parsedDuration(decoded(bytes)), range.contains(duration)
        else { return nil }
        return duration
      },
      write: spelled(duration:))
  }
}

/// A hundred years, the longest that is read.
package let longestDuration = Duration.seconds(36_525 * 86_400)

private let units: [(name: String, milliseconds: Int64)] = [
  ("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1),
]

/// The duration as it would be typed, down to milliseconds.
package func spelled(duration: Duration) -> String {
  var rest =
    duration.components.seconds * 1_000 + duration.components.attoseconds / 1_000_000_000_000_000
  var text = ""
  for (name, milliseconds) in units where rest >= milliseconds {
    text += "\(rest / milliseconds)\(name)"
    rest %= milliseconds
  }
  return text.isEmpty ? "0s" : text
}

/// The duration that the text spells; nil when it spells none.
package func parsedDuration(_ text: String) -> Duration? {
  var rest = text[...]
  var total: Int64 = 0
  var smallest = 0
  repeat {
    let digits = rest.prefix { $0.isASCII && $0.isWholeNumber }
    rest = rest[digits.endIndex...]
    let name = rest.prefix { $0.isASCII && $0.isLowercase }
    rest = rest[name.endIndex...]
    guard digits.count <= 15, let count = Int64(digits),
      let unit = units[smallest...].firstIndex(where: { $0.name == name })
    else { return nil }
    let (milliseconds, overflow) = count.multipliedReportingOverflow(by: units[unit].milliseconds)
    guard !overflow, milliseconds <= Int64.max - total else { return nil }
    total += milliseconds
    smallest = unit + 1
  } while !rest.isEmpty
  let duration = Duration.milliseconds(total)
  return duration <= longestDuration ? duration : nil
}
