// The console in front of a sandbox. The terminal is taken over first, so that its guard and its signals are
// there before any thread is; the sandbox ends with the screen, whichever way that ended, for nobody
// will miss it.

import Ambient
import Bytes
import CacheEngine
import Console
import Demo
import Flags
import Operations
import Telemetry
import Terminal
import Views

/// How long the log may take to end.
private let logPatience = Duration.seconds(1)

/// Shows a sandbox until somebody leaves, or the terminal is gone.
func showDemo(_ options: DemoOptions) throws(Failure) -> ExitCode {
  let waker = Waker()
  let looks = Looks()
  var terminal = try openTerminal(looks.theme, waker)
  let log = LogPipeline(levels: LogLevels(base: .info), clock: .live, outputs: [])
  var options = options
  options.log = log.sink
  options.lines = { after, max in log.lines(after: after, max: max).map(\.view) }
  defer { log.close(timeout: logPatience) }
  let sandbox: DemoDepot
  do throws(DemoError) {
    sandbox = try DemoDepot(options)
  } catch {
    terminal.close()
    throw .ended(.failed, "\(error)")
  }
  sandbox.start()
  var screen = ConsoleOptions(looks: looks)
  screen.greeting = Notice(
    "a sandbox at work: 2 shows its files, : finds any command, ? shows every key, q leaves",
    .accent)
  // A sandbox leaves nothing behind, so no file takes what the terminal does not.
  let clipboard = Clipboard(nil)
  screen.copyElsewhere = { clipboard.take($0, isTaken: $1) }
  let ending = ConsoleLoop.run(host(sandbox), on: &terminal, waker: waker, screen)
  terminal.close()
  try reporting { () throws(DemoError) in try sandbox.end() }
  switch ending {
  case .stop, .drain, .headless: return .done
  case .terminated, .hungUp: return .failed
  }
}

private func openTerminal(
  _ theme: Theme, _ waker: Waker
) throws(Failure) -> LiveTerminal {
  do throws(TerminalError) {
    return try LiveTerminal(
      TerminalOptions(environment: .live, theme: theme, clock: .live, waker: waker))
  } catch .notATerminal {
    throw .ended(
      .misused, "this is no terminal: run it in one, or add --headless to work without a screen")
  } catch {
    throw .ended(.misused, "\(error)")
  }
}

/// The engine's side of the console. Some faults have the engine opened anew; until it is, calls are
/// refused with that reason and the last figures stay.
private func host(_ sandbox: DemoDepot) -> ConsoleHost {
  let caller = Caller.own(.console)
  let depot = "sandbox"
  let newest = NewestSnapshot({ sandbox.snapshot() }, onNews: { sandbox.onNews($0) })
  let present: @Sendable () -> ConsoleHost? = {
    guard let gate = sandbox.gate else { return nil }
    return ConsoleHost(
      snapshot: { sandbox.snapshot() }, onNews: { sandbox.onNews($0) }, dispatcher: gate,
      caller: caller, depot: depot, version: version, ownsEngine: false)
  }
  return ConsoleHost(
    snapshot: { newest.value }, onNews: { newest.wake(by: $0) },
    call: { (operation, input, cancellation) throws(Refusal) in
      guard let present = present() else {
        throw Refusal(.shuttingDown, "the sandbox's engine is being opened anew")
      }
      return try present.call(operation, input, cancellation)
    },
    unseen: { sandbox.engine?.atRisk.unseen },
    permissions: {
      present()?.permissions() ?? Permissions(missing: [:], isReadOnly: false, who: "you")
    },
    depot: depot, version: version, ownsEngine: false)
}
