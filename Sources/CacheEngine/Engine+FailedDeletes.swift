// The deletes that the depot's server could tell nobody of, because no engine answered. They are
// carried out when the engine starts, before it looks through the depot, and each only if the file is
// still the one that was deleted: what was written at the same path since is another file.

internal import Ambient
internal import DurableFiles
internal import EventStore
internal import Manifest
internal import Telemetry

extension Engine {
  /// Carries out the deletes in the shim's log, as far as they can be now.
  func drainFailedDeletes() {
    guard let state = parts.state, !settings.depot.isReadOnly else { return }
    let failed = FailedDeletes(
      in: .root, on: state.disk, depot: DepotRoot(spellings: [settings.depot.path]))
    do throws(DiskError) {
      let drained = try failed.drain { (delete) throws(ShimRefusal) in try carryOut(delete) }
      guard drained != DrainedDeletes() else { return }
      log.write(
        .notice, "carried out deletes that nobody could be told of",
        [
          LogField("deleted", drained.taken), LogField("absent", drained.absent),
          LogField("kept", drained.kept), LogField("malformed", drained.malformed),
        ])
    } catch {
      log.write(
        .warning, "deletes that nobody could be told of were not read",
        [LogField("why", "\(error)")])
    }
  }

  /// Deletes a file, if it is still the one that the server deleted; `not_found` when it is not.
  func carryOut(_ delete: FailedDelete) throws(ShimRefusal) {
    do throws(EngineError) {
      let path = delete.path
      if let found = try depot.copy(at: path, path),
        found.changedNanoseconds / 1_000 >= delete.deletedAt.microseconds
      {
        throw .notFound(path)
      }
      guard let row = try ledger.row(at: path), try written(row) < delete.deletedAt else {
        throw .notFound(path)
      }
      try self.delete(path)
    } catch {
      throw ShimRefusal(error)
    }
  }

  /// When the newest bytes of a file were written down.
  private func written(_ row: FileRow) throws(EngineError) -> WallTime {
    do throws(StoreError) {
      let stream = Region(entityPrefix: FileEvent.coordinate(of: row.path).entity)
      var position: UInt64 = 0
      while true {
        let page = try store.reader.events(in: stream, after: position, order: .newestFirst)
        for event in page.events where event.header.streamSequence <= row.writtenGeneration {
          return event.header.time
        }
        if page.isEnd { return row.changed }
        position = page.position
      }
    } catch {
      throw .journal("\(error)")
    }
  }
}
