// All metrics of a process by name. Rooms register what they count when they are made and hold it;
// the registry's lock is taken only then, when a series of a family is looked up, and when all is
// read. A name means one thing: claiming it twice for the same gives the same metric, and for
// something else is refused, as is what Prometheus' own checker would complain about.

import Synchronization

/// What a metric is.
package enum MetricType: String, Equatable, Sendable {
  case counter, gauge, histogram
}

/// The series of one metric, told apart by the values of its labels.
package final class MetricFamily<Metric: Sendable>: Sendable {
  /// The most series of one metric; those beyond are one, with `other` for every value.
  package static var seriesMax: Int { 1_000 }

  private let labels: [String]
  private let make: @Sendable () -> Metric
  private let series = Mutex<[[String]: Metric]>([:])

  init(labels: [String], make: @escaping @Sendable () -> Metric) {
    self.labels = labels
    self.make = make
  }

  /// The series with these values, in the order of the labels' names. Whoever counts often keeps it.
  package subscript(_ values: String...) -> Metric {
    precondition(values.count == labels.count, "the metric has the labels \(labels)")
    return series.withLock { (series: inout [[String]: Metric]) in
      if let metric = series[values] { return metric }
      let isFull = series.count >= Self.seriesMax
      let key = isFull ? labels.map { _ in "other" } : values
      if let metric = series[key] { return metric }
      let metric = make()
      series[key] = metric
      return metric
    }
  }

  /// Every series there is.
  var all: [(values: [String], metric: Metric)] {
    series.withLock { $0.map { ($0.key, $0.value) } }
  }
}

/// One value that somebody else keeps, for metrics that are read rather than counted.
package struct MetricReading: Equatable, Sendable {
  /// The values of the labels, in the order of their names.
  package let values: [String]
  package let number: Double

  package init(_ number: Double, _ values: String...) {
    self.values = values
    self.number = number
  }
}

