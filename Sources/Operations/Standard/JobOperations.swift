// Operations about jobs and plans. Pausing, resuming and cancelling are events of the job first, so
// that they survive a restart, and reach the runner once those are durable.

internal import Bytes
internal import EventStore

private let jobName = SchemaField("job", .text(bytesMax: 64), "The job's name.")
private let limit = SchemaField(
  "limit", .integer(1...Int64(OperationsLimits.pageRowsMax)), required: false,
  "How many rows at most; 100 unless given.")

/// A job as every operation here shows it.
private let jobSchema = Schema.anything(bytesMax: 1 << 17)

extension Operation {
  static var jobsPage: Operation {
    Operation(
      "jobs.page", "List jobs, the newest first", .inspect,
      input: .object([
        SchemaField(
          "phases",
          .list(.choice(JobPhase.allCases.map(\.rawValue)), countMax: JobPhase.allCases.count),
          required: false, "Only jobs in one of these phases."),
        SchemaField(
          "after", .text(bytesMax: 64), required: false, "The job behind which the page begins."),
        limit,
      ]),
      output: .object([
        SchemaField("jobs", .list(jobSchema, countMax: OperationsLimits.pageRowsMax), "The jobs."),
        SchemaField("isEnd", .flag, "Whether there are no more."),
      ]),
      effects: EffectRow(projectionsQueried: [OwnDoor.jobs]),
      work: .answer { (input, handle) throws(OperationFault) in
        try handle.query(OwnDoor.jobs, input)
      })
  }

  static var jobOutcomes: Operation {
    Operation(
      "job.outcomes", "List what became of a job's items, and why", .inspect,
      input: .object([
        jobName,
        SchemaField(
          "after", .integer(0...1 << 53), required: false,
          "The position that the page before gave."),
      ]),
      output: .object([
        SchemaField(
          "runs", .list(.anything(bytesMax: 8_192), countMax: OperationsLimits.planItemsMax),
          "Items side by side with one outcome: first, count, outcome, reason."),
        SchemaField("position", .integer(0...1 << 53), "Where the next page begins."),
        SchemaField("isEnd", .flag, "Whether there are no more by now."),
      ]),
      effects: EffectRow(eventsRead: [.exactly(EffectKind.progress)]),
      work: .answer { (input, handle) throws(OperationFault) in
        let job = try named(input)
        let page = try handle.events(
          in: Region(
            entityPrefix: "\(job)", scope: EffectKind.scope, kind: .exactly(EffectKind.progress)),
          after: UInt64(count(input["after"]) ?? 0), limit: 1)
        let runs = page.events.compactMap { $0.bytes.flatMap { JobProgress(decoding: $0) } }
          .flatMap(\.runs)
        return .object([
          "runs": .array(runs.map(\.json)), "position": JSONValue(page.position),
          "isEnd": .bool(page.isEnd),
        ])
      })
  }

  static var planPage: Operation {
    Operation(
      "plan.page", "List items and refusals of a plan that a dry run gave", .inspect,
      input: .object([
        SchemaField("plan", .digest, "The plan's digest."),
        SchemaField(
          "first", .integer(0...Int64(OperationsLimits.planItemsMax)), required: false,
          "Which item, and which refusal, comes first; 0 unless given."),
        limit,
      ]),
      output: .object([
        SchemaField(
          "items", .list(.anything(bytesMax: 1 << 15), countMax: OperationsLimits.pageRowsMax),
          "What would be done."),
        SchemaField(
          "refusals", .list(.anything(bytesMax: 1 << 15), countMax: OperationsLimits.pageRowsMax),
          "What would be left alone, and why."),
        SchemaField("isEnd", .flag, "Whether there are no more."),
      ]),
      effects: EffectRow(projectionsQueried: [OwnDoor.plans]),
      work: .answer { (input, handle) throws(OperationFault) in
        try handle.query(OwnDoor.plans, input)
      })
  }

  static var pauseJob: Operation {
    steering("job.pause", "Pause a job; items in hand are finished", .pause, isReversible: true)
  }

