// The engine in one line, for the log.

package import Ambient
internal import Manifest
internal import Telemetry

extension Engine {
  /// What there is and what was done, as fields of a line of the log.
  package var figures: [LogField] {
    let counts = manifest.counts()
    return [
      LogField("files", counts.total.files), LogField("dirty", counts[.dirty].files),
      LogField("failed", counts[.failed].files), LogField("hot_bytes", counts.hot.bytes),
      LogField("at_risk_bytes", counts.atRisk.bytes), LogField("uploads", counters.uploads.value),
      LogField("restores", counters.restores.value), LogField("hits", counters.hits.value),
      LogField("evictions", counters.evictions.value),
    ]
  }
}
