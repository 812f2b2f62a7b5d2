// Brings the schedule of evictions and the evictions together. There is one round at a time, led by
// the evictor's own thread or by that of a restore which needs room now; the files of a round are
// tried side by side by the evictor's hands, because each waits for its event to be durable.

internal import Ambient
internal import DurableFiles
internal import Manifest
internal import Synchronization

/// Runs rounds of evictions.
final class EvictionRunner: Sendable {
  private struct Round {
    var evictor: Evictor
    var place: QueuePlace?
    /// Whether the last round ended above its target; said once, for rounds may follow each other.
    var isShort = false
  }
  private let work: EvictionWork
  private let manifest: Manifest
  private let counters: EngineCounters
  private let settings: SettingsInForce
  private let log: Log
  /// Held by whoever runs a round.
  private let round: Monitor<Round?>
  private let nudges = Monitor((isNudged: false, isStopped: false))
  private let thread = Mutex<Worker?>(nil)
  private let above = Mutex<WallTime?>(nil)
  private let hands: Hands?
  private let clock: MonotonicClock
  /// How fast files went lately.
  let pace = TransferPace(together: handsCount)

  /// Threads that try files, and how many are tried at once.
  static let handsCount = 16

  init(
    _ work: EvictionWork, manifest: Manifest, counters: EngineCounters,
    settings: SettingsInForce, hasThreads: Bool, clock: MonotonicClock, log: Log
  ) {
    self.work = work
    self.manifest = manifest
    self.counters = counters
    self.settings = settings
    self.clock = clock
    self.log = log
    hands = hasThreads ? Hands(count: Self.handsCount) : nil
    round = Monitor(
      Round(
        evictor: Evictor(
          Evictor.Limits(settings.now.cache), together: hasThreads ? Self.handsCount : 1)))
  }

  /// Starts the thread.
  func start() {
    hands?.start { [self] path in evict(path) }
    thread.withLock { thread in
      thread = Worker("evictor") { [self] in
        while wait() { run() }
      }
    }
  }

  /// Ends the round that is under way behind the file it is at, and the thread.
  func stop() {
    nudges.change { $0.isStopped = true }
    thread.withLock { $0.take() }?.join()
    hands?.stop()
  }

  /// Says that the depot may have become too large.
  func nudge() {
    guard measure() > bytesMax else { return }
    nudges.change { $0.isNudged = true }
  }

  private var bytesMax: UInt64 { Evictor.Limits(settings.now.cache).bytesMax }

  /// Waits for a nudge, or a while; false once stopped.
  private func wait() -> Bool {
    let outcome = nudges.wait(timeout: .seconds(1)) { state -> Bool? in
      if state.isStopped { return false }
      guard state.isNudged else { return nil }
      state.isNudged = false
      return true
    }
    return outcome ?? true
  }

  /// Since when the depot has been larger than it may be; nil when it is not.
  var aboveSince: WallTime? { above.withLock { $0 } }

  /// Keeps since when the depot is too large.
  private func measure() -> UInt64 {
    let (bytes, now) = (hotBytes, work.clock.now())
    let isAbove = bytes > bytesMax
    above.withLock { $0 = isAbove ? $0 ?? now : nil }
    return bytes
  }

  /// What the files in the depot have.
  var hotBytes: UInt64 { UInt64(clamping: manifest.counts().hot.bytes) }

  /// A round, if the depot is too large.
  func run() {
    perform(.measured(hotBytes: measure()))
    _ = measure()
  }

  /// Makes room for so many bytes, or as many as can go; false when none did.
  func makeRoom(_ bytes: UInt64) -> Bool {
    perform(.wanted(bytes: bytes, hotBytes: hotBytes)) > 0
  }

  /// Waits until so many bytes more do not lead far above the limit, or nothing more can go.
  func expect(_ bytes: UInt64) {
    guard hotBytes + bytes > bytesMax else { return }
    perform(.expected(bytes: bytes, hotBytes: hotBytes))
  }

