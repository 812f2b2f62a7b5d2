// One job from its plan to its end, as a command carries it out: the plan is shown or committed, the job
// waited for with a line of progress, and what became of it told, with the receipt.
//
//   dry run ─▶ plan ─▶ (shown, and nothing done)
//                └──▶ commit by its digest ─▶ job ─▶ finished, cancelled ─▶ told
//                                              └──▶ interrupted: it goes on with the next engine
//
// Whatever is not done is said with its reason, and the exit code says it too.

import Ambient
import Bytes
import CacheEngine
import EventStore
import Flags
import Operations

/// A job of a command.
struct JobRun {
  let gate: CommandGate
  let operation: String
  /// What is done to files, as in `evict`.
  let verb: String
  let input: JSONObject
  let asJSON: Bool
  /// The digest of the only plan that may be carried out; nil for what is planned now.
  var namedPlan: String?

  /// The most items and refusals that are shown of a plan, and reasons of a job.
  private static let shownMax = 20
  private static let lookInterval = Duration.milliseconds(100)

  /// Shows what would be done.
  func plan(_ output: inout Output) throws(Failure) -> ExitCode {
    let plan = try dryRun()
    if asJSON {
      try output.print(json: plan.json())
    } else {
      try show(plan, &output)
    }
    return .done
  }

  /// Does it, and waits for its end.
  func carryOut(_ output: inout Output) throws(Failure) -> ExitCode {
    // Whoever may not do it at all is told so and it is recorded, also where there is nothing to do.
    if !gate.allows(operation) { _ = try gate.call(operation, .object(input)) }
    let plan = try dryRun()
    if let namedPlan, namedPlan != "\(plan.digest)" {
      throw .ended(
        .refused, "what the plan is about has changed since, or it was another; look at it again")
    }
    guard plan.itemCount > 0 else {
      if asJSON {
        try output.print(json: plan.json())
      } else {
        try show(plan, &output)
      }
      return plan.refusalCount > 0 ? .refused : .done
    }
    var committed = input
    committed["plan"] = .string("\(plan.digest)")
    let reply = try gate.call(operation, .object(committed))
    guard let job = reply.job else { preconditionFailure("what acts on files begins a job") }
    let record = try wait(for: job, plan, &output)
    return try tell(record, plan, reply, &output)
  }

  private func dryRun() throws(Failure) -> Plan {
    var asked = input
    asked["dryRun"] = true
    guard let plan = try gate.call(operation, .object(asked)).plan else {
      preconditionFailure("a dry run gives a plan")
    }
    return plan
  }

  // MARK: - Waiting

  private func wait(
    for job: JobID, _ plan: Plan, _ output: inout Output
  ) throws(Failure) -> JobRecord {
    var line = output.progress(verb, .items, total: Int64(plan.itemCount))
    while !gate.dispatcher.wait(for: job, timeout: Self.lookInterval) {
      guard !gate.cancellation.isCancelled else {
        throw .ended(
          .failed,
          "interrupted; \(job) goes on when an engine runs again, unless you cancel it with "
            + "'larder jobs cancel \(job)'")
      }
      guard let record = gate.dispatcher.jobTable.jobs[job] else { continue }
      line.update(done: Int64(record.settledCount))
      if let stall = try stall(of: job) {
        throw .ended(.failed, "\(job) goes no further: \(stall)")
      }
    }
    line.end()
    guard let record = gate.dispatcher.jobTable.jobs[job] else {
      throw .ended(.failed, "\(job) has ended and is not remembered; see 'larder events list'")
    }
    return record
  }

  /// Why a job goes no further by itself.
  private func stall(of job: JobID) throws(Failure) -> String? {
    let page = try gate.call("jobs.page", ["phases": ["running", "paused"], "limit": 256])
    let found = page.output["jobs"]?.array?.first { $0["job"]?.string == "\(job)" }
    if found?["phase"] == "paused" { return "it is paused" }
    return found?["stalled"]?.string
  }

  // MARK: - Telling

