// The one writer of a store: group commit without a thread of its own. An appender prepares its
// events under the lock; the first to find nobody leading becomes the leader, commits the group for
// everyone in it, wakes them, and hands the lead to the first of those who came meanwhile. So one
// sync serves all who wait, and a lone appender pays for no change of thread.
//
//   prepare (lock) ─▶ lead? ──yes──▶ take group ─▶ sign, write, sync ─▶ publish ─▶ wake, hand over
//                       └──no──▶ wait ──▶ told the outcome, or told to lead
//
// Locks, in the order they may be held: `state` (decisions), then the tail index's own. The commit
// line belongs to whoever leads.

internal import Ambient
internal import Bytes
internal import Digests
internal import DurableFiles
internal import Synchronization

/// How far the log has come.
public struct Watermarks: Hashable, Sendable {
  /// Given a sequence.
  public var accepted: UInt64 = 0
  /// Handed to the operating system.
  public var written: UInt64 = 0
  /// On the device.
  public var durable: UInt64 = 0
  /// Readers may see it: durable, and below every open fence.
  public var visible: UInt64 = 0
  /// Every projection that is registered has taken it in; as far as `visible` when none is.
  public var applied: UInt64 = 0
}

final class Writer: Sendable {
  struct State {
    var preparation: Preparation
    var committed: LogPosition
    var leading = false
    /// Why nothing is appended any more.
    var stopped: StoreError?
    /// Appenders that wait for a full group to be taken.
    var blocked: [Parker] = []
    var nextFence = 0
    /// Fences that are committed and hidden behind open ones.
    var hidden: HiddenFences
    /// Since when something durable has not been visible.
    var hiddenSince: MonotonicTime?
    /// When the events that nobody waits for must be committed.
    var bufferedDue: MonotonicTime?
  }

  /// What became of a request when it was looked at under the lock.
  enum Step {
    /// It was appended before; here is its receipt.
    case known([Receipt])
    /// It is prepared and will be committed without anyone waiting, by the caller when it is due.
    case buffered([Receipt], isDue: Bool)
    case lead(Waiter)
    case wait(Waiter)
    /// The same key is on its way; look again when this sequence is durable.
    case after(UInt64)
    /// The group is full.
    case blocked(Parker)
  }

  let options: StoreOptions
  let catalog: CatalogBox
  let board: WatermarkBoard
  let key: SigningKey?
  let keyring: Keyring?
  let state: Mutex<State>
  let line: Mutex<CommitLine>
  let publisher: LogPublisher
  private let keeper: Keeper?

  init(
    options: StoreOptions, key: SigningKey?, catalog: CatalogBox, position: LogPosition,
    ids: EventIDSource, hidden: HiddenFences, line: CommitLine, publisher: LogPublisher,
    keyring: Keyring?
  ) {
    keeper = options.maintenance == .worker ? Keeper(clock: options.monotonicClock) : nil
    self.options = options
    self.key = key
    self.keyring = keyring
    self.catalog = catalog
    self.publisher = publisher
    self.line = Mutex(line)
    state = Mutex(
      State(
        preparation: Preparation(position: position, ids: ids, keyring: keyring),
        committed: position, hidden: hidden))
    board = WatermarkBoard(
      Watermarks(
        accepted: position.sequence, written: position.sequence, durable: position.sequence,
        visible: catalog.current.visible))
  }

  // MARK: - Appending

  /// Appends events that are committed together; returns when they are as durable as was asked.
  func append(
    _ request: PreparationRequest, _ durability: Durability
  ) throws(StoreError) -> [Receipt] {
    if options.maintenance == .inline { try tend() }
    while true {
      let now = options.wallClock.now()
      let step = try state.withLock { (state) throws(StoreError) in
        try look(&state, request, durability, now)
      }
      switch step {
      case .known(let receipts): return receipts
      case .buffered(let receipts, let isDue):
        if isDue { try lead(nil) }
        return receipts
      case .lead(let waiter): return try lead(waiter)
      case .wait(let waiter): return try outcome(of: waiter)
      case .after(let sequence): try awaitFirstTry(sequence)
      case .blocked(let parker): parker.park()
      }
    }
  }

  private func look(
    _ state: inout State, _ request: PreparationRequest, _ durability: Durability,
    _ now: WallTime
  ) throws(StoreError) -> Step {
    if let stopped = state.stopped { throw stopped }
    let catalog = catalog.current
    if let step = try recall(request, state.preparation, catalog) { return step }
    if !state.preparation.group.isEmpty,
      state.preparation.group.buffer.count + request.bytesMax > EventStoreLimits.groupBytesMax
    {
      let parker = Parker()
      state.blocked.append(parker)
      return .blocked(parker)
    }
    if let fence = request.fence { try checkFence(state, fence, adding: request.count) }
    let appended = try state.preparation.prepare(
      request, catalog: catalog, now: now, signs: key != nil)
    if case .buffered(let eventsMax, let timeMax) = durability {
      return buffered(&state, appended, eventsMax, timeMax)
    }
    let waiter = Waiter()
    state.preparation.group.waiters.append((waiter, appended))
    if state.leading { return .wait(waiter) }
    state.leading = true
    return .lead(waiter)
  }

