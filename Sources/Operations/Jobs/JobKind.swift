// What a kind of job does to one item. An item's work returns when what it did is durable, and can be
// asked again: after a crash, every item that no record of progress names is worked on once more, and
// the work must find out by itself that it was done already. It compares the item's generation with
// the plan's in the same step as it acts, and leaves alone what has changed.

package import Bytes

/// One item of a job, as its kind is given it.
package struct JobItem: Sendable {
  package let item: PlanItem
  package let job: JobID
  /// The input of the operation that began the job.
  package let input: JSONValue
  /// Whoever began the job.
  package let caller: Caller
  /// Uses the controls, and looks at what the operation declared; says when the job is cancelled.
  package let handle: OperationHandle
}

/// What became of one item.
package enum ItemOutcome: Hashable, Sendable {
  case done
  /// It had been done before, by a life of the program that did not get to say so.
  case alreadyDone
  /// It is not as the plan saw it; nothing was done.
  case changed(String)
  /// It may not be done; nothing was.
  case refused(String)
  /// It could not be done, for good.
  case failed(String)
  /// The job ended before it was begun.
  case untouched(String)
}

/// A kind of job, as modules register it.
package struct JobKind: Sendable {
  package let name: String
  /// The most items of one job that are worked on at once.
  package let itemsAtOnceMax: Int
  /// Does one item. Throwing `.cancelled` gives the item back undone; `.conflict` says that it has
  /// changed, `.notFound` that it may not be done, and anything else that it failed.
  let work: @Sendable (JobItem) throws(OperationFault) -> ItemOutcome

  package init(
    _ name: String, itemsAtOnceMax: Int = 1,
    _ work: @escaping @Sendable (JobItem) throws(OperationFault) -> ItemOutcome
  ) {
    precondition(
      (1...OperationsLimits.workersMax).contains(itemsAtOnceMax), "a job works on some items")
    self.name = name
    self.itemsAtOnceMax = itemsAtOnceMax
    self.work = work
  }
}

extension ItemOutcome {
  /// The outcome that a record of progress writes as this code.
  init?(code: UInt8, reason: String) {
    switch code {
    case 0: self = .done
    case 1: self = .alreadyDone
    case 2: self = .changed(reason)
    case 3: self = .refused(reason)
    case 4: self = .failed(reason)
    case 5: self = .untouched(reason)
    default: return nil
    }
  }

  var code: UInt8 {
    switch self {
    case .done: 0
    case .alreadyDone: 1
    case .changed: 2
    case .refused: 3
    case .failed: 4
    case .untouched: 5
    }
  }

  /// Why it was not done; empty when it was.
  package var reason: String {
    switch self {
    case .done, .alreadyDone: ""
    case .changed(let reason), .refused(let reason), .failed(let reason), .untouched(let reason):
      reason
    }
  }

  package var isDone: Bool { code <= 1 }

  /// The one word for it.
  package var word: String {
    switch self {
    case .done: "done"
    case .alreadyDone: "already-done"
    case .changed: "changed"
    case .refused: "refused"
    case .failed: "failed"
    case .untouched: "untouched"
    }
  }

  /// What work that threw has come to; nil when the item was given back undone.
  init?(_ fault: OperationFault) {
    switch fault {
    case .cancelled: return nil
    case .conflict(let sentence): self = .changed(sentence)
    case .notFound(let sentence): self = .refused(sentence)
    case .failed(let sentence), .overLimit(let sentence), .undeclared(let sentence),
      .invalid(let sentence):
      self = .failed(sentence)
    }
  }
}
