// What a store answers.

public import Ambient
public import Digests

/// What is known of an object.
public struct ObjectStatus: Equatable, Sendable {
  public var key: ObjectKey
  public var size: UInt64
  public var etag: ETag
  /// What the store says the bytes hash to; nil when it was not told.
  public var digest: Blake3Digest?
  public var modified: WallTime
  public var metadata: ObjectMetadata
  public var contentType: String?
  public var storageClass: String?

  public init(
    key: ObjectKey, size: UInt64, etag: ETag, digest: Blake3Digest? = nil, modified: WallTime,
    metadata: ObjectMetadata = [:], contentType: String? = nil, storageClass: String? = nil
  ) {
    self.key = key
    self.size = size
    self.etag = etag
    self.digest = digest
    self.modified = modified
    self.metadata = metadata
    self.contentType = contentType
    self.storageClass = storageClass
  }
}

/// A transfer that went well.
public struct Transfer: Equatable, Sendable {
  /// The object as it is now, or as it was when it was read.
  public var object: ObjectStatus
  /// What the bytes that passed hash to: those of the object, or of the part that was asked for.
  public var digest: Blake3Digest
  /// How many bytes passed, those of failed attempts not counted.
  public var bytes: UInt64
  /// The name of the store that they went to or came from.
  public var store: String

  public init(object: ObjectStatus, digest: Blake3Digest, bytes: UInt64, store: String) {
    self.object = object
    self.digest = digest
    self.bytes = bytes
    self.store = store
  }
}

/// An object as a listing tells it.
public struct ListedObject: Equatable, Sendable {
  public var key: ObjectKey
  public var size: UInt64
  public var etag: ETag
  public var modified: WallTime

  public init(key: ObjectKey, size: UInt64, etag: ETag, modified: WallTime) {
    self.key = key
    self.size = size
    self.etag = etag
    self.modified = modified
  }
}

/// Some of the objects of a store, in byte order of their keys.
public struct ObjectPage: Equatable, Sendable {
  public var objects: [ListedObject]
  /// What to list after for the next page; nil behind the last. A page may be short, or empty, and
  /// still have a next.
  public var next: ObjectKey?

  public init(objects: [ListedObject], next: ObjectKey?) {
    self.objects = objects
    self.next = next
  }
}

/// What a sweep found.
public struct Leftovers: Equatable, Sendable {
  /// The most orphans that are named.
  public static let namedMax = 100

  /// Unfinished transfers of ours that were removed.
  public var removed: Int
  /// What no key leads to and only a person can judge, counted.
  public var orphans: Int
  /// The first of the orphans, made safe to print.
  public var named: [String]

  public init(removed: Int = 0, orphans: Int = 0, named: [String] = []) {
    self.removed = removed
    self.orphans = orphans
    self.named = named
  }
}
