// Metrics count what they are told, from any thread, and the registry refuses what would make
// their names mean two things.

import Ambient
import Telemetry
import Testing

@Suite struct MetricTests {
  private let registry = try! MetricRegistry()

  @Test func `counters and gauges say what they were told`() throws {
    let counter = try registry.counter("done_total", "What is done.")
    #expect(counter.value == 0)
    counter.add()
    counter.add(41)
    #expect(counter.value == 42)
    let gauge = try registry.gauge("fill_bytes", "What is in it.")
    gauge.set(10)
    gauge.add(0.5)
    gauge.add(-3)
    #expect(gauge.value == 7.5)
  }

  @Test func `nothing is lost when many count at once`() throws {
    let counter = try registry.counter("done_total", "What is done.")
    let gauge = try registry.gauge("fill", "What is in it.")
    let histogram = try registry.histogram("size", "How large.", bounds: [1, 2, 3])
    let family = try registry.counters("by_total", "By who.", labels: ["who"])
    Worker.each(4, named: "counter") { index in
      for number in 0..<5_000 {
        counter.add()
        gauge.add(2)
        histogram.observe(Double(number % 4))
        family["\(number % 3)"].add()
      }
    }
    #expect(counter.value == 20_000)
    #expect(gauge.value == 40_000)
    #expect(histogram.snapshot.counts == [10_000, 5_000, 5_000, 0])
    #expect(histogram.snapshot.sum == 30_000)
    #expect(["0", "1", "2"].map { family[$0].value }.reduce(0, +) == 20_000)
  }

  @Test func `a value falls into the first bucket that holds it`() throws {
    let histogram = try registry.histogram("wait_seconds", "How long.", bounds: [0.1, 1, 10])
    for value in [-1, 0, 0.1, 0.100_1, 1, 5, 10, 11, .infinity] { histogram.observe(value) }
    #expect(histogram.snapshot.counts == [3, 2, 2, 2])
    let durations = try registry.histogram("run_seconds", "How long.")
    durations.observe(.milliseconds(2))
    #expect(durations.snapshot.counts[1] == 1)
    #expect(durations.snapshot.sum == 0.002)
  }

  @Test func `quantiles are read from the buckets`() {
    let snapshot = HistogramSnapshot(bounds: [1, 2, 4], counts: [10, 10, 0, 0], sum: 0)
    #expect(snapshot.quantile(0) == 0)
    #expect(snapshot.quantile(0.25) == 0.5)
    #expect(snapshot.quantile(0.5) == 1)
    #expect(snapshot.quantile(0.75) == 1.5)
    #expect(snapshot.quantile(1) == 2)
    #expect(HistogramSnapshot(bounds: [1], counts: [0, 0], sum: 0).quantile(0.5) == nil)
    #expect(HistogramSnapshot(bounds: [1], counts: [1, 9], sum: 0).quantile(0.5) == 1)
  }

  @Test func `the same metric asked for twice is one`() throws {
    let first = try registry.counter("done_total", "What is done.")
    let second = try registry.counter("done_total", "What is done, said otherwise.")
    #expect(first === second)
    let families = try (0..<2).map { _ in
      try registry.histograms("wait_seconds", "How long.", labels: ["who"])
    }
    #expect(families[0]["me"] === families[1]["me"])
    #expect(families[0]["me"] !== families[1]["you"])
  }

  @Test func `a name that means something else is refused`() throws {
    _ = try registry.gauge("fill", "What is in it.")
    _ = try registry.counters("done_total", "What is done.", labels: ["result"])
    _ = try registry.histogram("wait", "How long.", bounds: [1])
    _ = try registry.gauge("size_sum", "A sum of sizes.")
    try registry.readings(.gauge, "age", "How old.") { [] }

    #expect(throws: TelemetryError.taken("fill", .gauge)) {
      try registry.histogram("fill", "Another.")
    }
    #expect(throws: TelemetryError.taken("done_total", .counter)) {
      try registry.counters("done_total", "Other labels.", labels: ["reason"])
    }
    #expect(throws: TelemetryError.taken("wait", .histogram)) {
      try registry.histogram("wait", "Other bounds.", bounds: [2])
    }
    #expect(throws: TelemetryError.taken("wait_count", .histogram)) {
      try registry.gauge("wait_count", "What the histogram writes too.")
    }
    #expect(throws: TelemetryError.taken("size", .gauge)) {
      try registry.histogram("size", "It would write the gauge's name.")
    }
    for name in ["age", "fill"] {
      #expect(throws: TelemetryError.taken(name, .gauge)) {
        try registry.readings(.gauge, name, "Another reader.") { [] }
      }
    }
  }

  @Test(arguments: ["", "9lives", "with-dash", "with:colon", "Upper", "ä", "a b", "done_total"])
  func `what is no name for a gauge is refused`(_ name: String) {
    #expect(throws: TelemetryError.badName(name)) { try registry.gauge(name, "Help.") }
  }

  @Test func `a counter ends in total, and has its help`() {
    #expect(throws: TelemetryError.badName("done")) { try registry.counter("done", "Help.") }
    #expect(throws: TelemetryError.noHelp("done_total")) { try registry.counter("done_total", "") }
  }

  @Test(arguments: ["", "le", "__name", "Upper", "a-b", "depot", "twice"])
  func `what is no label is refused`(_ label: String) throws {
    let registry = try MetricRegistry(constantLabels: [MetricLabel("depot", "/d")])
    #expect(throws: TelemetryError.self) {
      try registry.histograms("wait", "How long.", labels: ["twice", label])
    }
  }

  @Test(arguments: [[], [1, 1], [2, 1], [1, .infinity], [.nan]] as [[Double]])
  func `bounds that do not rise are refused`(_ bounds: [Double]) {
    #expect(throws: TelemetryError.badBounds("wait")) {
      try registry.histogram("wait", "How long.", bounds: bounds)
    }
  }

  @Test func `series beyond the most there may be are counted as other`() throws {
    let family = try registry.counters("by_total", "By who.", labels: ["who"])
    for number in 0..<(MetricFamily<Counter>.seriesMax + 50) { family["\(number)"].add() }
    #expect(family["other"].value == 50)
    #expect(registry.snapshot()[0].series.count == MetricFamily<Counter>.seriesMax + 1)
  }
}
