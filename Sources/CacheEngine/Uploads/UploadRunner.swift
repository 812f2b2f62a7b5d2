// Brings the schedule of uploads and the uploads together: one thread that decides, and as many that
// upload as may be under way at once. Whoever has news leaves it and goes on.
//
//   news ─▶ inbox ─▶ scheduler: UploadQueue ─begin─▶ box ─▶ uploaders ─ended─▶ inbox

internal import Ambient
internal import Bytes
internal import DurableFiles
internal import Manifest
internal import Synchronization
internal import Views

/// Runs uploads on threads of its own, or step by step on the caller's.
final class UploadRunner: Sendable {
  /// How long the first pause is when the primary takes nothing; it doubles up to `backendPauseMax`.
  static let backendPause = Duration.seconds(1)
  static let backendPauseMax = Duration.seconds(60)
  /// How long a file rests of which nothing could be written down.
  static let restingTime = Duration.seconds(5)

  private struct Inbox {
    var hasNews = true
    var events: [UploadQueue.Event] = []
    /// When the schedule wants to be woken.
    var wakeAt: WallTime?
    /// When the primary is tried again.
    var releaseAt: MonotonicTime?
    var backendPause = UploadRunner.backendPause
    /// Why an operator holds all; nil when none does.
    var pauseReason: String?
    var isStopped = false
  }
  private let work: UploadWork
  private let manifest: Manifest
  private let counters: EngineCounters
  let flow: TransferFlow
  private let monotonic: MonotonicClock
  private let log: Log
  private let threadsCount: Int
  private let inbox = Monitor(Inbox())
  private let queue: Mutex<UploadQueue>
  private let box: Mailbox<FilePath>
  private let transfers = Mutex<[FilePath: TransferInHand]>([:])
  /// Since when nothing begins for each of the reasons.
  private let heldSince = Mutex<[UploadHold: WallTime]>([:])
  private let threads = Mutex<[@Sendable () -> Void]>([])

  init(
    _ work: UploadWork, manifest: Manifest, counters: EngineCounters, settings: UploadSettings,
    flow: TransferFlow, monotonic: MonotonicClock, log: Log
  ) {
    self.work = work
    self.manifest = manifest
    self.counters = counters
    self.flow = flow
    self.monotonic = monotonic
    self.log = log
    threadsCount = settings.threads
    queue = Mutex(
      UploadQueue(batchMax: settings.batchSize, concurrencyMax: settings.claimsMax))
    box = Mailbox(messagesMax: threadsCount)
  }

  /// Starts the threads.
  func start() {
    let left = Monitor(threadsCount + 1)
    Worker("uploads") { [self] in
      schedule()
      left.change { $0 -= 1 }
    }.detach()
    for number in 0..<threadsCount {
      Worker("upload-\(number)") { [self] in
        while let path = box.receive() { upload(path) }
        left.change { $0 -= 1 }
      }.detach()
    }
    threads.withLock { $0.append { _ = left.wait { $0 == 0 ? true : nil } } }
  }

  /// Begins nothing more, lets what is under way go on until `deadline`, then cancels it, and returns
  /// when all threads have ended.
  func stop(by deadline: MonotonicTime) {
    send(.held(.stopping))
    while monotonic.now() < deadline, queue.withLock({ $0.underWayCount }) > 0 {
      _ = inbox.wait(timeout: .milliseconds(20)) { (_: inout Inbox) -> Bool? in nil }
    }
    inbox.change { $0.isStopped = true }
    for transfer in transfers.withLock({ Array($0.values) }) { transfer.cancellation.cancel() }
    box.close()
    for join in threads.withLock({ $0 }) { join() }
  }

  // MARK: - News

  /// Something may be dirty.
  func notice() { inbox.change { $0.hasNews = true } }

  /// Tells the schedule something.
  func send(_ event: UploadQueue.Event) { inbox.change { $0.events.append(event) } }

  /// Lets nothing begin for a reason of an operator's, or for none any more.
  func setPause(because reason: String?) {
    inbox.change { (inbox: inout Inbox) in
      inbox.pauseReason = reason
      inbox.events.append(reason.map { .held(.paused($0)) } ?? .resumed)
    }
  }

