// The files of a selection as plans see them, page by page, so that a plan of millions never needs more
// than a page of rows. What was accepted since a page was applied is counted in, so a plan names the
// generation that a file has now.

internal import Ambient
internal import Bytes
internal import DurableFiles
internal import Manifest
internal import Operations
internal import Views

/// A file of a selection, as far as plans judge by it.
struct SelectedFile: Equatable, Sendable {
  let path: FilePath
  /// Nil for a path that was named and that nothing is known of.
  let known: Known?

  struct Known: Equatable, Sendable {
    var state: FileState
    var isHot: Bool
    var isStored: Bool
    var isPinned: Bool
    /// Whether its stored copy is sealed.
    var isSealed: Bool
    /// Whether it waits for another attempt to be stored.
    var isWaiting: Bool
    var size: UInt64
    var generation: UInt64
  }
}

extension SelectedFile {
  /// The name of the door to selected files.
  static let door = "files.selected"
  /// The most files of one page.
  static let pageMax = 1_000
  /// How many rows are looked at for one page.
  static let rowsSeenMax = 50_000

  fileprivate init(_ path: FilePath, _ row: FileRow?) {
    self.path = path
    known = row.map { row in
      Known(
        state: row.state, isHot: row.isHot, isStored: row.stored != nil, isPinned: row.isPinned,
        isSealed: row.stored?.sealing != nil,
        isWaiting: row.state == .dirty && row.retryAt != nil, size: row.size,
        generation: row.generation)
    }
  }

  fileprivate var json: JSONValue {
    guard let known else { return ["path": .string(escaped(path.bytes))] }
    return [
      "path": .string(escaped(path.bytes)), "state": .string(known.state.description),
      "hot": .bool(known.isHot), "stored": .bool(known.isStored), "pinned": .bool(known.isPinned),
      "sealed": .bool(known.isSealed),
      "waiting": .bool(known.isWaiting), "size": JSONValue(known.size),
      "generation": JSONValue(known.generation),
    ]
  }

  fileprivate init(_ json: JSONValue) throws(OperationFault) {
    path = try Selection.path(json["path"])
    guard let state = json["state"]?.string.flatMap({ FileState(parsing: $0) }),
      let isHot = json["hot"]?.bool, let isStored = json["stored"]?.bool,
      let isPinned = json["pinned"]?.bool, let isSealed = json["sealed"]?.bool,
      let isWaiting = json["waiting"]?.bool,
      let size = json["size"]?.integer.flatMap(UInt64.init(exactly:)),
      let generation = json["generation"]?.integer.flatMap(UInt64.init(exactly:))
    else {
      known = nil
      return
    }
    known = Known(
      state: state, isHot: isHot, isStored: isStored, isPinned: isPinned, isSealed: isSealed,
      isWaiting: isWaiting,
      size: size, generation: generation)
  }
}

extension OperationHandle {
  /// Gives `body` every file of the selection in an input, in order of their paths, or of the paths
  /// that were named.
  func eachSelected(
    _ input: JSONValue, _ body: (SelectedFile) throws(OperationFault) -> Void
  ) throws(OperationFault) {
    var after: JSONValue = .null
    repeat {
      let page = try query(
        SelectedFile.door, .object(["selection": input["selection"] ?? .null, "after": after]))
      for file in page["files"]?.array ?? [] { try body(try SelectedFile(file)) }
      after = page["next"] ?? .null
    } while after != .null
  }
}

extension ProjectionDoor {
  /// Pages of selected files: `after` is where the last page ended.
  static func selectedFiles(_ ground: GateGround) -> ProjectionDoor {
    ProjectionDoor(SelectedFile.door) { (question) throws(OperationFault) in
      let found: (files: [SelectedFile], next: JSONValue)
      switch try Selection(question) {
      case .paths(let paths): found = try named(paths, question["after"], ground.manifest)
      case .passing(let filter, let prefix):
        var query = RowQuery(.path, limit: SelectedFile.pageMax)
        query.prefix = prefix
        var place: RowPlace?
        if let after = question["after"], after != .null {
          place = .behind(try Selection.path(after))
        }
        let now = ground.clock.now()
        // A page that finds little ends all the same, so that whoever asks can be stopped between two.
        let enough = Cancellation()
        let page = try asking { () throws(ManifestError) in
          try ground.manifest.search(
            query, filter, at: now, after: place, cancellation: enough,
            progress: { if $0 >= SelectedFile.rowsSeenMax { enough.cancel() } })
        }
        let rows = ground.manifest.newest(of: page.rows).filter { row in
          filter.matches(at: now, row.value(of:))
        }
        found = (
          rows.map { SelectedFile($0.path, $0) },
          page.next.map { .string(escaped($0.pathBytes)) } ?? .null
        )
      }
      return ["files": .array(found.files.map(\.json)), "next": found.next]
    }
  }
}

/// Files that were named one by one; `after` says how many of them were given out.
private func named(
  _ paths: [FilePath], _ after: JSONValue?, _ manifest: Manifest
) throws(OperationFault) -> (files: [SelectedFile], next: JSONValue) {
  let first = min(paths.count, Int(after?.integer ?? 0))
  var files: [SelectedFile] = []
  for path in paths[first...].prefix(SelectedFile.pageMax) {
    let row = try asking { () throws(ManifestError) in try manifest.row(at: path) }
    files.append(SelectedFile(path, row))
  }
  let end = first + files.count
  return (files, end < paths.count ? JSONValue(end) : .null)
}

/// Asks the manifest, and says what it refuses as handlers say it.
func asking<Result>(
  _ body: () throws(ManifestError) -> Result
) throws(OperationFault) -> Result {
  do throws(ManifestError) {
    return try body()
  } catch {
    throw .failed("\(error)")
  }
}
