// `larder demo`: a sandbox depot with everything in it, and a workload that plays its server, with the console
// in front of it (`DemoScreen.swift`). Without a screen it works for some seconds, compares everything and
// ends; the directory is removed however it ends.

import Ambient
import Bytes
import Demo
import Flags
import Manifest

private let headless = Flag("headless", "Show no screen: work, compare everything, and end.")
private let seconds = Flag(
  "seconds", .integer(1...86_400), default: 20, "How long the workload goes on without a screen.")
private let files = Flag(
  "files", .integer(DemoOptions.filesRange), default: DemoOptions.filesUsual,
  "How many files the workload keeps.")
private let seed = Flag(
  "seed", optional: .integer(0...Int.max),
  "What decides the workload; without it, another one each time.")
private let fault = Flag(
  "fault", optional: .choice(placeholder: "NAME") as Spelling<Fault>,
  "Stage this fault once the files are there.")
private let json = Flag("json", "Print what came of it as one JSON object.")

/// Runs a sandbox.
let demoCommand: Command<Action> = Command(
  "demo", "Try everything in a sandbox that leaves nothing behind.",
  details: """
    A private directory below TMPDIR, or /tmp, gets a depot, a cold store and an engine. A workload writes, \
    rewrites, renames and deletes files and reads them back through the engine's socket, while the cache \
    is too small for them; every byte that comes back is compared with what was written.

    The console is in front of it: 2 shows the files, ? every key, q ends everything at once, and so does \
    the end of the terminal.

    With --headless it ends by itself: the fault is lifted, the engine stores what is left, and the manifest \
    and every file are compared with the workload's own book. The exit code is 4 when they differ.
    """,
  examples: [
    .init("larder demo", "Look at a depot at work."),
    .init("larder demo --fault backend.down", "See what an outage looks like."),
    .init(
      "larder demo --headless --seconds 20 --json", "Work for a while and compare, for a script."),
    .init("larder demo --headless --fault backend.down", "See that an outage loses nothing."),
  ],
  takes: [headless, seconds, files, seed, fault, json], action: Action(demo))

private func demo(
  _ invocation: Invocation, _ output: inout Output
) throws(Failure) -> ExitCode {
  // The engine, its socket and a thousand readers may have files open at once.
  _ = ThisProcess.raiseOpenFiles()
  let chosen = invocation[seed].map { UInt64($0) } ?? Entropy.live.word() >> 40
  let place = ThisProcess.variable("TMPDIR").map { String(decoding: $0, as: UTF8.self) } ?? "/tmp"
  let options = DemoOptions(
    files: invocation[files], seed: chosen, fault: invocation[fault], place: place)
  guard invocation[headless] else { return try showDemo(options) }
  // Before any thread is there, so that no thread ever gets them.
  let signals = Signals.hold()
  let sandbox = try reporting { () throws(DemoError) in try DemoDepot(options) }
  let interruption = Cancellation()
  Worker("patience") {
    _ = signals.wait()
    interruption.cancel()
    _ = signals.wait()
    ThisProcess.exit(ExitCode.failed.rawValue)
  }.detach()
  sandbox.start()
  let worked = work(sandbox, for: invocation[seconds], interruption, &output)
  guard !interruption.isCancelled else {
    try reporting { () throws(DemoError) in try sandbox.end() }
    throw .ended(.failed, "ended before its time, so nothing was compared; the sandbox is gone")
  }
  let reckoning = sandbox.reckon()
  try reporting { () throws(DemoError) in try sandbox.end() }
  if invocation[json] {
    try output.print(json: reckoning.json(seed: chosen, worked))
  } else {
    for line in reckoning.lines(seed: chosen, worked) { try output.print(line) }
  }
  return reckoning.addsUp ? .done : .broken
}

/// Lets the workload go on for its time, or until somebody wants an end; how long that was.
private func work(
  _ sandbox: DemoDepot, for seconds: Int, _ interruption: Cancellation, _ output: inout Output
) -> Duration {
  var waiting = output.progress("writing files", .items, total: nil)
  while !sandbox.waitUntilReady(timeout: .milliseconds(200)), !interruption.isCancelled {
    waiting.update(done: Int64(sandbox.chores.created))
  }
  waiting.end()
  let began = MonotonicClock.live.now()
  var progress = output.progress("working", .items, total: Int64(seconds))
  for second in 0..<seconds {
    progress.update(done: Int64(second))
    if interruption.wait(timeout: .seconds(1)) { break }
  }
  progress.end()
  return MonotonicClock.live.now() - began
}

