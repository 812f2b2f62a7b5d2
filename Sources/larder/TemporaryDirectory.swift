// A directory below `$TMPDIR` for what is only looked at, and must be put together first.

import Ambient
import Bytes
import DurableFiles
import Flags

/// A directory that is gone afterwards.
struct TemporaryDirectory {
  let disk: PosixDisk
  let path: [UInt8]
  private let parent: PosixDisk
  private let name: FilePath

  init() throws(Failure) {
    let above = ThisProcess.variable("TMPDIR").flatMap { $0.isEmpty ? nil : $0 }
    let place = above ?? Array("/tmp".utf8)
    name = FilePath.root.appending("larder-\(hexadecimal(Entropy.live.bytes(8)))")
    path = place + Array("/\(name)".utf8)
    do throws(DiskError) {
      parent = try PosixDisk(root: place)
      try parent.makeDirectory(name, mode: 0o700)
      disk = try PosixDisk(root: path)
    } catch {
      throw .ended(.failed, "no temporary directory can be made: \(error)")
    }
  }

  func remove() {
    do throws(DiskError) { try parent.removeTree(name) } catch {
      // It is below a directory that the system clears by itself, and the answer was given.
      return
    }
  }
}
