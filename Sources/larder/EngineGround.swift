// The live things that one engine stands on: the directories that its configuration names, opened, and
// its cold stores. Nothing here runs; what does is `EngineHost`.

import Ambient
import Bytes
import CacheEngine
import ColdStorage
import DurableFiles
import Flags
import Telemetry

/// The disks and stores of one engine.
struct EngineGround {
  let parts: EngineParts
  let metrics: MetricRegistry
  let storage: StorageMetrics

  /// Opens what a configuration, read from `file`, names.
  init(
    _ settings: EngineSettings, _ configuration: Configuration, from file: [UInt8], _ log: LogSink
  ) throws(Failure) {
    let depot = settings.depot.path
    guard depot.first == UInt8(ascii: "/") else {
      throw .ended(
        .misused, "\(escaped(file)): 'depot_path' must begin at the root, with '/'")
    }
    do throws(TelemetryError) {
      metrics = try MetricRegistry()
      storage = try StorageMetrics(metrics)
    } catch {
      preconditionFailure("an empty registry has every name free: \(error)")
    }
    let surroundings = StorageSurroundings(metrics: storage, log: log)
    let primary = EngineConfiguration.backend(.primary)
    let secondary = EngineConfiguration.backend(.secondary)
    var backends = [surroundings.backend(.primary)]
    let cold = try primary.open(configuration, from: file, backends[0])
    var behind: (any ObjectStore)?
    if configuration[secondary.type] != nil {
      backends.append(surroundings.backend(.secondary))
      behind = try secondary.open(configuration, from: file, backends[1])
    }
    do throws(DiskError) {
      let (state, events) = try Self.directories(settings.depot)
      var parts = EngineParts(
        depot: { () throws(DiskError) in try PosixDisk(root: depot) }, events: events,
        state: (state, settings.depot.stateDirectory), cold: cold, log: log
      ).watchingDepot(at: depot)
      parts.secondary = behind
      parts.metrics = metrics
      parts.backends = backends
      self.parts = parts
    } catch {
      throw .ended(.misused, "the depot or its state cannot be opened: \(error)")
    }
  }

  /// Opens the state directory and that of the events, which are made when they are missing.
  private static func directories(
    _ settings: DepotSettings
  ) throws(DiskError) -> (state: PosixDisk, events: PosixDisk) {
    let usual = settings.path + Array("/\(DepotRoot.stateDirectory)".utf8)
    if settings.stateDirectory == usual {
      try PosixDisk(root: settings.path).makeDirectories(
        FilePath.root.appending(DepotRoot.stateDirectory), mode: 0o755)
    }
    let disk = try PosixDisk(root: settings.stateDirectory)
    try disk.makeDirectories("events", mode: 0o700)
    return (disk, try PosixDisk(root: settings.stateDirectory + Array("/events".utf8)))
  }
}