func reporting<Result>(
  _ body: () throws(DemoError) -> Result
) throws(Failure) -> Result {
  do throws(DemoError) {
    return try body()
  } catch {
    throw .ended(.failed, "\(error)")
  }
}

extension Reckoning {
  /// Everything, for a program.
  fileprivate func json(seed: UInt64, _ worked: Duration) -> JSONValue {
    var refusals = JSONObject()
    for (code, count) in chores.refusals.sorted(by: { $0.key < $1.key }) {
      refusals[code] = JSONValue(count)
    }
    var figures = JSONObject()
    for figure in engine { figures[figure.name] = JSONValue(figure.value) }
    return .object([
      "seconds": .number((worked.inSeconds * 10).rounded() / 10), "seed": JSONValue(seed),
      "fault": JSONValue(fault?.rawValue), "staged": .bool(isStaged), "addsUp": .bool(addsUp),
      "book": .object([
        "named": JSONValue(named), "standing": JSONValue(standing),
        "created": JSONValue(chores.created), "rewritten": JSONValue(chores.rewritten),
        "renamed": JSONValue(chores.renamed), "deleted": JSONValue(chores.deleted),
        "writtenBytes": JSONValue(chores.writtenBytes), "readHot": JSONValue(chores.readHot),
        "readCold": JSONValue(chores.readCold), "readBytes": JSONValue(chores.readBytes),
        "damaged": JSONValue(damaged), "refusals": .object(refusals),
      ]),
      "manifest": .object([
        "files": JSONValue(counts.total.files), "bytes": JSONValue(counts.total.bytes),
        "hot": JSONValue(counts[.clean, hot: true].files),
        "cold": JSONValue(counts[.clean, hot: false].files),
        "dirty": JSONValue(counts[.dirty].files), "failed": JSONValue(counts[.failed].files),
      ]),
      "readBack": .object([
        "files": JSONValue(readBack.files), "refusedAsDamaged": JSONValue(readBack.refused),
      ]),
      "engine": .object(figures),
      "differences": .array((sums + differences).map { .string($0) }),
    ])
  }

  /// Everything, for a person.
  fileprivate func lines(seed: UInt64, _ worked: Duration) -> [String] {
    let seconds = Int(worked.inSeconds.rounded())
    var lines = [
      "\(seconds) s of work, seed \(seed)\(faultWords)",
      "",
      row("written", chores.created + chores.rewritten, "\(bytes(chores.writtenBytes))"),
      row("read hot", chores.readHot, "every byte compared"),
      row("read cold", chores.readCold, "\(bytes(chores.readBytes)) with the hot ones"),
      row("renamed", chores.renamed), row("deleted", chores.deleted),
      row("refused", chores.refusals.values.reduce(0, +), refusalWords),
      "",
      row(
        "named", named,
        "= \(standing) standing + \(chores.deleted) deleted + \(chores.renamed) renamed"),
      row(
        "standing", standing,
        "= \(counts[.clean, hot: true].files) hot + \(counts[.clean, hot: false].files) cold + "
          + "\(counts[.dirty].files) dirty + \(counts[.failed].files) failed"),
      row(
        "read back", readBack.files, damaged == 0 ? "" : "\(readBack.refused) refused as damaged"),
      "",
    ]
    let all = sums + differences
    lines.append(all.isEmpty ? "everything adds up" : "\(all.count) differences:")
    return lines + all.prefix(20).map { "  \($0)" }
  }

  private var faultWords: String {
    guard let fault else { return "" }
    return ", \(fault.rawValue) " + (isStaged ? "staged and lifted" : "not staged in time")
  }

  private var refusalWords: String {
    chores.refusals.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }
      .joined(separator: ", ")
  }

  private func bytes(_ count: UInt64) -> ByteCount { ByteCount(Int64(clamping: count)) }

  private func row(_ name: String, _ count: Int, _ note: String = "") -> String {
    let number = String(count)
    let line =
      name + String(repeating: " ", count: max(1, 12 - name.count))
      + String(repeating: " ", count: max(0, 8 - number.count)) + number
    return note.isEmpty ? line : line + "  " + note
  }
}