  /// Why an operator holds all; nil when none does.
  var pauseReason: String? { inbox.withLock { $0.pauseReason } }

  /// Tries the primary again, whatever it said.
  func releaseBackend() {
    inbox.change { (inbox: inout Inbox) in
      inbox.releaseAt = nil
      inbox.backendPause = Self.backendPause
      inbox.events.append(.releasedBackend)
    }
  }

  /// Why nothing begins.
  var holds: Set<UploadHold> { queue.withLock { $0.holds } }

  /// Why uploads are held though nothing is broken, and since when; nil when they are not.
  var hold: HoldView? {
    let held = heldSince.withLock { $0 }
    let views = held.compactMap { hold, since in hold.view(since: since) }
    return views.min { ($0.since, $0.holder) < ($1.since, $1.holder) }
  }

  /// Keeps since when each of the reasons holds.
  private func keepHolds() {
    let (now, holds) = (work.clock.now(), holds)
    let isNew = heldSince.withLock { (since: inout [UploadHold: WallTime]) -> Bool in
      guard Set(since.keys) != holds else { return false }
      since = Dictionary(uniqueKeysWithValues: holds.map { ($0, since[$0] ?? now) })
      return true
    }
    if isNew { flow.news.note() }
  }

  /// How much of each file is stored that is under way, by its path as text that is safe to show.
  var bytesDone: [String: UInt64] {
    let transfers = transfers.withLock { Array($0.values) }
    return Dictionary(
      transfers.map { (escaped($0.path.bytes), $0.done) }, uniquingKeysWith: { $1 })
  }

  /// What is under way, the oldest first.
  var underWay: [TransferInHand] {
    transfers.withLock { Array($0.values) }.sorted { $0.since < $1.since }
  }

  // MARK: - The scheduler

  private func schedule() {
    while let events = news() {
      for event in events { handle(event) }
    }
  }

  /// Waits for news, at most a second, for the state of the journal is nobody's news.
  private func news() -> [UploadQueue.Event]? {
    let now = monotonic.now()
    let events = inbox.wait(timeout: .seconds(1)) { (inbox: inout Inbox) -> [UploadQueue.Event]?? in
      if inbox.isStopped { return .some(nil) }
      let events = Self.take(&inbox, now, work.clock.now())
      return events.isEmpty ? nil : .some(events)
    }
    if case .some(nil) = events { return nil }
    let taken =
      (events ?? nil) ?? inbox.withLock { Self.take(&$0, monotonic.now(), work.clock.now()) }
    return taken + journalEvents()
  }

  private static func take(
    _ inbox: inout Inbox, _ now: MonotonicTime, _ time: WallTime
  ) -> [UploadQueue.Event] {
    var events = inbox.events
    inbox.events = []
    if inbox.hasNews {
      inbox.hasNews = false
      events.append(.noticed)
    }
    if let wakeAt = inbox.wakeAt, wakeAt <= time {
      inbox.wakeAt = nil
      events.append(.woken)
    }
    if let releaseAt = inbox.releaseAt, releaseAt <= now {
      inbox.releaseAt = nil
      events.append(.releasedBackend)
    }
    return events
  }

  /// Whether uploads wait for the journal, or no longer do.
  private func journalEvents() -> [UploadQueue.Event] {
    let isHeld = holds.contains(.journalRefuses)
    let refuses = work.ledger.refusal != nil
    if isHeld == refuses { return [] }
    return [refuses ? .held(.journalRefuses) : .released(.journalRefuses)]
  }

  private func handle(_ event: UploadQueue.Event) {
    var pending = queue.withLock { $0.handle(event) }
    keepHolds()
    while !pending.isEmpty {
      switch pending.removeFirst() {
      case .begin(let path):
        // There are as many places in the box as uploads that may be under way.
        if box.post(path) != .accepted { pending += ended(path, restsUntil: nil) }
      case .look(let max): pending += look(max)
      case .wake(let time): inbox.withLock { $0.wakeAt = min($0.wakeAt ?? time, time) }
      }
    }
  }

