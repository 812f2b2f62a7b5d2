// One restore, from an object to a file that stands in the depot whole.
//
//   download, hashing ──digest agrees──▶ mode, owner, time ──▶ synced ──▶ renamed ──▶ durable
//     │ wrong bytes: removed                                        │
//     ▼                                                             └─ the name is taken: removed,
//   nothing at the live path                                           for whoever wrote there wins
//
// The file is built below `.p4cache/restoring` and appears at its path complete. A lease is held
// over the rename, so that the look behind it is known to be of these bytes and of no later ones.
// A crash leaves a file below `restoring`, which the next start removes, or the restored file
// without its event, which the next scan finds and compares.

internal import Ambient
internal import Bytes
internal import ColdStorage
internal import Digests
internal import DurableFiles
internal import Manifest

/// What came of a restore.
enum RestoreOutcome: Equatable, Sendable {
  /// The file stands, and this is known to be a look at the stored bytes.
  case restored(HotCopy)
  /// The file stands, and somebody has opened it since; whether it was written nobody can tell.
  case disturbed(HotCopy)
  /// A file had appeared at the path; it was left alone.
  case superseded
}

/// Brings files back from cold storage.
struct Restorer: Sendable {
  let depot: Depot
  let cold: any ObjectStore
  let entropy: Entropy

  /// Brings back the file, unless one stands there by now.
  func restore(
    _ path: FilePath, from stored: StoredCopy, _ cancellation: Cancellation? = nil
  ) throws(EngineError) -> RestoreOutcome {
    let key = try key(of: stored, path)
    let temporary = Depot.restoring.appending(hexadecimal(entropy.bytes(8)))
    let sink = FileSink(
      try onDisk(path) { (disk) throws(DiskError) in
        try OpenFile(temporary, .creating(mode: 0o600), on: disk)
      })
    do throws(EngineError) {
      try fill(sink, path, key, stored, cancellation)
      let outcome = try place(sink, temporary, path, stored.details)
      if outcome == .superseded { discard(temporary) }
      return outcome
    } catch {
      discard(temporary)
      throw error
    }
  }

  private func key(of stored: StoredCopy, _ path: FilePath) throws(EngineError) -> ObjectKey {
    do throws(StorageError) {
      return try ObjectKey(bytes: stored.key)
    } catch {
      throw .backend(path, error)
    }
  }

  /// Downloads all bytes, and compares them with what was recorded.
  private func fill(
    _ sink: FileSink, _ path: FilePath, _ key: ObjectKey, _ stored: StoredCopy,
    _ cancellation: Cancellation?
  ) throws(EngineError) {
    let transfer: Transfer
    do throws(StorageError) {
      transfer = try cold.download(
        key, to: sink, DownloadRequest(digest: stored.digest, cancellation: cancellation))
    } catch {
      throw refusal(error, path)
    }
    guard transfer.digest == stored.digest else {
      throw .integrity(path, "its bytes hash to \(transfer.digest), not to \(stored.digest)")
    }
    guard transfer.bytes == stored.details.size else {
      throw .integrity(path, "it has \(transfer.bytes) bytes, not \(stored.details.size)")
    }
  }

  /// Makes the whole file durable and gives it its name.
  private func place(
    _ sink: FileSink, _ temporary: FilePath, _ path: FilePath, _ details: FileDetails
  ) throws(EngineError) -> RestoreOutcome {
    try onDisk(path) { (disk) throws(DiskError) in
      try sink.withFile { (file) throws(DiskError) in try Self.dress(file, details) }
      try depot.makeWay(to: path)
      return try sink.withFile { (file) throws(DiskError) in
        let isLeased = try Self.lease(file)
        do throws(DiskError) {
          try disk.rename(temporary, to: path, replacing: false)
        } catch .exists {
          return .superseded
        }
        let hot = HotCopy(try file.status)
        let isUndisturbed = isLeased ? try file.isLeased : hot.details == details
        try disk.syncDirectory(path.parent)
        let named = try disk.status(at: path)
        guard let named, named.kind == .regular, named.inode == hot.inode else {
          return .superseded
        }
        return isUndisturbed ? .restored(hot) : .disturbed(hot)
      }
    }
  }

  /// Gives the file what it had when it was stored, durably.
  private static func dress(
    _ file: borrowing OpenFile, _ details: FileDetails
  ) throws(DiskError) {
    let present = try file.status
    if present.owner != details.owner || present.group != details.group {
      do throws(DiskError) {
        try file.set(FileAttributes(owner: details.owner, group: details.group))
      } catch .denied {
        // Only the system's own user gives files away; any other restores what is its own.
      }
    }
    try file.set(
      FileAttributes(mode: details.mode, modifiedNanoseconds: details.modifiedNanoseconds))
    try file.sync(.all)
  }

  /// Takes the file, whose name nobody knows yet; false where the file system has no leases.
  private static func lease(_ file: borrowing OpenFile) throws(DiskError) -> Bool {
    do throws(DiskError) {
      return try file.lease()
    } catch .unsupported {
      return false
    } catch .denied {
      // A file that was given away is leased by its new owner alone.
      return false
    }
  }

  private func discard(_ temporary: FilePath) {
    do throws(DiskError) {
      try depot.disk.remove(temporary)
    } catch {
      // The next start removes what lies there.
    }
  }

  private func onDisk<Result: ~Copyable>(
    _ path: FilePath, _ body: (any Disk) throws(DiskError) -> Result
  ) throws(EngineError) -> Result {
    do throws(DiskError) {
      return try depot.perform(body)
    } catch .full {
      throw .diskFull(path)
    } catch {
      throw .disk(error)
    }
  }

  /// What a failed download means for whoever waits for the file.
  private func refusal(_ error: StorageError, _ path: FilePath) -> EngineError {
    switch error {
    case .sinkFailed(.full): return .diskFull(path)
    case .sinkFailed(let disk):
      depot.heal(after: disk)
      return .disk(disk)
    case .gaveUp(_, let last): return refusal(last, path)
    case .integrity(_, let detail): return .integrity(path, detail)
    case .bothFailed(let primary, let secondary):
      if case .integrity(_, let detail) = primary { return .integrity(path, detail) }
      if case .integrity(_, let detail) = secondary { return .integrity(path, detail) }
      return .backend(path, error)
    default: return .backend(path, error)
    }
  }
}
