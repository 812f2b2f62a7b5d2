// Everything that the console shows of an engine at one moment. The engine makes a new one after
// something happened and hands it over whole; nobody changes one, and whoever is slow sees the
// newest and not all. Lists that can be long hold their first entries and say how many there are.

public import Ambient

/// An engine at one moment.
public struct EngineSnapshot: Hashable, Sendable {
  /// When it was made.
  public var taken: WallTime
  /// When the engine started.
  public var started: WallTime
  /// The directory that it keeps, as text that is safe to show.
  public var depot: String
  public var mode: EngineMode
  public var files: DepotCounts
  public var cache: CacheFill
  public var uploads: UploadsView
  public var restores: RestoresView
  public var backends: [BackendView]
  public var eventStore: EventStoreView
  public var manifest: ManifestView
  public var watcher: WatcherView
  /// Damage that checks have found and nobody has dealt with, the newest first; at most some.
  public var findings: [FindingView]
  /// How many findings there are in all.
  public var findingsCount: Int

  public init(
    taken: WallTime, started: WallTime, depot: String, mode: EngineMode, files: DepotCounts,
    cache: CacheFill, uploads: UploadsView, restores: RestoresView, backends: [BackendView],
    eventStore: EventStoreView, manifest: ManifestView, watcher: WatcherView,
    findings: [FindingView] = [], findingsCount: Int = 0
  ) {
    self.taken = taken
    self.started = started
    self.depot = depot
    self.mode = mode
    self.files = files
    self.cache = cache
    self.uploads = uploads
    self.restores = restores
    self.backends = backends
    self.eventStore = eventStore
    self.manifest = manifest
    self.watcher = watcher
    self.findings = findings
    self.findingsCount = findingsCount
  }
}

/// What the engine does at all.
public enum EngineMode: String, CaseIterable, Hashable, Sendable {
  /// It uploads, restores and evicts.
  case readWrite = "read-write"
  /// It restores and evicts; nothing is uploaded or watched. For replicas and migrations.
  case readOnly = "read-only"
  /// There is no engine: what is on the disk is shown as it is, and nothing is written.
  case evaluation
}

/// A number of files and their bytes.
public struct Tally: Hashable, Sendable {
  public var files: UInt64
  public var bytes: UInt64

  public init(files: UInt64 = 0, bytes: UInt64 = 0) {
    self.files = files
    self.bytes = bytes
  }

  public static let zero = Tally()

  public static func + (left: Tally, right: Tally) -> Tally {
    Tally(files: left.files + right.files, bytes: left.bytes + right.bytes)
  }
}

/// The files of a depot by what is true of them; each file is in exactly one.
public struct DepotCounts: Hashable, Sendable {
  /// Written, not stored; those that are being uploaded are among them.
  public var dirty: Tally
  /// Gave up after the retry budget.
  public var failed: Tally
  /// Stored, and in the depot.
  public var hot: Tally
  /// Stored, and not in the depot.
  public var cold: Tally
  public var shredded: Tally
  /// Not counted above a second time: files that no eviction takes.
  public var pinned: Tally

  public init(
    dirty: Tally = .zero, failed: Tally = .zero, hot: Tally = .zero, cold: Tally = .zero,
    shredded: Tally = .zero, pinned: Tally = .zero
  ) {
    self.dirty = dirty
    self.failed = failed
    self.hot = hot
    self.cold = cold
    self.shredded = shredded
    self.pinned = pinned
  }

  /// Every file that the manifest knows.
  public var all: Tally { dirty + failed + hot + cold + shredded }
  /// What would be lost with the machine.
  public var atRisk: Tally { dirty + failed }
  /// What lies in the depot.
  public var inDepot: Tally { dirty + failed + hot }
}

/// How full the depot's disk and its share for the cache are.
public struct CacheFill: Hashable, Sendable {
  /// Bytes of files in the depot.
  public var used: ByteCount
  /// Eviction ends below this.
  public var lowWatermark: ByteCount
  /// Eviction starts above this.
  public var ceiling: ByteCount
  /// What the file system has left; nil when it did not say.
  public var diskFree: ByteCount?
  /// Bytes that an eviction could take now.
  public var evictable: ByteCount?
  /// Since when the cache has been above its ceiling; nil when it is not.
  public var aboveSince: WallTime?
  public var evictedFiles: UInt64
  public var evictedBytes: UInt64

  public init(
    used: ByteCount, lowWatermark: ByteCount, ceiling: ByteCount, diskFree: ByteCount? = nil,
    evictable: ByteCount? = nil, aboveSince: WallTime? = nil, evictedFiles: UInt64 = 0,
    evictedBytes: UInt64 = 0
  ) {
    self.used = used
    self.lowWatermark = lowWatermark
    self.ceiling = ceiling
    self.diskFree = diskFree
    self.evictable = evictable
    self.aboveSince = aboveSince
    self.evictedFiles = evictedFiles
    self.evictedBytes = evictedBytes
  }
}
