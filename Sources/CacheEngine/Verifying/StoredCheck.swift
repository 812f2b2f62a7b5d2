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
  /// How sealed objects are opened; nil where there are no keys.
  var sealing: ObjectSealing?

  /// What a look at the object finds; nil when nothing speaks against it.
  func look(
    at stored: StoredCopy, _ cancellation: Cancellation? = nil
  ) throws(StorageError) -> Damage? {
    let key = try ObjectKey(bytes: stored.key)
    guard let object = try cold.head(key, cancellation) else {
      return Damage(kind: .storedMissing, detail: "\(key) is not in \(cold.name)")
    }
    if let name = stored.sealing, let sealing, try sealing.livingKey(name) == nil {
      return Damage(kind: .storedDiffers, detail: "there is no key that opens it: \(name.scope)")
    }
    let size = stored.objectSize
    if object.size != size {
      return Damage(
        kind: .storedDiffers, detail: "it has \(object.size) bytes, and \(size) were stored")
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
    let digest: Blake3Digest
    do throws(StorageError) {
      if let name = stored.sealing {
        guard let under = try sealing?.livingKey(name) else {
          return Damage(
            kind: .storedDiffers, detail: "there is no key that opens it: \(name.scope)")
        }
        digest = try SealedObjects(store: cold)
          .download(key, under: under, to: NoSink(), cancellation)
      } else {
        digest = try cold.download(
          key, to: NoSink(), DownloadRequest(cancellation: cancellation)
        ).digest
      }
    } catch {
      switch error.kind {
      case .absent:
        return Damage(kind: .storedMissing, detail: "\(key) is not in \(cold.name)")
      case .integrity: return Damage(kind: .storedDiffers, detail: "\(error)")
      default: throw error
      }
    }
    guard digest == stored.digest else {
      return Damage(
        kind: .storedDiffers,
        detail: "its bytes hash to \(digest), and \(stored.digest) was stored")
    }
    return nil
  }
}

extension StoredCopy {
  /// How many bytes its object has.
  var objectSize: UInt64 {
    sealing == nil ? details.size : SealedHeader.sealedBytes(of: details.size)
  }
}

/// Where bytes go that are only hashed on their way.
struct NoSink: ObjectSink {
  var isOrdered: Bool { false }
  func begin(size: UInt64) throws(StorageError) {}
  func write(_ bytes: Span<UInt8>, at offset: UInt64) throws(StorageError) {}
}