  static var resumeJob: Operation {
    steering(
      "job.resume", "Let a paused or stalled job go on", .resume, isReversible: true)
  }

  static var cancelJob: Operation {
    steering(
      "job.cancel", "End a job; what is not begun stays as it is", .cancel, isReversible: false)
  }

  /// One of the three wishes for a job.
  private static func steering(
    _ name: String, _ title: String, _ wish: JobMark.Wish, isReversible: Bool
  ) -> Operation {
    Operation(
      name, title, .control, input: .object([jobName]),
      output: .object([
        SchemaField("job", .text(bytesMax: 64), "The job's name."),
        SchemaField(
          "phase", .choice(JobPhase.allCases.map(\.rawValue)), "Where it stands from now on."),
      ]),
      receipt: .act,
      effects: EffectRow(
        eventsAppended: [EffectKind.mark], projectionsQueried: [OwnDoor.jobs],
        receiptsEmitted: [.act], hostControlsUsed: [OwnDoor.obey],
        capabilitiesRequired: [.systemControl]),
      isReversible: isReversible,
      work: .act(
        plan: { (input, handle, draft) throws(OperationFault) in
          let job = try named(input)
          let state = try handle.query(OwnDoor.jobs, ["job": .string("\(job)")])
          let left = (count(state["items"]) ?? 0) - (count(state["settled"]) ?? 0)
          do throws(OperationFault) {
            draft.after["phase"] = .string(try next(state, wish).phase.rawValue)
          } catch {
            return try draft.refuse(
              PlanRefusal(identity: Array("\(job)".utf8), bytes: 0, reason: "\(error)"))
          }
          draft.after["itemsLeft"] = JSONValue(left)
          // A job's progress is no change that a wish for it would have to know of: its phase is.
          let phase = state["phase"]?.string.flatMap(JobPhase.init(rawValue:))
          let generation = phase.flatMap { JobPhase.allCases.firstIndex(of: $0) } ?? 0
          try draft.add(
            PlanItem(identity: Array("\(job)".utf8), generation: UInt64(generation), bytes: 0))
        },
        act: { (input, handle) throws(OperationFault) in
          let job = try named(input)
          let state = try handle.query(OwnDoor.jobs, ["job": .string("\(job)")])
          let (phase, isNew) = try next(state, wish)
          if isNew {
            let mark = JobMark(wish, job, by: handle.caller)
            try handle.append(
              NewEvent(job.coordinate, kind: EffectKind.mark, payload: mark.payload))
          }
          try handle.use(
            OwnDoor.obey, ["job": .string("\(job)"), "wish": .string(wish.rawValue)])
          return ["job": .string("\(job)"), "phase": .string(phase.rawValue)]
        }))
  }
}

/// Where a wish leads, and whether the job is not there already; a stalled job that runs may be
/// resumed as it is.
private func next(
  _ state: JSONValue, _ wish: JobMark.Wish
) throws(OperationFault) -> (phase: JobPhase, isNew: Bool) {
  guard let phase = state["phase"]?.string.flatMap(JobPhase.init(rawValue:)) else {
    throw .failed("the job's phase is not known")
  }
  if let next = phase.after(wish) { return (next, true) }
  if wish == .resume, phase == .running, state["stalled"]?.string != nil {
    return (phase, false)
  }
  throw .conflict("the job is \(phase.rawValue), so there is nothing to \(wish.rawValue)")
}

private func named(_ input: JSONValue) throws(OperationFault) -> JobID {
  let name = input["job"]?.string ?? ""
  guard let job = JobID(parsing: name) else {
    throw .notFound("'\(escaped(name))' is no job's name; those begin with job:")
  }
  return job
}

extension SettledRun {
  /// The run as operators are shown it.
  fileprivate var json: JSONValue {
    .object([
      "count": JSONValue(range.count), "first": JSONValue(range.lowerBound),
      "outcome": .string(outcome.word), "reason": .string(outcome.reason),
    ])
  }
}
