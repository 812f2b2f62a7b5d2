// How objects get into the bucket. A small one goes in one request. A large one goes in parts that
// several workers send side by side, each read into memory, hashed there and sent from there, so a
// part that is lost is sent again without asking the source. S3 shows nothing of it before the
// parts are completed, and a part that fails for good has the whole upload aborted.
//
//   begin ─▶ part 1 … part n, side by side ─▶ complete ─▶ the object is there
//               └── one fails, or cancelled ─▶ abort ─▶ nothing was there
//
// A process that dies in between leaves an unfinished upload; `sweep` removes those.

import Ambient
import Bytes
package import ColdStorage
import Digests
import HTTP
import Synchronization

extension S3Store {
  /// PutObject, or CreateMultipartUpload with UploadPart and CompleteMultipartUpload.
  package func upload(
    _ key: ObjectKey, from source: any ObjectSource, _ request: UploadRequest
  ) throws(StorageError) -> Transfer {
    try key.check(against: capabilities.keyLimits)
    try request.metadata.check()
    return try backend.perform(
      .upload, key, cancellation: request.cancellation, bytes: transferred
    ) { attempts throws(StorageError) in
      let run = S3Run(attempts)
      guard source.size >= self.settings.multipartBytesMin else {
        return try self.uploadWhole(key, source, request, run)
      }
      guard let partBytes = S3Settings.partBytes(for: source.size) else {
        throw .tooLarge(size: source.size, bytesMax: self.capabilities.objectBytesMax)
      }
      return try self.uploadParts(key, source, request, partBytes: Int(partBytes), run)
    }
  }

  private func uploadWhole(
    _ key: ObjectKey, _ source: any ObjectSource, _ request: UploadRequest, _ run: S3Run
  ) throws(StorageError) -> Transfer {
    var bytes = [UInt8](repeating: 0, count: Int(source.size))
    if !bytes.isEmpty { try source.read(at: 0, into: &bytes, count: bytes.count) }
    let digest = Blake3.digest(of: bytes)
    try compare(digest, with: request.digest, key)
    let checksum = Crc32c.checksum(of: bytes)
    var call = S3Call(.put, key, in: settings.prefix)
    describe(
      &call, metadata: request.metadata, contentType: request.contentType,
      storageClass: request.storageClass, digest: digest)
    set(request.condition, on: &call)
    call.headers["x-amz-checksum-crc32c"] = spelled(crc32c: checksum)
    let body = S3Body(bytes)
    var attempts = 0
    let head: ResponseHead
    do throws(StorageError) {
      head = try sendOnCondition(&call, run) { call throws(StorageError) in
        try service.send(
          call, body: body, run, prepare: { _, number in attempts = number },
          receive: { _, _ throws(StorageError) in })
      }
    } catch {
      // A condition that fails at the second attempt may have been met by the first, whose answer
      // was lost.
      let isRefused = error.kind == .alreadyExists || error.kind == .preconditionFailed
      guard isRefused, attempts > 1, let stored = try find(key, run),
        stored.digest == digest, stored.size == source.size
      else { throw error }
      request.progress?(source.size)
      return Transfer(object: stored, digest: digest, bytes: source.size, store: name)
    }
    try verify(body, checksum, against: head, key)
    request.progress?(source.size)
    return Transfer(
      object: stored(key, source.size, head, request, digest), digest: digest, bytes: source.size,
      store: name)
  }

  private func uploadParts(
    _ key: ObjectKey, _ source: any ObjectSource, _ request: UploadRequest, partBytes: Int,
    _ run: S3Run
  ) throws(StorageError) -> Transfer {
    let uploadID = try begin(key, request, run)
    unfinished.withLock { _ = $0.insert(uploadID) }
    defer { unfinished.withLock { _ = $0.remove(uploadID) } }
    do throws(StorageError) {
      let crew = PartCrew(
        store: self, key: key, uploadID: uploadID, source: source, partBytes: partBytes,
        progress: request.progress, attempts: run.attempts)
      let parts = try crew.run(workers: partsInFlight(partBytes: partBytes))
      let digest = crew.digest.digest
      try compare(digest, with: request.digest, key)
      let etag = try complete(key, uploadID, parts, request, size: source.size, run)
      let object = ObjectStatus(
        key: key, size: source.size, etag: etag, digest: request.digest,
        modified: service.runtime.wall.now(), metadata: request.metadata,
        contentType: request.contentType, storageClass: request.storageClass)
      return Transfer(object: object, digest: digest, bytes: source.size, store: name)
    } catch {
      abort(key, uploadID)
      throw error
    }
  }

