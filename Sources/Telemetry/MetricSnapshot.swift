// The metrics at one time as values, and as the text that Prometheus reads (text format 0.0.4):
// for each metric a line of help, a line with its type, and a line a series; for a histogram a
// line a bucket, with the counts of the buckets below included, then the sum and the count. The
// order depends on names and labels alone, so the same state gives the same bytes.

/// A label and its value.
package struct MetricLabel: Hashable, Comparable, Sendable {
  package let name: String
  package let value: String

  package init(_ name: String, _ value: String) {
    self.name = name
    self.value = value
  }

  package static func < (left: MetricLabel, right: MetricLabel) -> Bool {
    (left.name, left.value) < (right.name, right.value)
  }
}

/// What a series says.
package enum MetricValue: Equatable, Sendable {
  case count(UInt64)
  case number(Double)
  case histogram(HistogramSnapshot)
}

/// One series: its labels, the constant ones included, by name.
package struct MetricSeries: Equatable, Sendable {
  package let labels: [MetricLabel]
  package let value: MetricValue

  package init(labels: [MetricLabel], value: MetricValue) {
    self.labels = labels
    self.value = value
  }
}

/// One metric and all of its series.
package struct MetricSnapshot: Equatable, Sendable {
  package let name: String
  package let help: String
  package let type: MetricType
  package let series: [MetricSeries]

  package init(name: String, help: String, type: MetricType, series: [MetricSeries]) {
    self.name = name
    self.help = help
    self.type = type
    self.series = series
  }
}

extension [MetricSnapshot] {
  /// The text that Prometheus reads.
  package var exposition: String {
    var text = ""
    for metric in self where !metric.series.isEmpty { metric.write(to: &text) }
    return text
  }
}

extension MetricSnapshot {
  fileprivate func write(to text: inout String) {
    text += "# HELP \(name) \(escaped(help, quotes: false))\n"
    text += "# TYPE \(name) \(type.rawValue)\n"
    for series in series {
      switch series.value {
      case .count(let count): line("", series.labels, String(count), &text)
      case .number(let number): line("", series.labels, spelled(number), &text)
      case .histogram(let histogram):
        var below: UInt64 = 0
        for (bound, count) in zip(histogram.bounds + [.infinity], histogram.counts) {
          below += count
          let le = MetricLabel("le", spelled(bound))
          line("_bucket", series.labels + [le], String(below), &text)
        }
        line("_sum", series.labels, spelled(histogram.sum), &text)
        line("_count", series.labels, String(below), &text)
      }
    }
  }

  private func line(
    _ suffix: String, _ labels: [MetricLabel], _ value: String, _ text: inout String
  ) {
    text += name + suffix
    if !labels.isEmpty {
      let pairs = labels.map { "\($0.name)=\"\(escaped($0.value, quotes: true))\"" }
      text += "{" + pairs.joined(separator: ",") + "}"
    }
    text += " " + value + "\n"
  }
}

private func escaped(_ text: String, quotes: Bool) -> String {
  var escaped = ""
  for scalar in text.unicodeScalars {
    switch scalar {
    case "\\": escaped += "\\\\"
    case "\n": escaped += "\\n"
    case "\"" where quotes: escaped += "\\\""
    default: escaped.unicodeScalars.append(scalar)
    }
  }
  return escaped
}

private func spelled(_ number: Double) -> String {
  if number.isNaN { return "NaN" }
  if number.isInfinite { return number < 0 ? "-Inf" : "+Inf" }
  // Whole numbers are spelled whole as long as a Double holds each of them.
  if number.rounded() == number && number.magnitude < 0x1p53 { return String(Int64(number)) }
  return String(number)
}
