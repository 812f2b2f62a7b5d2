// An engine that is opened and never started: it has the depot, its log and its cold stores, and does
// nothing by itself. For commands that must be alone with a depot.

import Ambient
import CacheEngine
import DurableFiles
import Flags
import Telemetry

/// Lends an engine that does nothing by itself; `.held` when another has the depot.
func withIdleEngine<Result>(
  _ file: [UInt8], _ invocation: Invocation, _ body: (Engine) throws(Failure) -> Result
) throws(Failure) -> Result {
  guard ThisProcess.raiseOpenFiles() != nil else {
    throw .ended(.failed, "the number of open files cannot be raised")
  }
  let configuration = try readConfiguration(file, EngineConfiguration.settings, invocation)
  let settings = EngineSettings(configuration)
  let ground = try EngineGround(settings, configuration, from: file, .none)
  let engine = try reporting { () throws(EngineError) in
    try Engine.open(ground.parts, settings)
  }
  let outcome: Swift.Result<Result, Failure>
  do throws(Failure) { outcome = .success(try body(engine)) } catch { outcome = .failure(error) }
  do throws(EngineError) {
    try engine.stop()
  } catch {
    // What the body met first is the reason to tell.
    if case .success = outcome { throw Failure(error) }
  }
  return try outcome.get()
}
