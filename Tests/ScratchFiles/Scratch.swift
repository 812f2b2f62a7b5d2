// A directory of a test's own, for files that other programs read or make.

import Ambient
import Bytes
package import DurableFiles
import Glibc

/// A directory for one test, removed with everything in it afterwards.
package final class Scratch: Sendable {
  private static let parent = "/tmp"
  /// The disk that has the directory as its root.
  package let disk: PosixDisk
  private let name: FilePath

  package init() throws(DiskError) {
    let disk = try PosixDisk(root: Self.parent)
    name = FilePath.root.appending("larder-scratch-\(hexadecimal(Entropy.live.bytes(8)))")
    try disk.makeDirectory(name, mode: 0o700)
    self.disk = try PosixDisk(root: "\(Self.parent)/\(name)")
  }

  deinit {
    do throws(DiskError) {
      try PosixDisk(root: Self.parent).removeTree(name)
    } catch {
      preconditionFailure("the scratch directory was not removed: \(error)")
    }
  }

  /// The path of the directory.
  package var path: String { "\(Self.parent)/\(name)" }

  /// The path of what is called so in the directory, whether it is there or not.
  package func path(_ file: String) -> String {
    "\(path)/\(file)"
  }

  /// Makes a file, of any name, and returns its path in the kernel's bytes.
  @discardableResult
  package func makeFile(_ file: [UInt8], _ bytes: [UInt8]) throws -> [UInt8] {
    try OpenFile(FilePath.root.appending(file), .creating(mode: 0o600), on: disk)
      .write(bytes, at: 0)
    return Array(path("").utf8) + file
  }

  /// Makes a file and returns its path.
  @discardableResult
  package func makeFile(_ file: String, _ bytes: [UInt8]) throws -> String {
    try makeFile(Array(file.utf8), bytes)
    return path(file)
  }

  /// Makes a symbolic link, wherever it leads, as no disk would.
  package func plantLink(_ link: String, to target: String) {
    let failed = unsafe symlink(target, path(link))
    precondition(failed == 0, "no link could be made")
  }
}
