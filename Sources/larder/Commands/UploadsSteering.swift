// `larder uploads retry | pause | resume`: what operators do about uploads, from scripts. Pausing is recorded
// and stays until uploads are resumed, however often the engine starts in between.

import Bytes
import EventStore
import Flags
import Operations

private let dryRun = Flag("dry-run", "Say what would be done, and do nothing.")
private let json = Flag("json", "Print JSON.")
private let reason = Flag("reason", optional: .text("TEXT"), "Why, for whoever comes next.")

/// What acts on uploads.
let uploadSteeringCommands: [Command<Action>] = [
  Command(
    "retry", "Try failed and waiting uploads again at once.",
    details: "Without any selection, all that have failed or wait are tried.",
    takes: [
      FileSelection.paths, FileSelection.glob, FileSelection.directory, FileSelection.filter,
      FileSelection.all, depotConfig, dryRun, json,
    ], action: Action(retry)),
  Command(
    "pause", "Begin no more uploads; reads go on.", takes: [depotConfig, reason, json],
    action: Action(pause)),
  Command(
    "resume", "Let uploads that were paused go on.", takes: [depotConfig, json],
    action: Action(resume)),
]

private func retry(_ invocation: Invocation, _ output: inout Output) throws(Failure) -> ExitCode {
  let isSelected =
    !invocation[FileSelection.paths].isEmpty || invocation[FileSelection.glob] != nil
    || invocation[FileSelection.directory] != nil || invocation[FileSelection.filter] != nil
  let selection: JSONValue = isSelected ? try FileSelection.json(invocation) : ["all": true]
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
