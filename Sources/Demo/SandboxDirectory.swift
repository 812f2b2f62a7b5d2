// The place of a demo: one private directory among the machine's temporary ones.
//
//   larder-demo-<16 digits>/   mode 0700
//     owner                    locked as long as its demo lives
//     depot/  depot/.p4cache/  the depot and the engine's corner
//     cold/                    the cold store
//
// It is removed when the demo ends. When the process is killed its last will removes it; when the whole
// machine stops, the next demo does, which knows by the lock that nobody owns it any more.

package import Ambient
import Bytes
package import DurableFiles
import Synchronization

/// A private directory that leaves nothing behind.
package final class SandboxDirectory: Sendable {
  private static let prefix = "larder-demo-"
  private static let owner: FilePath = "owner"
  private static let remover = "/bin/rm"
  /// How often removing starts over while others still write below it.
  private static let removalsMax = 100

  /// Its path.
  package let path: String
  private let parent: PosixDisk
  private let name: FilePath
  private let lock: Mutex<OpenFile?>
  private let will: LastWill

  /// Makes a directory below `parent`, and clears what demos have left there whose machine stopped.
  package init(below parent: String, entropy: Entropy = .live) throws(DemoError) {
    let name = FilePath.root.appending(Self.prefix + hexadecimal(entropy.bytes(8)))
    path = "\(parent)/\(name)"
    // The will comes before what it removes, so that there is no moment without one.
    do throws(SubprocessError) {
      will = try LastWill(Self.remover, ["-rf", "--", path])
    } catch {
      throw .unguarded("\(error)")
    }
    do throws(DiskError) {
      let disk = try PosixDisk(root: parent)
      Self.clear(disk, parent)
      try disk.makeDirectory(name, mode: 0o700)
      self.parent = disk
      self.name = name
      let owner = try OpenFile(
        name.appending("\(Self.owner)"), .creating(mode: 0o600), on: disk)
      try owner.lock()
      lock = Mutex(owner)
    } catch {
      throw .place(parent, error)
    }
  }

  /// The disk of a directory in it, which is made when it is missing.
  package func disk(_ directory: String) throws(DemoError) -> PosixDisk {
    do throws(DiskError) {
      try parent.makeDirectories(place(directory), mode: 0o700)
      return try PosixDisk(root: "\(path)/\(directory)")
    } catch {
      throw .place("\(path)/\(directory)", error)
    }
  }

  /// The path of something in it, in the kernel's bytes.
  package func bytes(of file: String) -> [UInt8] { Array("\(path)/\(file)".utf8) }

  private func place(_ directory: String) throws(DiskError) -> FilePath {
    try FilePath(bytes: name.bytes + Array("/\(directory)".utf8))
  }

  /// Removes it with everything in it.
  package func remove() throws(DemoError) {
    do throws(DiskError) {
      try Self.remove(name, on: parent)
    } catch {
      throw .place(path, error)
    }
    lock.withLock { $0 = nil }
    will.revoke()
  }

  /// Removes a tree, again while threads that are about to end still put names into it.
  private static func remove(_ name: FilePath, on disk: PosixDisk) throws(DiskError) {
    for _ in 1..<removalsMax {
      do throws(DiskError) {
        return try disk.removeTree(name)
      } catch .directoryNotEmpty {
        continue
      }
    }
    try disk.removeTree(name)
  }

  /// Removes directories that nobody owns any more.
  private static func clear(_ disk: PosixDisk, _ parent: String) {
    do throws(DiskError) {
      for entry in try disk.list(.root) where entry.name.starts(with: prefix.utf8) {
        if entry.kind == .directory { clear(FilePath.root.appending(entry.name), on: disk) }
      }
    } catch {
      // A directory that cannot be listed keeps what others left; it keeps nobody from working.
    }
  }

  private static func clear(_ name: FilePath, on disk: PosixDisk) {
    do throws(DiskError) {
      let owner = try OpenFile(name.appending("\(Self.owner)"), .writing, on: disk)
      try owner.lock()
      try remove(name, on: disk)
    } catch {
      // Its owner lives, it is being made at this moment, or it is another user's.
    }
  }
}