  /// Notes what was prepared and is waited for by nobody: the caller commits once there are enough
  /// of it, and the keeper when the first was there for long enough.
  private func buffered(
    _ state: inout State, _ appended: PreparedAppend, _ eventsMax: Int, _ timeMax: Duration
  ) -> Step {
    var appended = appended
    state.preparation.settle()
    if let key { state.preparation.group.sign(appended.range, with: key) }
    state.preparation.group.complete(&appended, signer: key)
    if state.bufferedDue == nil {
      let due = options.monotonicClock.now() + timeMax
      state.bufferedDue = due
      keeper?.schedule(due)
    }
    board.accept(state.preparation.position.sequence)
    let isDue = !state.leading && state.preparation.group.events.count >= eventsMax
    if isDue { state.leading = true }
    return .buffered(appended.receipts, isDue: isDue)
  }

  func outcome(of waiter: Waiter) throws(StoreError) -> [Receipt] {
    switch waiter.wait() {
    case .done(let result): return try result.get()
    case .lead: return try lead(waiter)
    }
  }

  // MARK: - Leading

  /// Commits the group that is waiting and hands the lead over; returns the leader's own receipts.
  @discardableResult
  func lead(_ own: Waiter?) throws(StoreError) -> [Receipt] {
    let (taken, fenced, blocked) = state.withLock { state in
      let blocked = state.blocked
      state.blocked = []
      state.bufferedDue = nil
      let fenced = !state.preparation.fences.isEmpty
      return (state.preparation.takeGroup(), fenced, blocked)
    }
    for parker in blocked { parker.unpark() }
    var group = taken
    let failure = group.isEmpty ? nil : commit(&group, fenced: fenced)
    var error: StoreError?
    if let failure { error = fail(failure, group) } else { settle(group) }
    var waiters = group.waiters
    group.waiters = []
    var mine: [Receipt] = []
    for index in waiters.indices where error == nil || waiters[index].waiter !== own {
      if let error {
        waiters[index].waiter.wake(.done(.failure(error)))
        continue
      }
      group.complete(&waiters[index].appended, signer: key)
      let receipts = waiters[index].appended.receipts
      if waiters[index].waiter === own {
        mine = receipts
      } else {
        waiters[index].waiter.wake(.done(.success(receipts)))
      }
    }
    group.clear()
    state.withLock { $0.preparation.recycle(group) }
    if let error { throw error }
    return mine
  }

  private func commit(_ group: inout CommitGroup, fenced: Bool) -> CommitFailure? {
    line.withLock { line in
      do throws(CommitFailure) {
        // The members of a fence and its end stay in one segment, whose tables then know all.
        if !fenced && line.isFull(options) {
          line = try publisher.roll(line, at: options.wallClock.now())
        }
        try line.commit(&group, with: key, keys: keyring?.keyset)
        return nil
      } catch {
        return error
      }
    }
  }

  /// Makes a committed group known, and lets the next leader go.
  private func settle(_ group: CommitGroup) {
    guard let last = group.events.last else { return stepDown() }
    let ended = state.withLock { state -> [OpenFence] in
      state.committed = LogPosition(sequence: last.sequence, time: last.time)
      if !state.preparation.keys.isEmpty {
        for event in group.events {
          if let key = event.key { state.preparation.keys[key] = nil }
        }
      }
      state.hideEndedFences(upTo: last.sequence)
      let ended = state.preparation.fences.filter { _, fence in
        fence.ending.map { $0.sequence <= last.sequence } ?? false
      }
      for fence in ended.keys { state.preparation.fences[fence] = nil }
      return Array(ended.values)
    }
    let cancelled = ended.filter { $0.ending?.cancels == true }.flatMap(\.members)
    if !cancelled.isEmpty {
      line.withLock { line in line.tail.withTables { $0.cancel(sequences: cancelled) } }
    }
    let now = options.monotonicClock.now()
    let (accepted, visible) = state.withLock { state in
      (state.preparation.position.sequence, state.visible(upTo: last.sequence, at: now))
    }
    catalog.change { $0.visible = visible }
    line.withLock { line in publisher.publish(line, visible: visible) }
    board.cancel(cancelled)
    board.move { marks in
      marks.accepted = max(marks.accepted, accepted)
      (marks.written, marks.durable, marks.visible) = (last.sequence, last.sequence, visible)
    }
    stepDown()
  }

