// `larder run --config F`: the engine of one depot as a service, in the foreground. It logs to standard
// error, serves the depot's server at `shim.sock` in the state directory, and ends in order on
// SIGTERM or SIGINT; a second one ends it at once, which loses nothing either.

import Ambient
import Bytes
import CacheEngine
import ColdStorage
import DurableFiles
import Flags
import Sockets
import Telemetry

private let config = Flag("config", required: .path("FILE"), "The configuration.")

/// Runs an engine.
let runCommand: Command<Action> = Command(
  "run", "Keep a depot: upload what is written, restore what is asked for, evict what is old.",
  details: """
    It runs until it gets SIGTERM or SIGINT; then transfers may go on for 'shutdown_grace'. The exit \
    code is 5 when another engine has the depot.
    """,
  examples: [.init("larder run --config /etc/larder.json5", "Keep the depot that it names.")],
  takes: [config], action: Action(run))

private func run(
  _ invocation: Invocation, _ output: inout Output
) throws(Failure) -> ExitCode {
  // Before any thread is there, so that no thread ever gets them.
  let signals = Signals.hold([.interrupt, .terminate])
  let configuration = try readConfiguration(
    invocation[config], EngineConfiguration.settings, invocation)
  let settings = EngineSettings(configuration)
  let log = LogPipeline(
    levels: LogLevels(base: .info), clock: .live, outputs: [.bytes(.text, writeToErrors)])
  defer { log.close(timeout: .seconds(5)) }
  let ground = try LiveGround(settings, configuration, from: invocation[config], log.sink)
  let engine = try reporting { () throws(EngineError) in
    try Engine.open(ground.parts, settings)
  }
  let server = try ground.serve(engine)
  engine.start()
  output.say("keeping \(escaped(settings.depot.path)) as process \(ThisProcess.id)")
  _ = signals.wait()
  Worker("impatience") {
    _ = signals.wait()
    ThisProcess.exit(ExitCode.failed.rawValue)
  }.detach()
  let grace = settings.depot.shutdownGrace
  output.say("ending; transfers under way may go on for \(spelled(duration: grace))")
  server.stopServing(timeout: grace)
  try reporting { () throws(EngineError) in try engine.stop() }
  return .done
}

private func writeToErrors(_ bytes: [UInt8]) -> String? {
  do throws(StreamError) {
    try StandardStream.error.write(bytes)
    return nil
  } catch {
    return "\(error)"
  }
}

/// The live things that an engine stands on.
private struct LiveGround {
  let parts: EngineParts
  private let settings: EngineSettings
  private let registry: MetricRegistry
  private let log: LogSink

  init(
    _ settings: EngineSettings, _ configuration: Configuration, from file: [UInt8], _ log: LogSink
  ) throws(Failure) {
    self.settings = settings
    self.log = log
    let depot = settings.depot.path
    guard depot.first == UInt8(ascii: "/") else {
      throw .ended(
        .misused, "\(escaped(file)): 'depot_path' must begin at the root, with '/'")
    }
    let metrics: StorageMetrics
    do throws(TelemetryError) {
      registry = try MetricRegistry()
      metrics = try StorageMetrics(registry)
    } catch {
      preconditionFailure("an empty registry has every name free: \(error)")
    }
    let cold = try EngineConfiguration.backend(.primary).open(
      configuration, from: file, StorageSurroundings(metrics: metrics, log: log))
    do throws(DiskError) {
      let (state, events) = try Self.directories(settings.depot)
      var parts = EngineParts(
        depot: { () throws(DiskError) in try PosixDisk(root: depot) }, events: events,
        state: (state, settings.depot.stateDirectory), cold: cold, log: log
      ).watchingDepot(at: depot)
      parts.metrics = registry
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

  /// Serves the depot's server.
  func serve(_ engine: Engine) throws(Failure) -> ShimServer {
    let (users, own) = (Set(settings.server.shimUsers), ThisProcess.user)
    let socket = settings.depot.stateDirectory + Array("/\(ShimServer.socketName)".utf8)
    let metrics: ShimMetrics
    do throws(TelemetryError) {
      metrics = try ShimMetrics(registry)
    } catch {
      throw .ended(.failed, "the socket's metrics cannot be registered: \(error)")
    }
    do throws(SocketsError) {
      return try ShimServer(
        socket: socket, mode: settings.server.socketMode,
        depot: DepotRoot(spellings: [settings.depot.path]),
        doors: engine.shimDoors { users.isEmpty ? $0 == own || $0 == 0 : users.contains($0) },
        metrics: metrics, log: Log(room: "shim", to: log))
    } catch {
      throw .ended(.failed, "the socket cannot be served: \(error)")
    }
  }
}

/// Runs `body` and says of its failure how a command ends with it.
private func reporting<Result>(
  _ body: () throws(EngineError) -> Result
) throws(Failure) -> Result {
  do throws(EngineError) {
    return try body()
  } catch .held(let process) {
    throw .ended(.held, "\(EngineError.held(process: process))")
  } catch {
    throw .ended(.failed, "\(error)")
  }
}
