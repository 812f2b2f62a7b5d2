// Acting calls: from a passed guard to a batch in the log. A plan that the caller names is carried out
// as it was shown; without one, what is done is planned in the call itself.

internal import Ambient
internal import Bytes
internal import Digests
internal import EventStore
internal import Synchronization

extension Dispatcher {
  /// Acts, or says what would be done; whatever comes of an acting call, its receipt is kept.
  func act(_ call: Call) throws(Refusal) -> Reply {
    if !call.acts {
      do throws(Setback) {
        return try dryRun(call)
      } catch {
        throw remember(error.refusal, call)
      }
    }
    do throws(Setback) {
      try checkGrants(call)
      let parts = try parts(of: call)
      try askGuards(call, parts.input)
      options.observe(.started(operation: call.entry.operation.name))
      switch call.entry.operation.work {
      case .answer: preconditionFailure("the registry admits no answers for a class that acts")
      case .act(let planner, let handler):
        return try actNow(call, parts, planner, handler)
      case .job(let kind, let planner): return try begin(call, parts, kind, planner)
      }
    } catch {
      throw remember(record(error, of: call), call)
    }
  }

  /// Takes the input apart, and checks both parts of it.
  private func parts(of call: Call) throws(Setback) -> ActingInput {
    let parts: ActingInput
    do throws(SchemaFault) {
      parts = try ActingInput(call.input)
    } catch {
      throw Setback(.invalidInput, "\(error)")
    }
    try check(parts.input, call.entry.operation)
    let bytes: Int
    do throws(BytesError) {
      bytes = try call.input.canonical().count
    } catch {
      throw Setback(.invalidInput, "the input cannot be put into a receipt: \(error)")
    }
    guard bytes <= OperationsLimits.inputBytesMax else {
      throw Setback(
        .overLimit, "the input has more than \(OperationsLimits.inputBytesMax) bytes")
    }
    return parts
  }

  // MARK: - Plans

  private func dryRun(_ call: Call) throws(Setback) -> Reply {
    let parts = try parts(of: call)
    try askGuards(call, parts.input)
    options.observe(.started(operation: call.entry.operation.name))
    let plan = try plan(call, parts.input)
    plans.keep(plan)
    guard case .object(var output) = plan.json() else {
      preconditionFailure("a plan is shown as an object")
    }
    let operation = call.entry.operation
    let needs = Capability.known.filter(operation.effects.capabilitiesRequired.contains)
    output["needs"] = .array(needs.map { .string($0.name) })
    output["missing"] = .array(missing(for: operation, call.caller).map { .string($0.name) })
    output["reversible"] = .bool(operation.isReversible)
    output["remarks"] = .array(operation.remarks.map { .string($0) })
    return Reply(.object(output), plan: plan)
  }

  /// What the operation would do now.
  private func plan(_ call: Call, _ input: JSONValue) throws(Setback) -> Plan {
    let planner: Operation.Planner
    switch call.entry.operation.work {
    case .answer: preconditionFailure("a class that acts has a planner")
    case .act(let found, _): planner = found
    case .job(_, let found): planner = found
    }
    let looking = handle(call, .looking)
    let (draft, _) = try handled(looking) { () throws(OperationFault) in
      var draft = PlanDraft()
      try planner(input, looking, &draft)
      return draft
    }
    let operation = call.entry.operation
    return draft.finished(operation.name, operation.deciding(input))
  }

  /// The plan that the caller named, as it was shown, or the one that is made now if it is the same.
  private func namedPlan(
    _ wanted: Blake3Digest, _ call: Call, _ input: JSONValue
  ) throws(Setback) -> Plan {
    if let kept = plans.plan(wanted) {
      guard kept.operation == call.entry.operation.name else {
        throw Setback(.conflict, "the plan is one of '\(kept.operation)'")
      }
      let deciding = call.entry.operation.deciding(input)
      guard canonicalDigest(kept.input) == canonicalDigest(deciding) else {
        throw Setback(.conflict, "the plan was made for another input")
      }
      return kept
    }
    let fresh = try plan(call, input)
    guard fresh.digest == wanted else {
      throw Setback(
        .conflict, "the plan is not remembered, and one made now would differ; look at it again")
    }
    return fresh
  }

  // MARK: - Acting within the call