  /// Forgets what could not be committed, and everything prepared on top of it.
  func fail(_ failure: CommitFailure, _ group: CommitGroup) -> StoreError {
    let (own, others, stops): (StoreError, StoreError, Bool) =
      switch failure {
      case .notWritten(let error): (error, error, false)
      case .latched(let error): (error, error, true)
      case .uncertain(let error): (error, .latched("\(error)"), true)
      }
    let (orphans, forgotten) = state.withLock { state in
      let orphans = state.preparation.group
      let prepared = state.preparation.position.sequence
      state.preparation.reset(to: state.committed)
      if stops { state.stopped = .latched("\(error(of: failure))") }
      return (orphans, (state.committed.sequence, prepared))
    }
    for entry in orphans.waiters { entry.waiter.wake(.done(.failure(others))) }
    board.retract(from: forgotten.1, to: forgotten.0, because: others)
    if stops { board.close(.latched("\(error(of: failure))")) }
    stepDown()
    guard case .uncertain = failure, let event = group.events.first else { return own }
    return .unknown(
      AppendToken(
        id: event.id, sequence: event.sequence, commitment: event.commitment))
  }

  private func error(of failure: CommitFailure) -> StoreError {
    switch failure {
    case .notWritten(let error), .latched(let error), .uncertain(let error): error
    }
  }

  /// Hands the lead to the first who waits in the next group, or to nobody.
  func stepDown() {
    let next = state.withLock { state -> Waiter? in
      let next = state.preparation.group.waiters.first?.waiter
      state.leading = next != nil
      return next
    }
    next?.wake(.lead)
  }

  // MARK: - Tending

  /// Commits what is buffered when it is due; returns when to look again.
  private func flushIfDue(_ now: MonotonicTime) throws(StoreError) -> MonotonicTime? {
    let (leads, due) = state.withLock { state -> (Bool, MonotonicTime?) in
      guard let due = state.bufferedDue, due <= now else { return (false, state.bufferedDue) }
      // Whoever leads may have taken its group before this was prepared.
      if state.leading { return (false, now + Self.retryAfter) }
      state.leading = true
      return (true, nil)
    }
    if leads { try lead(nil) }
    return due
  }

  /// When to look again for what could not be committed because another group was on its way.
  private static let retryAfter = Duration.milliseconds(1)

  /// Does what time asks for: ends fences that were open for too long, commits what is buffered.
  /// Returns when it wants to be called next.
  @discardableResult
  func tend() throws(StoreError) -> MonotonicTime? {
    let now = options.monotonicClock.now()
    let open = state.withLock { state in
      state.preparation.fences.filter { $0.value.ending == nil }
    }
    let limit = EventStoreLimits.fenceDurationMax
    for (fence, state) in open.sorted(by: { $0.key < $1.key })
    where now - state.opened >= limit {
      do throws(StoreError) {
        try endFence(fence, cancels: true)
      } catch .fence {
        // Its owner ended it in this moment.
      }
    }
    let flush = try flushIfDue(now)
    let fences = open.values.map { $0.opened + limit }.filter { $0 > now }.min()
    return flush.map { min($0, fences ?? $0) } ?? fences
  }

  /// Starts the thread that tends while nobody appends.
  func startKeeper() {
    keeper?.start { [self] in
      do throws(StoreError) {
        return try tend()
      } catch {
        // The next appender gets the same error, and it is the one who can act on it.
        return nil
      }
    }
  }

  /// Ends the thread that tends.
  func stopKeeper() {
    keeper?.stop()
  }

  /// Has fences and buffered events tended in time.
  func schedule(_ due: MonotonicTime) {
    keeper?.schedule(due)
  }

  /// Commits everything that is prepared.
  func flush() throws(StoreError) {
    while true {
      let (leads, target) = state.withLock { state -> (Bool, UInt64?) in
        if state.preparation.group.isEmpty && !state.leading { return (false, nil) }
        if state.leading { return (false, state.preparation.position.sequence) }
        state.leading = true
        return (true, nil)
      }
      if leads {
        try lead(nil)
      } else if let target {
        try board.wait(for: .durable, until: target, timeout: nil)
      } else {
        return
      }
    }
  }

  /// Commits the last events, leaves the file without the zeros ahead of it and its tables beside
  /// it, and takes no more appends.
  func finish() throws(StoreError) {
    try flush()
    stop(.closed)
    let segment = try line.withLock { (line) throws(StoreError) in
      try line.segment.file.truncate(to: line.used)
      try line.segment.file.sync(.all)
      return line.segment
    }
    try publisher.sealer.finish()
    publisher.stop()
    try publisher.leaveTables(of: segment)
  }

  /// Throws why nothing is appended any more, if that is so.
  func checkRunning() throws(StoreError) {
    if let stopped = state.withLock(\.stopped) { throw stopped }
  }

  /// Takes no more appends.
  func stop(_ reason: StoreError) {
    state.withLock { state in
      if state.stopped == nil { state.stopped = reason }
    }
    board.close(reason)
  }
}
