// One upload, from a file in the depot to an object that is known to have its bytes.
//
//   look ──as judged──▶ send, hashing ──▶ look again ──the same──▶ head ──agrees──▶ a stored copy
//     │                                      │
//     └── differs: nothing is sent           └── differs: what was sent is nobody's bytes
//
// No file is locked meanwhile: the server goes on writing. The kernel gives every change a time of
// change that no program can set, so two equal looks around the reading mean that nothing was written
// between them. That holds only if the first look is later than the last change by more than the
// clock of the file system ticks; `isSettled` says so, and who is not settled is not uploaded yet.
//
// A crash leaves the object without an event. The same upload done again has the same key.

internal import Ambient
internal import ColdStorage
internal import DurableFiles
internal import Manifest

/// What came of an upload.
enum UploadOutcome: Equatable, Sendable {
  case stored(StoredCopy)
  /// There is no such file any more.
  case gone
  /// The file is not the one that was judged, and nothing was sent.
  case differs(HotCopy)
  /// The file changed while it was read. An object of no known bytes may have been left.
  case changedMeanwhile(object: ObjectKey)
  case failed(StorageError)
}

/// What an upload is of: a file as it was judged.
struct UploadOrder: Equatable, Sendable {
  let path: FilePath
  /// What the manifest says the hot copy is.
  let hot: HotCopy
  /// The event that said so.
  let writtenGeneration: UInt64
}

/// Sends files to cold storage.
struct Uploader: Sendable {
  let depot: Depot
  let cold: any ObjectStore
  let naming: ObjectNaming
  let clock: WallClock
  /// How objects are sealed; nil where there are no keys.
  var sealing: ObjectSealing?

  /// How far the first look must lie behind the last change; the slowest clock of a file system of
  /// Linux ticks every 10 ms.
  static let settlingTime = Duration.milliseconds(30)

  /// Whether the file has been left alone for long enough to be read.
  ///
  /// A time of change that lies ahead of the clock settles at once: the clock was set back, and the
  /// next change gets a time that differs.
  static func isSettled(_ hot: HotCopy, at now: WallTime) -> Bool {
    let age = now - WallTime(microseconds: hot.changedNanoseconds / 1_000)
    return age > settlingTime || age < .zero - settlingTime
  }

  /// Uploads a file that is settled.
  func upload(
    _ order: UploadOrder, _ cancellation: Cancellation? = nil, progress: Progress? = nil
  ) -> UploadOutcome {
    do throws(DiskError) {
      let source = try depot.perform { (disk) throws(DiskError) in
        try StampedSource(order.path, on: disk)
      }
      guard source.before.isSame(as: order.hot) else { return .differs(source.before) }
      return send(source, order, cancellation, progress)
    } catch {
      return error.isOfNothingThere ? .gone : .failed(.sourceFailed(error))
    }
  }

  private func send(
    _ source: StampedSource, _ order: UploadOrder, _ cancellation: Cancellation?,
    _ progress: Progress?
  ) -> UploadOutcome {
    let key = naming.key(of: order.path, generation: order.writtenGeneration)
    do throws(StorageError) {
      try storeName(of: order.path, cancellation)
      let label = ObjectLabel(
        source.before.details, generation: order.writtenGeneration,
        path: naming.isLong(order.path) ? order.path : nil)
      let request = UploadRequest(
        metadata: label.metadata, progress: progress, cancellation: cancellation)
      let under = try sealing?.key(of: order.path)
      let sealed = under.flatMap { under in
        sealing.map { SealedSource(source, under: under.key, $0.entropy) }
      }
      let sent: any ObjectSource = sealed ?? source
      let transfer = try cold.upload(key, from: sent, request)
      guard try isUnchanged(source, order.path) else { return .changedMeanwhile(object: key) }
      try check(transfer, of: sent.size, cancellation)
      // Losing the machine must not lose what nobody else could open.
      if under != nil { try sealing?.secure(cancellation) }
      return .stored(
        StoredCopy(
          digest: sealed?.plaintextDigest ?? transfer.digest, details: source.before.details,
          key: key.bytes, backend: cold.name, sealing: under?.name, verified: clock.now()))
    } catch {
      if error.isOfAFileCutShort { return .changedMeanwhile(object: key) }
      return .failed(error)
    }
  }

  /// Whether the opened file, and the one that the path leads to, are still what was looked at.
  private func isUnchanged(
    _ source: StampedSource, _ path: FilePath
  ) throws(StorageError) -> Bool {
    do throws(DiskError) {
      guard try source.now.isSame(as: source.before), let named = try depot.copy(at: path)
      else { return false }
      return named.isSame(as: source.before)
    } catch {
      throw .sourceFailed(error)
    }
  }

  /// Compares what the store says that it has with what was sent: the object's own size and digest,
  /// which are not the file's when it is sealed.
  private func check(
    _ transfer: Transfer, of size: UInt64, _ cancellation: Cancellation?
  ) throws(StorageError) {
    let key = transfer.object.key
    guard transfer.bytes == size else {
      throw .integrity(key, "\(transfer.bytes) bytes were sent of \(size)")
    }
    guard let object = try cold.head(key, cancellation) else { throw .absent(key) }
    guard object.size == size else {
      throw .integrity(key, "it has \(object.size) bytes, and \(size) were sent")
    }
    if let digest = object.digest, digest != transfer.digest {
      throw .integrity(key, "its bytes hash to \(digest), and \(transfer.digest) was sent")
    }
  }

  /// Stores the path of a file whose key and metadata cannot hold it.
  private func storeName(
    of path: FilePath, _ cancellation: Cancellation?
  ) throws(StorageError) {
    guard let key = naming.nameKey(of: path) else { return }
    if try cold.head(key, cancellation)?.size == UInt64(path.bytes.count) { return }
    _ = try cold.upload(
      key, from: BytesSource(path.bytes), UploadRequest(cancellation: cancellation))
  }
}

extension StorageError {
  /// Whether the file was shorter than when it was opened.
  fileprivate var isOfAFileCutShort: Bool {
    switch self {
    case .sourceFailed(.endsEarly): true
    case .gaveUp(_, let last): last.isOfAFileCutShort
    default: false
    }
  }
}
