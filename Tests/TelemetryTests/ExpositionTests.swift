// The text that Prometheus reads: to the byte, in one order, whatever stands in a label; and what
// Prometheus' own checker says of it.

import Ambient
import Telemetry
import Testing

@Suite struct ExpositionTests {
  @Test func `the text is right to the byte`() throws {
    let registry = try MetricRegistry(
      constantLabels: [MetricLabel("mode", "rw"), MetricLabel("depot", "/srv/depot")])
    let results = try registry.counters(
      "z_uploads_total", "Uploads, by result.", labels: ["result"])
    results["ok"].add(3)
    results["failed"].add()
    try registry.gauge("cache_bytes", "Bytes in the cache.").set(1 << 40)
    let wait = try registry.histogram("wait_seconds", "How long.", bounds: [0.005, 1])
    for value in [0.001, 0.5, 2.25] { wait.observe(value) }
    try registry.readings(.gauge, "age_seconds", "How old.", labels: ["of"]) {
      [MetricReading(1.5, "b"), MetricReading(.infinity, "a")]
    }
    try registry.readings(.gauge, "unknown", "What nobody knows.") { [] }

    #expect(
      registry.snapshot().exposition == """
        # HELP age_seconds How old.
        # TYPE age_seconds gauge
        age_seconds{depot="/srv/depot",mode="rw",of="a"} +Inf
        age_seconds{depot="/srv/depot",mode="rw",of="b"} 1.5
        # HELP cache_bytes Bytes in the cache.
        # TYPE cache_bytes gauge
        cache_bytes{depot="/srv/depot",mode="rw"} 1099511627776
        # HELP wait_seconds How long.
        # TYPE wait_seconds histogram
        wait_seconds_bucket{depot="/srv/depot",mode="rw",le="0.005"} 1
        wait_seconds_bucket{depot="/srv/depot",mode="rw",le="1"} 2
        wait_seconds_bucket{depot="/srv/depot",mode="rw",le="+Inf"} 3
        wait_seconds_sum{depot="/srv/depot",mode="rw"} 2.751
        wait_seconds_count{depot="/srv/depot",mode="rw"} 3
        # HELP z_uploads_total Uploads, by result.
        # TYPE z_uploads_total counter
        z_uploads_total{depot="/srv/depot",mode="rw",result="failed"} 1
        z_uploads_total{depot="/srv/depot",mode="rw",result="ok"} 3

        """)
  }

  @Test func `text in labels and help stays on its line`() throws {
    let registry = try MetricRegistry()
    try registry.readings(.gauge, "odd", "A \\ and\na \"line\".", labels: ["path"]) {
      [MetricReading(-0.25, "a\"b\\c\nd\u{301}")]
    }
    #expect(
      registry.snapshot().exposition == """
        # HELP odd A \\\\ and\\na "line".
        # TYPE odd gauge
        odd{path="a\\"b\\\\c\\nd\u{301}"} -0.25

        """)
  }

  @Test(
    arguments: [
      (0, "0"), (-0.0, "0"), (1e15, "1000000000000000"), (1e300, "1e+300"), (1e-7, "1e-07"),
      (.nan, "NaN"), (-.infinity, "-Inf"), (0.1, "0.1"),
      (9_007_199_254_740_992, "9007199254740992.0"),
    ] as [(Double, String)])
  func `a number is spelled so that it is read back`(_ number: Double, _ text: String) throws {
    let registry = try MetricRegistry()
    try registry.gauge("number", "A number.").set(number)
    #expect(registry.snapshot().exposition.split(separator: "\n").last == "number \(text)")
  }

  @Test func `a counter is exact where a floating point number is not`() throws {
    let registry = try MetricRegistry()
    try registry.counter("bytes_total", "Bytes.").add(UInt64.max - 1)
    #expect(registry.snapshot().exposition.hasSuffix(" 18446744073709551614\n"))
  }

  @Test func `who reads may register`() throws {
    let registry = try MetricRegistry()
    try registry.readings(.gauge, "reader", "Registers when it is read.") {
      [MetricReading((try? registry.gauge("late", "Registered late.")) == nil ? 0 : 1)]
    }
    #expect(registry.snapshot().map(\.name) == ["reader"])
    #expect(registry.snapshot().map(\.name) == ["late", "reader"])
  }

  @Test(.needsPromtool) func `Prometheus' own checker has nothing to say`() throws {
    let registry = try MetricRegistry(constantLabels: [MetricLabel("depot", "/d \"x\"\\\n中")])
    let uploads = try registry.counters("p4cache_uploads_total", "Uploads.", labels: ["result"])
    uploads["ok"].add(3)
    uploads["failed"].add()
    let files = try registry.gauges("p4cache_files", "Files, by state.", labels: ["state"])
    for state in ["dirty", "clean", "failed"] { files[state].set(12.5) }
    let latency = try registry.histograms(
      "persist_storage_latency_seconds", "Latency of a call.", labels: ["backend", "op"])
    latency["primary", "put"].observe(.milliseconds(3))
    latency["primary", "get"].observe(.seconds(100))
    try registry.histogram("persist_transfer_bytes", "Sizes.", bounds: Histogram.sizes)
      .observe(1e9)
    try registry.readings(.gauge, "p4cache_cache_bytes", "Bytes.") { [MetricReading(.nan)] }
    let said = try promtool(checking: registry.snapshot().exposition)
    #expect(said.text == "")
    #expect(said.exitCode == 0)
    // It would have something to say.
    #expect(try promtool(checking: "# TYPE a counter\na 1\n").exitCode != 0)
    #expect(try promtool(checking: "a{ 1\n").exitCode != 0)
  }
}
