// The one gate through which anything is changed. Every call takes the same way:
//
//   resolve ─▶ capabilities ⊆ granted ─▶ input fits ─▶ guards ─▶ started ─▶ handler
//           ─▶ effects and receipt in one batch of the log ─▶ staged controls ─▶ answer
//
// Whatever an acting call comes to, its receipt says so: done, denied, refused or failed. A call that
// only looks leaves none, and neither does a dry run, which needs no grant either: what it says, an
// inspect operation would say too, and somebody who may not act should be able to show what is to be
// done to somebody who may. A dispatcher without an engine takes the same way with no grants at all.
//
// A crash before the batch leaves nothing of a call, but for controls that act at once; a crash after
// it leaves all, but for staged controls that are not standing ones.

package import Ambient
package import Bytes
package import EventStore
internal import Synchronization

/// What a call came to.
package struct Reply: Sendable {
  package let output: JSONValue
  /// The proof of what was done; nil where nothing was.
  package let receipt: OperationReceipt?
  /// What a dry run found.
  package let plan: Plan?
  /// The job that was begun.
  package let job: JobID?

  init(
    _ output: JSONValue, receipt: OperationReceipt? = nil, plan: Plan? = nil, job: JobID? = nil
  ) {
    self.output = output
    self.receipt = receipt
    self.plan = plan
    self.job = job
  }

  /// The reply as a value that a wire carries; a plan is in the output already.
  package var json: JSONValue {
    .object([
      "job": JSONValue(job.map { "\($0)" }), "output": output, "receipt": receipt?.json ?? .null,
    ])
  }
}

/// What happens to a call, for logs, metrics and tests.
package enum DispatchNote: Equatable, Sendable {
  /// Everything before the handler was passed.
  case started(operation: String)
  /// The token is nil when it was done.
  case ended(operation: String, RefusalToken?)
}

/// What a dispatcher is told.
package struct DispatchOptions: Sendable {
  package var wallClock = WallClock.live
  package var monotonicClock = MonotonicClock.live
  package var entropy = Entropy.live
  package var log = LogSink.none
  /// What signs checkpoints; without one they are not signed.
  package var checkpointKey: SigningKey?
  package var jobs = JobOptions()
  /// Told what happens to calls, on the caller's thread; must not block.
  package var observe: @Sendable (DispatchNote) -> Void = { _ in }

  package init() {}
}

