// What one file is now, compared with what is known of it, and the difference written down. It is the
// answer to everything that may have happened: a program closed the file, moved it, removed it, the
// machine stopped in the middle of something, or nobody knows. Looking twice does no harm.
//
//   in the depot   row                       written down
//   a file         none, shredded            written
//                  dirty, failed, clean·hot  nothing when it is the same file; else written
//                  clean·cold                confirmed when its bytes are the stored ones; else written
//   nothing        hot                       vanished
//                  cold, none                nothing

internal import Ambient
internal import Digests
internal import DurableFiles
internal import Manifest

/// Compares files with their rows.
struct DepotLook: Sendable {
  let ledger: Ledger
  let depot: Depot
  let clock: WallClock
  /// Nil where there are no keys.
  let shredding: ShredWork?

  /// Writes down what has become of a file; true when something has.
  @discardableResult
  func look(at path: FilePath, _ cause: WriteCause) throws(EngineError) -> Bool {
    guard Depot.isFile(path) else { return false }
    var turn = try ledger.turn(of: path)
    let found = try depot.copy(at: path, path)
    switch (found, turn.row) {
    case (nil, let row):
      guard row?.isHot == true else { return false }
      try turn.append(.vanished)
    case (let found?, let row?) where row.isHot:
      if row.hot?.isSame(as: found) == true { return false }
      try turn.append(.written(found, cause))
    case (let found?, let row?) where row.state == .clean:
      if let stored = row.stored, let same = try compare(path, found, with: stored) {
        try turn.append(.confirmed(same), Ledger.buffered)
      } else {
        try turn.append(.written(try depot.copy(at: path, path) ?? found, cause))
      }
    case (let found?, let row):
      if row?.state == .shredded { try shredding?.destroyKey(of: path) }
      try turn.append(.written(found, cause))
    }
    return true
  }

  /// Whether a file that should be cold has the stored bytes, as after a crash between a restore and
  /// its event; nil when it has not, or when that cannot be told.
  private func compare(
    _ path: FilePath, _ found: HotCopy, with stored: StoredCopy
  ) throws(EngineError) -> HotCopy? {
    guard found.details == stored.details, Uploader.isSettled(found, at: clock.now()) else {
      return nil
    }
    do throws(DiskError) {
      let file = try OpenFile(path, .reading, on: depot.disk)
      let before = HotCopy(try file.status)
      guard before.isSame(as: found), try Depot.digest(of: file) == stored.digest,
        HotCopy(try file.status).isSame(as: before)
      else { return nil }
      return before
    } catch {
      if error.isOfNothingThere { return nil }
      throw EngineError(error, path)
    }
  }
}