  private func actNow(
    _ call: Call, _ parts: ActingInput, _ planner: Operation.Planner, _ handler: Operation.Answer
  ) throws(Setback) -> Reply {
    if let wanted = parts.plan {
      guard try plan(call, parts.input).digest == wanted else {
        throw Setback(.conflict, "what the plan is about has changed since; look at it again")
      }
    }
    let acting = handle(call, .acting)
    let (output, effects) = try handled(acting) { () throws(OperationFault) in
      try handler(parts.input, acting)
    }
    try checkOutput(output, call.entry.operation, effects)
    var body = body(.act, call)
    body.output = canonicalDigest(output)
    body.plan = parts.plan
    body.controls = effects.used
    let receipt = try commit(effects.events + orders(effects), &body, call)
    if let wanted = parts.plan { plans.remove(wanted) }
    try turn(effects.staged, call, receipt)
    return Reply(output, receipt: receipt)
  }

  private func checkOutput(
    _ output: JSONValue, _ operation: Operation, _ effects: OperationHandle.Effects
  ) throws(Setback) {
    var fault: String?
    do throws(SchemaFault) {
      try operation.output.check(output)
    } catch {
      fault = error.field.isEmpty ? error.fault : "'\(error.field)' \(error.fault)"
    }
    do throws(BytesError) {
      if try output.canonical().count > OperationsLimits.outputBytesMax {
        fault = "it has more than \(OperationsLimits.outputBytesMax) bytes"
      }
    } catch {
      fault = "\(error)"
    }
    if let fault {
      throw Setback(
        .handlerFailure, "the output of '\(operation.name)' is not what it declares: \(fault)",
        used: effects.used)
    }
  }

  /// The events that say what controls are set to for good.
  private func orders(_ effects: OperationHandle.Effects) -> [NewEvent] {
    effects.staged.filter { $0.control.timing == .standing }.map { staged in
      let order = StandingOrder(control: staged.control.name, input: staged.input)
      return NewEvent(
        .ofOperations("control:\(order.control)"), kind: EffectKind.standing,
        payload: order.payload)
    }
  }

  /// Turns what was staged. The receipt is durable by now, so a control that fails leaves a second
  /// one that says so.
  private func turn(
    _ staged: [StagedControl], _ call: Call, _ receipt: OperationReceipt
  ) throws(Setback) {
    for staged in staged {
      do throws(OperationFault) {
        _ = try staged.control.turn(staged.input, call.patience.cancellation)
      } catch {
        throw Setback(
          .handlerFailure,
          "'\(call.entry.operation.name)' is recorded as \(receipt.proof.id), but the control "
            + "'\(staged.control.name)' could not be turned: \(error)",
          used: [staged.control.name])
      }
    }
  }

  // MARK: - Jobs

  private func begin(
    _ call: Call, _ parts: ActingInput, _ kind: String, _ planner: Operation.Planner
  ) throws(Setback) -> Reply {
    guard let engine else { preconditionFailure("nobody is granted anything without an engine") }
    let plan: Plan
    if let wanted = parts.plan {
      plan = try namedPlan(wanted, call, parts.input)
    } else {
      plan = try self.plan(call, parts.input)
    }
    guard plan.itemCount > 0 else {
      let first = plan.refusals(from: 0, limit: 1).first
      throw Setback(
        .conflict,
        "there is nothing to do"
          + (first.map { "; '\(escaped($0.identity))': \($0.reason)" } ?? ""))
    }
    guard engine.runner.reserve() else {
      throw Setback(.overLimit, "\(OperationsLimits.jobsMax) jobs are open; wait for one to end")
    }
    do throws(Setback) {
      return try begin(call, parts.input, plan, kind, engine)
    } catch {
      engine.runner.release()
      throw error
    }
  }

  private func begin(
    _ call: Call, _ input: JSONValue, _ plan: Plan, _ kind: String, _ engine: Engine
  ) throws(Setback) -> Reply {
    let job = JobID(at: options.wallClock.now(), options.entropy)
    let intent = JobIntent(
      job: job, operation: call.entry.operation, caller: call.caller, kind: kind, plan: plan,
      remarks: call.entry.operation.remarks(in: input))
    let output: JSONValue = .object([
      "bytes": JSONValue(plan.bytes), "items": JSONValue(plan.itemCount), "job": .string("\(job)"),
      "plan": .string("\(plan.digest)"), "refused": JSONValue(plan.refusalCount),
    ])
    var events = plan.chunks.map { chunk in
      NewEvent(job.coordinate, kind: EffectKind.planChunk, payload: chunk.bytes)
    }
    // A plan that fits goes into the receipt's own batch. The rest of a larger one goes before it:
    // without its intent nobody looks at it.
    try storeAhead(&events, call)
    events.append(
      NewEvent(job.coordinate, kind: EffectKind.intent, payload: intent.payload))
    var body = body(.intent, call)
    body.output = canonicalDigest(output)
    body.plan = plan.digest
    body.job = job
    let receipt = try commit(events, &body, call)
    plans.remove(plan.digest)
    // The receipt's event follows the intent's at once, for they are of one batch.
    let sequence = receipt.proof.sequence - 1
    engine.runner.add(
      JobRecord(intent, at: sequence, receipt.proof.header.time), intent, isReserved: true)
    heed(job, engine)
    return Reply(output, receipt: receipt, job: job)
  }

