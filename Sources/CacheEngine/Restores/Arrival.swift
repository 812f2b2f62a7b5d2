// One file on its way into the depot: it has all its bytes, and nobody sees it yet.
//
//   whole ──mode, owner, time──▶ durable ──renamed under a lease──▶ in place ──▶ its name durable
//     │                                        │
//     └── let go, or any refusal: removed      └── the name is taken: removed, for whoever wrote
//                                                  there wins
//
// A lease is held over the rename, so that the look behind it is known to be of these bytes and of no
// later ones. A crash leaves a file below `.p4cache/restoring`, which the next start removes, or the
// restored file without its event, which the next scan finds and compares.

internal import ColdStorage
internal import DurableFiles
internal import Manifest

/// What came of a restore.
enum RestoreOutcome: Equatable, Sendable {
  /// The file stands, and this is known to be a look at the stored bytes.
  case restored(HotCopy)
  /// The file stands, and somebody has opened it since; whether it was written nobody can tell.
  case disturbed(HotCopy)
  /// A file had appeared at the path; it was left alone.
  case superseded
}

/// A file that is whole and waits for its name; let go before, it leaves nothing.
struct Arrival: ~Copyable {
  let path: FilePath
  private let temporary: FilePath
  private let sink: FileSink
  private let details: FileDetails
  private let depot: Depot
  private var isPlaced = false

  init(
    _ path: FilePath, _ temporary: FilePath, _ sink: FileSink, _ details: FileDetails,
    _ depot: Depot
  ) {
    self.path = path
    self.temporary = temporary
    self.sink = sink
    self.details = details
    self.depot = depot
  }

  deinit {
    guard !isPlaced else { return }
    do throws(DiskError) {
      try depot.disk.remove(temporary)
    } catch {
      // The next start removes what lies there.
    }
  }

  /// Makes the file durable and gives it its name, unless another stands there by now.
  consuming func place() throws(DiskError) -> RestoreOutcome {
    do throws(DiskError) {
      try sink.withFile { (file) throws(DiskError) in try Self.dress(file, details) }
      try depot.makeWay(to: path)
      return try rename()
    } catch {
      depot.heal(after: error)
      throw error
    }
  }

  private mutating func rename() throws(DiskError) -> RestoreOutcome {
    let (disk, path, temporary, details) = (depot.disk, path, temporary, details)
    let isTaken: Bool
    var isLeased = false
    do throws(DiskError) {
      isLeased = try sink.withFile { (file) throws(DiskError) in try Self.lease(file) }
      try disk.rename(temporary, to: path, replacing: false)
      isTaken = false
    } catch .exists {
      isTaken = true
    }
    if isTaken { return .superseded }
    isPlaced = true
    let (hot, stillLeased) = try sink.withFile { (file) throws(DiskError) in
      (HotCopy(try file.status), isLeased ? try file.isLeased : false)
    }
    let isUndisturbed = isLeased ? stillLeased : hot.details == details
    // A move is durable when both of its directories are. Whoever writes to the file from now on syncs
    // the one that it knows of, and must not lose the file with its name.
    try disk.syncDirectory(path.parent)
    try disk.syncDirectory(Depot.restoring)
    guard let named = try disk.status(at: path), named.kind == .regular, named.inode == hot.inode
    else { return .superseded }
    return isUndisturbed ? .restored(hot) : .disturbed(hot)
  }

  /// Gives the file what it had when it was stored, durably.
  private static func dress(
    _ file: borrowing OpenFile, _ details: FileDetails
  ) throws(DiskError) {
    let present = try file.status
    if present.owner != details.owner || present.group != details.group {
      do throws(DiskError) {
        try file.set(FileAttributes(owner: details.owner, group: details.group))
      } catch .denied {
        // Only the system's own user gives files away; any other restores what is its own.
      }
    }
    try file.set(
      FileAttributes(mode: details.mode, modifiedNanoseconds: details.modifiedNanoseconds))
    try file.sync(.all)
  }

  /// Takes the file, whose name nobody knows yet; false where the file system has no leases.
  private static func lease(_ file: borrowing OpenFile) throws(DiskError) -> Bool {
    do throws(DiskError) {
      return try file.lease()
    } catch .unsupported {
      return false
    } catch .denied {
      // A file that was given away is leased by its new owner alone.
      return false
    }
  }
}