  /// How many parts of this size may be in memory.
  private func partsInFlight(partBytes: Int) -> Int {
    max(1, min(settings.partsInFlight, Int(S3Settings.bytesInFlightMax) / partBytes))
  }

  private func begin(
    _ key: ObjectKey, _ request: UploadRequest, _ run: S3Run
  ) throws(StorageError) -> String {
    var call = S3Call(.post, key, in: settings.prefix)
    call.query = [("uploads", "")]
    describe(
      &call, metadata: request.metadata, contentType: request.contentType,
      storageClass: request.storageClass, digest: request.digest)
    call.headers["x-amz-checksum-algorithm"] = "CRC32C"
    let answer = try service.collect(call, body: S3Body([]), run)
    guard let id = XMLElement(parsing: answer.body)?.text(of: "UploadId"), !id.isEmpty else {
      throw .unavailable(
        store: name, detail: "it gave no name for an upload in parts", retryAfter: nil)
    }
    return id
  }

  private func complete(
    _ key: ObjectKey, _ uploadID: String, _ parts: [SentPart], _ request: UploadRequest,
    size: UInt64, _ run: S3Run
  ) throws(StorageError) -> ETag {
    var call = S3Call(.post, key, in: settings.prefix)
    call.query = [("uploadId", uploadID)]
    set(request.condition, on: &call)
    call.headers["Content-Type"] = "application/xml"
    var document = "<CompleteMultipartUpload>"
    for part in parts {
      document += "<Part><PartNumber>\(part.number)</PartNumber>"
      document += "<ETag>\(xmlEscaped(part.etag.quoted))</ETag>"
      if let checksum = part.confirmedChecksum {
        document += "<ChecksumCRC32C>\(checksum)</ChecksumCRC32C>"
      }
      document += "</Part>"
    }
    document += "</CompleteMultipartUpload>"
    let body = S3Body(Array(document.utf8))
    try expect(request.condition, key, run)
    var attempts = 0
    do throws(StorageError) {
      let answer = try sendOnCondition(&call, run) { call throws(StorageError) in
        try service.collect(call, body: body, run, prepare: { attempts = $0 })
      }
      // Completing takes long, so its 200 may be sent before it has gone well.
      guard let result = XMLElement(parsing: answer.body), result.name != "Error",
        let etag = result.text(of: "ETag")
      else {
        let refusal = S3Refusal(
          ResponseHead(status: 500, headers: answer.head.headers), body: answer.body)
        throw refusal.meaning(
          store: name, bucket: settings.bucket, key: key, condition: request.condition,
          isWrite: true, now: service.runtime.wall.now())
      }
      if !etag.isEmpty { return ETag(quoted: etag) }
      // Some servers leave it out; it follows from those of the parts, or the object has it.
      if let expected = SentPart.etag(of: parts) { return expected }
      return try find(key, run)?.etag ?? ETag("")
    } catch {
      // An answer that was lost leaves the object complete and the upload unknown.
      guard attempts > 1, let expected = SentPart.etag(of: parts),
        error.kind == .absent || error.kind == .alreadyExists || error.kind == .preconditionFailed,
        let stored = try find(key, run),
        stored.etag == expected, stored.size == size
      else { throw error }
      return expected
    }
  }

  /// AbortMultipartUpload, as an operation of its own that no cancellation ends. What cannot be
  /// aborted now is swept later.
  private func abort(_ key: ObjectKey, _ uploadID: String) {
    do throws(StorageError) {
      _ = try backend.perform(.sweep, key, cancellation: nil) { attempts throws(StorageError) in
        try self.abandon(key, uploadID, S3Run(attempts))
      }
    } catch {
      // The backend has logged it, and whoever waits has a reason of their own.
      return
    }
  }

