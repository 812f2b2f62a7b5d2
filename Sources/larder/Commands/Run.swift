// `larder run --config F`: the engine of one depot as a service, in the foreground. It logs to standard
// error unless the configuration names a file, serves the depot's server at `shim.sock` in the state
// directory, reads its configuration again on SIGHUP, and ends in order on SIGTERM or SIGINT; a second
// one ends it at once, which loses nothing either.

import Ambient
import Bytes
import CacheEngine
import Flags
import Telemetry

private let config = Flag("config", required: .path("FILE"), "The configuration.")

/// Runs an engine.
let runCommand: Command<Action> = Command(
  "run", "Keep a depot: upload what is written, restore what is asked for, evict what is old.",
  details: """
    It runs until it gets SIGTERM or SIGINT; then transfers may go on for 'shutdown_grace'. SIGHUP has \
    the configuration read again, which happens by itself too when the file changes. A service \
    manager that sets NOTIFY_SOCKET is told when it serves, reloads and ends. The exit code is 5 when \
    another engine has the depot.
    """,
  examples: [.init("larder run --config /etc/larder.json5", "Keep the depot that it names.")],
  takes: [config], action: Action(run))

private func run(
  _ invocation: Invocation, _ output: inout Output
) throws(Failure) -> ExitCode {
  // Before any thread is there, so that no thread ever gets them.
  let signals = Signals.hold()
  let host = try EngineHost.open(invocation[config], invocation, for: .service)
  let depot = escaped(host.settings.depot.path)
  let manager = ServiceManager(clock: .live, log: Log(room: "host", to: host.log.sink))
  host.start()
  output.say("keeping \(depot) as process \(ThisProcess.id)")
  manager?.tell(.isReady(doing: "keeping \(depot)"))
  while signals.wait() == .hangUp {
    manager?.tell(.isReloading)
    _ = host.reload()
    manager?.tell(.isReady(doing: "keeping \(depot)"))
  }
  manager?.tell(.isStopping)
  Worker("impatience") {
    while signals.wait() == .hangUp {}
    ThisProcess.exit(ExitCode.failed.rawValue)
  }.detach()
  let grace = host.settings.depot.shutdownGrace
  output.say("ending; transfers under way may go on for \(spelled(duration: grace))")
  try host.stop()
  return .done
}
