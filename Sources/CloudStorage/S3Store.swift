// The store on S3 and what is compatible with it. Small objects go in one request; `+Upload` and
// `+Download` hold the ways of the large ones, `+List` listing and sweeping. What is here concerns
// single objects: heads, metadata, removal.
//
// The BLAKE3 digest of an object is kept beside it as metadata of our own, where it is known before
// the first byte is sent: always for a single request, and for parts when the caller knows it.

package import Ambient
package import ColdStorage
import Digests
import HTTP
import Synchronization

/// A bucket as a store of objects.
package final class S3Store: ObjectStore {
  /// Where the digest of an object is kept, beside the caller's metadata.
  static let digestHeader = metadataPrefix + "larder-blake3"
  static let metadataPrefix = "x-amz-meta-"
  /// The longest name in a bucket, by the rule of S3.
  static let nameBytesMax = 1_024
  /// What is copied in one request, by the rule of S3.
  static let copyBytesMax: UInt64 = 5_368_709_120

  let service: S3Service
  /// Uploads in parts that this process has begun and not ended.
  let unfinished = Mutex<Set<String>>([])

  /// A store that has not been contacted yet; throws `.misconfigured` for settings that cannot be.
  package init(_ settings: S3Settings, _ runtime: S3Runtime) throws(StorageError) {
    try settings.check()
    service = S3Service(settings, runtime)
  }

  var settings: S3Settings { service.settings }
  var backend: Backend { service.runtime.backend }

  package var name: String { settings.name }

  /// What every bucket can do.
  static let features: Set<Capability> = [
    .metadata, .metadataInPlace, .rangeReads, .conditionalReads, .conditionalWrites,
    .storageClasses, .multipart, .customEndpoint, .customCertificates, .serverSideEncryption,
  ]

  package var capabilities: Capabilities {
    Capabilities(
      features: Self.features,
      keyLimits: KeyLimits(
        bytesMax: Self.nameBytesMax - settings.prefix.bytes.count, isText: true),
      objectBytesMax: S3Settings.partBytesMax * S3Settings.partsMax)
  }

  /// HeadObject.
  package func head(
    _ key: ObjectKey, _ cancellation: Cancellation?
  ) throws(StorageError) -> ObjectStatus? {
    try key.check(against: capabilities.keyLimits)
    return try backend.perform(.head, key, cancellation: cancellation) {
      attempts throws(StorageError) in try self.find(key, S3Run(attempts))
    }
  }

  /// What is known of the object, within an operation.
  func find(_ key: ObjectKey, _ run: S3Run) throws(StorageError) -> ObjectStatus? {
    var call = S3Call(.head, key, in: settings.prefix)
    call.headers["x-amz-checksum-mode"] = "ENABLED"
    do throws(StorageError) {
      let head = try service.collect(call, run).head
      return status(of: key, head, size: head.contentLength ?? 0)
    } catch  where error.kind == .absent {
      try service.confirmBucket(run)
      return nil
    }
  }

  /// CopyObject onto itself, which sends no bytes.
  package func setMetadata(
    _ key: ObjectKey, _ request: MetadataRequest
  ) throws(StorageError) -> ObjectStatus {
    try key.check(against: capabilities.keyLimits)
    try request.metadata.check()
    return try backend.perform(.setMetadata, key, cancellation: request.cancellation) {
      attempts throws(StorageError) in try self.copyOnto(key, request, S3Run(attempts))
    }
  }

  private func copyOnto(
    _ key: ObjectKey, _ request: MetadataRequest, _ run: S3Run
  ) throws(StorageError) -> ObjectStatus {
    guard let current = try find(key, run) else { throw .absent(key) }
    if let wanted = request.ifMatch, wanted != current.etag { throw .preconditionFailed(key) }
    guard current.size <= Self.copyBytesMax else {
      throw .unsupported(
        store: name,
        "metadata of objects beyond \(ByteCount(Self.copyBytesMax)) is not replaced in place; "
          + "upload the object again")
    }
    var call = S3Call(.put, key, in: settings.prefix)
    call.condition = .ifMatch(current.etag)
    call.headers["x-amz-copy-source"] =
      "/\(settings.bucket)/" + percentEncoded(settings.prefix.name(of: key), keepingSlashes: true)
    call.headers["x-amz-copy-source-if-match"] = current.etag.quoted
    call.headers["x-amz-metadata-directive"] = "REPLACE"
    describe(
      &call, metadata: request.metadata, contentType: current.contentType,
      storageClass: current.storageClass, digest: current.digest)
    let answer = try service.collect(call, body: S3Body([]), run)
    // A copy may fail after its 200 was sent.
    guard let result = XMLElement(parsing: answer.body), result.name != "Error",
      let etag = result.text(of: "ETag")
    else {
      throw .unavailable(store: name, detail: "it did not finish a copy", retryAfter: nil)
    }
    var status = current
    status.etag = ETag(quoted: etag)
    status.metadata = request.metadata
    status.modified = result.text(of: "LastModified").flatMap(isoDate) ?? current.modified
    return status
  }

  /// DeleteObject.
  ///
  /// Few servers decide about a version themselves, so it is compared before as well.
  package func delete(_ key: ObjectKey, _ request: DeleteRequest) throws(StorageError) {
    try key.check(against: capabilities.keyLimits)
    try backend.perform(.delete, key, cancellation: request.cancellation) {
      attempts throws(StorageError) in try self.remove(key, request, S3Run(attempts))
    }
  }

  private func remove(
    _ key: ObjectKey, _ request: DeleteRequest, _ run: S3Run
  ) throws(StorageError) {
    var call = S3Call(.delete, key, in: settings.prefix)
    if let wanted = request.ifMatch {
      guard try find(key, run)?.etag == wanted else { throw .preconditionFailed(key) }
      call.condition = .ifMatch(wanted)
      call.headers["If-Match"] = wanted.quoted
    }
    do throws(StorageError) {
      _ = try service.collect(call, run)
    } catch  where error.kind == .absent && request.ifMatch == nil {
      return
    }
  }

  /// Puts what describes an object into the headers of the call that makes it.
  func describe(
    _ call: inout S3Call, metadata: ObjectMetadata, contentType: String?, storageClass: String?,
    digest: Blake3Digest?
  ) {
    for (name, value) in metadata.entries.sorted(by: { $0.key < $1.key }) {
      call.headers[Self.metadataPrefix + name] = value
    }
    if let digest { call.headers[Self.digestHeader] = "\(digest)" }
    if let contentType { call.headers["Content-Type"] = contentType }
    if let kept = storageClass ?? settings.storageClass {
      call.headers["x-amz-storage-class"] = kept
    }
    switch settings.encryption {
    case .none: break
    case .aes256: call.headers["x-amz-server-side-encryption"] = "AES256"
    case .kms(let keyID):
      call.headers["x-amz-server-side-encryption"] = "aws:kms"
      if let keyID { call.headers["x-amz-server-side-encryption-aws-kms-key-id"] = keyID }
    }
  }

  /// The object as the headers of an answer tell it.
  func status(of key: ObjectKey, _ head: ResponseHead, size: UInt64) -> ObjectStatus {
    var metadata = ObjectMetadata()
    var digest: Blake3Digest?
    for field in head.headers.fields {
      let name = field.name.lowercased()
      if name == Self.digestHeader {
        do throws(DigestsError) {
          digest = try Blake3Digest(hexadecimal: field.value)
        } catch {
          // Somebody else's value under our name tells nothing.
          digest = nil
        }
      } else if name.hasPrefix(Self.metadataPrefix) {
        metadata[String(name.dropFirst(Self.metadataPrefix.count))] = field.value
      }
    }
    return ObjectStatus(
      key: key, size: size, etag: ETag(quoted: head.headers["ETag"] ?? ""), digest: digest,
      modified: moment(head), metadata: metadata, contentType: head.headers["Content-Type"],
      storageClass: head.headers["x-amz-storage-class"])
  }

  /// When the object was stored, or else when the server answered.
  func moment(_ head: ResponseHead) -> WallTime {
    let text = head.headers["Last-Modified"] ?? head.headers["Date"]
    return text.flatMap(httpDate) ?? service.runtime.wall.now()
  }
}