/// The gate.
package final class Dispatcher: Sendable {
  /// What a dispatcher acts with.
  struct Engine: Sendable {
    let sink: ReceiptSink
    let runner: JobRunner
  }

  private struct State {
    /// What ends the calls that are under way, by number.
    var calls: [UInt64: Cancellation] = [:]
    var callsEver: UInt64 = 0
    var isShuttingDown = false
  }

  package let registry: OperationRegistry
  private let grants: Mutex<Grants>
  let engine: Engine?
  let surroundings: Surroundings
  let options: DispatchOptions
  let plans: PlanShelf
  let jobs: JobDesk
  /// What was refused where there is no store that could keep it.
  package let refusals = RefusalRing()
  /// How many receipts denials may still leave.
  let denials = Mutex(DenialBudget())
  private let state = Monitor(State())

  init(
    _ registry: OperationRegistry, _ grants: Grants, _ engine: Engine?,
    _ surroundings: Surroundings,
    _ plans: PlanShelf, _ jobs: JobDesk, _ options: DispatchOptions
  ) {
    self.registry = registry
    self.grants = Mutex(grants)
    self.engine = engine
    self.surroundings = surroundings
    self.plans = plans
    self.jobs = jobs
    self.options = options
  }

  // MARK: - Asking

  /// Whether there is no engine here, so that nobody may act.
  package var isReadOnly: Bool { engine == nil }

  /// What a caller may do here.
  package func capabilities(of caller: Caller) -> CapabilitySet {
    isReadOnly ? .none : grants.withLock { $0.capabilities(of: caller) }
  }

  /// Has callers be granted this from now on; calls that have passed are not asked again.
  package func grant(_ new: Grants) {
    grants.withLock { $0 = new }
  }

  /// What a caller lacks for an operation; empty when it may be called.
  package func missing(for operation: Operation, _ caller: Caller) -> [Capability] {
    CapabilitySet(operation.effects.capabilitiesRequired)
      .subtracting(capabilities(of: caller)).capabilities
  }

  // MARK: - Calling

  /// Calls an operation, and waits for what it comes to.
  ///
  /// A call that is cancelled, or whose deadline passes, before its effects are committed comes to
  /// nothing; afterwards it is done.
  package func call(
    _ name: String, _ input: JSONValue, by caller: Caller, deadline: MonotonicTime? = nil,
    cancellation: Cancellation = Cancellation()
  ) throws(Refusal) -> Reply {
    guard let entry = registry.entries[name] else {
      throw Refusal(.unknownOperation, "there is no operation '\(escaped(name))'")
    }
    let number = try enter(cancellation)
    defer { leave(number) }
    let patience = Patience(
      cancellation: cancellation, deadline: deadline, clock: options.monotonicClock)
    let call = Call(entry: entry, input: input, caller: caller, patience: patience)
    do throws(Refusal) {
      let reply =
        entry.operation.operationClass.acts ? try act(call) : try answer(call)
      options.observe(.ended(operation: name, nil))
      return reply
    } catch {
      options.observe(.ended(operation: name, error.token))
      throw error
    }
  }

  private func enter(_ cancellation: Cancellation) throws(Refusal) -> UInt64 {
    try state.withLock { (state) throws(Refusal) in
      guard !state.isShuttingDown else {
        throw Refusal(.shuttingDown, "the system is shutting down and takes no more calls")
      }
      guard state.calls.count < OperationsLimits.callsMax else {
        throw Refusal(
          .overLimit, "\(OperationsLimits.callsMax) calls are under way; try again later")
      }
      state.callsEver += 1
      state.calls[state.callsEver] = cancellation
      return state.callsEver
    }
  }

  private func leave(_ number: UInt64) {
    let isLast = state.withLock { state in
      state.calls[number] = nil
      return state.isShuttingDown && state.calls.isEmpty
    }
    if isLast { state.wakeAll() }
  }

  /// Answers a question; nothing of it is recorded. The output is the handler's word: unlike an
  /// acting operation's it is bound by no receipt, and comparing a page with its schema would cost
  /// more than the rest of the way.
  private func answer(_ call: Call) throws(Refusal) -> Reply {
    let operation = call.entry.operation
    do throws(Setback) {
      try checkGrants(call)
      try check(call.input, operation)
      try askGuards(call, call.input)
      let handle = handle(call, .looking)
      options.observe(.started(operation: operation.name))
      guard case .answer(let handler) = operation.work else {
        preconditionFailure("the registry admits only answers for a class that does not act")
      }
      return Reply(
        try handled(handle) { () throws(OperationFault) in
          try handler(call.input, handle)
        }.0)
    } catch {
      throw remember(error.refusal, call)
    }
  }

  // MARK: - What every call is asked

  func checkGrants(_ call: Call) throws(Setback) {
    let granted = capabilities(of: call.caller)
    if call.entry.required.isSubset(of: granted) { return }
    let missing = call.entry.required.subtracting(granted)
    let names = missing.capabilities.map(\.name).joined(separator: ", ")
    throw Setback(
      .denied,
      isReadOnly
        ? "this is read-only: nobody may do what needs \(names)"
        : "\(call.caller) lacks \(names), which '\(call.entry.operation.name)' needs",
      missing: missing.capabilities)
  }

  func check(_ input: JSONValue, _ operation: Operation) throws(Setback) {
    do throws(SchemaFault) {
      try operation.input.check(input)
    } catch {
      throw Setback(.invalidInput, "\(error)")
    }
  }

  func handle(_ call: Call, _ reach: OperationHandle.Reach) -> OperationHandle {
    OperationHandle(call.entry.operation, call.caller, reach, surroundings, call.patience)
  }

  func askGuards(_ call: Call, _ input: JSONValue) throws(Setback) {
    let operation = call.entry.operation
    guard !operation.guards.isEmpty else { return }
    let handle = handle(call, .looking)
    let question = GuardQuestion(
      operation: operation.name, input: input, caller: call.caller, handle: handle)
    for policy in operation.guards {
      let objection: String?
      do throws(OperationFault) {
        objection = try policy.objection(question)
      } catch {
        throw Setback(.guarded, "the guard '\(policy.name)' could not decide: \(error)")
      }
      if let objection { throw Setback(.guarded, "\(policy.name): \(objection)") }
    }
    if let undeclared = handle.end().undeclared { throw Setback(.undeclaredEffect, undeclared) }
  }

  /// Runs a handler, and ends its handle. An effect that was not declared counts, whatever the
  /// handler made of its refusal.
  func handled<Result>(
    _ handle: OperationHandle, _ body: () throws(OperationFault) -> Result
  ) throws(Setback) -> (Result, OperationHandle.Effects) {
    var result: Result?
    var fault: OperationFault?
    do throws(OperationFault) {
      try handle.checkWanted()
      result = try body()
    } catch {
      fault = error
    }
    let effects = handle.end()
    if let undeclared = effects.undeclared {
      throw Setback(.undeclaredEffect, undeclared, used: effects.used)
    }
    guard let result else {
      let (token, sentence) = (fault ?? .failed("the handler gave no answer")).refusal
      throw Setback(token, sentence, used: effects.used)
    }
    return (result, effects)
  }

  /// Remembers a refusal where there is no store that could keep it.
  func remember(_ refusal: Refusal, _ call: Call) -> Refusal {
    guard isReadOnly else { return refusal }
    refusals.add(
      RememberedRefusal(
        time: options.wallClock.now(), operation: call.entry.operation.name, caller: call.caller,
        refusal: refusal))
    return refusal
  }

  // MARK: - Ending

  /// Takes no more calls, waits for those that are under way, and ends the jobs' threads; jobs that
  /// are not done go on when the gate is opened again. After `patience`, calls that are still under
  /// way are cancelled, and waited for.
  package func shutDown(patience: Duration? = nil) {
    state.change { $0.isShuttingDown = true }
    let isDrained = state.wait(timeout: patience) { $0.calls.isEmpty ? true : nil }
    if isDrained == nil {
      let left = state.withLock { Array($0.calls.values) }
      for cancellation in left { cancellation.cancel() }
      _ = state.wait { $0.calls.isEmpty ? true : nil }
    }
    engine?.runner.stop()
    jobs.stop()
  }
}

/// One call, as it was made.
struct Call: Sendable {
  let entry: OperationRegistry.Entry
  /// The whole input, `dryRun` and `plan` included.
  let input: JSONValue
  let caller: Caller
  let patience: Patience

  /// Whether it may change anything; a dry run does not.
  var acts: Bool {
    entry.operation.operationClass.acts && !ActingInput.isDryRun(input)
  }
}

/// Why a call comes to nothing, on its way to becoming a refusal with a receipt.
struct Setback: Error, Sendable {
  let token: RefusalToken
  let sentence: String
  let missing: [Capability]
  /// Controls that had been used by then.
  let used: [String]

  init(
    _ token: RefusalToken, _ sentence: String, missing: [Capability] = [], used: [String] = []
  ) {
    self.token = token
    self.sentence = sentence
    self.missing = missing
    self.used = used
  }

  var refusal: Refusal { Refusal(token, sentence, missing: missing) }
}
