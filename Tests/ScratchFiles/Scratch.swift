// A directory of a test's own, for the files that other programs are to read.

import Ambient
import Bytes
import DurableFiles

/// A directory for one test, removed with everything in it afterwards.
final class Scratch: Sendable {
  private static let parent = "/tmp"
  private let disk: PosixDisk
  private let name: FilePath

  init() throws {
    disk = try PosixDisk(root: Self.parent)
    name = FilePath.root.appending("larder-digests-\(hexadecimal(Entropy.live.bytes(8)))")
    try disk.makeDirectory(name, mode: 0o700)
  }

  deinit {
    do throws(DiskError) {
      try disk.removeTree(name)
    } catch {
      preconditionFailure("the scratch directory was not removed: \(error)")
    }
  }

  /// Makes the file of the test and returns its path.
  func file(_ bytes: [UInt8]) throws -> String {
    let path = name.appending("file")
    try OpenFile(path, .creating(mode: 0o600), on: disk).write(bytes, at: 0)
    return "\(Self.parent)/\(path)"
  }
}
