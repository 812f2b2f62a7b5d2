// What a snapshot says, as metrics: what is there, beside the counters of what was done. They are read
// out of a snapshot that is made when somebody collects; what is not known is left out, and never 0.

internal import Ambient
package import Telemetry
package import Views

/// The metrics of what is there.
package enum SnapshotMetrics {
  /// Registers them; `snapshot` is asked whenever they are read.
  package static func register(
    in registry: MetricRegistry, _ snapshot: @escaping @Sendable () -> EngineSnapshot
  ) throws(TelemetryError) {
    try registry.readings(
      .gauge, "p4cache_files", "Files of the depot, by what is true of them.", labels: ["state"]
    ) { states(snapshot().files) { Double($0.files) } }
    try registry.readings(
      .gauge, "p4cache_file_bytes", "Bytes of files of the depot, by what is true of them.",
      labels: ["state"]
    ) { states(snapshot().files) { Double($0.bytes) } }
    try one(registry, "p4cache_cache_bytes", "Bytes of files in the depot.") {
      Double(snapshot().cache.used.bytes)
    }
    try one(registry, "p4cache_cache_limit_bytes", "Bytes above which files are evicted.") {
      Double(snapshot().cache.ceiling.bytes)
    }
    try one(registry, "p4cache_evictable_bytes", "Bytes that an eviction could take now.") {
      snapshot().cache.evictable.map { Double($0.bytes) }
    }
    try one(registry, "p4cache_depot_free_bytes", "Bytes that the depot's disk has left.") {
      snapshot().cache.diskFree.map { Double($0.bytes) }
    }
    try one(registry, "p4cache_uploads_in_flight", "Files that are being stored.") {
      ofEngine(snapshot()).map { Double($0.uploads.inFlight.count) }
    }
    try one(registry, "p4cache_restores_in_flight", "Files that are being restored.") {
      ofEngine(snapshot()).map { Double($0.restores.inFlight.count) }
    }
    try one(
      registry, "p4cache_oldest_unstored_seconds",
      "For how long the file has waited that has waited longest to be stored."
    ) {
      let snapshot = snapshot()
      return snapshot.uploads.oldest.map { max(0, (snapshot.taken - $0).inSeconds) }
    }
    try one(registry, "p4cache_manifest_lag_events", "Events that the manifest is behind.") {
      Double(snapshot().manifest.lag)
    }
    try one(registry, "p4cache_event_store_latched", "1 when no event can be written, else 0.") {
      ofEngine(snapshot()).map { $0.eventStore.latch == nil ? 0 : 1 }
    }
    try one(registry, "p4cache_findings", "Damage that was found and not mended.") {
      ofEngine(snapshot()).map { Double($0.findingsCount) }
    }
    try registry.readings(
      .gauge, "p4cache_backend_up", "1 when a store answered last and took us, else 0.",
      labels: ["backend"]
    ) {
      snapshot().backends.compactMap { backend in
        backend.state == .unknown ? nil : MetricReading(backend.state == .up ? 1 : 0, backend.name)
      }
    }
  }

  /// The snapshot, if it is of an engine: some figures only an engine knows.
  private static func ofEngine(_ snapshot: EngineSnapshot) -> EngineSnapshot? {
    snapshot.mode == .evaluation ? nil : snapshot
  }

  private static func one(
    _ registry: MetricRegistry, _ name: String, _ help: String,
    _ read: @escaping @Sendable () -> Double?
  ) throws(TelemetryError) {
    try registry.readings(.gauge, name, help) { read().map { [MetricReading($0)] } ?? [] }
  }

  private static func states(
    _ counts: DepotCounts, _ figure: (Tally) -> Double
  ) -> [MetricReading] {
    [
      MetricReading(figure(counts.dirty), "dirty"), MetricReading(figure(counts.failed), "failed"),
      MetricReading(figure(counts.hot), "hot"), MetricReading(figure(counts.cold), "cold"),
      MetricReading(figure(counts.shredded), "shredded"),
    ]
  }
}
