// The door to cold storage. An adapter stores whole objects under keys and gives them back; whoever
// calls never learns which adapter it is.
//
//   source ──read at──▶ upload ──▶ object ──▶ download ──write at──▶ sink
//
// An object is there whole or not at all, at every moment and after every crash: an upload that
// fails, is cancelled or dies leaves what was there before. What passes through is hashed on its
// way. Memory is bounded by the parts in flight, whatever the size. Calls block and belong on
// `Worker`s; one store serves many threads at once.

public import Ambient

/// A store of objects.
///
/// Every call throws `.invalidKey` for a key that the backend cannot hold, before it does anything,
/// and `.cancelled` soon after its cancellation was raised.
public protocol ObjectStore: AnyObject, Sendable {
  /// What it is called in metrics, logs and messages; no secrets.
  var name: String { get }
  /// What the backend can do.
  var capabilities: Capabilities { get }

  /// Stores the bytes of the source as the object, durably. On a throw the key keeps what it had,
  /// unless only the last word was lost: then it has the old object or the new, either of them whole.
  ///
  /// Throws `.alreadyExists` or `.preconditionFailed` when the condition does not hold, decided
  /// atomically with the change; `.integrity` when the source has another digest than the request.
  func upload(
    _ key: ObjectKey, from source: any ObjectSource, _ request: UploadRequest
  ) throws(StorageError) -> Transfer

  /// Gives the bytes of the object, or of a part of it, to the sink; throws `.absent` when there is
  /// none, and `.integrity` when what came is not what was stored or asked for.
  ///
  /// After a throw the sink may hold any bytes: whoever owns it lets nobody see them.
  func download(
    _ key: ObjectKey, to sink: any ObjectSink, _ request: DownloadRequest
  ) throws(StorageError) -> Transfer

  /// What is known of the object; nil when it is absent, and only then.
  func head(_ key: ObjectKey, _ cancellation: Cancellation?) throws(StorageError) -> ObjectStatus?

  /// Replaces the metadata of the object, without sending its bytes again where the backend can.
  func setMetadata(
    _ key: ObjectKey, _ request: MetadataRequest
  ) throws(StorageError) -> ObjectStatus

  /// Removes the object, durably; that it is absent already is no error, unless a version was asked
  /// for.
  func delete(_ key: ObjectKey, _ request: DeleteRequest) throws(StorageError)

  /// The objects whose keys begin with the prefix and come after a key, in byte order.
  func list(_ request: ListRequest) throws(StorageError) -> ObjectPage

  /// Removes what interrupted transfers of ours left behind and looks for what nobody will.
  func sweep(_ cancellation: Cancellation?) throws(StorageError) -> Leftovers
}

extension ObjectStore {
  /// What is known of the object; nil when it is absent.
  public func head(_ key: ObjectKey) throws(StorageError) -> ObjectStatus? {
    try head(key, nil)
  }

  /// Calls `body` for every object whose key begins with the prefix, in byte order, a page at a
  /// time; false from it ends the walk.
  public func forEach(
    prefix: [UInt8] = [], after: ObjectKey? = nil, cancellation: Cancellation? = nil,
    _ body: (ListedObject) throws(StorageError) -> Bool
  ) throws(StorageError) {
    var request = ListRequest(prefix: prefix, after: after, cancellation: cancellation)
    while true {
      let page = try list(request)
      for object in page.objects where try !body(object) { return }
      guard let next = page.next else { return }
      request.after = next
    }
  }
}

/// Something a backend can do.
public enum Capability: String, CaseIterable, Sendable {
  case metadata
  /// Metadata is replaced without sending the bytes again.
  case metadataInPlace = "metadata_in_place"
  case rangeReads = "range_reads"
  case conditionalReads = "conditional_reads"
  case conditionalWrites = "conditional_writes"
  case conditionalDeletes = "conditional_deletes"
  case storageClasses = "storage_classes"
  case multipart
  case customEndpoint = "custom_endpoint"
  case customCertificates = "custom_ca"
  case serverSideEncryption = "server_side_encryption"
}

/// What a backend can do, and how much of it.
public struct Capabilities: Equatable, Sendable {
  public var features: Set<Capability>
  public var keyLimits: KeyLimits
  /// The largest object.
  public var objectBytesMax: UInt64

  public init(features: Set<Capability>, keyLimits: KeyLimits, objectBytesMax: UInt64) {
    self.features = features
    self.keyLimits = keyLimits
    self.objectBytesMax = objectBytesMax
  }

  /// Whether the backend can do it.
  public func has(_ capability: Capability) -> Bool { features.contains(capability) }
}
