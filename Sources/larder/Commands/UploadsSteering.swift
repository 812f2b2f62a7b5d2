// `larder uploads retry | acknowledge | pause | resume`: what operators do about uploads, from scripts. Pausing
// is recorded and stays until uploads are resumed, however often the engine starts in between.

import Bytes
import EventStore
import Flags
import Operations

private let dryRun = Flag("dry-run", "Say what would be done, and do nothing.")
private let json = Flag("json", "Print JSON.")
private let reason = Flag("reason", optional: .text("TEXT"), "Why, for whoever comes next.")
private let note = Flag("note", optional: .text("TEXT"), "What is done about it.")

private let selecting: [any Parameter] = [
  FileSelection.paths, FileSelection.glob, FileSelection.directory, FileSelection.filter,
  FileSelection.all, depotConfig, json,
]

/// What acts on uploads.
let uploadSteeringCommands: [Command<Action>] = [
  Command(
    "retry", "Try failed and waiting uploads again at once.",
    details: "Without any selection, all that have failed or wait are tried.",
    takes: selecting + [dryRun], action: Action(retry)),
  Command(
    "acknowledge", "Note that failures were seen and are taken care of.",
    details: "The events keep who saw which failure. Without any selection, all are acknowledged.",
    takes: selecting + [note], action: Action(acknowledge)),
  Command(
    "pause", "Begin no more uploads; reads go on.", takes: [depotConfig, reason, json],
    action: Action(pause)),
  Command(
    "resume", "Let uploads that were paused go on.", takes: [depotConfig, json],
    action: Action(resume)),
]

/// The selected files; all when none are selected.
private func selection(_ invocation: Invocation) throws(Failure) -> JSONValue {
  let isSelected =
    !invocation[FileSelection.paths].isEmpty || invocation[FileSelection.glob] != nil
    || invocation[FileSelection.directory] != nil || invocation[FileSelection.filter] != nil
  return isSelected ? try FileSelection.json(invocation) : ["all": true]
}

private func acknowledge(
  _ invocation: Invocation, _ output: inout Output
) throws(Failure) -> ExitCode {
  var input: JSONObject = ["selection": try selection(invocation)]
  if let text = invocation[note] { input["note"] = .string(text) }
  return try act(
    "failure.acknowledge", .object(input), "the failures are acknowledged", invocation, &output)
}

private func retry(_ invocation: Invocation, _ output: inout Output) throws(Failure) -> ExitCode {
  let selection = try selection(invocation)
  func body(_ gate: CommandGate) throws(Failure) -> ExitCode {
    let job = JobRun(
      gate: gate, operation: "upload.retry", verb: "retry", input: ["selection": selection],
      asJSON: invocation[json])
    return invocation[dryRun] ? try job.plan(&output) : try job.carryOut(&output)
  }
  return invocation[dryRun]
    ? try CommandGate.looking(invocation, body) : try CommandGate.living(invocation, body)
}

private func pause(_ invocation: Invocation, _ output: inout Output) throws(Failure) -> ExitCode {
  let why: JSONObject = invocation[reason].map { ["reason": .string($0)] } ?? [:]
  return try act("upload.pause", .object(why), "uploads are paused", invocation, &output)
}

private func resume(_ invocation: Invocation, _ output: inout Output) throws(Failure) -> ExitCode {
  try act("upload.resume", [:], "uploads go on", invocation, &output)
}

private func act(
  _ operation: String, _ input: JSONValue, _ sentence: String, _ invocation: Invocation,
  _ output: inout Output
) throws(Failure) -> ExitCode {
  try CommandGate.living(invocation) { (gate) throws(Failure) in
    let reply = try gate.call(operation, input)
    if invocation[json] {
      try output.print(json: reply.json)
    } else {
      try output.print(sentence)
      if let receipt = reply.receipt { try output.print("receipt \(receipt.proof.id)") }
    }
    return .done
  }
}
