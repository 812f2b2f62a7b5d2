// Where a file lies that a person named and that is written by way of a disk: the directory, which is
// opened as the disk's root, and the name in it.

import Ambient
import DurableFiles

/// A directory and a name in it.
struct UserPlace: Sendable {
  let directory: PosixDisk
  let name: FilePath

  /// Opens the directory of a path in the kernel's bytes, which must be there.
  init(_ path: [UInt8]) throws(DiskError) {
    let slash = path.lastIndex(of: UInt8(ascii: "/"))
    let above = slash.map { $0 == 0 ? [UInt8(ascii: "/")] : Array(path[..<$0]) } ?? [0x2E]
    name = try FilePath(bytes: Array(path[(slash.map { $0 + 1 } ?? 0)...]))
    if name == .root { throw .isADirectory(name) }
    directory = try PosixDisk(root: above)
  }

  /// Makes or replaces the file, whole or not at all; a device or a link in its place is left alone.
  func write(_ bytes: [UInt8]) throws(DiskError) {
    if let found = try directory.status(at: name), found.kind != .regular {
      throw .notRegular(name)
    }
    try AtomicReplace.write(
      bytes, to: name, mode: 0o644, replacing: true, on: directory, entropy: .live)
  }
}
