// `larder metrics --config F`: the metrics of a depot as Prometheus reads them. What an engine counts it
// writes into `metrics_file` itself; without that file, what is written down of the depot is measured.

import Ambient
import Bytes
import CacheEngine
import DurableFiles
import Flags
import Telemetry
import Views

private let config = Flag("config", required: .path("FILE"), "The configuration.")

/// Prints metrics.
let metricsCommand: Command<Action> = Command(
  "metrics", "Print the metrics of a depot, as Prometheus reads them.",
  details: """
    With 'metrics_file' it prints what the engine wrote there last, and says how old that is. Without \
    it, or before it is there, it prints the figures that can be told from the disk: the files, and how \
    full the cache is.
    """,
  examples: [.init("larder metrics --config /etc/larder.json5", "Print them.")],
  takes: [config], action: Action(metrics))

/// The most bytes of a file of metrics.
private let metricsBytesMax = 64 << 20

private func metrics(
  _ invocation: Invocation, _ output: inout Output
) throws(Failure) -> ExitCode {
  let configuration = try readConfiguration(
    invocation[config], EngineConfiguration.settings, invocation)
  if let file = EngineSettings(configuration).reports.metricsFile,
    let (text, age) = try written(file)
  {
    try output.write(text)
    try output.flush()
    output.say("as the engine wrote them \(age.inWords) ago")
    return .done
  }
  let depot = try DepotOnDisk(invocation[config], invocation)
  let snapshot = depot.snapshot()
  try depot.close()
  let registry: MetricRegistry
  do throws(TelemetryError) {
    registry = try MetricRegistry()
    try SnapshotMetrics.register(in: registry) { snapshot }
  } catch {
    preconditionFailure("an empty registry has every name free: \(error)")
  }
  try output.write(registry.snapshot().exposition)
  try output.flush()
  output.say("from the disk; set 'metrics_file' for what an engine counts while it runs")
  return .done
}

/// What the engine wrote last, and how long ago; nil when there is no such file.
private func written(_ path: [UInt8]) throws(Failure) -> (String, Duration)? {
  do throws(DiskError) {
    var file = try UserFile(bytes: path)
    let modified = try file.status.modifiedNanoseconds / 1_000
    let text = String(decoding: try file.readAll(bytesMax: metricsBytesMax), as: UTF8.self)
    return (text, WallClock.live.now() - WallTime(microseconds: modified))
  } catch .absent {
    return nil
  } catch {
    throw .ended(.failed, "\(error)")
  }
}
