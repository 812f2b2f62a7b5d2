// What the watcher tells, taken in. An event is a hint to look, so nothing is believed but the look: our
// own writes find the row as it is, and what was overtaken is seen as it is now. Several threads take
// in, so that their appends share commits; of one file only one acts at a time.

internal import Ambient
internal import DurableFiles
internal import Manifest

/// Takes changes of the depot in.
struct Intake: Sendable {
  let look: DepotLook
  let manifest: Manifest

  /// What is left to do behind an event.
  enum Outcome: Equatable, Sendable {
    case nothing
    /// Something is dirty that was not.
    case changed
    /// Everything must be looked at.
    case rescan
  }

  /// The most rows that are looked at on one page.
  private static let pageMax = 256

  /// Whether the name is one under which the depot's server builds a file before it is renamed:
  /// `tmp.` and then numbers with dots between.
  static func isTemporary(_ path: FilePath) -> Bool {
    let name = path.name
    guard name.starts(with: "tmp.".utf8), name.count > 4 else { return false }
    return name.dropFirst(4).allSatisfy { byte in
      byte == UInt8(ascii: ".") || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
    }
  }

  /// Looks at what an event is about.
  func take(_ event: ChangeEvent) throws(EngineError) -> Outcome {
    switch event.change {
    case .overflow: return .rescan
    case .created: return .nothing
    case .written(let path):
      if event.isDirectory || Self.isTemporary(path) { return .nothing }
      return try look.look(at: path, .closed) ? .changed : .nothing
    case .moved(let from, let to):
      if event.isDirectory {
        try lookAtRows(below: from)
        try lookAtFiles(below: to)
        return .changed
      }
      try look.look(at: from, .closed)
      try look.look(at: to, .closed)
      return .changed
    case .removed(let path):
      if event.isDirectory { try lookAtRows(below: path) } else { try look.look(at: path, .closed) }
      return .changed
    }
  }

  private func lookAtRows(below directory: FilePath) throws(EngineError) {
    var failure: EngineError?
    try eachHotRow(below: directory) { path in
      do throws(EngineError) {
        try look.look(at: path, .differs)
        return true
      } catch {
        failure = error
        return false
      }
    }
    if let failure { throw failure }
  }

  private func lookAtFiles(below directory: FilePath) throws(EngineError) {
    var failure: EngineError?
    try eachFile(below: directory) { path in
      do throws(EngineError) {
        try look.look(at: path, .closed)
        return true
      } catch {
        failure = error
        return false
      }
    }
    if let failure { throw failure }
  }

  /// Calls `body` with every file below a directory whose row says that it is hot; false ends it.
  func eachHotRow(
    below directory: FilePath, _ body: (FilePath) -> Bool
  ) throws(EngineError) {
    let prefix = directory.bytes.isEmpty ? [] : directory.bytes + [UInt8(ascii: "/")]
    var place: RowPlace?
    repeat {
      let page: RowPage
      do throws(ManifestError) {
        page = try manifest.page(RowQuery(.path, prefix: prefix, limit: Self.pageMax), after: place)
      } catch {
        throw .manifest("\(error)")
      }
      for row in page.rows where row.isHot && !body(row.path) { return }
      place = page.next
    } while place != nil
  }

  /// Calls `body` with every file that is there below a directory; false ends it.
  func eachFile(below directory: FilePath, _ body: (FilePath) -> Bool) throws(EngineError) {
    var walk = TreeWalk(directory, on: look.depot.disk)
    while true {
      let step: TreeWalk.Step?
      do throws(DiskError) {
        step = try walk.next()
      } catch {
        if error.isOfNothingThere { return }
        throw .disk(error)
      }
      switch step {
      case nil: return
      case .unreadable(let path, let error): look.ledger.noteUnreadable(path, error)
      case .entry(let path, _) where path.isWithin(Depot.home): walk.skipDescendants()
      case .entry(let path, .regular):
        if !Self.isTemporary(path), !body(path) { return }
      case .entry: continue
      }
    }
  }
}
