// What a sandbox's engine is opened on: disks behind gates, a cold store in a directory, a clock that may
// run behind, a watcher that may lose something, and settings by which everything happens in seconds
// that else takes days.

import Ambient
import CacheEngine
import ColdStorage
import DurableFiles
import Retry
import Sockets
import Telemetry

/// The ground of a sandbox.
final class DemoGround: Sendable {
  let directory: SandboxDirectory
  let stage: Stage
  let clock = SandboxClock()
  let metrics: MetricRegistry
  let parts: EngineParts
  let settings: EngineSettings
  /// The disk of the state directory, as it is.
  let state: PosixDisk
  /// The disk of the cold store, as it is.
  let cold: PosixDisk
  /// The depot's disk as its server has it.
  let serverDisk: any Disk
  private let log: LogSink

  private static let depot = "depot"
  private static let home = "depot/\(DepotRoot.stateDirectory)"
  /// How often the depot is scanned when nothing watches it.
  private static let scanPause = Duration.seconds(4)

  init(_ options: DemoOptions) throws(DemoError) {
    log = options.log
    directory = try SandboxDirectory(below: options.place)
    let depot = try directory.disk(Self.depot)
    state = try directory.disk(Self.home)
    cold = try directory.disk("cold")
    let events = try directory.disk("\(Self.home)/events")
    let stage = Stage(seed: options.seed, hasMishaps: options.hasMishaps, clock: .live)
    self.stage = stage
    serverDisk = StagedDisk(depot, stage.depot)
    let store: LocalStore
    let backend: Backend
    do throws(TelemetryError) {
      metrics = try MetricRegistry()
      backend = try Self.backend(metrics, options.log)
    } catch {
      throw .metrics("\(error)")
    }
    do throws(StorageError) {
      store = try LocalStore(backend, pause: .live, entropy: .live) { [cold] () throws(DiskError) in
        StagedDisk(cold, stage.cold)
      }
    } catch {
      throw .store(error)
    }
    var parts = EngineParts(
      depot: { () throws(DiskError) in StagedDisk(depot, stage.depot) },
      events: StagedDisk(events, stage.events), state: (state, directory.bytes(of: Self.home)),
      cold: store, wallClock: clock.wall, log: options.log)
    parts.metrics = metrics
    parts.backends = [backend]
    parts.watch = Self.watch(depot, stage, options.fault)
    self.parts = parts
    settings = Self.settings(directory.bytes(of: Self.depot), options)
  }

  private static func backend(
    _ metrics: MetricRegistry, _ log: LogSink
  ) throws(TelemetryError) -> Backend {
    var policy = CircuitPolicy()
    policy.coolDownMax = .seconds(4)
    return Backend(
      "primary", retries: Retries(clock: .live, entropy: .live, pause: .live),
      circuit: Circuit("primary", policy, clock: .live, wall: .live),
      metrics: try StorageMetrics(metrics), log: Log(room: "storage", to: log), clock: .live)
  }

  private static func settings(_ depot: [UInt8], _ options: DemoOptions) -> EngineSettings {
    var settings = EngineSettings(depot: depot)
    settings.cache.bytesMax = options.cacheBytesMax
    settings.cache.lowWatermark = ByteCount(options.cacheBytesMax.bytes / 5 * 4)
    settings.cache.minimumAge = .seconds(1)
    settings.depot.deleteGrace = .seconds(5)
    settings.uploads.threads = 4
    settings.restores.threads = 8
    settings.retries.firstDelay = .milliseconds(500)
    settings.retries.delayMax = .seconds(4)
    settings.retries.attemptsMax = 1_000
    return settings
  }

  /// Who tells of changes: the best watcher that the kernel grants, unless a fault says otherwise.
  private static func watch(
    _ depot: PosixDisk, _ stage: Stage, _ fault: Fault?
  ) -> @Sendable () throws(DiskError) -> any ChangeWatcher {
    let home = FilePath.root.appending(DepotRoot.stateDirectory)
    return { () throws(DiskError) in
      if fault == .watcherDegraded && !stage.isLifted {
        return try ScanWatcher(
          on: depot, excluding: [home], every: scanPause, clock: .live, pause: .live)
      }
      return StagedWatcher(
        try depot.watch(
          excluding: [home], scanningEvery: scanPause, clock: .live, pause: .live), stage)
    }
  }

  /// The path of the socket.
  var socket: [UInt8] { directory.bytes(of: "\(Self.home)/\(ShimServer.socketName)") }

  /// Serves the workload's questions; whoever may use the sandbox may ask.
  func serve(_ engine: Engine) throws(DemoError) -> ShimServer {
    let metrics: ShimMetrics
    do throws(TelemetryError) {
      metrics = try ShimMetrics(self.metrics)
    } catch {
      throw .metrics("\(error)")
    }
    let own = ThisProcess.user
    do throws(SocketsError) {
      return try ShimServer(
        socket: socket, mode: 0o600, depot: DepotRoot(spellings: [settings.depot.path]),
        doors: engine.shimDoors { $0 == own || $0 == 0 }, metrics: metrics,
        log: Log(room: "shim", to: log))
    } catch {
      throw .socket(error)
    }
  }
}