  /// Does what was asked of a job between its commit and its taking up, when nobody could hear it.
  private func heed(_ job: JobID, _ engine: Engine) {
    switch jobs.table.jobs[job]?.phase {
    case .paused: engine.runner.obey(.pause, job)
    case .cancelling: engine.runner.obey(.cancel, job)
    default: break
    }
  }

  /// Appends so many events ahead, in batches, that what is left fits into one with the receipt.
  private func storeAhead(_ events: inout [NewEvent], _ call: Call) throws(Setback) {
    func fits(_ events: some Collection<NewEvent>) -> Bool {
      events.count <= OperationsLimits.stagedEventsMax
        && events.reduce(0) { $0 + $1.payload.count } <= OperationsLimits.stagedBytesMax
    }
    while !fits(events) {
      if let reason = call.patience.isOver { throw Setback(.cancelled, reason) }
      var batch = 0
      var bytes = 0
      while batch < min(events.count - 1, OperationsLimits.stagedEventsMax),
        bytes + events[batch].payload.count <= OperationsLimits.stagedBytesMax
      {
        bytes += events[batch].payload.count
        batch += 1
      }
      try keep(Array(events[..<batch]))
      events.removeFirst(batch)
    }
  }

  // MARK: - Receipts

  private func body(_ kind: ReceiptKind, _ call: Call) -> ReceiptBody {
    let operation = call.entry.operation
    var body = ReceiptBody(kind, operation.name, operation.operationClass, call.caller)
    body.input = canonicalDigest(call.input)
    return body
  }

  /// Commits effects together with the receipt of the call.
  private func commit(
    _ events: [NewEvent], _ body: inout ReceiptBody, _ call: Call
  ) throws(Setback) -> OperationReceipt {
    // The last moment at which nobody wanting the answer can change anything.
    if let reason = call.patience.isOver { throw Setback(.cancelled, reason, used: body.controls) }
    body.effects = events.count
    let receipts = try keep(events + [body.event], used: body.controls)
    guard let proof = receipts.last else { preconditionFailure("each event has a receipt") }
    return OperationReceipt(body: body, proof: proof)
  }

  @discardableResult
  private func keep(_ events: [NewEvent], used: [String] = []) throws(Setback) -> [Receipt] {
    guard let engine else { preconditionFailure("nobody is granted anything without an engine") }
    do throws(StoreError) {
      return try engine.sink.append(events)
    } catch {
      switch error {
      case .positionConflict, .keyConflict: throw Setback(.conflict, "\(error)", used: used)
      case .denied: throw Setback(.guarded, "\(error)", used: used)
      default:
        let had = used.isEmpty ? "" : "; used already: \(used.joined(separator: ", "))"
        throw Setback(
          .sinkFailure, "nothing was committed, for no receipt could be kept: \(error)" + had,
          used: used)
      }
    }
  }

  /// Keeps the receipt of a call that came to nothing.
  private func record(_ setback: Setback, of call: Call) -> Refusal {
    var refusal = setback.refusal
    // What refused one receipt a moment ago is not asked for another.
    guard let engine, setback.token != .sinkFailure else { return refusal }
    var body = body(.refusal, call)
    body.token = setback.token
    body.reason = shortened(setback.sentence)
    if setback.token == .denied {
      let now = options.monotonicClock.now()
      guard let unrecorded = denials.withLock({ $0.take(at: now) }) else {
        return Refusal(
          setback.token,
          "\(setback.sentence) (and that is not recorded, for too much was denied lately)",
          missing: setback.missing)
      }
      if unrecorded > 0 {
        body.reason = shortened("\(setback.sentence); before it, \(unrecorded) left no receipt")
      }
    }
    body.controls = setback.used
    do throws(StoreError) {
      guard let proof = try engine.sink.append([body.event]).last else {
        preconditionFailure("each event has a receipt")
      }
      refusal.receipt = OperationReceipt(body: body, proof: proof)
      return refusal
    } catch {
      return Refusal(
        setback.token, "\(setback.sentence) (and that could not be recorded: \(error))",
        missing: setback.missing)
    }
  }
}