/// Every metric of the process.
package final class MetricRegistry: Sendable {
  private enum Source: Sendable {
    case counters(MetricFamily<Counter>)
    case gauges(MetricFamily<Gauge>)
    case histograms(MetricFamily<Histogram>, bounds: [Double])
    case readings(@Sendable () -> [MetricReading])
  }

  private struct Entry: Sendable {
    let help: String
    let type: MetricType
    let labels: [String]
    let source: Source
  }

  private let constantLabels: [MetricLabel]
  private let entries = Mutex<[String: Entry]>([:])

  /// A registry whose every series carries these labels too.
  package init(constantLabels: [MetricLabel] = []) throws(TelemetryError) {
    try checkLabels(constantLabels.map(\.name), of: "every metric", type: .histogram)
    self.constantLabels = constantLabels
  }

  /// A counter; its name ends in `_total`.
  package func counter(_ name: String, _ help: String) throws(TelemetryError) -> Counter {
    try counters(name, help, labels: [])[]
  }

  /// Counters under one name, told apart by labels.
  package func counters(
    _ name: String, _ help: String, labels: [String]
  ) throws(TelemetryError) -> MetricFamily<Counter> {
    let family = MetricFamily(labels: labels) { Counter() }
    let entry = Entry(help: help, type: .counter, labels: labels, source: .counters(family))
    guard case .counters(let kept) = try claim(name, entry) else { throw .taken(name, .counter) }
    return kept
  }

  /// A gauge.
  package func gauge(_ name: String, _ help: String) throws(TelemetryError) -> Gauge {
    try gauges(name, help, labels: [])[]
  }

  /// Gauges under one name, told apart by labels.
  package func gauges(
    _ name: String, _ help: String, labels: [String]
  ) throws(TelemetryError) -> MetricFamily<Gauge> {
    let family = MetricFamily(labels: labels) { Gauge() }
    let entry = Entry(help: help, type: .gauge, labels: labels, source: .gauges(family))
    guard case .gauges(let kept) = try claim(name, entry) else { throw .taken(name, .gauge) }
    return kept
  }

  /// A histogram with these upper bounds, rising.
  package func histogram(
    _ name: String, _ help: String, bounds: [Double] = Histogram.durations
  ) throws(TelemetryError) -> Histogram {
    try histograms(name, help, labels: [], bounds: bounds)[]
  }

  /// Histograms under one name, told apart by labels.
  package func histograms(
    _ name: String, _ help: String, labels: [String], bounds: [Double] = Histogram.durations
  ) throws(TelemetryError) -> MetricFamily<Histogram> {
    let rises = zip(bounds, bounds.dropFirst()).allSatisfy { $0 < $1 }
    guard rises && !bounds.isEmpty && bounds.allSatisfy(\.isFinite) else {
      throw .badBounds(name)
    }
    let family = MetricFamily(labels: labels) { Histogram(bounds: bounds) }
    let entry = Entry(
      help: help, type: .histogram, labels: labels,
      source: .histograms(family, bounds: bounds))
    guard case .histograms(let kept, bounds) = try claim(name, entry) else {
      throw .taken(name, .histogram)
    }
    return kept
  }

  /// A counter or gauge that somebody else keeps: `read` is called, under no lock, whenever the
  /// metrics are read. What is not known is left out of its answer.
  package func readings(
    _ type: MetricType, _ name: String, _ help: String, labels: [String] = [],
    _ read: @escaping @Sendable () -> [MetricReading]
  ) throws(TelemetryError) {
    precondition(type != .histogram, "a histogram is observed, not read")
    let entry = Entry(help: help, type: type, labels: labels, source: .readings(read))
    try checkEntry(name, entry)
    let taken = entries.withLock { (entries: inout [String: Entry]) -> MetricType? in
      if let other = owner(of: name, type, in: entries) { return other }
      entries[name] = entry
      return nil
    }
    // Two readers of one name would say two things.
    if let taken { throw .taken(name, taken) }
  }

  /// Every metric as it is now, by name, its series by their labels.
  package func snapshot() -> [MetricSnapshot] {
    let entries = entries.withLock { $0 }
    return entries.sorted { $0.key < $1.key }.map { name, entry in
      let series = self.series(of: entry).sorted { $0.labels.lexicographicallyPrecedes($1.labels) }
      return MetricSnapshot(name: name, help: entry.help, type: entry.type, series: series)
    }
  }

  private func series(of entry: Entry) -> [MetricSeries] {
    func labelled(_ values: [String], _ value: MetricValue) -> MetricSeries {
      precondition(values.count == entry.labels.count, "a reading has a value for every label")
      let own = zip(entry.labels, values).map { MetricLabel($0, $1) }
      return MetricSeries(labels: (constantLabels + own).sorted(), value: value)
    }
    return switch entry.source {
    case .counters(let family): family.all.map { labelled($0.values, .count($0.metric.value)) }
    case .gauges(let family): family.all.map { labelled($0.values, .number($0.metric.value)) }
    case .histograms(let family, _):
      family.all.map { labelled($0.values, .histogram($0.metric.snapshot)) }
    case .readings(let read): read().map { labelled($0.values, .number($0.number)) }
    }
  }

  /// Enters the metric, or finds it entered for the same.
  private func claim(_ name: String, _ entry: Entry) throws(TelemetryError) -> Source {
    try checkEntry(name, entry)
    return try entries.withLock { (entries: inout [String: Entry]) throws(TelemetryError) in
      if let kept = entries[name], kept.type == entry.type, kept.labels == entry.labels {
        return kept.source
      }
      if let taken = owner(of: name, entry.type, in: entries) { throw .taken(name, taken) }
      entries[name] = entry
      return entry.source
    }
  }

  /// The type of the metric that this name, or one that a histogram makes of it, belongs to.
  private func owner(
    of name: String, _ type: MetricType, in entries: [String: Entry]
  ) -> MetricType? {
    if let entry = entries[name] { return entry.type }
    if type == .histogram {
      return histogramSuffixes.lazy.compactMap { entries[name + $0]?.type }.first
    }
    let made = histogramSuffixes.first { name.hasSuffix($0) }
    guard let made, entries[String(name.dropLast(made.count))]?.type == .histogram else {
      return nil
    }
    return .histogram
  }

  private func checkEntry(_ name: String, _ entry: Entry) throws(TelemetryError) {
    guard isName(name) else { throw .badName(name) }
    let endsInTotal = name.hasSuffix("_total")
    guard endsInTotal == (entry.type == .counter) else { throw .badName(name) }
    guard !entry.help.isEmpty else { throw .noHelp(name) }
    try checkLabels(entry.labels + constantLabels.map(\.name), of: name, type: entry.type)
  }
}

/// What a histogram appends to its name.
private let histogramSuffixes = ["_bucket", "_count", "_sum"]

private func checkLabels(
  _ labels: [String], of name: String, type: MetricType
) throws(TelemetryError) {
  for (index, label) in labels.enumerated() {
    let isReserved = label.hasPrefix("__") || type == .histogram && label == "le"
    guard isName(label), !isReserved, !labels[..<index].contains(label) else {
      throw .badLabel(label, of: name)
    }
  }
}

/// Lower-case letters, digits and underscores, beginning with no digit: what is left of
/// Prometheus' names when its checker is to have nothing to say.
private func isName(_ text: String) -> Bool {
  let isSound = text.utf8.allSatisfy { byte in
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
      UInt8(ascii: "_"):
      true
    default: false
    }
  }
  guard let first = text.utf8.first else { return false }
  return isSound && !(UInt8(ascii: "0")...UInt8(ascii: "9")).contains(first)
}