  /// Tries one file, counts what came of it, and keeps the pace; with `generation`, the file goes only
  /// as it was judged then.
  func evict(
    _ path: FilePath, judged generation: UInt64? = nil, isAsked: Bool = false
  ) -> EvictionEnd {
    let begun = clock.now()
    let end = work.run(path, judged: generation, isAsked: isAsked)
    if case .evicted = end { pace.note(bytes: 0, took: clock.now() - begun) }
    counters.note(end)
    return end
  }

  /// Runs a round to its end and returns how many bytes it freed.
  @discardableResult
  private func perform(_ event: Evictor.Event) -> UInt64 {
    guard var round = round.wait(until: { (slot: inout Round?) -> Round? in slot.take() }) else {
      return 0
    }
    defer { self.round.change { [round] in $0 = round } }
    var freed: UInt64 = 0
    var actions = round.evictor.handle(.limited(Evictor.Limits(settings.now.cache)))
    actions += round.evictor.handle(event)
    while !actions.isEmpty {
      var paths: [FilePath] = []
      var following: [Evictor.Action] = []
      for action in actions {
        switch action {
        case .look(let max, let fromStart):
          following += round.evictor.handle(.looked(look(max, fromStart, &round)))
        case .evict(let path): paths.append(path)
        case .rest(let isEnough):
          if !isEnough, !round.isShort {
            log.write(.notice, "no more files can be evicted", [LogField("hot", hotBytes)])
          }
          round.isShort = !isEnough
        }
      }
      for end in hands?.run(paths) ?? paths.map({ evict($0) }) {
        var bytes: UInt64?
        if case .evicted(let count) = end { bytes = count }
        freed += bytes ?? 0
        following += round.evictor.handle(.tried(freed: bytes, hotBytes: hotBytes))
      }
      actions = following
    }
    return freed
  }

  private func look(_ max: Int, _ fromStart: Bool, _ round: inout Round) -> [FilePath] {
    if nudges.withLock({ $0.isStopped }) || work.ledger.refusal != nil { return [] }
    if fromStart { round.place = nil } else if round.place == nil { return [] }
    do throws(ManifestError) {
      while true {
        let page = try manifest.evictable(after: round.place, limit: max)
        round.place = page.next
        if !page.rows.isEmpty || page.next == nil { return page.rows.map(\.path) }
      }
    } catch {
      log.write(.error, "what may be evicted cannot be told", [LogField("why", "\(error)")])
      return []
    }
  }
}

/// The threads that try files.
private final class Hands: Sendable {
  private struct Errand: Sendable {
    let path: FilePath
    let tell: @Sendable (EvictionEnd) -> Void
  }
  private let box: Mailbox<Errand>
  private let count: Int
  private let running = Monitor(0)

  init(count: Int) {
    self.count = count
    box = Mailbox(messagesMax: count)
  }

  func start(_ work: @escaping @Sendable (FilePath) -> EvictionEnd) {
    running.change { $0 = count }
    for number in 0..<count {
      Worker("evictor-\(number)") { [self] in
        while let errand = box.receive() { errand.tell(work(errand.path)) }
        running.change { $0 -= 1 }
      }.detach()
    }
  }

  /// Ends the threads behind what they are at.
  func stop() {
    box.close()
    _ = running.wait { $0 == 0 ? true : nil }
  }

  /// What became of each of the files, in no order; those that come after a stop are left out.
  func run(_ paths: [FilePath]) -> [EvictionEnd] {
    let ends = Monitor<[EvictionEnd]>([])
    var sent = 0
    for path in paths {
      let errand = Errand(path: path) { end in ends.change { $0.append(end) } }
      if box.send(errand) == .accepted { sent += 1 }
    }
    let all = ends.wait { [sent] in $0.count == sent ? $0 : nil }
    return all ?? []
  }
}
