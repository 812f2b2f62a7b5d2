// One file of the manifest. A row is what the transitions of its file, applied in order, have made
// of it; nothing in it was decided here. Which fields are there follows from the state:
//
//              hot copy        stored copy          attempts, deadline, fault
//   dirty      there           perhaps, of older    since it was written
//   failed     there           perhaps, of older    what the last attempt said
//   clean      hot: there      there                none
//   shredded   none            none                 none

public import Ambient
public import DurableFiles

/// What the manifest knows of one file.
public struct FileRow: Hashable, Sendable {
  public let path: FilePath
  public var state: FileState
  /// The copy in the depot; nil when the file is cold.
  public var hot: HotCopy?
  /// The newest copy in cold storage whose digest was compared. While the file is dirty or failed
  /// it holds older bytes than the hot copy.
  public var stored: StoredCopy?
  /// Uploads that failed since the file was written.
  public var attempts: UInt32
  /// When the next upload is due; nil for at once.
  public var retryAt: WallTime?
  /// What the last attempt said.
  public var lastFault: String?
  public var isPinned: Bool
  /// When the manifest first knew it.
  public var created: WallTime
  /// When its state last changed.
  public var changed: WallTime
  /// When it was last read, or got its hot copy. Reads are written in batches and are no events, so
  /// a crash or a rebuild may make it older.
  public var accessed: WallTime
  /// The stream sequence of its last event; acting on a file names it, and is refused when another
  /// event came between.
  public var generation: UInt64
  /// The stream sequence of the event that said what bytes the hot copy has.
  public var writtenGeneration: UInt64
  /// The place of its last event in the log.
  public var sequence: UInt64

  /// The size of the newest bytes.
  public var size: UInt64 { hot?.details.size ?? stored?.details.size ?? 0 }
  public var isHot: Bool { hot != nil }
  /// Whether its bytes exist nowhere but in the depot.
  public var isAtRisk: Bool { state == .dirty || state == .failed }
}
