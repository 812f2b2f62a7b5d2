// How the parts are that the engine stands on: cold storage, the event store, the manifest, and
// whoever tells it what changes.

public import Ambient

/// Something that is wrong: why, and since when.
public struct Trouble: Hashable, Sendable {
  /// A sentence, or the rest of one.
  public var reason: String
  public var since: WallTime

  public init(reason: String, since: WallTime) {
    self.reason = reason
    self.since = since
  }
}

/// What a backend last said.
public enum BackendState: Hashable, Sendable {
  /// Nothing was asked of it yet.
  case unknown
  case up
  /// It does not answer, or answers with its own failures.
  case down(Trouble)
  /// It answers and refuses who we are.
  case refusing(Trouble)
}

/// A backend.
public struct BackendView: Hashable, Sendable {
  public var name: String
  /// Whether uploads go to it.
  public var isPrimary: Bool
  public var state: BackendState
  /// How long its calls take; nil while none was made.
  public var latency: LatencyView?
  /// Calls and failed attempts, since the start.
  public var calls: UInt64
  public var failures: UInt64
  public var retries: UInt64
  /// When it last answered.
  public var lastAnswer: WallTime?

  public init(
    name: String, isPrimary: Bool, state: BackendState, latency: LatencyView? = nil,
    calls: UInt64 = 0, failures: UInt64 = 0, retries: UInt64 = 0, lastAnswer: WallTime? = nil
  ) {
    self.name = name
    self.isPrimary = isPrimary
    self.state = state
    self.latency = latency
    self.calls = calls
    self.failures = failures
    self.retries = retries
    self.lastAnswer = lastAnswer
  }
}

/// The event store.
public struct EventStoreView: Hashable, Sendable {
  /// The last sequence that readers may see.
  public var visible: UInt64
  /// Why it takes nothing more until it is opened again; nil when it does.
  public var latch: Trouble?

  public init(visible: UInt64, latch: Trouble? = nil) {
    self.visible = visible
    self.latch = latch
  }
}

/// The manifest.
public struct ManifestView: Hashable, Sendable {
  /// Events that it has not taken in yet.
  public var lag: UInt64
  /// How far a rebuild has come; nil when none is under way.
  public var rebuild: RebuildView?
  /// Events that made no sense on the row they came to.
  public var oddities: UInt64

  public init(lag: UInt64 = 0, rebuild: RebuildView? = nil, oddities: UInt64 = 0) {
    self.lag = lag
    self.rebuild = rebuild
    self.oddities = oddities
  }
}

/// A rebuild that is under way.
public struct RebuildView: Hashable, Sendable {
  public var done: UInt64
  public var all: UInt64
  public var since: WallTime
  /// Why it is made again.
  public var reason: String

  public init(done: UInt64, all: UInt64, since: WallTime, reason: String) {
    self.done = done
    self.all = all
    self.since = since
    self.reason = reason
  }
}

/// Who tells the engine what changes in the depot.
public struct WatcherView: Hashable, Sendable {
  /// What it is called: `fanotify`, `inotify`, `scan`; nil when nobody watches.
  public var mechanism: String?
  /// Why it is not the best one; nil when it is.
  public var degraded: Trouble?
  /// How often the kernel's queue overflowed, and when it last did.
  public var overflows: UInt64
  public var lastOverflow: WallTime?
  /// Whether a rescan is owed or under way.
  public var isRescanning: Bool

  public init(
    mechanism: String?, degraded: Trouble? = nil, overflows: UInt64 = 0,
    lastOverflow: WallTime? = nil, isRescanning: Bool = false
  ) {
    self.mechanism = mechanism
    self.degraded = degraded
    self.overflows = overflows
    self.lastOverflow = lastOverflow
    self.isRescanning = isRescanning
  }
}

/// Damage that a check has found.
public struct FindingView: Hashable, Sendable {
  /// The file's path, as text that is safe to show.
  public var path: String
  /// What is wrong, as a sentence.
  public var fault: String
  public var found: WallTime

  public init(path: String, fault: String, found: WallTime) {
    self.path = path
    self.fault = fault
    self.found = found
  }
}
