// Files that nothing here knows and cold storage has: taken over as cold ones, by an event each. It happens
// one by one where a file is asked for that another server has stored, and for all of them when everything
// local was lost.
//
//   no row, never known here   the newest stored copy is looked up ─▶ `adopted`, cold
//   no row, known here once    it stays gone, whatever the store still has
//   a row                      it stays as it is

package import Ambient
internal import ColdStorage
internal import DurableFiles
internal import EventStore
internal import Manifest
internal import Telemetry

/// Takes over what cold storage has.
struct Adoption: Sendable {
  let ledger: Ledger
  let catalogue: ObjectCatalogue
  let counter: Counter
  let log: Log

  /// Takes over the newest stored copy of a file of which nothing is known; false when there is none.
  func adopt(_ turn: inout FileTurn, _ cancellation: Cancellation) throws(EngineError) -> Bool {
    guard turn.row == nil, try !wasKnown(turn.path) else { return false }
    let found: StoredCopy?
    do throws(StorageError) {
      found = try catalogue.newest(of: turn.path, cancellation)
    } catch {
      throw .backend(turn.path, error)
    }
    guard let found else { return false }
    try turn.append(.adopted(found, hot: nil))
    counter.add()
    log.write(
      .info, "a file that another has stored was adopted", [LogField("path", "\(turn.path)")])
    return true
  }

  /// Takes over a file that was found in the store, unless something is known of it; false then.
  func adopt(_ path: FilePath, _ copy: StoredCopy) throws(EngineError) -> Bool {
    var turn = try ledger.turn(of: path)
    guard turn.row == nil, try !wasKnown(path) else { return false }
    try turn.append(.adopted(copy, hot: nil), Ledger.buffered)
    counter.add()
    return true
  }

  /// Whether this engine's log names the file, which without a row means that it was deleted.
  func wasKnown(_ path: FilePath) throws(EngineError) -> Bool {
    do throws(StoreError) {
      return try ledger.store.reader.latest(FileEvent.coordinate(of: path).entity) != nil
    } catch {
      throw .journal("\(error)")
    }
  }
}

/// What came of taking over all that a cold store has.
package struct Recovered: Equatable, Sendable {
  package var adopted: UInt64 = 0
  package var bytes: UInt64 = 0
  /// Files that the log knows, those that were deleted here among them.
  package var known: UInt64 = 0
  /// Sealed objects, which nobody can name the key of but the lost log.
  package var sealed: UInt64 = 0
  /// Objects of ours that say nothing of a file.
  package var unknown: UInt64 = 0
}

extension Engine {
  /// How files are taken over.
  var adoption: Adoption { restores.adoption }

  /// Takes over every file that cold storage has and nothing here knows, and then looks through the
  /// depot, so that what stands there is compared with what was stored. For an engine that was not
  /// started. `progress` is told how many objects are behind.
  package func recoverFromBackend(
    _ cancellation: Cancellation, progress: (Recovered) -> Void
  ) throws(EngineError) -> Recovered {
    var found = Recovered()
    let failure: EngineError?
    do throws(StorageError) {
      failure = try adoption.catalogue.eachFile(cancellation) {
        (entry) throws(EngineError) -> Bool in
        switch entry {
        case .sealed: found.sealed += 1
        case .unknown: found.unknown += 1
        case .file(let path, let copy):
          if try adoption.adopt(path, copy) {
            found.adopted += 1
            found.bytes += copy.details.size
          } else {
            found.known += 1
          }
        }
        progress(found)
        return true
      }
    } catch {
      throw .backend(.root, error)
    }
    if let failure { throw failure }
    do throws(StoreError) {
      try store.flush()
    } catch {
      throw .journal("\(error)")
    }
    stepRescan(isAsked: true)
    return found
  }
}
