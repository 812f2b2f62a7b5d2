// A living engine and everything around it: what its configuration names, the gate of its operations, the
// socket of the depot's server, the log, the reports, and the watch over the configuration itself. Whoever needs an engine
// and finds none running opens one of these: the service, the console, and commands that act.
//
//   open ─▶ configuration, log, disks, stores, engine, socket ─▶ start ─▶ serves
//   reload, or the file has changed ─▶ what may change at once is in force; the rest is named
//   stop ─▶ the socket takes nothing new, transfers end within their grace, everything is closed
//
// A crash at any moment leaves what the engine leaves, and a socket that the next start replaces.

import Ambient
import Bytes
import CacheEngine
import DurableFiles
import Flags
import Operations
import Sockets
import Telemetry

/// An engine of this process, and what it needs to run.
final class EngineHost: Sendable {
  /// For whom an engine runs: it decides where its log goes when the configuration does not say.
  enum Purpose: Sendable {
    /// A service in the foreground, whose log is standard error.
    case service
    /// Something that has the terminal for itself; the last lines are kept in memory.
    case embedded
  }

  let engine: Engine
  /// The lines of all rooms, for whoever shows the last of them.
  let log: LogPipeline
  /// Everything that is counted in this process.
  let metrics: MetricRegistry
  private let server: ShimServer
  private let gate = Monitor<Dispatcher?>(nil)
  private let watch: SettingsWatch
  private let reports: EngineReports

  /// Opens the engine that a configuration file describes. `.held` when another has the depot.
  static func open(
    _ file: [UInt8], _ invocation: Invocation, for purpose: Purpose
  ) throws(Failure) -> EngineHost {
    // A thousand connections, the event store and the manifest may all be open at once.
    let filesMax = ThisProcess.raiseOpenFiles()
    let configuration = try readConfiguration(file, EngineConfiguration.settings, invocation)
    let settings = EngineSettings(configuration)
    let log = try openLog(settings.reports, for: purpose)
    if filesMax == nil {
      Log(room: "host", to: log.sink).write(.warning, "the number of open files was not raised")
    }
    do throws(Failure) {
      let ground = try EngineGround(settings, configuration, from: file, log.sink)
      let engine = try reporting { () throws(EngineError) in
        try Engine.open(ground.parts, settings)
      }
      do throws(TelemetryError) {
        try SnapshotMetrics.register(in: ground.metrics) { engine.snapshot() }
      } catch {
        preconditionFailure("the names of what a snapshot says are free: \(error)")
      }
      let server: ShimServer
      do throws(Failure) {
        server = try serve(engine, ground.metrics, log.sink)
      } catch {
        // The reason why it cannot be served is the one to tell.
        do throws(EngineError) { try engine.stop() } catch { throw Failure(error) }
        throw error
      }
      let host = EngineHost(engine, ground, server, log, configuration, file, invocation)
      do throws(Failure) {
        try host.openGate(configuration)
      } catch {
        try host.stop()
        throw error
      }
      return host
    } catch {
      log.close(timeout: logPatience)
      throw error
    }
  }

  private init(
    _ engine: Engine, _ ground: EngineGround, _ server: ShimServer, _ log: LogPipeline,
    _ configuration: Configuration, _ file: [UInt8], _ invocation: Invocation
  ) {
    self.engine = engine
    self.log = log
    self.server = server
    metrics = ground.metrics
    let host = Log(room: "host", to: log.sink)
    let reports = EngineReports(
      engine.settings.reports, ground.metrics, clock: .live, log: host,
      figures: { engine.figures })
    self.reports = reports
    let reload = SettingsReload(inForce: configuration, last: nil) {
      (document) throws(ConfigurationError) in
      try EngineConfiguration.settings.configuration(
        parsing: document, variable: ThisProcess.variable, flags: invocation)
    }
    watch = SettingsWatch(reload, .live(file), clock: .live) { [gate] outcome, inForce in
      Self.tell(outcome, host)
      guard case .changed = outcome else { return }
      let settings = EngineSettings(inForce)
      engine.apply(settings)
      reports.apply(settings.reports)
      log.setLevels(Self.levels(settings.reports))
      guard let gate = gate.withLock({ $0 }) else { return }
      do throws(GateError) {
        try EngineGate.regrant(gate, inForce[ServerSettings.Declared.operators], on: engine)
      } catch {
        host.write(
          .error, "what operators may do stays as it was", [LogField("why", "\(error)")])
      }
    }
  }

  // MARK: - Its life

  /// How long the log may take to write its last lines.
  private static let logPatience = Duration.seconds(5)

  /// Starts to work. The socket is served already: who asks early is answered.
  func start() { engine.start() }

  /// What the engine is told at the moment.
  var settings: EngineSettings { engine.settings }

  /// What is in force, with where each setting came from.
  var configuration: Configuration { watch.inForce }

  /// Reads the configuration again, now, and says what came of it.
  func reload() -> ReloadOutcome { watch.reload() }

