// Whole trees: making the way to a directory, walking down, removing. Memory is bounded by the
// depth of a tree, never by its width. Trees may change meanwhile: what vanishes first is skipped.

/// The most names that are held for one level of a tree.
private let namesPerLevelMax = 256

extension Disk {
  /// Makes a directory and those missing on the way to it, and makes their names durable.
  ///
  /// A crash in the middle leaves some of the way. Directories that exist keep their mode.
  package func makeDirectories(_ path: FilePath, mode: UInt16) throws(DiskError) {
    if let status = try status(at: path) {
      if status.kind == .directory { return }
      throw status.kind == .symbolicLink ? .escapes(path) : .notADirectory(path)
    }
    try makeDirectories(path.parent, mode: mode)
    do throws(DiskError) {
      try makeDirectory(path, mode: mode)
    } catch .exists {
      // Another made it just now; its name is made durable all the same.
    }
    try syncDirectory(path.parent)
  }

  /// Removes a directory with everything below it, links themselves and not what they lead to; of
  /// the root only what is below it. `.directoryNotEmpty` when names keep appearing.
  ///
  /// Nothing is synced, and a crash in the middle leaves some of it.
  package func removeTree(_ path: FilePath) throws(DiskError) {
    // Directories that hold something go back on top until they are empty.
    var pending = [path]
    while let directory = pending.popLast() {
      let entries: [DirectoryEntry]
      do throws(DiskError) {
        entries = try list(directory, from: .start, max: namesPerLevelMax).entries
      } catch .absent where directory != path {
        continue
      }
      if entries.isEmpty {
        if directory != .root {
          try unlessGone { () throws(DiskError) in try removeDirectory(directory) }
        }
        continue
      }
      pending.append(directory)
      for entry in entries {
        let child = directory.appending(entry.name)
        if entry.kind == .directory {
          pending.append(child)
        } else {
          try unlessGone { () throws(DiskError) in try remove(child) }
        }
      }
    }
  }
}

private func unlessGone(_ removal: () throws(DiskError) -> Void) throws(DiskError) {
  do throws(DiskError) {
    try removal()
  } catch .absent {
    return
  }
}
