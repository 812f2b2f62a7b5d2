// Objects that nobody accounts for, and files whose object is gone. Both are looked for on demand, by an
// engine that was not started: so nothing is on its way while it is looked for.
//
//   named by a row, or waiting to be removed    accounted for
//   of a file that the log knows, older than    unaccounted for: left by an upload whose event was never
//     the grace, named by nothing               written, or by a removal that was not finished
//   of a file that the log never knew           unknown: another engine's, or from before everything local
//                                               was lost; never removed here, for it may be all there is

package import Ambient
package import ColdStorage
package import DurableFiles
internal import Manifest

/// An object and what is wrong with it.
package enum ObjectFinding: Equatable, Sendable {
  /// Nothing needs it.
  case unaccounted(ObjectKey, FilePath, bytes: UInt64)
  /// The log does not know its file, or nothing tells which file it is of.
  case unknown(ObjectKey, bytes: UInt64)
  /// A row names it, and it is not there.
  case missing(ObjectKey, FilePath, bytes: UInt64)
}

extension Engine {
  /// Rows that are looked up at once.
  private static let lookedUpMax = 256
  /// The most objects that wait to be removed and are kept in mind while others are looked for.
  static let awaitedMax = 1 << 20

  /// Calls `body` with every object of ours that nothing names and that was stored longer than
  /// `grace` ago.
  package func eachUnaccountedObject(
    olderThan grace: Duration, _ cancellation: Cancellation,
    _ body: (ObjectFinding) throws(EngineError) -> Void
  ) throws(EngineError) {
    let awaited = try awaitedKeys()
    let now = parts.wallClock.now()
    var failure: EngineError?
    for prefix in [ObjectNaming.files, ObjectNaming.long] where failure == nil {
      do throws(StorageError) {
        try parts.cold.forEach(prefix: prefix, cancellation: cancellation) {
          (object) throws(StorageError) in
          guard now - object.modified >= grace, !awaited.contains(object.key.bytes) else {
            return true
          }
          do throws(EngineError) {
            if let finding = try finding(of: object) { try body(finding) }
          } catch {
            failure = error
          }
          return failure == nil
        }
      } catch {
        throw .backend(.root, error)
      }
    }
    if let failure { throw failure }
  }

  /// Removes an object that nothing needs, unless something has come to need it; false then.
  package func removeUnaccounted(_ finding: ObjectFinding) throws(EngineError) -> Bool {
    guard case .unaccounted(let key, let path, _) = finding else { return false }
    if settings.depot.sharesColdTier {
      throw .denied(path, "other servers may need objects of a store that is shared")
    }
    let turn = try ledger.turn(of: path)
    if turn.row?.stored?.key == key.bytes { return false }
    do throws(StorageError) {
      try parts.cold.delete(key, DeleteRequest())
    } catch {
      throw .backend(path, error)
    }
    return true
  }

  /// Calls `body` with every file whose stored copy is not there; one look at an object for each row.
  package func eachMissingObject(
    _ cancellation: Cancellation, _ body: (ObjectFinding) throws(EngineError) -> Void
  ) throws(EngineError) {
    var place: RowPlace?
    repeat {
      let page: RowPage
      do throws(ManifestError) {
        page = try manifest.page(RowQuery(.path, limit: Self.lookedUpMax), after: place)
      } catch {
        throw .manifest("\(error)")
      }
      for row in page.rows {
        guard let copy = row.stored else { continue }
        let key: ObjectKey
        do throws(StorageError) {
          key = try ObjectKey(bytes: copy.key)
          if try parts.cold.head(key, cancellation) != nil { continue }
        } catch {
          throw .backend(row.path, error)
        }
        try body(.missing(key, row.path, bytes: copy.details.size))
      }
      place = page.next
    } while place != nil
  }

  /// The keys of objects that wait to be removed, which the engine does by itself.
  private func awaitedKeys() throws(EngineError) -> Set<[UInt8]> {
    var keys: Set<[UInt8]> = []
    try waitForReplay()
    do throws(ManifestError) {
      var last: Int64 = 0
      while keys.count < Self.awaitedMax {
        let page = try manifest.orphans(
          due: WallTime(microseconds: .max), after: last, limit: Self.lookedUpMax)
        guard let end = page.last else { break }
        for orphan in page { keys.insert(orphan.copy.key) }
        last = end.id
      }
    } catch {
      throw .manifest("\(error)")
    }
    return keys
  }

  private func finding(of object: ListedObject) throws(EngineError) -> ObjectFinding? {
    guard let path = ObjectNaming.path(in: object.key), Depot.isFile(path) else {
      return try isNamedByALongRow(object) ? nil : .unknown(object.key, bytes: object.size)
    }
    let row = try ledger.row(at: path)
    if row?.stored?.key == object.key.bytes { return nil }
    if row == nil, try !adoption.wasKnown(path) {
      return .unknown(object.key, bytes: object.size)
    }
    return .unaccounted(object.key, path, bytes: object.size)
  }

  /// Whether the object of a long path is one that its row names; its label tells the path, or an object
  /// of its own does.
  private func isNamedByALongRow(_ object: ListedObject) throws(EngineError) -> Bool {
    let path: FilePath?
    do throws(StorageError) {
      path = try adoption.catalogue.path(behind: object.key)
    } catch {
      throw .backend(.root, error)
    }
    guard let path else { return false }
    return try ledger.row(at: path)?.stored?.key == object.key.bytes
  }
}
