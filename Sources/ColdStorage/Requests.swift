// What is asked of a store. Requests are values with a default for everything, so that a call says
// only what matters to it.

public import Ambient
public import Digests

/// The version of an object, as its backend calls it; equal when the backend says so.
public struct ETag: Hashable, Sendable, CustomStringConvertible {
  /// Without the quotes of HTTP.
  public let text: String

  public init(_ text: String) {
    self.text = text
  }

  public var description: String { text }
}

/// When a change is made.
public enum Condition: Hashable, Sendable {
  case always
  /// Only when there is no object; `If-None-Match: *`.
  case ifAbsent
  /// Only when the object is this version; `If-Match`.
  case ifMatch(ETag)
}

/// Told how many bytes of a transfer are behind it, on any of its threads.
///
/// The number falls when a part is sent again.
public typealias Progress = @Sendable (_ bytesDone: UInt64) -> Void

/// How an object is uploaded.
public struct UploadRequest: Sendable {
  public var metadata: ObjectMetadata
  public var contentType: String?
  /// The backend's own name for it.
  public var storageClass: String?
  public var condition: Condition
  /// What the bytes must hash to, when it is known before; otherwise it is found on the way.
  public var digest: Blake3Digest?
  public var progress: Progress?
  public var cancellation: Cancellation?

  public init(
    metadata: ObjectMetadata = [:], contentType: String? = nil, storageClass: String? = nil,
    condition: Condition = .always, digest: Blake3Digest? = nil, progress: Progress? = nil,
    cancellation: Cancellation? = nil
  ) {
    self.metadata = metadata
    self.contentType = contentType
    self.storageClass = storageClass
    self.condition = condition
    self.digest = digest
    self.progress = progress
    self.cancellation = cancellation
  }
}

/// How an object is downloaded.
public struct DownloadRequest: Sendable {
  /// The part that is wanted, cut where the object ends; nil for all of it. The sink gets its first
  /// byte at offset 0.
  public var range: Range<UInt64>?
  /// Only this version; `.preconditionFailed` when the object is another.
  public var ifMatch: ETag?
  /// What the wanted bytes must hash to.
  public var digest: Blake3Digest?
  public var progress: Progress?
  public var cancellation: Cancellation?

  public init(
    range: Range<UInt64>? = nil, ifMatch: ETag? = nil, digest: Blake3Digest? = nil,
    progress: Progress? = nil, cancellation: Cancellation? = nil
  ) {
    self.range = range
    self.ifMatch = ifMatch
    self.digest = digest
    self.progress = progress
    self.cancellation = cancellation
  }
}

/// How the metadata of an object is replaced.
public struct MetadataRequest: Sendable {
  /// All that the object has afterwards.
  public var metadata: ObjectMetadata
  /// Only this version.
  public var ifMatch: ETag?
  public var cancellation: Cancellation?

  public init(
    metadata: ObjectMetadata, ifMatch: ETag? = nil, cancellation: Cancellation? = nil
  ) {
    self.metadata = metadata
    self.ifMatch = ifMatch
    self.cancellation = cancellation
  }
}

/// How an object is deleted.
public struct DeleteRequest: Sendable {
  /// Only this version; `.preconditionFailed` when the object is another or absent.
  public var ifMatch: ETag?
  public var cancellation: Cancellation?

  public init(ifMatch: ETag? = nil, cancellation: Cancellation? = nil) {
    self.ifMatch = ifMatch
    self.cancellation = cancellation
  }
}

/// Which objects are listed.
public struct ListRequest: Sendable {
  /// The most objects on one page.
  public static let objectsMax = 1_000

  /// The bytes that a key begins with; they need not end at a component.
  public var prefix: [UInt8]
  /// Only keys behind this one, which need not exist.
  public var after: ObjectKey?
  /// The most objects that are wanted, at most `objectsMax`.
  public var limit: Int
  public var cancellation: Cancellation?

  public init(
    prefix: [UInt8] = [], after: ObjectKey? = nil, limit: Int = ListRequest.objectsMax,
    cancellation: Cancellation? = nil
  ) {
    precondition((1...Self.objectsMax).contains(limit), "a page has 1 to 1,000 objects")
    self.prefix = prefix
    self.after = after
    self.limit = limit
    self.cancellation = cancellation
  }
}
