// Carries jobs out: threads that ask the board for the next step and take it. A record of progress is
// durable before anything is shown of it, and the record that ends a job is in one batch with its
// closing receipt. Killed anywhere, the next runner begins where the log says.
//
// Items are worked on outside the lock; several threads work on one job as far as its kind allows.

internal import Ambient
internal import Bytes
internal import Digests
internal import EventStore

/// How jobs are carried out.
package struct JobOptions: Sendable {
  /// How many threads work on jobs; with none, whoever calls `run` does.
  package var workers: Int
  /// A record of progress is written for so many items, or after this time.
  package var recordItems: Int
  package var recordInterval: Duration

  package init(
    workers: Int = 4, recordItems: Int = OperationsLimits.recordItemsMax,
    recordInterval: Duration = OperationsLimits.recordInterval
  ) {
    precondition((0...OperationsLimits.workersMax).contains(workers), "threads are bounded")
    precondition(
      (1...OperationsLimits.recordItemsMax).contains(recordItems), "so is a record of progress")
    self.workers = workers
    self.recordItems = recordItems
    self.recordInterval = recordInterval
  }
}

/// Carries jobs out.
final class JobRunner: Sendable {
  /// An open job, with what is needed to work on it.
  private struct LiveJob: Sendable {
    let intent: JobIntent
    /// Nil when nobody registered such an operation, or kind, any more.
    let operation: Operation?
    let kind: JobKind?
    let items: JobItems
    let cancellation: Cancellation
    /// Its intent cannot be read any more, so nobody knows what it was asked.
    let isLost: Bool
  }

  private struct State {
    var board: JobBoard
    var jobs: [JobID: LiveJob] = [:]
    /// Jobs that are about to begin.
    var reserved = 0
    var workersLeft = 0
  }

  private let registry: OperationRegistry
  private let reader: EventReader
  private let sink: ReceiptSink
  private let surroundings: Surroundings
  private let clock: MonotonicClock
  private let log: Log
  private let options: JobOptions
  private let state: Monitor<State>

  init(
    _ registry: OperationRegistry, _ reader: EventReader, _ sink: ReceiptSink,
    _ surroundings: Surroundings, _ clock: MonotonicClock, _ log: Log, _ options: JobOptions
  ) {
    self.registry = registry
    self.reader = reader
    self.sink = sink
    self.surroundings = surroundings
    self.clock = clock
    self.log = log
    self.options = options
    let pace = JobBoard.Pace(items: options.recordItems, interval: options.recordInterval)
    state = Monitor(State(board: JobBoard(pace: pace)))
  }

  // MARK: - Beginning and ending

  /// Takes up the jobs that the log has open, and starts the threads.
  func start(_ open: [JobRecord]) throws(StoreError) {
    for record in open { add(record, try intent(of: record)) }
    state.withLock { $0.workersLeft = options.workers }
    for number in 0..<options.workers {
      Worker("larder-job-\(number)") { [self] in
        work()
        state.change { $0.workersLeft -= 1 }
      }.detach()
    }
  }

  /// What a job is to do, by the log; nil when its key was destroyed, or retention took it.
  private func intent(of record: JobRecord) throws(StoreError) -> JobIntent? {
    do throws(StoreError) {
      return try reader.event(record.intent).bytes.flatMap { JobIntent(decoding: $0) }
    } catch .removed {
      return nil
    }
  }

  /// Begins nothing more, gives back what is in hand as soon as its work notices, records what is
  /// done, and ends the threads. Jobs stay open and go on when the gate is opened again.
  func stop() {
    let cancellations = state.change { state in
      state.board.isStopping = true
      return state.jobs.values.map(\.cancellation)
    }
    for cancellation in cancellations { cancellation.cancel() }
    if options.workers == 0 { run() }
    _ = state.wait { $0.workersLeft == 0 ? true : nil }
  }