  /// Ends everything in order; transfers may go on for `grace`, or the configured one.
  func stop(grace: Duration? = nil) throws(Failure) {
    let deadline = MonotonicClock.live.now() + (grace ?? settings.depot.shutdownGrace)
    func left() -> Duration { max(.zero, deadline - MonotonicClock.live.now()) }
    // Jobs work with the engine, and go on when the next one is opened.
    gate.withLock { $0 }?.shutDown(patience: left())
    watch.stop()
    server.stopServing(timeout: left())
    defer {
      reports.stop()
      log.close(timeout: Self.logPatience)
    }
    try reporting { () throws(EngineError) in try engine.stop(grace: left()) }
  }

  // MARK: - The gate

  /// The gate through which everything is asked and changed.
  var dispatcher: Dispatcher {
    guard let gate = gate.withLock({ $0 }) else {
      preconditionFailure("a host that was opened has a gate")
    }
    return gate
  }

  private func openGate(_ configuration: Configuration) throws(Failure) {
    var options = GateOptions()
    options.operators = configuration[ServerSettings.Declared.operators]
    options.reload = { [watch] in watch.reload() }
    options.configuration = { [engine, watch] in
      let derived = engine.settings.derived
      return watch.inForce.effective.map { $0.json(derived: derived[$0.key]) }
    }
    options.log = { [log] after, max in log.lines(after: after, max: max).map(\.view) }
    do throws(GateError) {
      let opened = try EngineGate.living(engine, options)
      gate.withLock { $0 = opened }
    } catch .operators(let fault) {
      throw .ended(.misused, "the configuration: \(GateError.operators(fault))")
    } catch {
      throw .ended(.failed, "\(error)")
    }
  }

  // MARK: - The configuration

  /// Writes down what came of reading the configuration again.
  private static func tell(_ outcome: ReloadOutcome, _ log: Log) {
    switch outcome {
    case .unchanged: log.write(.info, "the configuration says what is in force already")
    case .refused(let sentence):
      log.write(
        .error, "the configuration cannot be used; the last good one stays in force",
        [LogField("why", sentence)])
    case .changed(let changes):
      for change in changes.live {
        log.write(.notice, "a setting has changed", fields(change))
      }
      for change in changes.afterRestart {
        log.write(.warning, "a setting takes effect after a restart", fields(change))
      }
    }
  }

  private static func fields(_ change: ConfigurationChanges.Change) -> [LogField] {
    [
      LogField("setting", change.key), LogField("before", change.before ?? "-"),
      LogField("after", change.after ?? "-"),
    ]
  }

  // MARK: - The log

  private static func levels(_ settings: ReportSettings) -> LogLevels {
    LogLevels(base: settings.isVerbose ? .debug : .info)
  }

  private static func openLog(
    _ settings: ReportSettings, for purpose: Purpose
  ) throws(Failure) -> LogPipeline {
    var outputs: [LogOutput] = []
    if let file = settings.logFile {
      do throws(DiskError) {
        let place = try UserPlace(file)
        var rotation = LogRotation()
        rotation.fileBytesMax = ByteCount(Int64(settings.logMebibytesMax) << 20)
        rotation.keepDays = settings.logKeepDays
        outputs = [
          RotatingFile(place.name, rotation, on: place.directory).output(.text)
        ]
      } catch {
        throw .ended(.misused, "the log '\(escaped(file))' cannot be written: \(error)")
      }
    } else if case .service = purpose {
      outputs = [.bytes(.text, writeToErrors)]
    }
    return LogPipeline(levels: levels(settings), clock: .live, outputs: outputs)
  }

  private static func writeToErrors(_ bytes: [UInt8]) -> String? {
    do throws(StreamError) {
      try StandardStream.error.write(bytes)
      return nil
    } catch {
      return "\(error)"
    }
  }

  // MARK: - The depot's server

  private static func serve(
    _ engine: Engine, _ registry: MetricRegistry, _ log: LogSink
  ) throws(Failure) -> ShimServer {
    let settings = engine.settings
    let own = ThisProcess.user
    let owner = try ownerOfDepot(settings.depot.path)
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
        doors: engine.shimDoors { user in
          // Asked at each connection, for the list may change.
          let users = engine.settings.server.shimUsers
          return users.isEmpty ? user == own || user == owner || user == 0 : users.contains(user)
        },
        metrics: metrics, log: Log(room: "shim", to: log))
    } catch {
      throw .ended(.failed, "the socket cannot be served: \(error)")
    }
  }

  private static func ownerOfDepot(_ path: [UInt8]) throws(Failure) -> UInt32 {
    do throws(DiskError) {
      return try PosixDisk(root: path).status(at: .root)?.owner ?? ThisProcess.user
    } catch {
      throw .ended(.misused, "the depot cannot be opened: \(error)")
    }
  }
}

extension Failure {
  /// How a command ends that an engine has failed.
  init(_ error: EngineError) {
    if case .held = error {
      self = .ended(.held, "\(error)")
    } else {
      self = .ended(.failed, "\(error)")
    }
  }
}

/// Runs `body` and says of its failure how a command ends with it.
func reporting<Result>(
  _ body: () throws(EngineError) -> Result
) throws(Failure) -> Result {
  do throws(EngineError) { return try body() } catch { throw Failure(error) }
}
