// `larder jobs …`: jobs of a depot. Listing looks at what lies on the disk, beside an engine or without
// one; the rest embeds an engine, which takes up what is not done, and steers it.

import Bytes
import EventStore
import Flags
import Operations

private let json = Flag("json", "Print JSON, one object a line.")
private let limit = Flag("limit", .integer(1...1_000), default: 20, "At most so many.")
private let job = Argument(.text("JOB"), "The job's name, as 'list' prints it.")

/// The commands on jobs.
let jobsCommand: Command<Action> = Command(
  "jobs", "List jobs, and pause, resume or cancel one.",
  commands: [
    Command(
      "list", "List jobs, the newest first.", takes: [depotConfig, limit, json],
      action: Action(list)),
    Command(
      "pause", "Pause a job; it stays so until it is resumed.", takes: [job, depotConfig, json],
      action: Action(pause)),
    Command(
      "resume", "Let a paused job go on when an engine runs.", takes: [job, depotConfig, json],
      action: Action(resume)),
    Command(
      "cancel", "End a job; what is not begun stays as it is.", takes: [job, depotConfig, json],
      action: Action(cancel)),
  ])

private func list(_ invocation: Invocation, _ output: inout Output) throws(Failure) -> ExitCode {
  try CommandGate.looking(invocation) { (gate) throws(Failure) in
    let page = try gate.call("jobs.page", ["limit": JSONValue(invocation[limit])])
    for job in page.output["jobs"]?.array ?? [] {
      if invocation[json] {
        try output.print(json: job)
        continue
      }
      let settled = job["settled"]?.integer ?? 0
      try output.print(
        "\(job["job"]?.string ?? "")  \(job["phase"]?.string ?? "")  "
          + "\(job["operation"]?.string ?? "")  \(settled) of \(job["items"]?.integer ?? 0)  "
          + "\(job["changed"]?.string ?? "")")
    }
    return .done
  }
}

private func pause(_ invocation: Invocation, _ output: inout Output) throws(Failure) -> ExitCode {
  try steer("job.pause", invocation, &output)
}

private func resume(_ invocation: Invocation, _ output: inout Output) throws(Failure) -> ExitCode {
  try steer("job.resume", invocation, &output)
}

private func cancel(_ invocation: Invocation, _ output: inout Output) throws(Failure) -> ExitCode {
  try steer("job.cancel", invocation, &output)
}

private func steer(
  _ operation: String, _ invocation: Invocation, _ output: inout Output
) throws(Failure) -> ExitCode {
  try CommandGate.living(invocation) { (gate) throws(Failure) in
    let reply = try gate.call(operation, ["job": .string(invocation[job])])
    if invocation[json] {
      try output.print(json: reply.json)
    } else {
      try output.print("\(invocation[job]) is \(reply.output["phase"]?.string ?? "")")
      if let receipt = reply.receipt { try output.print("receipt \(receipt.proof.id)") }
    }
    return .done
  }
}
