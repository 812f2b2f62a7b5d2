// The two copies that a file can have. The hot one is known by a stamp, for reading it takes time
// and it may change at any moment; the stored one by its digest, for it must never change.

public import Ambient
public import Digests
public import DurableFiles

/// What comes back with a file when it is restored.
public struct FileDetails: Hashable, Sendable {
  public var size: UInt64
  /// Permission bits.
  public var mode: UInt16
  public var owner: UInt32
  public var group: UInt32
  /// Nanoseconds since the Unix epoch.
  public var modifiedNanoseconds: Int64

  public init(size: UInt64, mode: UInt16, owner: UInt32, group: UInt32, modifiedNanoseconds: Int64)
  {
    self.size = size
    self.mode = mode
    self.owner = owner
    self.group = group
    self.modifiedNanoseconds = modifiedNanoseconds
  }
}

/// A copy in the depot, as it was when somebody looked.
public struct HotCopy: Hashable, Sendable {
  public var details: FileDetails
  public var inode: UInt64
  /// Nanoseconds since the Unix epoch; no program can set it, so a change of the file shows here.
  public var changedNanoseconds: Int64

  public init(details: FileDetails, inode: UInt64, changedNanoseconds: Int64) {
    self.details = details
    self.inode = inode
    self.changedNanoseconds = changedNanoseconds
  }

  /// What a regular file's status says of it.
  public init(_ status: FileStatus) {
    self.init(
      details: FileDetails(
        size: status.size, mode: status.mode, owner: status.owner, group: status.group,
        modifiedNanoseconds: status.modifiedNanoseconds),
      inode: status.inode, changedNanoseconds: status.changedNanoseconds)
  }

  /// Whether it is the same file with the same bytes, as far as can be told without reading them.
  public func isSame(as other: HotCopy) -> Bool {
    inode == other.inode && changedNanoseconds == other.changedNanoseconds
      && details.size == other.details.size
      && details.modifiedNanoseconds == other.details.modifiedNanoseconds
  }
}

/// The key under which a stored copy is sealed.
public struct SealingKey: Hashable, Sendable {
  /// The name of the scope that one key covers.
  public var scope: String
  /// Which key of that scope; a shred and a write after it make the next one.
  public var version: UInt32

  public init(scope: String, version: UInt32) {
    self.scope = scope
    self.version = version
  }
}

/// A copy in cold storage that was compared with its digest.
public struct StoredCopy: Hashable, Sendable {
  /// Of the plaintext.
  public var digest: Blake3Digest
  public var details: FileDetails
  /// The object's key in the backend.
  public var key: [UInt8]
  /// The name of the backend that holds it.
  public var backend: String
  /// Nil when the object is the file's bytes as they are.
  public var sealing: SealingKey?
  /// When it was last known to be there and right.
  public var verified: WallTime

  public init(
    digest: Blake3Digest, details: FileDetails, key: [UInt8], backend: String,
    sealing: SealingKey?, verified: WallTime
  ) {
    self.digest = digest
    self.details = details
    self.key = key
    self.backend = backend
    self.sealing = sealing
    self.verified = verified
  }
}
