// Objects as files below a directory, of this machine or mounted over NFS.
//
//   temporary ─bytes, digest, mark, sync─▶ ready ─rename under the key's lock─▶ object ─▶ durable
//
// The path of an object is its key, so a person can read the store with `ls`. Bytes come before the
// mark and the mark before the name: a file at a key has its whole content and its metadata, and one
// without a mark is no object. Where the file system has no extended attributes the mark is a
// sidecar file, and `LocalMarks` says how the two change together. A crash leaves a temporary file
// at most, which `sweep` removes. Everything goes through a `Disk`, so links are never followed.
//
// This file holds what the store is and its small doors; `+Upload`, `+Download`, `+List` and
// `+Sweep` the others.

package import Ambient
import Digests
package import DurableFiles
import Retry
import Synchronization

/// A store in a directory.
package final class LocalStore: ObjectStore {
  package let backend: Backend
  private let open: @Sendable () throws(DiskError) -> any Disk
  private let current: Mutex<any Disk>
  let locks: StoreLocks
  let entropy: Entropy

  /// Opens the store. `open` gives the disk of its directory, and is called again when that refuses
  /// further work after a failed sync.
  ///
  /// Throws `.misconfigured` when there is no such directory.
  package init(
    _ backend: Backend, pause: Pause, entropy: Entropy,
    opening open: @escaping @Sendable () throws(DiskError) -> any Disk
  ) throws(StorageError) {
    self.backend = backend
    self.open = open
    self.entropy = entropy
    locks = StoreLocks(pause: pause)
    do throws(DiskError) {
      current = Mutex(try open())
    } catch {
      throw Self.unusable(error, backend.name)
    }
  }

  private static func unusable(_ error: DiskError, _ name: String) -> StorageError {
    switch error {
    case .absent(let path):
      .misconfigured(
        store: name, "the directory \(path) of \(name) does not exist; make it, or set 'path'")
    case .notADirectory(let path):
      .misconfigured(
        store: name, "\(path), the 'path' of \(name), is not a directory; set it to one")
    case .denied(let path):
      .denied(store: name, detail: "the directory \(path) may not be opened; \(rights)")
    default: .unavailable(store: name, detail: "\(error)", retryAfter: nil)
    }
  }

  private static let rights = "give the user that larder runs as the right to read and write there"

  /// Names that the store keeps for itself begin so.
  static let ownNames = ".larder-"

  package var name: String { backend.name }

  package let capabilities = Capabilities(
    features: [
      .metadata, .metadataInPlace, .rangeReads, .conditionalReads, .conditionalWrites,
      .conditionalDeletes,
    ],
    keyLimits: KeyLimits(bytesMax: 3_800, componentBytesMax: 255, isText: false),
    objectBytesMax: UInt64(Int64.max))

  package func head(
    _ key: ObjectKey, _ cancellation: Cancellation?
  ) throws(StorageError) -> ObjectStatus? {
    let path = try path(of: key)
    do throws(StorageError) {
      return try backend.perform(.head, key, cancellation: cancellation) {
        (attempts) throws(StorageError) in
        try attempts.onFiles { () throws(StorageError) in
          try onDisk(key) { (disk) throws(DiskError) in try marked(path, on: disk) }
            .status(of: key)
        }
      }
    } catch {
      if case .absent = error { return nil }
      throw error
    }
  }

  package func setMetadata(
    _ key: ObjectKey, _ request: MetadataRequest
  ) throws(StorageError) -> ObjectStatus {
    let path = try path(of: key)
    try request.metadata.check()
    return try backend.perform(.setMetadata, key, cancellation: request.cancellation) {
      (attempts) throws(StorageError) in
      try attempts.onFiles { () throws(StorageError) in
        try changing(key, path, needsLock: request.ifMatch != nil) {
          (disk) throws(StorageError) in
          var object = try onDisk(key) { _ throws(DiskError) in try marked(path, on: disk) }
          if let version = request.ifMatch, version != object.mark.etag {
            throw .preconditionFailed(key)
          }
          object.mark.metadata = request.metadata
          try onDisk(key) { _ throws(DiskError) in
            try LocalMarks.replace(object.mark, at: path, on: disk, entropy)
          }
          return object.status(of: key)
        }
      }
    }
  }

  package func delete(_ key: ObjectKey, _ request: DeleteRequest) throws(StorageError) {
    let path = try path(of: key)
    try backend.perform(.delete, key, cancellation: request.cancellation) {
      (attempts) throws(StorageError) in
      try attempts.onFiles { () throws(StorageError) in
        try changing(key, path, needsLock: request.ifMatch != nil) {
          (disk) throws(StorageError) in
          let isOther = try onDisk(key) { _ throws(DiskError) in
            do throws(DiskError) {
              let version = try marked(path, on: disk).mark.etag
              if let wanted = request.ifMatch, wanted != version { return true }
              try LocalMarks.remove(path, on: disk)
              return false
            } catch .absent {
              // A file that is no object is not ours to delete.
              return request.ifMatch != nil
            }
          }
          if isOther { throw .preconditionFailed(key) }
        }
        removeEmptyDirectories(above: path)
      }
    }
  }

  /// Takes away what a deleted object leaves of the way to it; directories that others fill
  /// meanwhile stay, as does one that cannot be removed.
  private func removeEmptyDirectories(above path: FilePath) {
    let disk = disk
    var directory = path.parent
    while directory != .root {
      do throws(DiskError) {
        try disk.removeDirectory(directory)
      } catch {
        // It is in use, or it costs nothing but a place in a listing.
        return
      }
      directory = directory.parent
    }
  }
}

