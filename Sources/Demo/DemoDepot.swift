// A sandbox with everything in it: the directory, the engine and its socket, and the workload.
//
//   init ─▶ directory, engine, socket ─▶ start ─▶ the files come ─▶ the fault is staged ─▶ steady
//   end ─▶ hands rest, the fault is lifted, the engine ends ─▶ the directory is removed
//
// Whoever wants to know whether all was kept asks for a reckoning before the end
// (`DemoDepot+Reckoning.swift`). What is staged, and when, is in `DemoDepot+Staging.swift`; what the
// engine is opened on, in `DemoGround.swift`.

import Ambient
package import CacheEngine
import DurableFiles
package import Operations
import Synchronization
import Telemetry
package import Views

/// A depot in a sandbox.
package final class DemoDepot: Sendable {
  /// An engine that is open, and its socket.
  private struct Running: Sendable {
    let engine: Engine
    let gate: Dispatcher
    let server: ShimServer
  }

  private struct Progress {
    /// Whether the files are there and the fault is staged, or will not be.
    var isReady = false
    var isStaged = false
  }

  let options: DemoOptions
  let ground: DemoGround
  let crew: WorkCrew
  let log: Log
  /// Held by whoever opens or ends the engine.
  private let running: Mutex<Running?>
  /// Raised when the hands are to rest.
  let resting = Cancellation()
  private let hasEnded = Mutex(false)
  /// What has come about of what was asked for.
  private let progress = Monitor(Progress())
  /// Who wants to know when something has changed, whichever engine is open.
  private let wakes = Mutex<[@Sendable () -> Void]>([])
  /// Threads of the demo's own that have not ended.
  private let directors = Monitor(0)

  /// How long transfers may go on when the demo ends; nobody will miss them.
  private static let grace = Duration.zero

  // MARK: - Life

  /// Makes the sandbox and opens its engine.
  package init(_ options: DemoOptions) throws(DemoError) {
    self.options = options
    log = Log(room: "demo", to: options.log)
    let ground = try DemoGround(options)
    self.ground = ground
    crew = WorkCrew(
      seed: options.seed, files: options.files,
      hand: ServerHand(
        disk: ground.serverDisk, client: ShimClient(socket: ground.socket), pause: .live))
    running = Mutex(nil)
    prepareFault()
    try open()
  }

  /// Where it is.
  package var path: String { ground.directory.path }

  /// The engine that is open now; another one after some faults. Nil while it is opened anew.
  package var engine: Engine? { running.withLock { $0?.engine } }

  /// The gate of that engine.
  package var gate: Dispatcher? { running.withLock { $0?.gate } }

  /// What is shown of it now; nil while it is opened anew.
  package func snapshot() -> EngineSnapshot? { engine?.snapshot() }

  /// Has `wake` called whenever there is something new to show, by whichever engine is open.
  package func onNews(_ wake: @escaping @Sendable () -> Void) {
    wakes.withLock { $0.append(wake) }
    engine?.onNews(wake)
  }

  /// Has the workload begin.
  package func start() {
    log.write(.notice, "the sandbox is open", [LogField("path", path)])
    crew.start()
    directors.change { $0 += 1 }
    Worker("demo") { [self] in
      let isStaged = direct()
      progress.change { $0 = Progress(isReady: true, isStaged: isStaged) }
      directors.change { $0 -= 1 }
    }.detach()
  }

  /// Waits until the files are there and the fault that was asked for is staged, or will not be; at
  /// most for `timeout`, and false then.
  package func waitUntilReady(timeout: Duration) -> Bool {
    progress.wait(timeout: timeout) { $0.isReady ? true : nil } ?? false
  }

  /// Whether the fault that was asked for was staged.
  var isStaged: Bool { progress.withLock { $0.isStaged } }

  /// Ends everything and removes the directory; further calls do nothing.
  package func end() throws(DemoError) {
    let isFirst = hasEnded.withLock { hasEnded in
      defer { hasEnded = true }
      return !hasEnded
    }
    guard isFirst else { return }
    rest()
    do throws(DemoError) {
      try close()
    } catch {
      // What the engine could not do at its end goes with its directory.
      log.write(.notice, "the engine did not end in order", [LogField("why", "\(error)")])
    }
    try ground.directory.remove()
  }

  /// Has whoever stages come to an end and the hands rest, with nothing that keeps them waiting.
  func rest() {
    resting.cancel()
    _ = directors.wait { $0 == 0 ? true : nil }
    ground.stage.set(nil)
    crew.stop()
  }

  // MARK: - The engine

  /// Opens the engine and its socket.
  func open() throws(DemoError) {
    let engine: Engine
    do throws(EngineError) {
      engine = try Engine.open(ground.parts, ground.settings)
    } catch {
      throw .engine(error)
    }
    let gate = try openGate(engine)
    let server = try ground.serve(engine)
    engine.start()
    running.withLock { $0 = Running(engine: engine, gate: gate, server: server) }
    for wake in wakes.withLock({ $0 }) { engine.onNews(wake) }
  }

  private func openGate(_ engine: Engine) throws(DemoError) -> Dispatcher {
    var options = GateOptions()
    options.log = self.options.lines
    do throws(GateError) {
      return try EngineGate.living(engine, options)
    } catch {
      throw .gate("\(error)")
    }
  }

  /// Ends the engine and its socket.
  func close() throws(DemoError) {
    guard let running = running.withLock({ running in running.take() }) else { return }
    running.gate.shutDown(patience: Self.grace)
    running.server.stopServing(timeout: Self.grace)
    do throws(EngineError) {
      try running.engine.stop(grace: Self.grace)
    } catch {
      throw .engine(error)
    }
  }
}
