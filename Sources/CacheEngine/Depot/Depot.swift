// The depot's directory as the engine uses it: files anywhere, and a corner of its own, in the same
// file system so that a rename leads from one to the other.
//
//   .p4cache/restoring   files that are coming; whatever lies there at the start is removed
//   .p4cache/evicting    files that are going; whatever lies there at the start is put back
//   .p4cache/displaced   files that could not be put back, for their name was taken; never removed
//
// A disk latches when a sync has failed. What was under way then fails, and the depot is opened
// anew: nothing that was not known to be durable was ever said to be.

internal import Ambient
internal import Digests
package import DurableFiles
internal import Manifest
internal import Synchronization

/// The directory of a depot.
package final class Depot: Sendable {
  static let home: FilePath = ".p4cache"
  static let restoring = home.appending("restoring")
  static let evicting = home.appending("evicting")
  static let displaced = home.appending("displaced")

  private let open: @Sendable () throws(DiskError) -> any Disk
  private let current: Mutex<any Disk>
  private let emptied = Mutex(EmptiedDirectories())

  /// Opens the depot; `open` is called again when the disk refuses further work after a failed sync.
  package init(
    opening open: @escaping @Sendable () throws(DiskError) -> any Disk
  ) throws(DiskError) {
    self.open = open
    current = Mutex(try open())
  }

  /// The disk as it is open now.
  var disk: any Disk { current.withLock { $0 } }

  /// Runs `body` on the disk, and opens it anew for the next when it has latched.
  func perform<Result: ~Copyable>(
    _ body: (any Disk) throws(DiskError) -> Result
  ) throws(DiskError) -> Result {
    do throws(DiskError) {
      return try body(disk)
    } catch {
      heal(after: error)
      throw error
    }
  }

  /// Opens the disk anew when this error says that it has latched.
  func heal(after error: DiskError) {
    guard case .latched = error else { return }
    do throws(DiskError) {
      let fresh = try open()
      current.withLock { $0 = fresh }
    } catch {
      // The disk stays latched, and whoever meets that next comes here again.
    }
  }

  /// Makes the engine's corner.
  func prepare() throws(DiskError) {
    for directory in [Self.restoring, Self.evicting, Self.displaced] {
      try disk.makeDirectories(directory, mode: 0o700)
    }
  }

  /// Whether a path is one that the depot's server may have files at.
  static func isFile(_ path: FilePath) -> Bool {
    path != .root && !path.isWithin(home)
  }

  /// The file at a path as it is now; nil when there is none, or something that is no file.
  func copy(at path: FilePath) throws(DiskError) -> HotCopy? {
    do throws(DiskError) {
      let status = try perform { (disk) throws(DiskError) in try disk.status(at: path) }
      guard let status, status.kind == .regular else { return nil }
      return HotCopy(status)
    } catch {
      if error.isOfNothingThere { return nil }
      throw error
    }
  }

  /// The bytes that are read at once.
  private static let pieceBytes = 1 << 20

  /// What the bytes of a file hash to, as they are read.
  static func digest(of file: borrowing OpenFile) throws(DiskError) -> Blake3Digest {
    guard let digest = try digest(of: file, unless: nil) else {
      preconditionFailure("nobody could cancel it")
    }
    return digest
  }

  /// The same; nil when it was cancelled meanwhile.
  static func digest(
    of file: borrowing OpenFile, unless cancellation: Cancellation?
  ) throws(DiskError) -> Blake3Digest? {
    var hasher = Blake3()
    var piece = [UInt8](repeating: 0, count: pieceBytes)
    var offset: UInt64 = 0
    while true {
      if cancellation?.isCancelled == true { return nil }
      let count = try file.read(at: offset, into: &piece, count: piece.count)
      if count == 0 { return hasher.digest() }
      hasher.update(piece.span.extracting(first: count))
      offset += UInt64(count)
    }
  }

  /// What the bytes of the file at a path hash to.
  func digest(at path: FilePath) throws(DiskError) -> Blake3Digest {
    try Self.digest(of: try OpenFile(path, .reading, on: disk))
  }

  /// Makes the directories that a file needs, like the nearest that exists.
  func makeWay(to path: FilePath) throws(DiskError) {
    try perform { (disk) throws(DiskError) in
      var existing = path.parent
      while existing != .root, try disk.status(at: existing) == nil { existing = existing.parent }
      if existing == path.parent { return }
      let mode = try disk.status(at: existing)?.mode ?? 0o755
      try disk.makeDirectories(path.parent, mode: mode)
    }
  }

  /// Makes it durable that a file is gone, whether it was removed just now or left on its way out some
  /// time ago; or a crash of the machine would bring it back.
  func secureRemoval(of path: FilePath) throws(DiskError) {
    try perform { (disk) throws(DiskError) in
      var existing = path.parent
      while existing != .root, try disk.status(at: existing)?.kind != .directory {
        existing = existing.parent
      }
      try disk.syncDirectory(existing)
      try disk.syncDirectory(Self.evicting)
    }
  }

  /// Notes that a file has left, so that its directory may hold nothing any more.
  func noteLeft(_ path: FilePath) { emptied.withLock { $0.note(path.parent) } }

  /// Removes directories that files have left, that hold nothing, and that nobody has changed for a
  /// while: a program that has just made one, or a file in it, is about to make another.
  func sweepEmptied(at now: WallTime) {
    for directory in emptied.withLock({ $0.take(at: now) }) {
      do throws(DiskError) {
        guard let status = try disk.status(at: directory), status.kind == .directory else {
          continue
        }
        let age = now - WallTime(microseconds: status.modifiedNanoseconds / 1_000)
        // A time that lies ahead is that of a clock which was set back.
        if age >= .zero, age < EmptiedDirectories.restingTime {
          emptied.withLock {
            $0.note(directory, until: now + (EmptiedDirectories.restingTime - age))
          }
          continue
        }
        try disk.removeDirectory(directory)
        emptied.withLock { $0.note(directory.parent) }
      } catch {
        // It holds something, or somebody else was first; an empty directory harms nobody.
      }
    }
  }
}

extension DiskError {
  /// Whether the path leads to nothing that could be a file.
  var isOfNothingThere: Bool {
    switch self {
    case .absent, .notADirectory, .escapes, .notRegular, .isADirectory: true
    default: false
    }
  }
}