extension Attempts {
  /// Runs attempts on files, which read the same however often: what is damaged stays so, and says
  /// nothing against the rest of the store.
  func onFiles<Result>(
    _ attempt: () throws(StorageError) -> Result
  ) throws(StorageError) -> Result {
    try run(
      classify: { $0.kind == .integrity ? .permanent : $0.failureClass },
      { _ throws(StorageError) in try attempt() })
  }
}

extension LocalStore {
  /// The disk as it is open now.
  var disk: any Disk { current.withLock { $0 } }

  /// The path of a key, which is the key.
  func path(of key: ObjectKey) throws(StorageError) -> FilePath {
    try key.check(against: capabilities.keyLimits)
    let own = Array(Self.ownNames.utf8)
    if key.bytes.split(separator: UInt8(ascii: "/")).contains(where: { $0.starts(with: own) }) {
      throw .invalidKey(key.description, .reservedByBackend(Self.ownNames))
    }
    do throws(DiskError) {
      return try FilePath(bytes: key.bytes)
    } catch {
      preconditionFailure("a key within the limits is a path: \(error)")
    }
  }

  /// Runs `body`, and says of the key what went wrong on the disk.
  func onDisk<Result: ~Copyable>(
    _ key: ObjectKey, _ body: (any Disk) throws(DiskError) -> Result
  ) throws(StorageError) -> Result {
    do throws(DiskError) {
      return try body(disk)
    } catch {
      throw failure(error, of: key)
    }
  }

  /// Runs `body` while nobody else changes the object. With `needsLock`, other processes must be
  /// kept out for certain.
  func changing<Result>(
    _ key: ObjectKey, _ path: FilePath, needsLock: Bool,
    _ body: (any Disk) throws(StorageError) -> Result
  ) throws(StorageError) -> Result {
    let disk = disk
    return try locks.withLock(
      of: path, on: disk,
      { (isShared) throws(StorageError) in
        guard isShared || !needsLock else {
          throw .unsupported(
            store: name, "its file system has no locks, without which versions cannot be compared")
        }
        return try body(disk)
      }, wrapping: { failure($0, of: key) })
  }

