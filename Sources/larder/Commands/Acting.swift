// `larder evict | rehydrate | pin | unpin | verify | shred`: what operators do to files, from scripts. Each is one
// operation of the gate, carried out as a job; a dry run says what it would do and changes nothing.

import Bytes
import Flags
import Operations

private let dryRun = Flag("dry-run", "Say what would be done, and do nothing.")
private let json = Flag("json", "Print JSON.")
private let anyway = Flag(
  "anyway", "Bring also what does not fit; other files are evicted for it then.")
private let notHot = Flag("not-hot", "Do not read the copies in the depot.")

/// How deep a stored copy is looked at.
private enum StoredDepth: String, CaseIterable, Sendable {
  case none, head, read
}

private let stored = Flag(
  "stored", .choice(placeholder: "HOW") as Spelling<StoredDepth>, default: .head,
  "How stored copies are looked at: none, head for a look at the object, read for all of it.")

private let selecting: [any Parameter] = [
  FileSelection.paths, FileSelection.glob, FileSelection.directory, FileSelection.filter,
  FileSelection.all, depotConfig, dryRun, json,
]

private let manners = """
  Files are selected in one way: by their paths, --glob, --directory, --filter or --all. The exit \
  code is 3 when files were refused or have changed, and 5 when an engine runs that has the depot. A \
  job that is interrupted goes on when an engine runs again.
  """

let evictCommand: Command<Action> = Command(
  "evict", "Drop hot copies of stored files.",
  details: "What is dirty, pinned or open stays. " + manners,
  examples: [
    .init(
      "larder evict --config /etc/larder.json5 --filter 'read>30d' --dry-run",
      "What nobody has read for a month.")
  ],
  takes: selecting, action: Action(evict))

let rehydrateCommand: Command<Action> = Command(
  "rehydrate", "Bring files back into the depot.",
  details: "The dry run says how many bytes, how long, and whether it fits. " + manners,
  examples: [
    .init(
      "larder rehydrate --config /etc/larder.json5 --all",
      "Bring everything back, to leave for good.")
  ],
  takes: selecting + [anyway], action: Action(rehydrate))

let pinCommand: Command<Action> = Command(
  "pin", "Keep files from being evicted.", details: manners, takes: selecting, action: Action(pin))

let unpinCommand: Command<Action> = Command(
  "unpin", "Let pinned files be evicted again.", details: manners, takes: selecting,
  action: Action(unpin))

let verifyCommand: Command<Action> = Command(
  "verify", "Compare files with their digests, and look at what is stored.",
  details: "The exit code is 4 when a copy is damaged. " + manners,
  examples: [
    .init(
      "larder verify --config /etc/larder.json5 --directory art --stored read",
      "Read every copy of what is below art.")
  ],
  takes: selecting + [notHot, stored], action: Action(verify))

private let force = Flag("force", "Pinned files too.")
private let planDigest = Flag(
  "plan", optional: .text("DIGEST"), "The plan that a dry run showed, which is carried out.")
private let yes = Flag(
  "yes", "Carry out what is planned now, and do not ask for the plan's digest.")
private let why = Flag("reason", optional: .text("TEXT"), "Why, for whoever finds them gone.")

let shredCommand: Command<Action> = Command(
  "shred", "Destroy files so that no copy anywhere can be read again.",
  details: """
    It cannot be undone, so a dry run comes first: it prints the plan with its digest, and '--plan \
    DIGEST' carries out that plan and no other. Whoever knows what is there gives '--yes' instead. It \
    needs 'encrypt', and a key for each file.
    """ + " " + manners,
  examples: [
    .init(
      "larder shred --config /etc/larder.json5 hr/salaries --dry-run", "What would be destroyed."),
    .init(
      "larder shred --config /etc/larder.json5 --directory hr/2019 --reason 'ten years' --yes",
      "Destroy a directory's files from a script."),
  ],
  takes: selecting + [force, why, planDigest, yes], action: Action(shred))

private func shred(_ invocation: Invocation, _ output: inout Output) throws(Failure) -> ExitCode {
  var input: JSONObject = [
    "selection": try FileSelection.json(invocation), "force": .bool(invocation[force]),
  ]
  if let text = invocation[why] { input["reason"] = .string(text) }
  let asked = input
  guard invocation[dryRun] || invocation[yes] || invocation[planDigest] != nil else {
    throw .ended(
      .misused,
      "a shred cannot be undone; look at what would be destroyed with --dry-run and give its digest "
        + "as --plan, or give --yes")
  }
  func body(_ gate: CommandGate) throws(Failure) -> ExitCode {
    let job = JobRun(
      gate: gate, operation: "data.shred", verb: "shred", input: asked,
      asJSON: invocation[json], namedPlan: invocation[planDigest])
    return invocation[dryRun] ? try job.plan(&output) : try job.carryOut(&output)
  }
  return invocation[dryRun]
    ? try CommandGate.looking(invocation, body) : try CommandGate.living(invocation, body)
}

private func evict(_ invocation: Invocation, _ output: inout Output) throws(Failure) -> ExitCode {
  try run("cache.evict", "evict", [:], invocation, &output)
}

private func rehydrate(
  _ invocation: Invocation, _ output: inout Output
) throws(Failure) -> ExitCode {
  try run(
    "cache.rehydrate", "rehydrate", ["anyway": .bool(invocation[anyway])], invocation, &output)
}

private func pin(_ invocation: Invocation, _ output: inout Output) throws(Failure) -> ExitCode {
  try run("cache.pin", "pin", [:], invocation, &output)
}

private func unpin(_ invocation: Invocation, _ output: inout Output) throws(Failure) -> ExitCode {
  try run("cache.unpin", "unpin", [:], invocation, &output)
}

private func verify(_ invocation: Invocation, _ output: inout Output) throws(Failure) -> ExitCode {
  try run(
    "cache.verify", "verify",
    ["hot": .bool(!invocation[notHot]), "stored": .string(invocation[stored].rawValue)], invocation,
    &output)
}

/// Plans or carries out one operation on the selected files.
private func run(
  _ operation: String, _ verb: String, _ more: JSONObject, _ invocation: Invocation,
  _ output: inout Output
) throws(Failure) -> ExitCode {
  var input: JSONObject = ["selection": try FileSelection.json(invocation)]
  for member in more.members { input[member.key] = member.value }
  let asked = input
  func body(_ gate: CommandGate) throws(Failure) -> ExitCode {
    let job = JobRun(
      gate: gate, operation: operation, verb: verb, input: asked, asJSON: invocation[json])
    return invocation[dryRun] ? try job.plan(&output) : try job.carryOut(&output)
  }
  return invocation[dryRun]
    ? try CommandGate.looking(invocation, body) : try CommandGate.living(invocation, body)
}
