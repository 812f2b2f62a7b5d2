// What a handler is given to work with, and all that it may work with. Each door checks the declared
// effect row first and acts afterwards, so an undeclared effect never happens; that it was reached
// for is remembered, and the whole call comes to nothing even when the handler swallows the error.
// Events and staged controls are only noted here; the dispatcher commits them with the receipt.

package import Ambient
package import Bytes
package import EventStore
internal import Synchronization

/// A handler's way to everything outside it, for one call.
package final class OperationHandle: Sendable {
  /// How far a handle reaches.
  enum Reach {
    /// Looks, changes nothing: guards, plans and inspect operations.
    case looking
    case acting
    /// Works on an item of a job: controls, but no events, which are the job's own.
    case working
  }

  /// What a handler has done so far.
  struct Effects: Sendable {
    var events: [NewEvent] = []
    var eventBytes = 0
    /// Controls that are turned once the receipt is durable.
    var staged: [StagedControl] = []
    /// The controls that were used, in order.
    var used: [String] = []
    /// The first effect that was not declared.
    var undeclared: String?
    /// The call is over; what still holds the handle holds nothing.
    var isOver = false
  }

  package let caller: Caller
  private let operation: String
  private let row: EffectRow
  private let reach: Reach
  private let surroundings: Surroundings
  private let patience: Patience
  private let effects = Mutex(Effects())

  init(
    _ operation: Operation, _ caller: Caller, _ reach: Reach, _ surroundings: Surroundings,
    _ patience: Patience
  ) {
    self.operation = operation.name
    row = operation.effects
    self.caller = caller
    self.reach = reach
    self.surroundings = surroundings
    self.patience = patience
  }

  // MARK: - Going on

  /// Whether nobody wants the answer any more.
  package var isCancelled: Bool { patience.isOver != nil }

  /// Raised when nobody wants the answer any more, for work that waits.
  package var cancellation: Cancellation { patience.cancellation }

  /// Throws when nobody wants the answer any more; long handlers ask now and then.
  package func checkWanted() throws(OperationFault) {
    if let reason = patience.isOver { throw .cancelled(reason) }
  }

  // MARK: - Looking

  /// Events of a region whose kinds the operation declared.
  package func events(
    in region: Region, after position: UInt64 = 0, limit: Int = 100,
    order: PageOrder = .oldestFirst
  ) throws(OperationFault) -> Page {
    let reader = try reader(for: region.kind)
    return try looking { () throws(StoreError) in
      try reader.events(in: region, after: position, limit: limit, order: order)
    }
  }

  /// One event, of a kind that the operation declared; nothing of another leaves this room.
  package func event(_ id: EventID) throws(OperationFault) -> Event {
    let reader = try reader()
    let event = try looking { () throws(StoreError) in try reader.event(id) }
    try permit(.exactly(event.header.kind))
    return event
  }

  /// The store's receipt of an event.
  package func receipt(_ sequence: UInt64) throws(OperationFault) -> Receipt {
    let reader = try reader()
    let receipt = try looking { () throws(StoreError) in try reader.receipt(sequence) }
    try permit(.exactly(receipt.header.kind))
    return receipt
  }

  /// The events before one in its lane, of whatever kinds those are.
  package func ancestors(of id: EventID, limit: Int) throws(OperationFault) -> Ancestors {
    let reader = try reader(for: .any)
    return try looking { () throws(StoreError) in try reader.ancestors(of: id, limit: limit) }
  }

  /// Computes the chain again and compares.
  package func verify(_ options: VerifyOptions) throws(OperationFault) -> VerifyReport {
    let reader = try reader(for: .any)
    var options = options
    options.cancellation = patience.cancellation
    let chosen = options
    return try looking { () throws(StoreError) in try reader.verify(chosen) }
  }

  /// The root over all events, for a witness.
  package func checkpoint() throws(OperationFault) -> Checkpoint {
    let reader = try reader(for: .any)
    let (now, key) = (surroundings.clock.now(), surroundings.checkpointKey)
    return try looking { () throws(StoreError) in try reader.checkpoint(at: now, signedBy: key) }
  }

  /// Asks a projection that the operation declared.
  package func query(_ name: String, _ input: JSONValue) throws(OperationFault) -> JSONValue {
    guard row.projectionsQueried.contains(name) else {
      throw refused("queried the projection '\(name)'")
    }
    try checkWanted()
    guard let door = surroundings.projections[name] else {
      throw .notFound("the projection '\(name)' is not here")
    }
    return try door.query(input)
  }

  // MARK: - Acting

  /// Stages an event of a kind that the operation declared.
  package func append(_ event: NewEvent) throws(OperationFault) {
    guard reach == .acting, row.eventsAppended.contains(event.kind) else {
      throw refused("appended an event of kind \(event.kind)")
    }
    try checkWanted()
    try effects.withLock { (effects) throws(OperationFault) in
      if effects.isOver { throw .failed("the call is over") }
      guard effects.events.count < OperationsLimits.stagedEventsMax,
        event.payload.count <= OperationsLimits.stagedBytesMax - effects.eventBytes
      else {
        throw .overLimit(
          "more than \(OperationsLimits.stagedEventsMax) events, or "
            + "\(OperationsLimits.stagedBytesMax) bytes of them, in one call")
      }
      effects.events.append(event)
      effects.eventBytes += event.payload.count
    }
  }

  /// Uses a control that the operation declared. One that acts at once answers; any other is turned
  /// when the receipt is durable, and answers null.
  @discardableResult
  package func use(_ name: String, _ input: JSONValue) throws(OperationFault) -> JSONValue {
    guard reach != .looking, row.hostControlsUsed.contains(name) else {
      throw refused("used the control '\(name)'")
    }
    try checkWanted()
    guard let control = surroundings.controls[name] else {
      throw .notFound("the control '\(name)' is not here")
    }
    // What a control is set to for good goes into the log beside the events.
    let bytes = control.timing == .standing ? try Self.count(input) : 0
    try effects.withLock { (effects) throws(OperationFault) in
      if effects.isOver { throw .failed("the call is over") }
      guard effects.used.count < OperationsLimits.controlsMax else {
        throw .overLimit("more than \(OperationsLimits.controlsMax) controls in one call")
      }
      guard bytes <= OperationsLimits.stagedBytesMax - effects.eventBytes else {
        throw .overLimit("more than \(OperationsLimits.stagedBytesMax) bytes in one call")
      }
      effects.eventBytes += bytes
      effects.used.append(name)
      if control.timing != .atOnce {
        effects.staged.append(StagedControl(control: control, input: input))
      }
    }
    return control.timing == .atOnce ? try control.turn(input, patience.cancellation) : .null
  }

  private static func count(_ input: JSONValue) throws(OperationFault) -> Int {
    do throws(BytesError) {
      return try input.canonical().count
    } catch {
      throw .failed("what the control is set to cannot be recorded: \(error)")
    }
  }

  /// Ends the call: what it did, and nothing more can be done through the handle.
  func end() -> Effects {
    effects.withLock { effects in
      effects.isOver = true
      return effects
    }
  }

  // MARK: - Checking

  private func permit(_ kinds: KindFilter) throws(OperationFault) {
    guard row.reads(kinds) else { throw refused("read events of \(kinds.words)") }
  }

  private func reader(for kinds: KindFilter) throws(OperationFault) -> EventReader {
    try permit(kinds)
    return try reader()
  }

  private func reader() throws(OperationFault) -> EventReader {
    guard !row.eventsRead.isEmpty else { throw refused("read events") }
    try checkWanted()
    guard let reader = surroundings.reader else { throw .notFound("there is no event store here") }
    return reader
  }

  /// Remembers an effect that was not declared, or that this handle does not reach.
  private func refused(_ what: String) -> OperationFault {
    let sentence =
      reach == .looking
      ? "'\(operation)' \(what) where it may only look, or without declaring it"
      : "'\(operation)' \(what) without declaring it"
    effects.withLock { effects in
      if effects.undeclared == nil { effects.undeclared = sentence }
    }
    return .undeclared(sentence)
  }
}

