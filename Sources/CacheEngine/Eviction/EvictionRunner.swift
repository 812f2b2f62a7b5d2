// Brings the schedule of evictions and the evictions together. There is one round at a time, on the
// evictor's own thread or on that of a restore which needs room now.

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
  private let bytesMax: UInt64
  private let log: Log
  /// Held by whoever runs a round.
  private let round: Monitor<Round?>
  private let nudges = Monitor((isNudged: false, isStopped: false))
  private let thread = Mutex<Worker?>(nil)

  init(
    _ work: EvictionWork, manifest: Manifest, counters: EngineCounters, bytesMax: UInt64,
    lowWatermark: UInt64, log: Log
  ) {
    self.work = work
    self.manifest = manifest
    self.counters = counters
    self.bytesMax = bytesMax
    self.log = log
    round = Monitor(Round(evictor: Evictor(bytesMax: bytesMax, lowWatermark: lowWatermark)))
  }

  /// Starts the thread.
  func start() {
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
  }

  /// Says that the depot may have become too large.
  func nudge() {
    guard hotBytes > bytesMax else { return }
    nudges.change { $0.isNudged = true }
  }

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

  /// What the files in the depot have.
  var hotBytes: UInt64 { UInt64(clamping: manifest.counts().hot.bytes) }

  /// A round, if the depot is too large.
  func run() { perform(.measured(hotBytes: hotBytes)) }

  /// Makes room for so many bytes, or as many as can go; false when none did.
  func makeRoom(_ bytes: UInt64) -> Bool {
    perform(.wanted(bytes: bytes, hotBytes: hotBytes)) > 0
  }

  /// Runs a round to its end and returns how many bytes it freed.
  @discardableResult
  private func perform(_ event: Evictor.Event) -> UInt64 {
    guard var round = round.wait(until: { (slot: inout Round?) -> Round? in slot.take() }) else {
      return 0
    }
    defer { self.round.change { [round] in $0 = round } }
    var freed: UInt64 = 0
    var actions = round.evictor.handle(event)
    while let action = actions.first {
      actions.removeFirst()
      switch action {
      case .look(let max, let fromStart):
        actions += round.evictor.handle(.looked(look(max, fromStart, &round)))
      case .evict(let path):
        let end = work.run(path)
        counters.note(end)
        var bytes: UInt64?
        if case .evicted(let count) = end { bytes = count }
        freed += bytes ?? 0
        actions += round.evictor.handle(.tried(freed: bytes, hotBytes: hotBytes))
      case .rest(let isEnough):
        if !isEnough, !round.isShort {
          log.write(.notice, "no more files can be evicted", [LogField("hot", hotBytes)])
        }
        round.isShort = !isEnough
      }
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