  private func show(_ plan: Plan, _ output: inout Output) throws(Failure) {
    let time = plan.estimate.map { ", about \(spelled(duration: $0))" } ?? ""
    try output.print(
      "would \(verb) \(plan.itemCount) files, \(ByteCount(Int64(clamping: plan.bytes)))\(time)")
    for item in plan.items(from: 0, limit: Self.shownMax) {
      try output.print("  \(escaped(item.identity))  \(ByteCount(Int64(clamping: item.bytes)))")
    }
    if plan.itemCount > Self.shownMax {
      try output.print("  and \(plan.itemCount - Self.shownMax) more")
    }
    for member in plan.after.members {
      try output.print("  \(member.key): \(member.value.text())")
    }
    try output.print("plan \(plan.digest)")
    guard plan.refusalCount > 0 else { return }
    try output.print("\(plan.refusalCount) would be left alone:")
    for refusal in plan.refusals(from: 0, limit: Self.shownMax) {
      try output.print("  \(escaped(refusal.identity)): \(refusal.reason)")
    }
    if plan.refusalCount > Self.shownMax {
      try output.print("  and \(plan.refusalCount - Self.shownMax) more")
    }
  }

  /// What became of an item, and why.
  private struct Misfit {
    let item: String
    let outcome: String
    let reason: String
  }

  private func tell(
    _ record: JobRecord, _ plan: Plan, _ reply: Reply, _ output: inout Output
  ) throws(Failure) -> ExitCode {
    let misfits = try misfits(of: record.job, plan)
    let isDamaged = misfits.contains { $0.reason.hasPrefix(ItemOutcome.damage) }
    if asJSON {
      try output.print(json: [
        "job": .string("\(record.job)"), "phase": .string(record.phase.rawValue),
        "plan": .string("\(plan.digest)"), "bytes": JSONValue(record.bytesDone),
        "counts": record.counts.json, "refused": JSONValue(plan.refusalCount),
        "outcomes": .array(
          misfits.map { misfit in
            [
              "item": .string(misfit.item), "outcome": .string(misfit.outcome),
              "reason": .string(misfit.reason),
            ]
          }),
        "firstRefusals": .array(plan.refusals(from: 0, limit: 100).map(\.json)),
        "receipt": reply.receipt?.json ?? .null,
      ])
    } else {
      let done = record.counts.done + record.counts.alreadyDone
      try output.print(
        "\(verb): \(done) of \(plan.itemCount) files, "
          + "\(ByteCount(Int64(clamping: record.bytesDone)))")
      for misfit in misfits.prefix(Self.shownMax) {
        try output.print("  \(misfit.item): \(misfit.outcome), \(misfit.reason)")
      }
      if misfits.count > Self.shownMax {
        try output.print("  and \(misfits.count - Self.shownMax) more")
      }
      if plan.refusalCount > 0 {
        try output.print("  \(plan.refusalCount) were left alone; --dry-run says why")
      }
      if let receipt = reply.receipt { try output.print("receipt \(receipt.proof.id)") }
    }
    if isDamaged { return .broken }
    if record.counts.failed > 0 { return .failed }
    return misfits.isEmpty ? .done : .refused
  }

  /// The items that were not done, with their names from the plan.
  private func misfits(of job: JobID, _ plan: Plan) throws(Failure) -> [Misfit] {
    var found: [Misfit] = []
    var position: JSONValue = 0
    while true {
      let page = try gate.call(
        "job.outcomes", ["job": .string("\(job)"), "after": position]
      ).output
      for run in page["runs"]?.array ?? [] {
        guard let first = run["first"]?.integer, let count = run["count"]?.integer,
          let outcome = run["outcome"]?.string, !["done", "already-done"].contains(outcome)
        else { continue }
        for item in plan.items(from: Int(first), limit: Int(count)) {
          found.append(
            Misfit(
              item: escaped(item.identity), outcome: outcome,
              reason: run["reason"]?.string ?? ""))
        }
      }
      if page["isEnd"] == true { return found }
      position = page["position"] ?? 0
    }
  }
}
