// The door to the file system: every call that any room makes on files, and no more. Calls are raw
// on purpose: a read or write may be short or interrupted, nothing is durable before its sync, and
// a name is durable only after its directory's. `OpenFile` and `AtomicReplace` build the wanted
// behaviour on top, once for both disks, and so the simulation exercises it too.

public import Ambient

/// An open file of a disk, by number; the disk that gave it knows what it is.
public struct FileID: Hashable, Sendable {
  public let number: Int32

  public init(number: Int32) {
    self.number = number
  }
}

/// How a file is opened. Symbolic links are never followed and only regular files open.
public enum FileAccess: Equatable, Sendable {
  case reading
  case writing
  /// Makes the file, empty and with these permission bits; `.exists` when there is one.
  case creating(mode: UInt16)
}

/// What a directory entry or an open file is.
public enum FileKind: Equatable, Sendable {
  case regular, directory, symbolicLink, other
}

/// What the file system says of one file.
public struct FileStatus: Equatable, Sendable {
  public var kind: FileKind
  public var size: UInt64
  /// Permission bits, set-id and sticky bits included.
  public var mode: UInt16
  public var owner: UInt32
  public var group: UInt32
  /// Nanoseconds since the Unix epoch, for both times.
  public var modifiedNanoseconds: Int64
  public var changedNanoseconds: Int64
  public var device: UInt64
  public var inode: UInt64
  public var links: UInt64

  public init(
    kind: FileKind, size: UInt64, mode: UInt16, owner: UInt32, group: UInt32,
    modifiedNanoseconds: Int64, changedNanoseconds: Int64, device: UInt64, inode: UInt64,
    links: UInt64
  ) {
    self.kind = kind
    self.size = size
    self.mode = mode
    self.owner = owner
    self.group = group
    self.modifiedNanoseconds = modifiedNanoseconds
    self.changedNanoseconds = changedNanoseconds
    self.device = device
    self.inode = inode
    self.links = links
  }
}

/// One name in a directory.
public struct DirectoryEntry: Equatable, Sendable {
  public let name: [UInt8]
  public let kind: FileKind

  public init(name: [UInt8], kind: FileKind) {
    self.name = name
    self.kind = kind
  }
}

/// A place in a directory's names, good for that directory only.
public struct ListPosition: Equatable, Sendable {
  /// What the disk makes of it.
  public let number: Int64

  public init(number: Int64) {
    self.number = number
  }

  /// Before the first name.
  public static let start = ListPosition(number: 0)
}

/// Some of the names in a directory.
public struct DirectoryPage: Equatable, Sendable {
  public var entries: [DirectoryEntry]
  /// Where the next page begins; nil behind the last.
  public var next: ListPosition?

  public init(entries: [DirectoryEntry], next: ListPosition?) {
    self.entries = entries
    self.next = next
  }
}

/// A change of what the file system says of a file; nil leaves a field as it is.
public struct FileAttributes: Equatable, Sendable {
  public var mode: UInt16?
  public var owner: UInt32?
  public var group: UInt32?
  public var modifiedNanoseconds: Int64?

  public init(
    mode: UInt16? = nil, owner: UInt32? = nil, group: UInt32? = nil,
    modifiedNanoseconds: Int64? = nil
  ) {
    self.mode = mode
    self.owner = owner
    self.group = group
    self.modifiedNanoseconds = modifiedNanoseconds
  }
}

/// What a sync makes durable.
public enum SyncScope: Equatable, Sendable {
  /// The bytes and the size.
  case data
  /// The bytes and every attribute.
  case all
}

/// Bytes of a file mapped into memory, for reading; unmapped when the last holder lets go.
public protocol MappedBytes: AnyObject, Sendable {
  var count: Int { get }
  /// Lends the bytes; a file that shrinks meanwhile ends the process, so map only what stays.
  func withBytes<Result, Failure: Error>(
    _ body: (Span<UInt8>) throws(Failure) -> Result
  ) throws(Failure) -> Result
}

/// Words in a file that several processes share, each read and written whole.
public protocol SharedWords: AnyObject, Sendable {
  var count: Int { get }
  /// Reads a word; everything its writer did before storing it is visible afterwards.
  func load(_ index: Int) -> UInt64
  /// Writes a word and wakes whoever waits for it, in any process.
  func store(_ value: UInt64, at index: Int)
  /// Sleeps while the word is `value`, at most for `timeout` and perhaps shorter; returns what it
  /// is then.
  func wait(_ index: Int, while value: UInt64, timeout: Duration) -> UInt64
}

/// The file system below one root directory.
///
/// Every call may throw `.escapes` when a component is a symbolic link, and everything but reading
/// throws `.latched` after a sync has failed. A path with a missing directory on its way is
/// `.absent` itself; where one leads through a file its parent is `.notADirectory`, or it is itself
/// when a directory is asked for.
public protocol Disk: AnyObject, Sendable {
  /// Which start of the machine this is, the same for all its processes: what was only in memory at
  /// another one is gone. 0 where nobody can tell.
  var machineStart: UInt64 { get }

