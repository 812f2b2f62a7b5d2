// How objects get out of the bucket. Every download begins as one request. When its answer says that
// the object is large, the rest is asked for in ranges side by side, all of the version that began;
// a request that breaks off goes on from the byte it had reached.
//
//   get ─▶ small, or a sink that wants order ─▶ to the end ───────────────┐
//     └──▶ large ─▶ left, then range 0 … range n, side by side ─▶ joined ──┴─▶ checked
//
// What came is checked against the best that is known of it: the digest that the caller or the
// object's metadata has, else the checksum that the server has, else an entity tag that is an MD5.

import Ambient
package import ColdStorage
import Digests
import HTTP

extension S3Store {
  /// GetObject.
  package func download(
    _ key: ObjectKey, to sink: any ObjectSink, _ request: DownloadRequest
  ) throws(StorageError) -> Transfer {
    try key.check(against: capabilities.keyLimits)
    return try backend.perform(
      .download, key, cancellation: request.cancellation, bytes: transferred
    ) { attempts throws(StorageError) in
      let run = S3Run(attempts)
      if request.range?.isEmpty == true {
        return try self.downloadNothing(key, sink, request, run)
      }
      do throws(StorageError) {
        switch try self.downloadStream(key, sink, request, run) {
        case .done(let transfer): return transfer
        case .large(let object): return try self.downloadRanges(object, sink, request, run)
        }
      } catch .unsupported(_, let detail) where detail.contains("416") && request.range != nil {
        return try self.downloadNothing(key, sink, request, run)
      }
    }
  }

  /// A range that the object does not reach is empty; the object must be there all the same.
  private func downloadNothing(
    _ key: ObjectKey, _ sink: any ObjectSink, _ request: DownloadRequest, _ run: S3Run
  ) throws(StorageError) -> Transfer {
    guard let object = try find(key, run) else { throw .absent(key) }
    if let wanted = request.ifMatch, wanted != object.etag { throw .preconditionFailed(key) }
    try sink.begin(size: 0)
    let digest = Blake3.digest(of: [])
    if let wanted = request.digest, wanted != digest { throw damaged(key, "digest") }
    return Transfer(object: object, digest: digest, bytes: 0, store: name)
  }

  private enum Beginning {
    case done(Transfer)
    /// It is worth several requests; nothing has been written.
    case large(LargeObject)
  }

  /// What is known of an object from the head of the first answer.
  struct LargeObject: Sendable {
    let status: ObjectStatus
    /// Where the wanted bytes begin in the object, and how many there are.
    let start: UInt64
    let count: UInt64
    let check: Check
  }

  /// By what the bytes are known to be right.
  enum Check: Equatable, Sendable {
    case nothing
    case digest(Blake3Digest)
    case checksum(String)
    case md5([UInt8])

    var name: String {
      switch self {
      case .nothing: ""
      case .digest: "digest"
      case .checksum: "checksum"
      case .md5: "entity tag"
      }
    }
  }

  private func downloadStream(
    _ key: ObjectKey, _ sink: any ObjectSink, _ request: DownloadRequest, _ run: S3Run
  ) throws(StorageError) -> Beginning {
    var began: LargeObject?
    var isLarge = false
    var isChecked = false
    var reached: UInt64 = 0
    var digest = Blake3()
    var checksum = Crc32c()
    var md5 = newMd5()

    func begin(_ head: ResponseHead) throws(StorageError) {
      guard began == nil else { return }
      let object = try object(key, head, request)
      began = object
      isLarge = isWorthRanges(object, sink)
      if !isLarge { try sink.begin(size: object.count) }
    }

    let wanted = request.range
    let call = S3Call(.get, key, in: settings.prefix)
    let head: ResponseHead
    do throws(StorageError) {
      head = try service.send(
        call, run,
        prepare: { call, _ in
          isChecked = false
          call.headers["x-amz-checksum-mode"] = "ENABLED"
          if let tag = began?.status.etag ?? request.ifMatch, !tag.text.isEmpty {
            call.condition = .ifMatch(tag)
            call.headers["If-Match"] = tag.quoted
          }
          let first = (wanted?.lowerBound ?? 0) + reached
          if wanted != nil || first > 0 {
            call.headers["Range"] = rangeText(first, wanted?.upperBound)
          }
        },
        receive: { head, bytes throws(StorageError) in
          try begin(head)
          if isLarge { throw .cancelled }
          if !isChecked {
            try isContinued(head, at: reached, began)
            isChecked = true
          }
          try sink.write(bytes, at: reached)
          digest.update(bytes)
          switch began?.check {
          case .checksum: checksum.update(bytes)
          case .md5: md5?.update(bytes)
          default: break
          }
          reached += UInt64(bytes.count)
          request.progress?(reached)
        })
    } catch .cancelled where isLarge {
      if request.cancellation?.isCancelled == true { throw .cancelled }
      guard let began else { preconditionFailure("a large object has begun") }
      return .large(began)
    }
    try begin(head)
    guard let object = began else { preconditionFailure("an answer has begun") }
    guard reached == object.count else {
      throw damaged(key, "length: \(reached) bytes came of \(object.count)")
    }
    let found = digest.digest()
    switch object.check {
    case .nothing: break
    case .digest(let wanted): if wanted != found { throw damaged(key, object.check.name) }
    case .checksum(let wanted):
      if wanted != spelled(crc32c: checksum.value) { throw damaged(key, object.check.name) }
    case .md5(let wanted):
      if let md5Digest = md5?.digest(), wanted != md5Digest.bytes {
        throw damaged(key, object.check.name)
      }
    }
    return .done(
      Transfer(object: object.status, digest: found, bytes: reached, store: name))
  }

