// Whose writes count. The kernel names the process that wrote, and the watcher its user; where that process
// has ended, or the kernel names nobody, the owner of the file stands for it, which is counted.
//
// What others write is counted and not stored: a new file stays unknown, and a known one as it was. Nothing
// is lost by that: a file that is not what was stored is never evicted, and an eviction that finds one
// writes it down as written. What others remove or move away is seen all the same, for it is gone.

internal import Ambient
internal import DurableFiles
internal import Manifest
internal import Telemetry

extension Engine {
  /// Whether a change is taken in.
  func admits(_ event: ChangeEvent) throws(EngineError) -> Bool {
    let users = settings.server.watcherUsers
    guard !users.isEmpty, case .written(let path) = event.change, !event.isDirectory,
      Depot.isFile(path)
    else { return true }
    if let user = event.user {
      if users.contains(user) { return true }
    } else {
      counters.writersByOwner.add()
      guard let found = try depot.copy(at: path, path) else { return true }
      if users.contains(found.details.owner) { return true }
    }
    return try isOurs(path)
  }

  /// Whether a file is taken in that a look through the depot has come by: one that is known already,
  /// or whose owner's writes count.
  func admitsFound(_ path: FilePath) throws(EngineError) -> Bool {
    let users = settings.server.watcherUsers
    guard !users.isEmpty, Depot.isFile(path), try ledger.row(at: path) == nil,
      let found = try depot.copy(at: path, path), !users.contains(found.details.owner)
    else { return true }
    counters.writersRejected.add()
    return false
  }

  /// Whether the file is as it is known, so that the write was our own restore of it; else it is counted
  /// as rejected.
  private func isOurs(_ path: FilePath) throws(EngineError) -> Bool {
    if let hot = try ledger.row(at: path)?.hot,
      try depot.copy(at: path, path)?.isSame(as: hot) == true
    {
      return true
    }
    counters.writersRejected.add()
    log.write(.notice, "a write of a user whose writes do not count", [LogField("path", "\(path)")])
    return false
  }
}
