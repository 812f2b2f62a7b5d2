// What an engine is asked of single files: bring one, tell of one, forget one.

internal import Ambient
public import DurableFiles
internal import Manifest
internal import Telemetry

/// What is known of one file.
public struct FileStanding: Hashable, Sendable {
  public var size: UInt64
  /// Permission bits.
  public var mode: UInt16
  public var modifiedNanoseconds: Int64
  /// `dirty`, `failed`, `clean` or `shredded`; `new` for one that nothing was written down of yet.
  public var state: String
  /// Whether its bytes are in the depot.
  public var isHot: Bool
}

extension Engine {
  /// Brings a file into the depot unless it is there, and then tells its size, once, from any thread.
  ///
  /// A file that is there costs a look and no thread. Throws nothing: every refusal is told.
  public func fetch(
    _ path: FilePath, _ answer: @escaping @Sendable (Result<UInt64, EngineError>) -> Void
  ) {
    guard Depot.isFile(path) else {
      return answer(.failure(.denied(path, "it is not one of the depot's files")))
    }
    let begun = parts.monotonicClock.now()
    do throws(EngineError) {
      if let found = try depot.copy(at: path, path) {
        counters.hits.add()
        manifest.touch(path, at: parts.wallClock.now())
        hits.add(parts.monotonicClock.now() - begun)
        return answer(.success(found.details.size))
      }
    } catch {
      return answer(.failure(error))
    }
    restores.ask(path) { [self] result in
      misses.add(parts.monotonicClock.now() - begun)
      if case .success = result {
        manifest.touch(path, at: parts.wallClock.now())
        evictions.nudge()
      }
      answer(result)
    }
  }

  /// Brings a file into the depot unless it is there; returns its size. Blocks.
  public func fetch(_ path: FilePath) throws(EngineError) -> UInt64 {
    let result = Monitor<Result<UInt64, EngineError>?>(nil)
    fetch(path) { outcome in result.change { $0 = outcome } }
    if !parts.hasThreads { restores.step() }
    guard let outcome = result.wait(until: { $0 }) else {
      preconditionFailure("a wait without an end returned")
    }
    return try outcome.get()
  }

  /// What is known of a file, without bringing its bytes. Throws `.notFound` when nothing is.
  public func status(_ path: FilePath) throws(EngineError) -> FileStanding {
    guard Depot.isFile(path) else { throw .denied(path, "it is not one of the depot's files") }
    let row = try ledger.row(at: path)
    if let found = try depot.copy(at: path, path) {
      return FileStanding(found.details, state: row?.state.description ?? "new", isHot: true)
    }
    if row?.state == .shredded { throw .shredded(path) }
    guard let row, let details = row.stored?.details ?? row.hot?.details else {
      throw .notFound(path)
    }
    return FileStanding(details, state: row.state.description, isHot: false)
  }

  /// Forgets a file that the depot's server has deleted: when this returns its event is durable and
  /// its hot copy is gone; its object goes after the grace. A file of which nothing is known may be
  /// deleted too. What stands at the path and is not what was known there is another file, written
  /// since the server deleted this one: it stays, and is dirty.
  public func delete(_ path: FilePath) throws(EngineError) {
    guard Depot.isFile(path) else { throw .denied(path, "it is not one of the depot's files") }
    if settings.depot.isReadOnly { throw .denied(path, "the engine is read-only") }
    var turn = try ledger.turn(of: path)
    let found = try depot.copy(at: path, path)
    let isAnother = found.map { turn.row?.hot?.isSame(as: $0) != true } ?? false
    if turn.row?.state == .shredded { try shredding?.destroyKey(of: path) }
    if turn.row != nil { try turn.append(.deleted) }
    if let found, isAnother {
      try turn.append(.written(found, .found))
      uploads.notice()
      counters.deletes.add()
      return
    }
    do throws(DiskError) {
      try depot.perform { (disk) throws(DiskError) in try disk.remove(path) }
    } catch {
      if !error.isOfNothingThere { throw EngineError(error, path) }
    }
    depot.noteLeft(path)
    do throws(DiskError) {
      try depot.secureRemoval(of: path)
    } catch {
      throw EngineError(error, path)
    }
    counters.deletes.add()
  }
}

extension FileStanding {
  init(_ details: FileDetails, state: String, isHot: Bool) {
    self.init(
      size: details.size, mode: details.mode, modifiedNanoseconds: details.modifiedNanoseconds,
      state: state, isHot: isHot)
  }
}
