// The live disk: a directory of the machine, held open, and nothing outside it.
//
// A path is resolved by the kernel below that directory and through no symbolic link, so neither a
// hostile name nor a directory that is swapped for a link meanwhile leads out. Changes are made
// in the directory that was resolved, not by path. After one failed sync the kernel may have
// thrown the unwritten bytes away and will not say so again; so the disk latches, and everything
// but reading is refused until it is opened anew.
//
// This file holds what it is and how names are found; `+Files` the calls on open files, `+Names`
// those on names, `+Maps` those on memory.

import CLinux
import Glibc
import Synchronization

/// What a kernel or file system lacks, so that the longer way is taken.
struct KernelGaps: OptionSet, Sendable {
  let rawValue: Int

  /// No openat2(2): paths are walked by component.
  static let openBeneath = KernelGaps(rawValue: 1)
  /// No renameat2(2) without replacing: a file gets its new name before it loses the old.
  static let renameNew = KernelGaps(rawValue: 2)
  /// No ioctl_ficlone(2) and no copy_file_range(2): copies pass through memory.
  static let copyInKernel = KernelGaps(rawValue: 4)
}

/// The machine's file system below one directory.
public final class PosixDisk: Disk {
  struct Opened {
    let path: FilePath
    let changes: Bool
    var isLocked = false
  }

  let root: OpenDirectory
  let gaps: KernelGaps
  let readOnly: Bool
  let latched = Atomic(false)
  /// By the kernel's number, which is the `FileID` too; asked only when something fails.
  let opened = Mutex<[Int32: Opened]>([:])

  /// Opens the directory, through links if its path has any; `readOnly` refuses every change
  /// before the kernel sees it.
  public convenience init(root: String, readOnly: Bool = false) throws(DiskError) {
    try self.init(root: Array(root.utf8), readOnly: readOnly)
  }

  /// Opens the directory at a path in the kernel's bytes.
  public convenience init(root: [UInt8], readOnly: Bool = false) throws(DiskError) {
    try self.init(root: root, readOnly: readOnly, lacking: [])
  }

  /// Opens the directory as on a kernel that lacks these calls.
  init(root path: [UInt8], readOnly: Bool, lacking gaps: KernelGaps) throws(DiskError) {
    let given = FilePath(asGiven: path)
    guard !path.isEmpty, !path.contains(0) else { throw .badPath("\(given)") }
    root = OpenDirectory(
      Descriptor(
        try answer(for: given) { unsafe clinux_open(path, path.count, Int32(CLINUX_DIRECTORY)) }))
    self.readOnly = readOnly
    self.gaps = try gaps.union(Self.gaps(of: root))
  }

  deinit {
    // Files whose number was lost without being closed; `OpenFile` keeps the disk alive.
    for number in opened.withLock({ $0.keys }) { _ = Glibc.close(number) }
  }

  /// Older kernels lack openat2, and some sandboxes refuse what they do not know.
  private static func gaps(of root: borrowing OpenDirectory) throws(DiskError) -> KernelGaps {
    do throws(DiskError) {
      _ = try root.open(beneath: .root, CLINUX_PLACE, mode: 0, as: .root)
      return []
    } catch .unsupported {
      return .openBeneath
    } catch .denied {
      return .openBeneath
    }
  }

  /// Refuses a change on a disk that is read-only or latched.
  func permitChange(_ path: @autoclosure () -> FilePath) throws(DiskError) {
    if readOnly { throw .readOnly(path()) }
    if latched.load(ordering: .acquiring) { throw .latched(path()) }
  }

  /// Opens what stands at the path.
  func resolve(
    _ path: FilePath, _ how: Int, mode: UInt16 = 0, as named: FilePath
  ) throws(DiskError) -> Descriptor {
    do throws(DiskError) {
      if path.bytes.count > 4_095 { throw .badPath("\(path)") }
      return gaps.contains(.openBeneath)
        ? try root.open(walking: path, how, mode: mode, as: named)
        : try root.open(beneath: path, how, mode: mode, as: named)
    } catch .notADirectory where how & CLINUX_DIRECTORY == 0 {
      throw .notADirectory(named.parent)
    }
  }

  /// Runs `body` with the directory that holds the path, and the path's name in it.
  func inDirectory<Result>(
    of path: FilePath,
    _ body: (borrowing OpenDirectory, _ name: [UInt8]) throws(DiskError) -> Result
  ) throws(DiskError) -> Result {
    if path.parent == .root { return try body(root, path.name) }
    let directory = OpenDirectory(try resolve(path.parent, CLINUX_PLACE, as: path))
    return try body(directory, path.name)
  }
}