/// A control that is turned when the receipt is durable.
struct StagedControl: Sendable {
  let control: HostControl
  let input: JSONValue
}

/// What handles lead to.
struct Surroundings: Sendable {
  let reader: EventReader?
  let projections: [String: ProjectionDoor]
  let controls: [String: HostControl]
  let clock: WallClock
  /// What signs checkpoints.
  let checkpointKey: SigningKey?
}

/// For how long an answer is wanted.
struct Patience: Sendable {
  /// Raised by whoever called, or when the dispatcher gives up on what is still under way.
  let cancellation: Cancellation
  let deadline: MonotonicTime?
  let clock: MonotonicClock

  /// Why nobody wants the answer any more; nil while somebody does.
  var isOver: String? {
    if cancellation.isCancelled { return "the call was cancelled" }
    if let deadline, clock.now() >= deadline { return "the call's time was over" }
    return nil
  }
}

/// Reads, and says what the store refuses as handlers say it.
private func looking<Result>(
  _ body: () throws(StoreError) -> Result
) throws(OperationFault) -> Result {
  do throws(StoreError) {
    return try body()
  } catch {
    throw OperationFault(error)
  }
}

extension OperationFault {
  /// The store's word, as handlers say it.
  package init(_ error: StoreError) {
    switch error {
    case .absent, .removed, .shredded: self = .notFound("\(error)")
    case .positionConflict, .keyConflict: self = .conflict("\(error)")
    case .tooLarge, .tooMany: self = .overLimit("\(error)")
    case .cancelled: self = .cancelled("\(error)")
    default: self = .failed("\(error)")
    }
  }
}

extension KindFilter {
  fileprivate var words: String {
    switch self {
    case .any: "any kind"
    case .category(let category): "category \(String(category, radix: 16))"
    case .exactly(let kind): "kind \(kind)"
    }
  }
}
