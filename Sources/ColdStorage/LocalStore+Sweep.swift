// Clearing up after processes that died, and telling what nobody can account for: files without a
// mark, sidecars without a file, links and other things that no store puts there. Only temporary
// files of dead processes and sidecars of objects that are gone are removed; the rest is a person's.

package import Ambient
import Bytes
import DurableFiles

extension LocalStore {
  package func sweep(_ cancellation: Cancellation?) throws(StorageError) -> Leftovers {
    try backend.perform(.sweep, nil, cancellation: cancellation) {
      (attempts) throws(StorageError) in
      try attempts.onFiles { () throws(StorageError) in
        var found = Leftovers()
        found.removed += try inTree { (disk) throws(DiskError) in
          try disk.sweepTemporaries(in: .root)
        }
        var walk = TreeWalk(.root, on: disk)
        while let step = try inTree({ _ throws(DiskError) in try walk.next() }) {
          try attempts.check()
          try look(at: step, &walk, &found)
        }
        return found
      }
    }
  }

  private func look(
    at step: TreeWalk.Step, _ walk: inout TreeWalk, _ found: inout Leftovers
  ) throws(StorageError) {
    switch step {
    case .unreadable(let path, _), .entry(let path, .symbolicLink), .entry(let path, .other):
      found.add(path)
    case .entry(StoreLocks.directory, .directory):
      walk.skipDescendants()
    case .entry(let path, .directory):
      found.removed += try inTree { (disk) throws(DiskError) in
        do throws(DiskError) {
          return try disk.sweepTemporaries(in: path)
        } catch .absent {
          return 0
        }
      }
    case .entry(let path, .regular):
      if AtomicReplace.isTemporary(path.name) { return }
      if LocalMarks.isSidecar(path.name) {
        try judgeSidecar(path, &found)
      } else if try inTree({ (disk) throws(DiskError) in try isUnmarked(path, on: disk) }) {
        found.add(path)
      }
    }
  }

  private func isUnmarked(_ path: FilePath, on disk: any Disk) throws(DiskError) -> Bool {
    do throws(DiskError) {
      guard case .other = try present(path, on: disk) else { return false }
      return true
    } catch .interrupted {
      // It is replaced again and again, so it is in use.
      return false
    }
  }

  /// Removes a sidecar whose object is gone, while nobody can be about to put one in place.
  private func judgeSidecar(
    _ path: FilePath, _ found: inout Leftovers
  ) throws(StorageError) {
    let owner = try inTree { (disk) throws(DiskError) in try LocalMarks.owner(of: path, on: disk) }
    guard let owner, let key = KeyPrefix.none.key(of: owner.bytes) else {
      let stays = try inTree { (disk) throws(DiskError) in try disk.status(at: path) != nil }
      if stays { found.add(path) }
      return
    }
    let isRemoved = try changing(key, owner, needsLock: true) { _ throws(StorageError) in
      try inTree { (disk) throws(DiskError) in
        do throws(DiskError) {
          guard try disk.status(at: owner) == nil else { return false }
          try disk.remove(path)
          return true
        } catch .absent {
          return false
        }
      }
    }
    if isRemoved { found.removed += 1 }
  }

  private func inTree<Result>(
    _ body: (any Disk) throws(DiskError) -> Result
  ) throws(StorageError) -> Result {
    do throws(DiskError) {
      return try body(disk)
    } catch {
      throw failure(error, ofDirectory: .root)
    }
  }

  /// What a refusal of the disk means when no object is concerned.
  func failure(_ error: DiskError, ofDirectory directory: FilePath) -> StorageError {
    switch error {
    case .absent, .notADirectory, .escapes:
      .unavailable(store: name, detail: "\(error)", retryAfter: nil)
    default:
      // The key only matters to the cases above.
      failure(error, of: "directory")
    }
  }
}

extension Leftovers {
  fileprivate mutating func add(_ path: FilePath) {
    orphans += 1
    if named.count < Self.namedMax { named.append(path.description) }
  }
}