  /// Keeps a place for one job more; false when there are as many as may be. A place that was kept
  /// is filled by `add`, or given up by `release`.
  func reserve() -> Bool {
    state.withLock { state in
      guard state.board.entries.count + state.reserved < OperationsLimits.jobsMax else {
        return false
      }
      state.reserved += 1
      return true
    }
  }

  /// Gives up a place that was kept for a job.
  func release() {
    state.withLock { $0.reserved -= 1 }
  }

  /// Takes up a job; without its intent it can only be cancelled.
  func add(_ record: JobRecord, _ found: JobIntent?, isReserved: Bool = false) {
    let intent = found ?? JobIntent(lostOf: record)
    let operation = registry.operation(intent.operation)
    let kind = operation == nil || found == nil ? nil : registry.jobs[intent.kind]
    let job = LiveJob(
      intent: intent, operation: operation, kind: kind, items: JobItems(intent, reader),
      cancellation: Cancellation(), isLost: found == nil)
    if record.phase == .cancelling { job.cancellation.cancel() }
    var entry = JobBoard.Entry(record, itemsAtOnceMax: kind?.itemsAtOnceMax ?? 0)
    if kind == nil, record.phase != .cancelling {
      entry.stall =
        found == nil
        ? "what it was to do cannot be read any more; it can be cancelled"
        : "nothing here knows how to do '\(intent.operation)' any more"
    }
    let made = entry
    state.change { state in
      if isReserved { state.reserved -= 1 }
      state.jobs[record.job] = job
      state.board.add(made)
    }
  }

  /// Does what somebody asked of a job; the wish is in the log already.
  func obey(_ wish: JobMark.Wish, _ job: JobID) {
    let cancellation = state.change { state in
      state.board.obey(wish, job)
      return wish == .cancel ? state.jobs[job]?.cancellation : nil
    }
    cancellation?.cancel()
  }

  /// Why a job goes no further; nil when it does, or is closed.
  func stall(of job: JobID) -> String? {
    state.withLock { $0.board.entry(job)?.stall }
  }

  /// Sleeps until a job is closed, or can go no further by itself; true when it is closed.
  func wait(for job: JobID, timeout: Duration? = nil) -> Bool {
    state.wait(timeout: timeout) { state -> Bool? in
      guard let entry = state.board.entry(job) else { return true }
      return entry.stall == nil && entry.record.phase != .paused ? nil : false
    } ?? false
  }

  // MARK: - Working

  /// Takes steps on the calling thread until there is none to take now.
  func run() {
    while let step = state.withLock({ $0.board.next(at: clock.now()) }) { take(step) }
  }

  private enum Turn {
    case step(JobBoard.Step)
    /// What there is to wait for has changed.
    case again
    case over
  }

  private func work() {
    while true {
      let isTimed = state.withLock { $0.board.isWaitingForTime }
      let timeout = isTimed ? options.recordInterval : nil
      let turn =
        state.wait(timeout: timeout) { state -> Turn? in
          if let step = state.board.next(at: clock.now()) { return .step(step) }
          if state.board.isStopping, state.board.isQuiet { return .over }
          return state.board.isWaitingForTime == isTimed ? nil : .again
        } ?? .again
      switch turn {
      case .step(let step): take(step)
      case .again: break
      case .over: return
      }
    }
  }

  private func take(_ step: JobBoard.Step) {
    switch step {
    case .work(let job, let index): work(on: index, of: job)
    case .record(let job, let runs, let bytesDone, let closes):
      record(runs, bytesDone: bytesDone, of: job, closes: closes)
    }
  }

  // MARK: - One item

  private func work(on index: Int, of job: JobID) {
    guard let live = state.withLock({ $0.jobs[job] }), let operation = live.operation,
      let kind = live.kind
    else { preconditionFailure("items of a job are handed out only where its kind is known") }
    let item: PlanItem
    do throws(JobItemsFault) {
      item = try live.items.item(index)
    } catch {
      tell("a job cannot go on", job, error.sentence)
      return state.change { state in
        state.board.noteOutcome(nil, of: index, bytes: 0, in: job, at: clock.now())
        state.board.stall(job, because: error.sentence)
      }
    }
    let outcome = outcome(of: item, live, operation, kind)
    state.change { state in
      state.board.noteOutcome(outcome, of: index, bytes: item.bytes, in: job, at: clock.now())
    }
  }