  private func damaged(_ key: ObjectKey, _ what: String) -> StorageError {
    .integrity(key, "what \(name) sent has another \(what)")
  }

  private func newMd5() -> Md5? {
    do throws(DigestsError) {
      return try Md5()
    } catch {
      // Where OpenSSL refuses MD5 an entity tag cannot be checked.
      return nil
    }
  }

  private func rangeText(_ first: UInt64, _ end: UInt64?) -> String {
    "bytes=\(first)-" + (end.map { "\($0 - 1)" } ?? "")
  }

  /// What the first answer says of the object.
  private func object(
    _ key: ObjectKey, _ head: ResponseHead, _ request: DownloadRequest
  ) throws(StorageError) -> LargeObject {
    let start = request.range?.lowerBound ?? 0
    var total = head.contentLength
    if request.range != nil {
      guard head.status == 206, let range = ContentRange(head), range.first == start else {
        throw .unsupported(store: name, "it sends whole objects where a part was asked for")
      }
      total = range.total
    }
    guard let total, let count = head.contentLength else {
      throw .unsupported(store: name, "it does not say how long an object is")
    }
    let status = status(of: key, head, size: total)
    return LargeObject(
      status: status, start: start, count: count,
      check: check(status, head, request, isWhole: count == total))
  }

  private func check(
    _ status: ObjectStatus, _ head: ResponseHead, _ request: DownloadRequest, isWhole: Bool
  ) -> Check {
    if let wanted = request.digest { return .digest(wanted) }
    guard isWhole else { return .nothing }
    if let stored = status.digest { return .digest(stored) }
    // A checksum of checksums, with a count behind it, is not one of the bytes.
    if let checksum = head.headers["x-amz-checksum-crc32c"], !checksum.contains("-"),
      head.headers["x-amz-checksum-type"] != "COMPOSITE"
    {
      return .checksum(checksum)
    }
    let isKeyed = head.headers["x-amz-server-side-encryption"]?.hasPrefix("aws:kms") ?? false
    if !isKeyed, let md5 = status.etag.md5 { return .md5(md5) }
    return .nothing
  }

  private func isWorthRanges(_ object: LargeObject, _ sink: any ObjectSink) -> Bool {
    if case .md5 = object.check { return false }
    return object.count > settings.chunkThreshold && settings.chunkThreads > 1 && !sink.isOrdered
  }

  /// Throws unless a later attempt goes on where the first broke off: a server that sends the whole
  /// object again would else have its beginning taken for the rest.
  private func isContinued(
    _ head: ResponseHead, at reached: UInt64, _ began: LargeObject?
  ) throws(StorageError) {
    guard reached > 0, let began else { return }
    guard reached < began.count else {
      throw damaged(began.status.key, "length: more than \(began.count) bytes came")
    }
    guard head.status == 206, ContentRange(head)?.first == began.start + reached else {
      throw .unsupported(store: name, "it does not go on where an answer broke off")
    }
  }

  /// The ranges of a large object, side by side.
  private func downloadRanges(
    _ object: LargeObject, _ sink: any ObjectSink, _ request: DownloadRequest, _ run: S3Run
  ) throws(StorageError) -> Transfer {
    try sink.begin(size: object.count)
    let crew = RangeCrew(
      store: self, object: object, sink: sink, progress: request.progress,
      attempts: run.attempts)
    let (digest, checksum) = try crew.run(workers: settings.chunkThreads)
    switch object.check {
    case .digest(let wanted) where wanted != digest:
      throw damaged(object.status.key, object.check.name)
    case .checksum(let wanted) where wanted != spelled(crc32c: checksum):
      throw damaged(object.status.key, object.check.name)
    default: break
    }
    return Transfer(object: object.status, digest: digest, bytes: object.count, store: name)
  }
}

/// The header of a partial answer: `bytes 0-99/1000`.
struct ContentRange: Equatable {
  let first: UInt64
  let last: UInt64
  let total: UInt64

  init?(_ head: ResponseHead) {
    guard let text = head.headers["Content-Range"], text.hasPrefix("bytes ") else { return nil }
    let numbers = text.dropFirst(6).split(whereSeparator: { $0 == "-" || $0 == "/" })
    guard numbers.count == 3, let first = UInt64(numbers[0]), let last = UInt64(numbers[1]),
      let total = UInt64(numbers[2]), first <= last, last < total
    else { return nil }
    (self.first, self.last, self.total) = (first, last, total)
  }
}

