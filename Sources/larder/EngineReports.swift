// What an engine says of itself now and then, by itself: its metrics, into a file that a collector
// reads, and a line of figures in the log. One thread does both. The file appears whole or not at
// all, so that a collector never reads half of it; a file that cannot be written is told once, and
// tried again each time.

import Ambient
import CacheEngine
import DurableFiles
import Telemetry

/// The thread that reports.
final class EngineReports: Sendable {
  private struct State {
    var settings: ReportSettings
    var isStopping = false
    var hasEnded = false
  }

  private let state: Monitor<State>
  private let metrics: MetricRegistry
  private let clock: MonotonicClock
  private let log: Log

  /// Begins to report. `figures` makes the fields of the log's line.
  init(
    _ settings: ReportSettings, _ metrics: MetricRegistry, clock: MonotonicClock, log: Log,
    figures: @escaping @Sendable () -> [LogField]
  ) {
    state = Monitor(State(settings: settings))
    self.metrics = metrics
    self.clock = clock
    self.log = log
    Worker("reports") { [self] in run(figures) }.detach()
  }

  /// Goes by other intervals from now on; where the file lies needs a restart.
  func apply(_ settings: ReportSettings) {
    state.change { (state: inout State) in
      let file = state.settings.metricsFile
      state.settings = settings
      state.settings.metricsFile = file
    }
  }

  /// Writes the metrics a last time and ends the thread.
  func stop() {
    state.change { $0.isStopping = true }
    _ = state.wait { $0.hasEnded ? true : nil }
  }

  private func run(_ figures: () -> [LogField]) {
    var metricsDue = clock.now()
    var lastFigures = metricsDue
    var wasWritten = true
    while true {
      let settings = state.withLock { $0.settings }
      let now = clock.now()
      if now >= metricsDue {
        wasWritten = writeMetrics(settings, wasWritten)
        metricsDue = now + settings.metricsInterval
      }
      if now - lastFigures >= settings.statisticsInterval {
        log.write(.info, "figures", figures())
        lastFigures = now
      }
      let due = min(metricsDue, lastFigures + settings.statisticsInterval)
      let isOver = state.wait(timeout: due - clock.now()) { (state: inout State) -> Bool? in
        if state.isStopping { return true }
        return state.settings == settings ? nil : false
      }
      if isOver == true { break }
      // Other intervals count from now.
      if isOver == false { metricsDue = clock.now() }
    }
    _ = writeMetrics(state.withLock { $0.settings }, wasWritten)
    state.change { $0.hasEnded = true }
  }

  /// False when the file could not be written; said when that is news.
  private func writeMetrics(_ settings: ReportSettings, _ wasWritten: Bool) -> Bool {
    guard let file = settings.metricsFile else { return true }
    do throws(DiskError) {
      try UserPlace(file).write(Array(metrics.snapshot().exposition.utf8))
      if !wasWritten { log.write(.notice, "the metrics are written again") }
      return true
    } catch {
      if wasWritten {
        log.write(
          .warning, "the metrics are not written; 'metrics_file' says where",
          [LogField("why", "\(error)")])
      }
      return false
    }
  }
}