  private func outcome(
    of item: PlanItem, _ live: LiveJob, _ operation: Operation, _ kind: JobKind
  ) -> ItemOutcome? {
    let handle = OperationHandle(
      operation, live.intent.caller, .working, surroundings,
      Patience(cancellation: live.cancellation, deadline: nil, clock: clock))
    var outcome: ItemOutcome?
    do throws(OperationFault) {
      outcome = try kind.work(
        JobItem(
          item: item, job: live.intent.job, input: live.intent.asked, caller: live.intent.caller,
          handle: handle))
    } catch {
      outcome = ItemOutcome(error)
    }
    let effects = handle.end()
    // Reaching for what was not declared is a failure, whatever the work made of the refusal.
    if let undeclared = effects.undeclared { outcome = .failed(undeclared) }
    for staged in effects.staged {
      do throws(OperationFault) {
        _ = try staged.control.turn(staged.input, live.cancellation)
      } catch {
        outcome = .failed("\(error)")
      }
    }
    return outcome?.shortened
  }

  // MARK: - Recording

  private func record(
    _ runs: SettledRuns, bytesDone: UInt64, of job: JobID, closes: Bool
  ) {
    guard
      let (live, before) = state.withLock({ state in
        state.jobs[job].flatMap { live in state.board.entry(job).map { (live, $0.record) } }
      })
    else { preconditionFailure("what is recorded is of an open job") }
    var record = before
    var events: [NewEvent] = []
    if runs.itemCount > 0 {
      let progress = JobProgress(
        job: job, ordinal: record.records, bytesDone: bytesDone, runs: runs.runs)
      let payload = progress.bytes
      precondition(record.take(progress, payload), "outcomes are of items that were not settled")
      events.append(NewEvent(job.coordinate, kind: EffectKind.progress, payload: payload))
    }
    if closes {
      let closing = JobClosing(
        job: job, isCancelled: record.phase == .cancelling, counts: record.counts,
        bytesDone: record.bytesDone, records: record.records, outcomes: record.outcomes)
      events.append(NewEvent(job.coordinate, kind: EffectKind.closing, payload: closing.payload))
      let input = live.isLost ? nil : canonicalDigest(live.intent.asked)
      events.append(receipt(of: closing, record, input: input, effects: events.count))
      record.close(closing)
    }
    do throws(StoreError) {
      _ = try sink.append(events)
    } catch {
      tell("a job's progress could not be recorded", job, "\(error)")
      return state.change { state in
        state.board.noteUnrecorded(
          runs, bytesDone: bytesDone, in: job, because: "\(error)", at: clock.now())
      }
    }
    let settled = record
    state.change { state in
      state.board.noteRecorded(settled)
      if closes { state.jobs[job] = nil }
    }
  }

  private func tell(_ message: String, _ job: JobID, _ why: String) {
    log.write(.error, message, [LogField("job", "\(job)"), LogField("why", why)])
  }

  /// The event that proves a job's end.
  private func receipt(
    of closing: JobClosing, _ record: JobRecord, input: Blake3Digest?, effects: Int
  ) -> NewEvent {
    var body = ReceiptBody(.closing, record.operation, record.operationClass, record.caller)
    body.input = input
    body.output = canonicalDigest(closing.json)
    body.plan = record.plan
    body.job = record.job
    body.effects = effects
    return body.event
  }
}

extension ItemOutcome {
  /// The outcome with as much of its reason as is recorded.
  fileprivate var shortened: ItemOutcome {
    switch self {
    case .done, .alreadyDone: self
    case .changed(let reason): .changed(Operations.shortened(reason))
    case .refused(let reason): .refused(Operations.shortened(reason))
    case .failed(let reason): .failed(Operations.shortened(reason))
    case .untouched(let reason): .untouched(Operations.shortened(reason))
    }
  }
}
