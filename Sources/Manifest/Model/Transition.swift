// What can happen to a file, each an event of its own in the stream of that file. An event carries
// the path and all that the row needs, so that the log alone makes the manifest. Nothing is implied:
// what a transition does not name it leaves as it was.

public import Ambient
public import DurableFiles

/// Why a file counts as written.
public enum WriteCause: UInt8, CaseIterable, Hashable, Sendable {
  /// A program closed it.
  case closed = 1
  /// It was there when the engine looked, and nothing was known of it.
  case found = 2
  /// It differs from what was stored.
  case differs = 3
  /// An eviction put it back, in doubt.
  case putBack = 4
  /// Its stored copy turned out to be missing or wrong.
  case lost = 5
}

/// What a check found wrong.
public enum FindingKind: UInt8, CaseIterable, Hashable, Sendable {
  /// The hot copy is not what was stored, and nobody wrote it.
  case hotDiffers = 1
  /// The object is gone.
  case storedMissing = 2
  /// The object's bytes have another digest.
  case storedDiffers = 3
}

/// A change of one file.
public enum Transition: Hashable, Sendable {
  /// The hot copy has bytes that are not stored.
  case written(HotCopy, WriteCause)
  /// Cold storage has the bytes that were written at `generation`, compared by digest.
  case stored(StoredCopy, of: UInt64)
  /// An upload failed and is tried again, not before `until`.
  case deferred(attempts: UInt32, until: WallTime, fault: String)
  /// The retry budget is spent.
  case failed(attempts: UInt32, fault: String)
  /// An operator had a failed upload tried again.
  case retried
  /// The hot copy was dropped.
  case evicted
  /// The stored copy came back into the depot.
  case restored(HotCopy)
  /// Somebody removed the hot copy, and it was not the server that deletes.
  case vanished
  /// The server deleted the file.
  case deleted
  /// Cold storage has the file, and this engine did not store it; the hot copy, if there is one, has
  /// the same bytes.
  case adopted(StoredCopy, hot: HotCopy?)
  /// The hot copy was compared with the stored digest and has those bytes.
  case confirmed(HotCopy)
  /// The stored copy was looked at again, and is there and right.
  case verified(WallTime)
  case pinned
  case unpinned
  /// The key of the stored copy was destroyed, and the hot copy is gone.
  case shredded(reason: String)
  /// A check found damage.
  case found(FindingKind, detail: String)
  /// An object that no row needs any more was removed from its backend.
  case objectRemoved(key: [UInt8], backend: String)
}

/// A change and the file that it happened to.
public struct FileEvent: Hashable, Sendable {
  public let path: FilePath
  public let transition: Transition

  public init(_ path: FilePath, _ transition: Transition) {
    self.path = path
    self.transition = transition
  }
}
