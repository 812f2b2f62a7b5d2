// `larder drain --config F`: everything is stored when this ends well. It runs an engine of its own until
// nothing in the depot would be lost with the machine, and says what is left when it cannot.

import Ambient
import Bytes
import CacheEngine
import Flags
import Telemetry
import Views

private let config = Flag("config", required: .path("FILE"), "The configuration.")
private let timeout = Flag(
  "timeout", optional: .duration(),
  "Give up after so long; without it, when there is nothing to do.")
private let json = Flag("json", "Print what is left as JSON.")

/// Waits until everything is stored.
let drainCommand: Command<Action> = Command(
  "drain", "Store everything that is not stored yet, and end when that is done.",
  details: """
    The depot is looked through first, so that what was written while no engine ran counts too. It ends \
    with 0 only when nothing would be lost if the machine were lost, and else with 1 and the number of \
    files left: when the time is over, or when all that is left has given up and waits for an operator. \
    It ends with 5 when an engine runs, which stores by itself: 'larder status' shows how far it is.
    """,
  examples: [
    .init("larder drain --config /etc/larder.json5", "Before the machine goes."),
    .init("larder drain --config /etc/larder.json5 --timeout 10m", "For at most ten minutes."),
  ],
  takes: [config, timeout, json], action: Action(drain))

private func drain(
  _ invocation: Invocation, _ output: inout Output
) throws(Failure) -> ExitCode {
  // Before any thread is there, so that no thread ever gets them.
  let signals = Signals.hold([.interrupt, .terminate])
  let host = try EngineHost.open(invocation[config], invocation, for: .embedded)
  if host.settings.depot.isReadOnly {
    try host.stop()
    throw .ended(.refused, "the configuration says 'read_only', and such an engine stores nothing")
  }
  let wake = Monitor(Wake())
  host.engine.onNews { wake.change { $0.hasNews = true } }
  Worker("signals") {
    _ = signals.wait()
    wake.change { $0.isInterrupted = true }
  }.detach()
  host.start()
  let outcome = wait(host, until: invocation[timeout], wake, &output)
  let reason = outcome == .stored ? nil : trouble(host.engine.snapshot())
  try host.stop()
  return try tell(outcome, reason, invocation, &output)
}

/// What wakes whoever waits.
private struct Wake {
  var hasNews = true
  var isInterrupted = false
}

/// How the waiting ended.
private enum Outcome: Equatable {
  case stored
  /// What is left has given up.
  case gaveUp(AtRisk)
  case timeOver(AtRisk)
  case interrupted(AtRisk)
}

/// Waits until nothing is at risk, or nothing can be done.
private func wait(
  _ host: EngineHost, until timeout: Duration?, _ wake: Monitor<Wake>, _ output: inout Output
) -> Outcome {
  let clock = MonotonicClock.live
  let deadline = timeout.map { clock.now() + $0 }
  var most = host.engine.atRisk.files.files
  var line: ProgressLine?
  while true {
    let risk = host.engine.atRisk
    if risk.isNothing { return .stored }
    let isLeftToUs = risk.unseen != nil || risk.files.files > risk.failed.files
    if !isLeftToUs { return .gaveUp(risk) }
    if let deadline, clock.now() >= deadline { return .timeOver(risk) }
    if risk.files.files > most {
      // More is found than the line knew of.
      most = risk.files.files
      line = nil
    }
    if line == nil { line = output.progress("storing", .items, total: Int64(clamping: most)) }
    line?.update(done: Int64(clamping: most - risk.files.files))
    let pause = min(.milliseconds(200), deadline.map { $0 - clock.now() } ?? .seconds(1))
    let isInterrupted = wake.wait(timeout: pause) { (wake: inout Wake) -> Bool? in
      defer { wake.hasNews = false }
      return wake.isInterrupted ? true : wake.hasNews ? false : nil
    }
    if isInterrupted == true { return .interrupted(host.engine.atRisk) }
  }
}

/// What keeps files from being stored, as far as the engine shows it.
private func trouble(_ snapshot: EngineSnapshot) -> String? {
  snapshot.eventStore.latch?.reason ?? snapshot.backends.lazy.compactMap(\.state.trouble).first?
    .reason
    ?? snapshot.uploads.hold?.reason
}

private func tell(
  _ outcome: Outcome, _ reason: String?, _ invocation: Invocation, _ output: inout Output
) throws(Failure) -> ExitCode {
  let (risk, why): (AtRisk?, String) =
    switch outcome {
    case .stored: (nil, "")
    case .gaveUp(let risk): (risk, "all that is left has given up; see 'larder uploads list'")
    case .timeOver(let risk): (risk, "the time is over")
    case .interrupted(let risk): (risk, "it was ended")
    }
  if invocation[json] {
    try output.print(json: [
      "stored": .bool(risk == nil), "left": risk?.files.json ?? Tally.zero.json,
      "failed": risk?.failed.json ?? Tally.zero.json, "unseen": JSONValue(risk?.unseen),
      "reason": JSONValue(reason),
    ])
  }
  guard let risk else {
    if !invocation[json] { try output.print("every file is stored") }
    return .done
  }
  let files = risk.files.files == 1 ? "1 file is" : "\(risk.files.files) files are"
  let more = risk.unseen.map { ", and perhaps more, for \($0)" } ?? ""
  throw .ended(
    .failed,
    "\(files) not stored (\(ByteCount(risk.files.bytes)))\(more); \(why)"
      + (reason.map { ": \($0)" } ?? ""))
}