  private func set(_ condition: Condition, on call: inout S3Call) {
    call.condition = condition
    switch condition {
    case .always: break
    case .ifAbsent: call.headers["If-None-Match"] = "*"
    case .ifMatch(let etag): call.headers["If-Match"] = etag.quoted
    }
  }

  /// Sends a call with a condition on a version; once more with the version's bare text when the
  /// server refuses the very version that it has, for some compare it with the quotes.
  private func sendOnCondition<Result>(
    _ call: inout S3Call, _ run: S3Run, _ send: (S3Call) throws(StorageError) -> Result
  ) throws(StorageError) -> Result {
    do throws(StorageError) {
      return try send(call)
    } catch {
      guard error.kind == .preconditionFailed, case .ifMatch(let tag) = call.condition,
        let key = call.key, try find(key, run)?.etag == tag
      else { throw error }
      call.headers["If-Match"] = tag.text
      return try send(call)
    }
  }

  /// Looks whether the condition of an upload in parts holds, just before it is completed.
  ///
  /// The server decides again, in the same step as the change, if it knows conditions there; some
  /// know them for single requests only.
  private func expect(
    _ condition: Condition, _ key: ObjectKey, _ run: S3Run
  ) throws(StorageError) {
    switch condition {
    case .always: return
    case .ifAbsent:
      if try find(key, run) != nil { throw .alreadyExists(key) }
    case .ifMatch(let tag):
      if try find(key, run)?.etag != tag { throw .preconditionFailed(key) }
    }
  }

  private func compare(
    _ digest: Blake3Digest, with wanted: Blake3Digest?, _ key: ObjectKey
  ) throws(StorageError) {
    guard let wanted, wanted != digest else { return }
    throw .integrity(key, "what was read for it has another digest than was expected")
  }

  /// Compares what the server says it took with what was sent: the checksum if it repeats that,
  /// else the entity tag where that is an MD5.
  func verify(
    _ body: S3Body, _ checksum: UInt32, against head: ResponseHead, _ key: ObjectKey
  ) throws(StorageError) {
    if let repeated = head.headers["x-amz-checksum-crc32c"] {
      guard repeated == spelled(crc32c: checksum) else {
        throw .integrity(key, "\(name) took something with another checksum than was sent")
      }
      return
    }
    let isKeyed = head.headers["x-amz-server-side-encryption"]?.hasPrefix("aws:kms") ?? false
    guard !isKeyed, let md5 = head.headers["ETag"].flatMap({ ETag(quoted: $0).md5 }) else { return }
    do throws(DigestsError) {
      let sent: [UInt8] = try md5OfBody(body)
      guard sent == md5 else {
        throw DigestsError.notHexadecimal(of: "entity tag")
      }
    } catch .unavailable {
      // Where OpenSSL refuses MD5 there is nothing to compare with.
      return
    } catch {
      throw .integrity(key, "\(name) took something with another entity tag than was sent")
    }
  }

  private func md5OfBody(_ body: S3Body) throws(DigestsError) -> [UInt8] {
    var hasher = try Md5()
    body.withSpan { hasher.update($0) }
    return hasher.digest().bytes
  }

  private func stored(
    _ key: ObjectKey, _ size: UInt64, _ head: ResponseHead, _ request: UploadRequest,
    _ digest: Blake3Digest
  ) -> ObjectStatus {
    ObjectStatus(
      key: key, size: size, etag: ETag(quoted: head.headers["ETag"] ?? ""), digest: digest,
      modified: moment(head), metadata: request.metadata, contentType: request.contentType,
      storageClass: request.storageClass ?? settings.storageClass)
  }
}

/// How many bytes a transfer moved, for metrics.
func transferred(_ transfer: Transfer) -> UInt64? { transfer.bytes }

/// A part that the server has.
struct SentPart: Sendable {
  /// Counted from 1.
  let number: Int
  let etag: ETag
  /// The checksum, where the server repeated it.
  let confirmedChecksum: String?

