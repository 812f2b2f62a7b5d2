// Whether a stored copy is what was recorded of it: by a look at the object, which costs one call, or by
// reading all of it, which costs its bytes.

internal import Ambient
internal import ColdStorage
internal import Digests
internal import Manifest

/// What a check has found wrong.
struct Damage: Equatable, Sendable {
  let kind: FindingKind
  let detail: String
}

/// Looks at stored copies.
struct StoredCheck: Sendable {
  let cold: any ObjectStore

  /// What a look at the object finds; nil when nothing speaks against it.
  func look(
    at stored: StoredCopy, _ cancellation: Cancellation? = nil
  ) throws(StorageError) -> Damage? {
    let key = try ObjectKey(bytes: stored.key)
    guard let object = try cold.head(key, cancellation) else {
      return Damage(kind: .storedMissing, detail: "\(key) is not in \(cold.name)")
    }
    if stored.sealing == nil, object.size != stored.details.size {
      return Damage(
        kind: .storedDiffers,
        detail: "it has \(object.size) bytes, and \(stored.details.size) were stored")
    }
    if stored.sealing == nil, let digest = object.digest, digest != stored.digest {
      return Damage(
        kind: .storedDiffers,
        detail: "its bytes hash to \(digest), and \(stored.digest) was stored")
    }
    return nil
  }

  /// What reading all of the object finds.
  func read(
    _ stored: StoredCopy, _ cancellation: Cancellation? = nil
  ) throws(StorageError) -> Damage? {
    let key = try ObjectKey(bytes: stored.key)
    let transfer: Transfer
    do throws(StorageError) {
      transfer = try cold.download(
        key, to: NoSink(), DownloadRequest(cancellation: cancellation))
    } catch {
      switch error.kind {
      case .absent:
        return Damage(kind: .storedMissing, detail: "\(key) is not in \(cold.name)")
      case .integrity: return Damage(kind: .storedDiffers, detail: "\(error)")
      default: throw error
      }
    }
    guard transfer.digest == stored.digest, transfer.bytes == stored.details.size else {
      return Damage(
        kind: .storedDiffers,
        detail: "its bytes hash to \(transfer.digest), and \(stored.digest) was stored")
    }
    return nil
  }
}

/// Where bytes go that are only hashed on their way.
private struct NoSink: ObjectSink {
  var isOrdered: Bool { false }
  func begin(size: UInt64) throws(StorageError) {}
  func write(_ bytes: Span<UInt8>, at offset: UInt64) throws(StorageError) {}
}