  private func ended(_ path: FilePath, restsUntil: WallTime?) -> [UploadQueue.Action] {
    queue.withLock { $0.handle(.ended(path, restsUntil: restsUntil)) }
  }

  /// Asks the manifest what is due.
  private func look(_ max: Int) -> [UploadQueue.Action] {
    let now = work.clock.now()
    var found: [FilePath] = []
    var isAll = true
    var next: WallTime?
    do throws(ManifestError) {
      let retries = try manifest.due(by: now, limit: Swift.max(1, max / 4))
      let fresh = try manifest.dirty(limit: max)
      found = (retries.rows + fresh.rows).map(\.path)
      isAll = retries.next == nil && fresh.next == nil
      next = try manifest.nextRetry().map { $0 > now ? $0 : now + UploadQueue.idlePause }
      // Its pages do not have everything yet, and nobody tells when they do.
      if try manifest.lag().isReplaying { next = now + UploadQueue.idlePause }
    } catch {
      log.write(.error, "what is dirty cannot be told", [LogField("why", "\(error)")])
      next = now + UploadQueue.idlePause
    }
    let event = UploadQueue.Event.looked(found: found, isAll: isAll, nextDue: next, at: now)
    return queue.withLock { $0.handle(event) }
  }

  // MARK: - Uploading

  private func upload(_ path: FilePath) {
    let transfer = TransferInHand(path, since: work.clock.now(), flow)
    transfers.withLock { $0[path] = transfer }
    // Whoever stops looks for transfers after it has said so: one of the two sees the other.
    if inbox.withLock({ $0.isStopped }) { transfer.cancellation.cancel() }
    let end = work.run(path, transfer)
    if case .stored = end {
      transfer.complete()
      flow.ended()
    }
    transfers.withLock { $0[path] = nil }
    flow.news.note()
    counters.note(end)
    var restsUntil: WallTime?
    switch end {
    case .stored: inbox.withLock { $0.backendPause = Self.backendPause }
    case .failed(let backend?): hold(backend)
    case .refused(let error):
      restsUntil = work.clock.now() + Self.restingTime
      log.write(
        .warning, "an upload was not begun or not noted",
        [LogField("path", "\(path)"), LogField("why", "\(error)")])
    case .failed(nil), .gaveUp, .needless, .changed: break
    }
    send(.ended(path, restsUntil: restsUntil))
  }

  /// Lets nothing begin for a while, because the primary takes nothing.
  private func hold(_ reason: String) {
    let isNew = inbox.change { (inbox: inout Inbox) -> Bool in
      // The others that were under way say the same.
      guard inbox.releaseAt == nil else { return false }
      inbox.releaseAt = monotonic.now() + inbox.backendPause
      inbox.backendPause = min(inbox.backendPause * 2, Self.backendPauseMax)
      inbox.events.append(.held(.backend(reason)))
      return true
    }
    if isNew { log.write(.warning, "the primary takes no uploads", [LogField("why", reason)]) }
  }

  // MARK: - Step by step

  /// Does on the calling thread what is to be done now, at most so many uploads; returns how many
  /// were tried. For simulations, which have one thread.
  func step(max: Int) -> Int {
    var tried = 0
    var events =
      inbox.withLock { Self.take(&$0, monotonic.now(), work.clock.now()) } + journalEvents()
    events.append(.noticed)
    while true {
      for event in events { handle(event) }
      guard tried < max, let path = box.drain(max: 1).first else { return tried }
      upload(path)
      tried += 1
      events = inbox.withLock { Self.take(&$0, monotonic.now(), work.clock.now()) }
    }
  }
}

extension UploadHold {
  /// The hold as it is shown; nil where something is broken, which is shown in its own place.
  fileprivate func view(since: WallTime) -> HoldView? {
    switch self {
    case .paused(let why): HoldView(holder: "an operator", reason: why, since: since)
    case .journalRefuses:
      HoldView(
        holder: "the event store", reason: "what is stored could not be written down", since: since)
    case .policy(let sentence): HoldView(holder: "a policy", reason: sentence, since: since)
    case .backend, .stopping: nil
    }
  }
}
