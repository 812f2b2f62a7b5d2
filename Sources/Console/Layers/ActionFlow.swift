// The way of every action, as a layer over any screen:
//
//   planning ──plan──▶ review ──Enter──▶ confirming ──▶ committing ──▶ done
//      │                 │                  │               │
//      └── refused ◀─────┴──── Esc ─────────┘               └──▶ refused
//
// What is confirmed is the plan that was shown, by its digest; what changed in between is reported and
// left alone. How it is confirmed depends on what it costs: Enter for what can be taken back, the count
// for what is big, a name, a reason and a countdown that any key stops for what is for ever.

internal import Ambient
internal import Bytes
internal import Operations
internal import Terminal
internal import Widgets

/// One action on its way from a wish to a receipt.
struct ActionFlow: Screen {
  /// From how many files, and from how many bytes, an action is big.
  static let filesSmallMax = 100
  static let bytesSmallMax = ByteCount(10 << 30)
  /// How long the countdown before something irreversible is, in seconds.
  static let countdownSeconds = 5
  /// The most items of a plan that are listed.
  static let itemsListedMax = 1_000

  enum Stage {
    case planning
    case review
    case confirming(Confirmation)
    case committing
    case done(Answer)
    case refused(String, receipt: String?)
  }

  let action: ActionRequest
  var stage = Stage.planning
  var plan: PlanView?
  var top = 0
  /// What became of the items, once their job has ended.
  var outcome: JobView?

  init(_ action: ActionRequest) {
    self.action = action
  }

  var isModal: Bool { true }
  var isTyping: Bool {
    if case .confirming = stage { return true }
    return false
  }
  /// Whether something was done that is still to be told.
  private var isOver: Bool {
    switch stage {
    case .done, .refused: true
    default: false
    }
  }

  // MARK: - Events

  mutating func handle(_ event: ScreenEvent, _ context: ScreenContext) -> [ScreenRequest] {
    switch event {
    case .entered:
      return [.load(slot: "plan", operation: action.operation, input: input(["dryRun": true]))]
    case .answer("plan", let result): return take(plan: result, context)
    case .answer("page", let result): return take(page: result)
    case .answer("commit", let result): return take(commit: result, context)
    case .answer("job", let result):
      if case .success(let answer) = result {
        outcome = JobView.found(in: answer.output, named: job)
      }
      return []
    case .news: return followJob()
    case .command(let name): return take(name, context)
    case .key(let key): return confirm(key, context)
    case .paste: return []
    case .timeUp: return countDown(context)
    default: return []
    }
  }

  /// The operation's input with more members.
  private func input(_ more: JSONObject) -> JSONValue {
    guard case .object(var object) = action.input else { return action.input }
    for member in more.members { object[member.key] = member.value }
    return .object(object)
  }

  private mutating func take(
    plan result: Result<Answer, Refusal>, _ context: ScreenContext
  ) -> [ScreenRequest] {
    switch result {
    case .failure(let refusal):
      return [.close, .say(.refused("\(action.verb): \(refusal.sentence)"))]
    case .success(let answer):
      guard let plan = PlanView(answer.output) else {
        return [.close, .say(.bad("\(action.verb): the plan cannot be read"))]
      }
      // What does nothing says why, and opens nothing.
      if plan.items == 0, plan.refused == 1 || plan.refused == 0 && action.selection != nil {
        let why = plan.refusals.first.map { "\($0.item): \($0.reason)" } ?? "there is nothing to do"
        return [.close, .say(.refused("\(action.verb): \(why)"))]
      }
      self.plan = plan
      stage = .review
      return morePages()
    }
  }

  /// Asks for the next page of the plan, while not all that may be listed is.
  private func morePages() -> [ScreenRequest] {
    guard let plan, let next = plan.nextPage(Self.itemsListedMax) else { return [] }
    return [
      .load(
        slot: "page", operation: "plan.page",
        input: ["plan": .string(plan.digest), "first": JSONValue(next), "limit": 200])
    ]
  }

  private mutating func take(page result: Result<Answer, Refusal>) -> [ScreenRequest] {
    // A plan that is listed in part says so; it is carried out whole all the same.
    guard case .success(let answer) = result, plan?.add(answer.output) == true else { return [] }
    return morePages()
  }

  // MARK: - Review

