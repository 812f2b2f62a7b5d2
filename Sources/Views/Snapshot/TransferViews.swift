// What moves between the depot and cold storage: uploads, restores, and how fast.

public import Ambient

/// One transfer that is under way.
public struct TransferView: Hashable, Sendable {
  /// The file's path, as text that is safe to show.
  public var path: String
  public var bytesDone: UInt64
  public var bytes: UInt64
  public var since: WallTime
  /// Which attempt it is, from 1.
  public var attempt: Int
  /// How many wait for it; of a restore.
  public var waiting: Int

  public init(
    path: String, bytesDone: UInt64, bytes: UInt64, since: WallTime, attempt: Int = 1,
    waiting: Int = 0
  ) {
    self.path = path
    self.bytesDone = bytesDone
    self.bytes = bytes
    self.since = since
    self.attempt = attempt
    self.waiting = waiting
  }
}

/// How long calls took, of the last some.
public struct LatencyView: Hashable, Sendable {
  public var p50: Duration
  public var p99: Duration
  /// How many calls these figures are of.
  public var count: Int
  /// How many calls took less than 10, 30, 100, 300 us, 1 ms and so on up to 30 s, and longer, each
  /// step without those before it; empty when that is not known.
  public var steps: [Int]

  public init(p50: Duration, p99: Duration, count: Int, steps: [Int] = []) {
    self.p50 = p50
    self.p99 = p99
    self.count = count
    self.steps = steps
  }
}

/// A restore that has ended.
public struct RestoredView: Hashable, Sendable {
  /// The file's path, as text that is safe to show.
  public var path: String
  public var bytes: UInt64
  public var ended: WallTime
  public var took: Duration
  /// How many had waited for it.
  public var waited: Int
  /// Why it came to nothing; nil when the file was restored.
  public var fault: String?

  public init(
    path: String, bytes: UInt64, ended: WallTime, took: Duration, waited: Int,
    fault: String? = nil
  ) {
    self.path = path
    self.bytes = bytes
    self.ended = ended
    self.took = took
    self.waited = waited
    self.fault = fault
  }
}

/// Bytes moved in each of the last seconds, the newest last.
public struct RateView: Hashable, Sendable {
  public var bytesPerSecond: [UInt64]

  public init(bytesPerSecond: [UInt64] = []) {
    self.bytesPerSecond = bytesPerSecond
  }
}

/// Why uploads do not go on, though nothing is broken.
public struct HoldView: Hashable, Sendable {
  /// Who holds them: an operator, a ceiling, the event store.
  public var holder: String
  public var reason: String
  public var since: WallTime

  public init(holder: String, reason: String, since: WallTime) {
    self.holder = holder
    self.reason = reason
    self.since = since
  }
}

/// The upload queue.
public struct UploadsView: Hashable, Sendable {
  /// Under way, the oldest first.
  public var inFlight: [TransferView]
  /// Waiting for nothing but their turn.
  public var queued: Tally
  /// Waiting for their deadline after a failure.
  public var waiting: Tally
  /// When the oldest file that is not stored was written; nil when there is none.
  public var oldest: WallTime?
  /// How long until everything is stored, at the present rate; nil when that is not known.
  public var drain: Duration?
  public var rate: RateView
  public var hold: HoldView?
  public var stored: UInt64
  public var storedBytes: UInt64
  /// Uploads that gave up, since the start.
  public var gaveUp: UInt64

  public init(
    inFlight: [TransferView] = [], queued: Tally = .zero, waiting: Tally = .zero,
    oldest: WallTime? = nil, drain: Duration? = nil, rate: RateView = RateView(),
    hold: HoldView? = nil, stored: UInt64 = 0, storedBytes: UInt64 = 0, gaveUp: UInt64 = 0
  ) {
    self.inFlight = inFlight
    self.queued = queued
    self.waiting = waiting
    self.oldest = oldest
    self.drain = drain
    self.rate = rate
    self.hold = hold
    self.stored = stored
    self.storedBytes = storedBytes
    self.gaveUp = gaveUp
  }
}

/// The restores.
public struct RestoresView: Hashable, Sendable {
  public var inFlight: [TransferView]
  /// Those that ended lately, the newest first.
  public var recent: [RestoredView]
  public var queued: Int
  public var rate: RateView
  /// Of requests that found the file hot.
  public var hits: LatencyView?
  /// Of requests that had to restore it.
  public var misses: LatencyView?
  public var restored: UInt64
  public var restoredBytes: UInt64
  /// Restores that failed, since the start.
  public var failed: UInt64

  public init(
    inFlight: [TransferView] = [], recent: [RestoredView] = [], queued: Int = 0,
    rate: RateView = RateView(),
    hits: LatencyView? = nil, misses: LatencyView? = nil, restored: UInt64 = 0,
    restoredBytes: UInt64 = 0, failed: UInt64 = 0
  ) {
    self.inFlight = inFlight
    self.recent = recent
    self.queued = queued
    self.rate = rate
    self.hits = hits
    self.misses = misses
    self.restored = restored
    self.restoredBytes = restoredBytes
    self.failed = failed
  }
}
