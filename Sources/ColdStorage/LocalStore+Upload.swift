// Storing an object: the bytes pass once, from the source through the hash to a temporary file, and
// the object appears when that takes its name.

import Digests
import DurableFiles

/// How many bytes are read, hashed and written at once; all that a transfer holds in memory.
let pieceBytes = 1 << 20

extension LocalStore {
  /// How often the way to an object is made anew when others take it away meanwhile.
  private static let waysMax = 16

  package func upload(
    _ key: ObjectKey, from source: any ObjectSource, _ request: UploadRequest
  ) throws(StorageError) -> Transfer {
    let path = try path(of: key)
    try request.metadata.check()
    if request.storageClass != nil {
      throw .unsupported(store: name, "a directory has no storage classes; leave it out")
    }
    return try backend.perform(
      .upload, key, cancellation: request.cancellation, bytes: { $0.bytes },
      { (attempts) throws(StorageError) in
        try attempts.onFiles { () throws(StorageError) in
          try store(key, path, source, request, attempts)
        }
      })
  }

  private func store(
    _ key: ObjectKey, _ path: FilePath, _ source: any ObjectSource, _ request: UploadRequest,
    _ attempts: Attempts
  ) throws(StorageError) -> Transfer {
    try refuseEarly(key, path, request)
    let replacement = try onDisk(key) { (disk) throws(DiskError) in
      try makeTemporary(path, on: disk)
    }
    let digest = try copy(key, source, to: replacement.file, request, attempts)
    if let announced = request.digest, announced != digest {
      throw .integrity(key, "its bytes hash to \(digest), and \(announced) was announced")
    }
    let mark = ObjectMark(
      size: source.size, digest: digest, metadata: request.metadata,
      contentType: request.contentType)
    let isAttached: Bool
    do throws(DiskError) {
      isAttached = try LocalMarks.attach(mark, to: replacement.file)
      // One sync for bytes and mark, and before the lock, so that nobody is kept waiting for it.
      try replacement.file.sync(.all)
    } catch {
      throw failure(error, of: key)
    }
    try attempts.check()
    let file = try place(replacement, mark, isAttached, key, path, request.condition)
    return Transfer(
      object: Marked(mark: mark, file: file).status(of: key), digest: digest, bytes: source.size,
      store: name)
  }

  /// Finds out before the bytes pass what would be found out afterwards anyhow.
  private func refuseEarly(
    _ key: ObjectKey, _ path: FilePath, _ request: UploadRequest
  ) throws(StorageError) {
    guard request.condition != .always else { return }
    try onDisk(key) { (disk) throws(DiskError) in
      checkCondition(request.condition, key, try present(path, on: disk))
    }.get()
  }

  private func checkCondition(
    _ condition: Condition, _ key: ObjectKey, _ present: Present
  ) -> Result<Void, StorageError> {
    switch (condition, present) {
    case (.always, _), (.ifAbsent, .nothing): .success(())
    case (.ifAbsent, .object): .failure(.alreadyExists(key))
    case (.ifAbsent, .other): .failure(.occupied(key))
    case (.ifMatch(let version), .object(let found)):
      version == found ? .success(()) : .failure(.preconditionFailed(key))
    case (.ifMatch, .nothing), (.ifMatch, .other): .failure(.preconditionFailed(key))
    }
  }

  /// Makes the temporary file, and the directories on its way when they are missing.
  private func makeTemporary(
    _ path: FilePath, on disk: any Disk
  ) throws(DiskError) -> AtomicReplace {
    for _ in 1..<Self.waysMax {
      do throws(DiskError) {
        return try AtomicReplace(path, mode: 0o600, on: disk, entropy: entropy)
      } catch .absent {
        // A delete may take the empty directories away again before the file is there.
        try disk.makeDirectories(path.parent, mode: 0o700)
      }
    }
    return try AtomicReplace(path, mode: 0o600, on: disk, entropy: entropy)
  }

  private func copy(
    _ key: ObjectKey, _ source: any ObjectSource, to file: borrowing OpenFile,
    _ request: UploadRequest, _ attempts: Attempts
  ) throws(StorageError) -> Blake3Digest {
    let size = source.size
    var hasher = Blake3()
    var piece = [UInt8](repeating: 0, count: Int(min(size, UInt64(pieceBytes))))
    if size > UInt64(pieceBytes) { try reserve(size, file, key) }
    var offset: UInt64 = 0
    while offset < size {
      try attempts.check()
      let count = Int(min(size - offset, UInt64(piece.count)))
      try source.read(at: offset, into: &piece, count: count)
      let bytes = piece.span.extracting(first: count)
      hasher.update(bytes)
      do throws(DiskError) {
        try file.write(bytes, at: offset)
      } catch {
        throw failure(error, of: key)
      }
      offset += UInt64(count)
      request.progress?(offset)
    }
    return hasher.digest()
  }

  /// Finds out that the disk is too full before a long copy and not in its middle.
  private func reserve(
    _ size: UInt64, _ file: borrowing OpenFile, _ key: ObjectKey
  ) throws(StorageError) {
    do throws(DiskError) {
      try file.allocate(to: size)
    } catch .unsupported {
      // Then it is found out on the way.
    } catch {
      throw failure(error, of: key)
    }
  }

  /// Gives the file its name, if the condition still holds.
  private func place(
    _ replacement: consuming AtomicReplace, _ mark: ObjectMark, _ isAttached: Bool,
    _ key: ObjectKey, _ path: FilePath, _ condition: Condition
  ) throws(StorageError) -> FileStatus {
    var isVersioned = false
    if case .ifMatch = condition { isVersioned = true }
    var pending = Optional(replacement)
    let file = try changing(key, path, needsLock: isVersioned) { (disk) throws(StorageError) in
      if condition != .always {
        try onDisk(key) { _ throws(DiskError) in
          checkCondition(condition, key, try present(path, on: disk))
        }.get()
      }
      return try onDisk(key) { _ throws(DiskError) in
        try LocalMarks.commit(
          pending.take()!, mark, isAttached: isAttached, replacing: condition != .ifAbsent, entropy)
      }
    }
    guard file.size == mark.size else {
      throw .integrity(key, "another program changed its file while it was put in place")
    }
    return file
  }
}