  private mutating func take(_ name: CommandName, _ context: ScreenContext) -> [ScreenRequest] {
    switch (name, stage) {
    case (.open, .review): return beginToConfirm(context)
    case (.open, .done), (.open, .refused): return [.close]
    case (.copy, .done(let answer)):
      return answer.receipt.map { [.copy($0), .say(.good("copied \($0)"))] } ?? []
    case (.copy, .refused(_, let receipt?)):
      return [.copy(receipt), .say(.good("copied \(receipt)"))]
    default: break
    }
    guard let plan, let place = name.place(from: top, rows: 10, of: plan.rowCount) else {
      return [.say(.refused(isOver ? "Esc closes this" : "Enter goes on, Esc goes back"))]
    }
    top = min(max(0, place), max(0, plan.rowCount - 1))
    return []
  }

  private mutating func beginToConfirm(_ context: ScreenContext) -> [ScreenRequest] {
    guard let plan else { return [] }
    // What is done within the call, such as a probe, is about no items.
    guard plan.items > 0 || plan.refused == 0 else {
      return [.close, .say(Notice("nothing was done"))]
    }
    if !plan.missing.isEmpty {
      return [
        .say(.refused("\(context.permissions.who) lacks \(plan.missing.joined(separator: ", "))"))
      ]
    }
    guard let confirmation = Confirmation(for: plan, action) else { return commit() }
    stage = .confirming(confirmation)
    return []
  }

  // MARK: - Confirmation

  private mutating func confirm(_ key: Key, _ context: ScreenContext) -> [ScreenRequest] {
    guard case .confirming(var confirmation) = stage else { return [] }
    switch confirmation.take(key, at: context.monotonic) {
    case .goesOn:
      stage = .confirming(confirmation)
      return []
    case .countsDown(let next):
      stage = .confirming(confirmation)
      return [.wake(next)]
    case .wrong(let sentence):
      stage = .confirming(confirmation)
      return [.say(.refused(sentence))]
    case .stopped:
      stage = .review
      return [.wake(nil), .say(Notice("stopped; nothing was done"))]
    case .confirmed: return commit(reason: confirmation.reason)
    }
  }

  private mutating func countDown(_ context: ScreenContext) -> [ScreenRequest] {
    guard case .confirming(let confirmation) = stage else { return [] }
    guard let next = confirmation.nextSecond(after: context.monotonic) else {
      return commit(reason: confirmation.reason)
    }
    return [.wake(next)]
  }

  private mutating func commit(reason: String? = nil) -> [ScreenRequest] {
    guard let plan else { return [] }
    stage = .committing
    var more: JSONObject = ["plan": .string(plan.digest)]
    if let reason, action.input["reason"] == nil, plan.takesReason {
      more["reason"] = .string(reason)
    }
    return [.load(slot: "commit", operation: action.operation, input: input(more))]
  }

  // MARK: - What came of it

  private mutating func take(
    commit result: Result<Answer, Refusal>, _ context: ScreenContext
  ) -> [ScreenRequest] {
    switch result {
    case .failure(let refusal):
      let receipt = refusal.receipt.map { $0.id }
      stage = .refused(refusal.sentence, receipt: receipt)
      return [
        .deed(Deed(at: context.now, action, receipt: receipt, refusal: refusal.sentence))
      ]
    case .success(let answer):
      stage = .done(answer)
      var requests: [ScreenRequest] = [
        .deed(Deed(at: context.now, action, receipt: answer.receipt, job: answer.job))
      ]
      if let back = plan?.undoing(action) { requests.append(.undoable(back)) }
      return requests + followJob()
    }
  }

  private var job: String? {
    if case .done(let answer) = stage { return answer.job }
    return nil
  }

  /// Asks how the job is, as long as it has not ended.
  private func followJob() -> [ScreenRequest] {
    guard job != nil, outcome?.isClosed != true else { return [] }
    return [.load(slot: "job", operation: "jobs.page", input: ["limit": 50])]
  }

  /// Whether all that the plan says is why nothing would be done.
  private var isForNothing: Bool { plan.map { $0.items == 0 && $0.refused > 0 } ?? false }

  func hints(_ context: ScreenContext) -> [KeyHint] {
    switch stage {
    case .planning, .committing: [KeyHint("Esc", "close")]
    case .review:
      [
        KeyHint("Enter", isForNothing ? "close" : action.verb), KeyHint("Up Down", "scroll"),
        KeyHint("Esc", "no"),
      ]
    case .confirming(let confirmation): confirmation.hints
    case .done, .refused:
      [KeyHint("Enter", "close")] + [context.hint(.copy, "copy receipt")].compactMap { $0 }
    }
  }
}