  /// What a refusal of the disk means for the object.
  func failure(_ error: DiskError, of key: ObjectKey) -> StorageError {
    switch error {
    case .absent: return .absent(key)
    case .exists: return .alreadyExists(key)
    case .escapes: return .escapes(key)
    case .notRegular: return .occupied(key)
    case .full: return .diskFull(store: name)
    case .notADirectory, .isADirectory, .directoryNotEmpty:
      return .unsupported(
        store: name,
        "\(key) cannot be stored beside an object whose name is a directory in the other's")
    case .denied, .readOnly:
      return .denied(store: name, detail: "\(error); \(Self.rights)")
    case .unsupported, .crossesFileSystems, .badPath:
      return .unsupported(store: name, "\(error)")
    case .tooLarge(_, let max):
      return .tooLarge(size: UInt64(max) + 1, bytesMax: UInt64(max))
    case .endsEarly: return .integrity(key, "\(error)")
    case .latched:
      reopen()
      return .unavailable(store: name, detail: "\(error)", retryAfter: nil)
    case .tooManyOpenFiles, .locked, .interrupted, .io, .crashed, .system, .watchesExhausted:
      return .unavailable(store: name, detail: "\(error)", retryAfter: nil)
    }
  }

  /// Opens the directory anew, for the next attempt. What a failed sync may have lost was never said
  /// to be stored, and every upload writes a file of its own.
  private func reopen() {
    do throws(DiskError) {
      let fresh = try open()
      current.withLock { $0 = fresh }
    } catch {
      // The disk stays latched, and the next attempt comes here again.
    }
  }
}

extension LocalStore {
  /// A file with its mark.
  struct Marked {
    var mark: ObjectMark
    let file: FileStatus

    func status(of key: ObjectKey) -> ObjectStatus {
      ObjectStatus(
        key: key, size: mark.size, etag: mark.etag, digest: mark.digest,
        modified: WallTime(microseconds: file.modifiedNanoseconds / 1_000),
        metadata: mark.metadata, contentType: mark.contentType)
    }
  }

  /// A marked file that is open for reading.
  struct Opened: ~Copyable {
    let file: OpenFile
    let object: Marked
  }

  /// How often a file is opened anew because it was replaced while its sidecar was looked for.
  private static let openingsMax = 64

  /// Opens the object at a path; `.absent` when there is none, or a file that nobody marked.
  func opened(_ path: FilePath, on disk: any Disk) throws(DiskError) -> Opened {
    for _ in 1..<Self.openingsMax {
      do throws(DiskError) {
        return try openedOnce(path, on: disk)
      } catch .interrupted {
        continue
      }
    }
    return try openedOnce(path, on: disk)
  }

  private func openedOnce(_ path: FilePath, on disk: any Disk) throws(DiskError) -> Opened {
    do throws(DiskError) {
      let file = try OpenFile(path, .reading, on: disk)
      guard let object = try LocalMarks.find(file) else { throw .absent(path) }
      return Opened(file: file, object: object)
    } catch .isADirectory {
      // A directory on the way to other objects.
      throw .absent(path)
    } catch .notADirectory {
      // An object stands where this one would need a directory.
      throw .absent(path)
    }
  }

  /// The object at a path, or `.absent`.
  func marked(_ path: FilePath, on disk: any Disk) throws(DiskError) -> Marked {
    try opened(path, on: disk).object
  }

  /// What stands at a path.
  enum Present {
    case nothing
    case object(ETag)
    /// A file that nobody marked.
    case other
  }

  /// What stands at a path at one moment, whoever changes it meanwhile.
  func present(_ path: FilePath, on disk: any Disk) throws(DiskError) -> Present {
    var unmarked: FileStatus?
    for _ in 0..<Self.openingsMax {
      do throws(DiskError) {
        return .object(try marked(path, on: disk).mark.etag)
      } catch .absent {
        guard let status = try disk.status(at: path), status.kind != .directory else {
          return .nothing
        }
        // What has come since the first look may be an object; only the same file twice is none.
        if unmarked == status { return .other }
        unmarked = status
      }
    }
    throw .interrupted(path)
  }
}
