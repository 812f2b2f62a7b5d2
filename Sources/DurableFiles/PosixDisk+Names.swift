// The calls on names. Each resolves the directory first and then acts on one name in it.

import CLinux
import Glibc

extension PosixDisk {
  public func status(at path: FilePath) throws(DiskError) -> FileStatus? {
    do throws(DiskError) {
      return try inDirectory(of: path) { (directory, name) throws(DiskError) in
        try directory.status(of: name, as: path)
      }
    } catch .absent {
      return nil
    }
  }

  public func list(
    _ path: FilePath, from position: ListPosition, max: Int
  ) throws(DiskError) -> DirectoryPage {
    try OpenDirectory(resolve(path, CLINUX_DIRECTORY, as: path))
      .list(from: position, max: max, as: path)
  }

  public func makeDirectory(_ path: FilePath, mode: UInt16) throws(DiskError) {
    try permitChange(path)
    try inDirectory(of: path) { (directory, name) throws(DiskError) in
      try directory.makeDirectory(name, mode: mode, as: path)
      if try directory.status(of: name, as: path)?.mode == mode { return }
      // The process's mask took bits away, or the parent gave its set-group-id bit.
      let made = try directory.open(name, CLINUX_DIRECTORY, as: path)
      try answer(for: path) { fchmod(made.number, mode_t(mode)) }
    }
  }

  public func remove(_ path: FilePath) throws(DiskError) {
    try permitChange(path)
    if path == .root { throw .isADirectory(path) }
    try inDirectory(of: path) { (directory, name) throws(DiskError) in
      try directory.remove(name, directory: false, as: path)
    }
  }

  public func removeDirectory(_ path: FilePath) throws(DiskError) {
    try permitChange(path)
    if path == .root { throw .badPath("\(path)") }
    try inDirectory(of: path) { (directory, name) throws(DiskError) in
      try directory.remove(name, directory: true, as: path)
    }
  }

  public func rename(_ from: FilePath, to: FilePath, replacing: Bool) throws(DiskError) {
    try permitChange(from)
    if from == .root || to == .root || to != from && to.isWithin(from) { throw .badPath("\(to)") }
    try inDirectory(of: from) { (old, oldName) throws(DiskError) in
      // One that leads nowhere is told apart from a source that does not exist.
      try inDirectory(of: to) { (new, newName) throws(DiskError) in
        if replacing {
          try naming(to) { () throws(DiskError) in
            try old.rename(oldName, to: new, newName, as: from)
          }
        } else {
          try renameNew(from, old, oldName, to, new, newName)
        }
      }
    }
  }

  private func renameNew(
    _ from: FilePath, _ old: borrowing OpenDirectory, _ oldName: [UInt8],
    _ to: FilePath, _ new: borrowing OpenDirectory, _ newName: [UInt8]
  ) throws(DiskError) {
    try naming(to) { () throws(DiskError) in
      let done =
        gaps.contains(.renameNew)
        ? false : try old.renameNew(oldName, to: new, newName, as: from)
      if done { return }
      // A crash between the two leaves the file under both names, and never under none.
      do throws(DiskError) {
        try old.link(oldName, to: new, newName, as: from)
      } catch .denied {
        // Directories have no second name.
        throw .unsupported(from)
      }
      try old.remove(oldName, directory: false, as: from)
    }
  }

  /// Says of the target of a move what can only be wrong with the target.
  private func naming(
    _ target: FilePath, _ move: () throws(DiskError) -> Void
  ) throws(DiskError) {
    do throws(DiskError) {
      try move()
    } catch .exists {
      throw .exists(target)
    } catch .isADirectory {
      throw .isADirectory(target)
    } catch .notADirectory {
      throw .notADirectory(target)
    } catch .directoryNotEmpty {
      throw .directoryNotEmpty(target)
    } catch .full {
      throw .full(target)
    }
  }

  public func syncDirectory(_ path: FilePath) throws(DiskError) {
    try permitChange(path)
    let directory = try resolve(path, CLINUX_DIRECTORY, as: path)
    do throws(DiskError) {
      try answer(for: path) { fsync(directory.number) }
    } catch {
      throw latching(error)
    }
    try permitChange(path)
  }

  public func clone(_ from: FilePath, to: FilePath, mode: UInt16) throws(DiskError) {
    try permitChange(to)
    let source = try OpenFile(from, .reading, on: self)
    let target = try create(to, mode: mode)
    do throws(DiskError) {
      try copy(source, to: target, as: to)
    } catch {
      try remove(to)
      throw error
    }
  }

  /// Copies by the cheapest way that the file system has.
  private func copy(
    _ source: borrowing OpenFile, to target: borrowing Descriptor, as path: FilePath
  ) throws(DiskError) {
    let (from, to) = (source.id.number, target.number)
    if !gaps.contains(.copyInKernel) {
      if clinux_share_blocks(from, to) == 0 { return }
      if try copyInKernel(from, to, as: path) { return }
    }
    var offset: UInt64 = 0
    var piece = [UInt8](repeating: 0, count: 262_144)
    while true {
      let count = try source.read(at: offset, into: &piece, count: piece.count)
      if count == 0 { return }
      var put = 0
      while put < count {
        put += try answer(for: path) {
          unsafe piece[put..<count].withUnsafeBufferPointer { rest in
            unsafe pwrite(to, rest.baseAddress, rest.count, off_t(offset) + off_t(put))
          }
        }
      }
      offset += UInt64(count)
    }
  }

  /// False when the kernel cannot, having copied nothing.
  private func copyInKernel(
    _ from: Int32, _ to: Int32, as path: FilePath
  ) throws(DiskError) -> Bool {
    var copied = 0
    while true {
      do throws(DiskError) {
        let more = try answer(for: path) { clinux_copy_range(from, to, 1 << 30) }
        copied += Int(more)
        if more == 0 { return true }
      } catch {
        switch error {
        case .unsupported, .crossesFileSystems, .system(_, EINVAL):
          if copied == 0 { return false }
          throw error
        default: throw error
        }
      }
    }
  }
}
