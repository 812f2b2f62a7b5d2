// Who may change which object of a local store at this moment. Keys share a few stripes; a stripe
// is held by one thread of one process, in this process by a set under a lock, between processes by
// a locked file below `.larder-locks/`. The kernel lets go of the file when its process dies.

import Ambient
import DurableFiles

/// The stripes of one local store.
final class StoreLocks: Sendable {
  /// How many changes can be decided at once.
  static let stripes = 64
  /// How often a stripe that another process holds is asked for, and how long between.
  static let triesMax = 200
  static let tryInterval = Duration.milliseconds(10)
  static let directory: FilePath = ".larder-locks"

  private let held = Monitor<Set<Int>>([])
  private let pause: Pause

  init(pause: Pause) {
    self.pause = pause
  }

  /// Runs `body` while nobody else changes the object; `isShared` tells it whether other processes
  /// are kept out too, which takes a file system with locks.
  ///
  /// Throws `.locked` when another process holds the stripe for too long.
  func withLock<Result>(
    of path: FilePath, on disk: any Disk,
    _ body: (_ isShared: Bool) throws(StorageError) -> Result,
    wrapping wrap: (DiskError) -> StorageError
  ) throws(StorageError) -> Result {
    let stripe = Self.stripe(of: path)
    _ = held.wait { (held: inout Set<Int>) -> Bool? in held.insert(stripe).inserted ? true : nil }
    defer { held.change { _ = $0.remove(stripe) } }
    let gate = try close(stripe, on: disk, wrapping: wrap)
    return try body(gate.isShared)
  }

  private func close(
    _ stripe: Int, on disk: any Disk, wrapping wrap: (DiskError) -> StorageError
  ) throws(StorageError) -> Gate {
    do throws(DiskError) {
      return try Gate.closed(Self.directory.appending("\(stripe)"), on: disk, pause)
    } catch {
      throw wrap(error)
    }
  }

  private static func stripe(of path: FilePath) -> Int {
    // FNV-1a: every process must find the same stripe.
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    for byte in path.bytes { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
    return Int(hash >> 32) % stripes
  }
}

/// The locked file of a stripe; given back when its holder lets go.
private struct Gate: ~Copyable {
  private let file: OpenFile
  let isShared: Bool

  private init(_ file: consuming OpenFile, isShared: Bool) {
    self.file = file
    self.isShared = isShared
  }

  /// Waits for the stripe, as long as is allowed.
  static func closed(
    _ path: FilePath, on disk: any Disk, _ pause: Pause
  ) throws(DiskError) -> Gate {
    let file = try open(path, on: disk)
    let isShared = try lock(file, pause)
    return Gate(file, isShared: isShared)
  }

  private static func open(_ path: FilePath, on disk: any Disk) throws(DiskError) -> OpenFile {
    // Someone may make it, or its directory, between two looks; nobody takes it away.
    while true {
      do throws(DiskError) {
        return try OpenFile(path, .writing, on: disk)
      } catch .absent {
        try disk.makeDirectories(path.parent, mode: 0o700)
      }
      do throws(DiskError) {
        return try OpenFile(path, .creating(mode: 0o600), on: disk)
      } catch .exists {
        continue
      }
    }
  }

  private static func lock(
    _ file: borrowing OpenFile, _ pause: Pause
  ) throws(DiskError) -> Bool {
    for _ in 1..<StoreLocks.triesMax {
      do throws(DiskError) {
        try file.lock()
        return true
      } catch .locked {
        _ = pause.wait(StoreLocks.tryInterval, nil)
      } catch .unsupported {
        return false
      }
    }
    try file.lock()
    return true
  }
}
