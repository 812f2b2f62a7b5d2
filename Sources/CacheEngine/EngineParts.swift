// What an engine stands on. Everything that it takes from outside is here, so that a whole engine runs in
// simulation: disks, the cold store, clocks, randomness, and who tells it of changes.

public import Ambient
public import ColdStorage
public import DurableFiles
package import EventStore
package import Telemetry

/// What an engine is opened on.
public struct EngineParts: Sendable {
  /// Opens the disk of the depot; called again when it refuses work after a failed sync.
  public var depot: @Sendable () throws(DiskError) -> any Disk
  /// The disk whose root is the directory of the event store.
  public var events: any Disk
  /// The disk of the state directory and its own path; nil keeps the manifest in memory and no log of
  /// what was given up.
  public var state: (disk: any Disk, path: [UInt8])?
  /// The store that files go to and come from.
  public var cold: any ObjectStore
  /// A store that is asked for what `cold` has not, or cannot give now; nothing is written to it, and
  /// nothing counts as stored because it has it.
  public var secondary: (any ObjectStore)?
  public var wallClock: WallClock
  public var monotonicClock: MonotonicClock
  public var entropy: Entropy
  public var log: LogSink
  /// How the stores are doing, the primary's first; what is not here is not shown.
  package var backends: [Backend] = []
  /// Where the engine's counters are registered; nil for a registry of its own.
  package var metrics: MetricRegistry?
  /// Where the key-encryption key comes from; nil for the file that the settings name, if they do.
  package var keys: KeySource?
  package var pause: Pause
  /// Makes who tells of changes below the depot but the engine's own corner; nil when nobody does.
  package var watch: (@Sendable () throws(DiskError) -> any ChangeWatcher)?
  /// Whether the engine has threads of its own; without them it goes step by step.
  package var hasThreads = true

  /// Parts with the machine's own clocks and randomness; changes are not told before `watch` is set,
  /// as `watchingDepot` does.
  public init(
    depot: @escaping @Sendable () throws(DiskError) -> any Disk, events: any Disk,
    state: (disk: any Disk, path: [UInt8])?, cold: any ObjectStore,
    wallClock: WallClock = .live, monotonicClock: MonotonicClock = .live, entropy: Entropy = .live,
    log: LogSink = .none
  ) {
    self.depot = depot
    self.events = events
    self.state = state
    self.cold = cold
    self.wallClock = wallClock
    self.monotonicClock = monotonicClock
    self.entropy = entropy
    self.log = log
    pause = .live
  }

  /// The same parts with the best watcher that the kernel grants below the depot's directory.
  public func watchingDepot(at root: [UInt8]) -> EngineParts {
    var parts = self
    parts.watch = { () throws(DiskError) in
      try PosixDisk(root: root).watch(
        excluding: [Depot.home], scanningEvery: .seconds(10), clock: .live, pause: .live)
    }
    return parts
  }
}