  /// Opens a regular file.
  func open(_ path: FilePath, _ access: FileAccess) throws(DiskError) -> FileID
  /// Gives the file back, its locks included; the number means nothing afterwards.
  func close(_ file: FileID)

  /// Reads into `range` of the bytes, perhaps only a first part of it; 0 only at the end of the
  /// file. See pread(2).
  func read(
    _ file: FileID, at offset: UInt64, into bytes: inout MutableSpan<UInt8>, range: Range<Int>
  ) throws(DiskError) -> Int
  /// Writes a first part of the bytes, at least one; returns how many. See pwrite(2).
  func write(_ file: FileID, _ bytes: Span<UInt8>, at offset: UInt64) throws(DiskError) -> Int
  /// Writes a first part of the bytes at the end as it is at that moment. See open(2), O_APPEND.
  func append(_ file: FileID, _ bytes: Span<UInt8>) throws(DiskError) -> Int
  /// Cuts the file, or extends it with zeros. See ftruncate(2).
  func truncate(_ file: FileID, to size: UInt64) throws(DiskError)
  /// Reserves space up to `size`, extending the file with zeros; `.full` now rather than later.
  func allocate(_ file: FileID, to size: UInt64) throws(DiskError)
  /// Makes what was written durable. See fdatasync(2) and fsync(2).
  ///
  /// The kernel tells of a failure to write once for each opening, so a file is synced by one
  /// thread at a time.
  func sync(_ file: FileID, _ scope: SyncScope) throws(DiskError)

  /// What an open file is.
  func status(_ file: FileID) throws(DiskError) -> FileStatus
  /// What stands at the path, itself and not what a link points to; nil when nothing does.
  func status(at path: FilePath) throws(DiskError) -> FileStatus?
  /// Changes attributes of an open file.
  func set(_ attributes: FileAttributes, of file: FileID) throws(DiskError)
  /// An extended attribute in the user's name space; nil when it is not set.
  func attribute(_ name: String, of file: FileID) throws(DiskError) -> [UInt8]?
  /// Sets an extended attribute in the user's name space, or removes it when `value` is nil.
  func setAttribute(_ name: String, of file: FileID, to value: [UInt8]?) throws(DiskError)

  /// At most `max` names of a directory, in no order. From page to page a name that stays is told
  /// exactly once; one that comes or goes meanwhile may be told or not.
  func list(
    _ path: FilePath, from position: ListPosition, max: Int
  ) throws(DiskError) -> DirectoryPage
  /// Makes one directory.
  func makeDirectory(_ path: FilePath, mode: UInt16) throws(DiskError)
  /// Removes a file's name, or a link itself.
  func remove(_ path: FilePath) throws(DiskError)
  /// Removes an empty directory.
  func removeDirectory(_ path: FilePath) throws(DiskError)
  /// Moves a name; without `replacing`, `.exists` when the target is there, decided atomically.
  func rename(_ from: FilePath, to: FilePath, replacing: Bool) throws(DiskError)
  /// Makes the names in a directory durable.
  func syncDirectory(_ path: FilePath) throws(DiskError)

  /// Copies a whole file to a new name, sharing its blocks where the file system can.
  func clone(_ from: FilePath, to: FilePath, mode: UInt16) throws(DiskError)
  /// Locks the file, which is open for writing, for this opening alone; `.locked` names the
  /// process that holds it. Ends with `close`, and with the process. See fcntl(2), F_OFD_SETLK.
  func lock(_ file: FileID) throws(DiskError)
  /// Takes the file if no other opening of it exists, in any process; false when one does. Whoever
  /// opens it then is kept waiting (`.locked` from a disk) until `close`, and at most as long as
  /// the kernel lets anyone wait. See fcntl(2), F_SETLEASE.
  func lease(_ file: FileID) throws(DiskError) -> Bool
  /// Whether the lease is held and nobody has tried to open the file since.
  func isLeased(_ file: FileID) throws(DiskError) -> Bool
  /// Space that is left for this process.
  func spaceLeft() throws(DiskError) -> ByteCount

  /// Maps the first `count` bytes for reading; `.endsEarly` when the file is shorter.
  func map(_ file: FileID, count: Int) throws(DiskError) -> any MappedBytes
  /// Maps the first `count` words of a file; when `writing`, makes and extends it as needed, else
  /// `.endsEarly` when it is shorter.
  func sharedWords(
    _ path: FilePath, count: Int, writing: Bool
  ) throws(DiskError) -> any SharedWords
}

extension Disk {
  /// The most names that are listed at once.
  public static var namesMax: Int { 1_000_000 }

  /// All the names in a directory, in no order; `.tooLarge` when there are more than `max`.
  public func list(
    _ path: FilePath, max: Int = Self.namesMax
  ) throws(DiskError) -> [DirectoryEntry] {
    var entries: [DirectoryEntry] = []
    var position: ListPosition? = .start
    while let from = position {
      let page = try list(path, from: from, max: 1_024)
      entries += page.entries
      position = page.next
      if entries.count > max { throw .tooLarge(path, max: max) }
    }
    return entries
  }
}
