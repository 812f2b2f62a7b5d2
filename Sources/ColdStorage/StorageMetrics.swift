// What is counted of every store, in one place and by one call. The names are those that dashboards
// of the reference know.

import Ambient
package import Telemetry

/// What a store was asked for, as metrics name it.
package enum StorageOperation: String, CaseIterable, Sendable {
  case upload
  case download
  case head
  case setMetadata = "set_metadata"
  case delete
  case list
  case sweep
}

/// The metrics of all stores of a process.
package struct StorageMetrics: Sendable {
  private let operations: MetricFamily<Counter>
  private let bytes: MetricFamily<Counter>
  private let latency: MetricFamily<Histogram>
  private let retries: MetricFamily<Counter>
  private let transferBytes: Histogram
  private let secondaryHits: Counter

  /// Claims the names; several stores may share what comes of it, or claim again.
  package init(_ registry: MetricRegistry) throws(TelemetryError) {
    operations = try registry.counters(
      "persist_storage_ops_total", "Operations on cold storage.",
      labels: ["backend", "op", "result"])
    bytes = try registry.counters(
      "persist_storage_bytes_total", "Bytes that went to or came from cold storage.",
      labels: ["backend", "op"])
    latency = try registry.histograms(
      "persist_storage_latency_seconds", "How long operations on cold storage took.",
      labels: ["backend", "op"])
    retries = try registry.counters(
      "persist_storage_retries_total", "Attempts on cold storage after a first one failed.",
      labels: ["backend", "op"])
    transferBytes = try registry.histogram(
      "persist_transfer_bytes", "The sizes of transfers to and from cold storage.",
      bounds: Histogram.sizes)
    secondaryHits = try registry.counter(
      "persist_storage_secondary_hits_total", "Objects that only the secondary store could give.")
  }

  /// Counts one operation, with all of its attempts; `bytes` is nil when it was no transfer.
  package func record(
    _ backend: String, _ operation: StorageOperation, bytes transferred: UInt64?,
    latency duration: Duration, retries again: Int, result: String
  ) {
    operations[backend, operation.rawValue, result].add()
    latency[backend, operation.rawValue].observe(duration)
    if again > 0 { retries[backend, operation.rawValue].add(again) }
    if let transferred {
      bytes[backend, operation.rawValue].add(transferred)
      transferBytes.observe(Double(transferred))
    }
  }

  /// Counts an object that came from the secondary.
  package func recordSecondaryHit() {
    secondaryHits.add()
  }
}
