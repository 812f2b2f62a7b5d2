// Where a bench keeps its files: a directory of its own below one that the caller names, removed with
// everything in it when the bench lets go. A crash leaves it behind, under a name that says whose it
// was.

import Ambient
import Bytes
import DurableFiles

/// A directory of a bench's own.
final class BenchDirectory {
  private let parent: PosixDisk
  private let parentPath: String
  private let name: FilePath
  private var made = 0

  init(below parentPath: String) throws(BenchFailure) {
    self.parentPath = parentPath
    name = FilePath.root.appending("larder-bench-\(hexadecimal(Entropy.live.bytes(6)))")
    do throws(DiskError) {
      parent = try PosixDisk(root: parentPath)
      try parent.makeDirectory(name, mode: 0o700)
    } catch {
      throw BenchFailure("the bench has no directory to work in: \(error)")
    }
  }

  /// Removes the directory; what cannot be removed is said by the name that it has.
  func remove() throws(BenchFailure) {
    do throws(DiskError) { try parent.removeTree(name) } catch {
      throw BenchFailure("the bench's directory \(parentPath)/\(name) was not removed: \(error)")
    }
  }

  /// Makes a new directory in it and returns its path.
  func fresh() throws(BenchFailure) -> String {
    made += 1
    let child = name.appending("\(made)")
    do throws(DiskError) { try parent.makeDirectory(child, mode: 0o700) } catch {
      throw BenchFailure("the bench cannot make a directory: \(error)")
    }
    return "\(parentPath)/\(child)"
  }

  /// A disk with a new directory as its root, and the directory's path.
  func freshDisk() throws(BenchFailure) -> (disk: PosixDisk, path: String) {
    let path = try fresh()
    return (try disk(at: path), path)
  }

  /// A disk with a directory that was made here as its root.
  func disk(at path: String) throws(BenchFailure) -> PosixDisk {
    do throws(DiskError) { return try PosixDisk(root: path) } catch {
      throw BenchFailure("the bench cannot open its directory: \(error)")
    }
  }

  /// Removes what was made by `fresh`, so that a long bench needs little room.
  func discard(_ path: String) throws(BenchFailure) {
    do throws(DiskError) {
      let disk = try PosixDisk(root: path)
      try disk.removeTree(.root)
    } catch {
      throw BenchFailure("the bench cannot remove its files: \(error)")
    }
  }

  /// Copies the files of one directory, and of those in it, to a new one.
  func copy(of path: String) throws(BenchFailure) -> String {
    let target = try fresh()
    do throws(DiskError) {
      try Self.copy(try PosixDisk(root: path), try PosixDisk(root: target), .root)
    } catch {
      throw BenchFailure("the bench cannot copy a store: \(error)")
    }
    return target
  }

  private static func copy(
    _ from: PosixDisk, _ to: PosixDisk, _ directory: FilePath
  ) throws(DiskError) {
    for entry in try from.list(directory) {
      let path = directory.appending(entry.name)
      if entry.kind == .directory {
        try to.makeDirectory(path, mode: 0o700)
        try copy(from, to, path)
      } else {
        let source = try OpenFile(path, .reading, on: from)
        let target = try OpenFile(path, .creating(mode: 0o600), on: to)
        var offset: UInt64 = 0
        while true {
          let bytes = try source.read(at: offset, count: 4 << 20)
          if bytes.isEmpty { break }
          try target.write(bytes, at: offset)
          offset += UInt64(bytes.count)
        }
        try target.sync(.all)
      }
    }
  }

  /// The bytes of all files below a directory.
  static func bytes(of disk: PosixDisk, _ directory: FilePath = .root) throws(DiskError) -> UInt64 {
    var total: UInt64 = 0
    for entry in try disk.list(directory) {
      let path = directory.appending(entry.name)
      if entry.kind == .directory {
        total += try bytes(of: disk, path)
      } else {
        total += try disk.status(at: path)?.size ?? 0
      }
    }
    return total
  }
}