  /// The entity tag of the whole, where those of the parts are MD5s: the MD5 of these and a count.
  static func etag(of parts: [SentPart]) -> ETag? {
    var all: [UInt8] = []
    for part in parts {
      guard let md5 = part.etag.md5 else { return nil }
      all += md5
    }
    do throws(DigestsError) {
      return ETag("\(try Md5.digest(of: all))-\(parts.count)")
    } catch {
      // Where OpenSSL refuses MD5 it cannot be told.
      return nil
    }
  }
}

/// The workers on one upload in parts.
private final class PartCrew: Sendable {
  private struct State {
    var next = 1
    var sent: [SentPart] = []
    var bytesDone: UInt64 = 0
    var failure: StorageError?
  }

  private let store: S3Store
  private let key: ObjectKey
  private let uploadID: String
  private let source: any ObjectSource
  private let partBytes: Int
  private let progress: Progress?
  private let attempts: Attempts
  private let state = Monitor(State())
  /// The digest of the parts that were sent.
  let digest: PartsDigest
  /// Raised by whoever waits, and by the first part that fails.
  private let cancellation = Cancellation()

  init(
    store: S3Store, key: ObjectKey, uploadID: String, source: any ObjectSource, partBytes: Int,
    progress: Progress?, attempts: Attempts
  ) {
    self.attempts = attempts
    digest = PartsDigest(partBytes: partBytes)
    self.store = store
    self.key = key
    self.uploadID = uploadID
    self.source = source
    self.partBytes = partBytes
    self.progress = progress
  }

  private var partCount: Int { (Int(source.size) + partBytes - 1) / partBytes }

  /// Sends every part and returns them in order.
  func run(workers: Int) throws(StorageError) -> [SentPart] {
    let outer = attempts.cancellation
    let send = { Worker.each(min(workers, self.partCount), named: "part") { _ in self.work() } }
    if let outer {
      outer.watched(by: { self.cancellation.cancel() }, during: send)
    } else {
      send()
    }
    let (sent, failure) = state.withLock { ($0.sent, $0.failure) }
    if outer?.isCancelled == true { throw .cancelled }
    if let failure { throw failure }
    return sent.sorted { $0.number < $1.number }
  }

  private func work() {
    var buffer: [UInt8] = []
    while let number = claim() {
      do throws(StorageError) {
        let part = try send(number, &buffer)
        let done = state.withLock { (state: inout State) in
          state.sent.append(part)
          state.bytesDone += UInt64(count(of: number))
          return state.bytesDone
        }
        progress?(done)
      } catch {
        state.withLock { if $0.failure == nil { $0.failure = error } }
        cancellation.cancel()
        return
      }
    }
  }

  private func claim() -> Int? {
    guard !cancellation.isCancelled else { return nil }
    return state.withLock { (state: inout State) in
      guard state.next <= partCount else { return nil }
      defer { state.next += 1 }
      return state.next
    }
  }

  private func count(of number: Int) -> Int {
    min(partBytes, Int(source.size) - (number - 1) * partBytes)
  }

  private func send(_ number: Int, _ buffer: inout [UInt8]) throws(StorageError) -> SentPart {
    let count = count(of: number)
    let offset = UInt64(number - 1) * UInt64(partBytes)
    if buffer.isEmpty { buffer = [UInt8](repeating: 0, count: count) }
    if buffer.count < count { buffer = [UInt8](repeating: 0, count: partBytes) }
    try source.read(at: offset, into: &buffer, count: count)
    let body = S3Body(buffer, count: count)
    let checksum = body.withSpan { Crc32c.checksum(of: $0) }
    var call = S3Call(.put, key, in: store.settings.prefix)
    call.query = [("partNumber", "\(number)"), ("uploadId", uploadID)]
    call.headers["x-amz-checksum-crc32c"] = spelled(crc32c: checksum)
    let head = try store.service.send(
      call, body: body, S3Run(attempts, cancellation: cancellation),
      receive: { _, _ throws(StorageError) in })
    try store.verify(body, checksum, against: head, key)
    guard let etag = head.headers["ETag"] else {
      throw .unavailable(
        store: store.name, detail: "it took a part and gave no entity tag", retryAfter: nil)
    }
    body.withSpan { digest.take($0, part: number - 1) }
    return SentPart(
      number: number, etag: ETag(quoted: etag),
      confirmedChecksum: head.headers["x-amz-checksum-crc32c"])
  }
}