/// The workers on one download in ranges.
private final class RangeCrew: Sendable {
  /// What one request brings.
  static let rangeBytes: UInt64 = 8_388_608
  /// What is hashed and written at once; a range is a multiple of it.
  static let pieceBytes = 1_048_576

  private struct State {
    var next: UInt64 = 0
    var checksums: [UInt64: (UInt32, UInt64)] = [:]
    var bytesDone: UInt64 = 0
    var failure: StorageError?
  }

  private let store: S3Store
  private let object: S3Store.LargeObject
  private let sink: any ObjectSink
  private let progress: Progress?
  private let attempts: Attempts
  private let digest = PartsDigest(partBytes: pieceBytes)
  private let state = Monitor(State())
  private let cancellation = Cancellation()

  init(
    store: S3Store, object: S3Store.LargeObject, sink: any ObjectSink, progress: Progress?,
    attempts: Attempts
  ) {
    self.attempts = attempts
    self.store = store
    self.object = object
    self.sink = sink
    self.progress = progress
  }

  /// Brings every range; returns the digest and the checksum of all bytes.
  func run(workers: Int) throws(StorageError) -> (Blake3Digest, UInt32) {
    let outer = attempts.cancellation
    let fetch = { Worker.each(workers, named: "range") { _ in self.work() } }
    if let outer {
      outer.watched(by: { self.cancellation.cancel() }, during: fetch)
    } else {
      fetch()
    }
    if outer?.isCancelled == true { throw .cancelled }
    let (failure, checksums) = state.withLock { ($0.failure, $0.checksums) }
    if let failure { throw failure }
    let checksum = checksums.sorted { $0.key < $1.key }.reduce(UInt32(0)) { joined, part in
      part.key == 0
        ? part.value.0 : Crc32c.joined(joined, part.value.0, count: part.value.1)
    }
    return (digest.digest, checksum)
  }

  private func work() {
    var piece: [UInt8] = []
    piece.reserveCapacity(Self.pieceBytes)
    while let start = claim() {
      do throws(StorageError) {
        try fetch(start, &piece)
      } catch {
        state.withLock { if $0.failure == nil { $0.failure = error } }
        cancellation.cancel()
        return
      }
    }
  }

  private func claim() -> UInt64? {
    guard !cancellation.isCancelled else { return nil }
    return state.withLock { (state: inout State) in
      guard state.next < object.count else { return nil }
      defer { state.next += Self.rangeBytes }
      return state.next
    }
  }

  /// Brings the range that begins so far behind the first wanted byte.
  private func fetch(_ start: UInt64, _ piece: inout [UInt8]) throws(StorageError) {
    let end = min(start + Self.rangeBytes, object.count)
    var reached = start
    var isChecked = false
    var checksum = Crc32c()
    piece.removeAll(keepingCapacity: true)

    func finishPiece() throws(StorageError) {
      let at = reached - UInt64(piece.count)
      try sink.write(piece.span, at: at)
      digest.take(piece.span, part: Int(at) / Self.pieceBytes)
      if case .checksum = object.check { checksum.update(piece) }
      let done = state.withLock { (state: inout State) in
        state.bytesDone += UInt64(piece.count)
        return state.bytesDone
      }
      progress?(done)
      piece.removeAll(keepingCapacity: true)
    }

    var call = S3Call(.get, object.status.key, in: store.settings.prefix)
    call.condition = .ifMatch(object.status.etag)
    call.headers["If-Match"] = object.status.etag.quoted
    let (key, store, first) = (object.status.key, store, object.start)
    try store.service.send(
      call, S3Run(attempts, cancellation: cancellation),
      prepare: { call, _ in
        isChecked = false
        call.headers["Range"] = "bytes=\(first + reached)-\(first + end - 1)"
      },
      receive: { head, bytes throws(StorageError) in
        if !isChecked {
          guard head.status == 206, ContentRange(head)?.first == first + reached else {
            throw .unsupported(store: store.name, "it sends another part than was asked for")
          }
          isChecked = true
        }
        guard reached + UInt64(bytes.count) <= end else {
          throw .integrity(key, "\(store.name) sent more of it than was asked for")
        }
        var rest = bytes
        while !rest.isEmpty {
          let count = min(rest.count, Self.pieceBytes - piece.count)
          piece.append(rest.extracting(first: count))
          reached += UInt64(count)
          rest = rest.extracting(droppingFirst: count)
          if piece.count == Self.pieceBytes { try finishPiece() }
        }
      })
    guard reached == end else {
      throw .integrity(key, "\(store.name) sent less of it than was asked for")
    }
    if !piece.isEmpty { try finishPiece() }
    let sum = checksum.value
    state.withLock { $0.checksums[start] = (sum, end - start) }
  }
}
