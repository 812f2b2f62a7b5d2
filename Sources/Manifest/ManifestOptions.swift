// What a manifest is told when it is opened. Everything that it takes from outside is here.

package import Ambient
package import DurableFiles

/// Where the rows are kept.
package enum ManifestPlace: Sendable {
  /// In memory, gone with the manifest; for simulations and for looking at a log.
  case memory
  /// In `manifest.sqlite` in the root of a disk whose own path, for SQLite, is given beside it.
  case directory(any Disk, path: [UInt8])
}

/// Who applies what the log has and the rows have not.
package enum Applying: Sendable {
  /// A thread of the manifest's own.
  case worker
  /// Whoever calls `applyPending`; and accepting, when there is no room.
  case inline
}

/// How a manifest behaves.
package struct ManifestOptions: Sendable {
  package var monotonicClock: MonotonicClock
  package var log: LogSink
  package var applying: Applying
  /// The most files of which a transition is accepted and not yet applied.
  package var overlayFilesMax: Int
  /// The most events that one transaction takes in.
  package var batchEventsMax: Int
  /// How long the worker lets transitions gather, so that several of one file become one write.
  package var gathering: Duration
  /// How long an accepted transition waits for room while the tables come no nearer.
  package var roomTimeout: Duration
  /// The most files whose access is remembered before it is written.
  package var touchesMax: Int
  /// How many pages can be read at once, each on a connection of its own.
  package var readers: Int
  /// From how many events on tables are built at once instead of batch by batch.
  package var bulkEventsMin: UInt64
  /// How many events of a build are in memory at once, on average.
  package var partEvents: UInt64
  /// How much of the database the applier keeps in memory.
  package var cacheMax: ByteCount

  package init(
    monotonicClock: MonotonicClock = .live, log: LogSink = .none, applying: Applying = .worker,
    overlayFilesMax: Int = 16_384, batchEventsMax: Int = 8_192,
    gathering: Duration = .milliseconds(20), roomTimeout: Duration = .seconds(30),
    touchesMax: Int = 65_536, readers: Int = 4, bulkEventsMin: UInt64 = 20_000,
    partEvents: UInt64 = 125_000,
    cacheMax: ByteCount = ByteCount(48 << 20)
  ) {
    self.monotonicClock = monotonicClock
    self.log = log
    self.applying = applying
    self.overlayFilesMax = overlayFilesMax
    self.batchEventsMax = batchEventsMax
    self.gathering = gathering
    self.roomTimeout = roomTimeout
    self.touchesMax = touchesMax
    self.readers = readers
    self.bulkEventsMin = bulkEventsMin
    self.partEvents = partEvents
    self.cacheMax = cacheMax
  }
}
