// `larder console`: the operator's console. When no engine keeps the depot it embeds one, and leaving it is
// a question as long as something is not stored; with --read-only nothing runs and nothing is written,
// and what lies on the disk is shown as it is. `--once` prints one picture of a screen, for documents,
// scripts and bug reports.

import Ambient
import Bytes
import CacheEngine
import Console
import Flags
import Operations
import Telemetry
import Terminal
import Views
import Widgets

private let config = Flag("config", required: .path("FILE"), "The configuration.")
private let readOnly = Flag("read-only", "Look only: run no engine, change nothing.")
private let once = Flag(
  "once", optional: .word(ScreenEntry.all.map(\.id.rawValue), placeholder: "SCREEN"),
  "Print one picture of a screen and end.")
private let size = Flag(
  "size", .gridSize, default: GridSize(rows: 40, columns: 120), "How large the picture is.")
private let asJSON = Flag("json", "Print what the screen of --once shows as JSON.")
let themeFlag = Flag(
  "theme", optional: .text("NAME|FILE"), "A shipped theme, or a file of your own.")
let colourFlag = Flag(
  "color", .choice(placeholder: "WHEN") as Spelling<ColourWish>, default: .automatic,
  "With how many colours it is drawn.")
private let keys = Flag("keys", optional: .path("FILE"), "Keys of your own.")

/// Shows the console.
let consoleCommand: Command<Action> = Command(
  "console", "Look at a depot and act on it, at a terminal.",
  details: """
    It is the engine of the depot as long as it runs, unless --read-only is given; when another process \
    has the depot it ends with 5. '?' lists every key. Themes and keys are looked for in \
    $XDG_CONFIG_HOME/larder, as themes/NAME.json5 and keys.json5.
    """,
  examples: [
    .init("larder console --config /etc/larder.json5", "Keep the depot and watch it."),
    .init("larder console --config F --read-only", "Only look."),
    .init(
      "larder console --config F --read-only --once overview --size 80x24",
      "One picture of the first screen."),
  ],
  takes: [config, readOnly, once, size, asJSON, themeFlag, colourFlag, keys],
  action: Action(console))

private func console(
  _ invocation: Invocation, _ output: inout Output
) throws(Failure) -> ExitCode {
  let wishes = try ConsoleWishes(
    theme: invocation[themeFlag], keys: invocation[keys], colour: invocation[colourFlag])
  let screen = invocation[once].flatMap(ScreenID.init(rawValue:))
  if invocation[readOnly] { return try look(invocation, screen, wishes, &output) }
  // Before any thread is there, so that no thread but this one ever gets them.
  let signals = Signals.hold()
  let host = try EngineHost.open(invocation[config], invocation, for: .embedded)
  host.start()
  let seat = ConsoleSeat(keeping: host)
  if let screen {
    try seat.print(screen, invocation[size], asJSON: invocation[asJSON], &output)
    try host.stop()
    return .done
  }
  let ending: ConsoleEnding
  signals.release()
  do throws(Failure) {
    ending = try seat.run(wishes)
    _ = Signals.hold()
  } catch {
    try host.stop()
    throw error
  }
  return try leave(host, ending, signals, &output)
}

/// Shows what lies on the disk, changing nothing.
private func look(
  _ invocation: Invocation, _ screen: ScreenID?, _ wishes: ConsoleWishes, _ output: inout Output
) throws(Failure) -> ExitCode {
  let depot = try DepotOnDisk(invocation[config], invocation)
  let gate: Dispatcher
  do throws(GateError) {
    gate = try EngineGate.readOnly(depot.manifest, depot.events, depot.settings)
  } catch {
    try depot.close()
    throw .ended(.failed, "\(error)")
  }
  let seat = ConsoleSeat(looking: depot, gate)
  let outcome: Result<Void, Failure>
  do throws(Failure) {
    if let screen {
      try seat.print(screen, invocation[size], asJSON: invocation[asJSON], &output)
    } else {
      _ = try seat.run(wishes)
    }
    outcome = .success(())
  } catch {
    outcome = .failure(error)
  }
  gate.shutDown()
  try depot.close()
  try outcome.get()
  return .done
}

/// What becomes of the engine when its console is gone.
func leave(
  _ host: EngineHost, _ ending: ConsoleEnding, _ signals: Signals, _ output: inout Output
) throws(Failure) -> ExitCode {
  let log = Log(room: "console", to: host.log.sink)
  switch ending {
  case .stop, .terminated: break
  case .drain, .hungUp:
    output.say("storing what is not stored yet; SIGINT ends it at once, which loses nothing")
    log.write(.notice, "the console is gone; the engine goes on until everything is stored")
    let isStored = goOn(host, signals, untilStored: true)
    log.write(
      .notice, isStored ? "everything is stored; the engine stops" : "a signal ended the engine")
    if isStored { output.say("everything is stored") }
  case .headless:
    output.say("going on as process \(ThisProcess.id); SIGTERM ends it")
    log.write(.notice, "the console is gone; the engine goes on without a screen")
    _ = goOn(host, signals, untilStored: false)
  }
  try host.stop()
  return .done
}

/// Lets an engine go on until a signal ends it, or until everything is stored; whether that is so.
private func goOn(_ host: EngineHost, _ signals: Signals, untilStored: Bool) -> Bool {
  let ended = Monitor<Bool?>(nil)
  Worker("signals") {
    while signals.wait() == .hangUp { _ = host.reload() }
    ended.change { $0 = $0 ?? false }
  }.detach()
  if untilStored {
    let look: @Sendable () -> Void = {
      if host.engine.atRisk.isLeftToNobody { ended.change { $0 = $0 ?? true } }
    }
    host.engine.onNews(look)
    look()
  }
  return ended.wait { $0 } ?? false
}

extension AtRisk {
  /// Whether nothing is at risk that the engine could still store by itself.
  fileprivate var isLeftToNobody: Bool { unseen == nil && files.files <= failed.files }
}

extension Spelling where Value == GridSize {
  /// `120x40`: columns first.
  fileprivate static var gridSize: Spelling {
    Spelling(
      placeholder: "CxR", wanted: "columns and rows, as in 120x40",
      read: { GridSize(parsing: String(decoding: $0, as: UTF8.self)) }, write: { "\($0)" })
  }
}
