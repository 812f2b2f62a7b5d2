// Whether both copies of a file are what was recorded. Nothing is locked while bytes are read; what a
// reading finds counts only if the file's row is afterwards what it was before, and then it is an event.
//
//   hot copy     hashes to something else, and nobody wrote it     `found`; the stored copy stays as it is
//   stored copy  missing or wrong, and the file is hot             `found`, and it is dirty: stored again
//   stored copy  missing or wrong, and the file is cold            `found`
//   stored copy  there and right                                   `verified`

internal import Ambient
internal import ColdStorage
internal import Digests
internal import DurableFiles
internal import Manifest

/// Compares the copies of files with what is recorded of them.
struct FileVerifier: Sendable {
  /// How the stored copy is looked at.
  enum StoredDepth: String, CaseIterable, Sendable {
    case none, head, read
  }

  /// What came of a verification.
  enum Outcome: Equatable, Sendable {
    case right
    /// What is wrong, which is an event by now.
    case damaged(String)
    /// It changed meanwhile, or there is nothing to compare.
    case changed
  }

  let ledger: Ledger
  let depot: Depot
  let stored: StoredCheck
  let clock: WallClock
  let log: Log

  /// Verifies the file of a row; throws when its copies cannot be read now.
  func verify(
    _ row: FileRow, hot: Bool, stored depth: StoredDepth, _ cancellation: Cancellation
  ) throws(EngineError) -> Outcome {
    guard row.state == .clean, let copy = row.stored else { return .changed }
    if hot, let standing = row.hot {
      switch try compare(row.path, standing, with: copy, cancellation) {
      case .right: break
      case .damaged(let detail):
        guard try note(Damage(kind: .hotDiffers, detail: detail), of: row) else { return .changed }
        return .damaged(detail)
      case .changed: return .changed
      }
    }
    guard depth != .none else { return .right }
    let damage: Damage?
    do throws(StorageError) {
      damage =
        depth == .head
        ? try stored.look(at: copy, cancellation) : try stored.read(copy, cancellation)
    } catch {
      throw .backend(row.path, error)
    }
    if let damage {
      return try note(damage, of: row) ? .damaged(damage.detail) : .changed
    }
    var turn = try ledger.turn(of: row.path)
    guard let now = turn.row, now.stored?.isSameObject(as: copy) == true else { return .changed }
    try turn.append(.verified(clock.now()), Ledger.buffered)
    return .right
  }

  /// Reads the hot copy, if it is still what the row says.
  private func compare(
    _ path: FilePath, _ standing: HotCopy, with copy: StoredCopy, _ cancellation: Cancellation
  ) throws(EngineError) -> Outcome {
    do throws(DiskError) {
      let file = try OpenFile(path, .reading, on: depot.disk)
      guard HotCopy(try file.status).isSame(as: standing),
        let digest = try Depot.digest(of: file, unless: cancellation)
      else { return .changed }
      // Whoever writes while it is read gives it another time of change.
      guard HotCopy(try file.status).isSame(as: standing) else { return .changed }
      return digest == copy.digest
        ? .right : .damaged("its bytes hash to \(digest), and \(copy.digest) was stored")
    } catch {
      if error.isOfNothingThere { return .changed }
      throw EngineError(error, path)
    }
  }

  /// Writes damage down, if the file is what it was when it was found; false when it is not.
  private func note(_ damage: Damage, of row: FileRow) throws(EngineError) -> Bool {
    var turn = try ledger.turn(of: row.path)
    guard let now = turn.row, now.writtenGeneration == row.writtenGeneration,
      let copy = row.stored, now.stored?.isSameObject(as: copy) == true, now.isHot == row.isHot
    else { return false }
    log.write(
      .error, "a copy is not what was recorded",
      [LogField("path", "\(row.path)"), LogField("why", damage.detail)])
    // What was found before and is still so is no news.
    if now.lastFault != damage.detail {
      try turn.append(.found(damage.kind, detail: damage.detail))
    }
    if damage.kind != .hotDiffers, let hot = now.hot { try turn.append(.written(hot, .lost)) }
    return true
  }
}
