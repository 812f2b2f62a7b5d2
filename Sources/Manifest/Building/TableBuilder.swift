// Tables made from a whole log at once, in a file beside the one in use:
//
//   log ─▶ parts ─▶ one part folded in memory ─▶ rows ─▶ directories, counts ─▶ indexes ─▶ synced
//
// Nothing is looked up while rows come, and indexes are made over sorted rows at the end, which is
// what makes it fast. It holds one part and every directory in memory. The file has its name only
// when it is whole and synced; a crash leaves a directory that the next build removes.

internal import Ambient
internal import DurableFiles
internal import EventStore
internal import SQLite

/// How far a build has come.
package struct BuildProgress: Hashable, Sendable {
  package enum Step: Hashable, Sendable {
    case reading, folding, indexing
  }
  package var step: Step
  /// Events that were read, and those that there are.
  package var events: UInt64
  package var eventsTotal: UInt64
  /// Rows that were written.
  package var files: Int64
}

/// The database of a build while it has no name; closed when its builder lets go.
private final class UnfinishedTables {
  let connection: Connection

  init(_ connection: consuming Connection) {
    self.connection = connection
  }
}

struct TableBuilder {
  /// Where parts and the unfinished database are.
  static let directory: FilePath = "manifest.building"
  static let database = directory.appending(OpenedTables.fileName)
  private static let pageEvents = 10_000

  private let log: EventReader
  private let disk: any Disk
  private let partEvents: UInt64
  private let isWanted: () -> Bool
  private let tell: (BuildProgress) -> Void
  private let tables: UnfinishedTables
  private var progress: BuildProgress
  private var directories = DirectoryTree()
  private(set) var counts = Counts()
  private(set) var standing = Standing()
  private var oddities: [Batch.Oddity] = []
  /// Objects that were freed and not taken up again by the same file.
  private var orphans: [FreedObject] = []
  /// Until when each object was removed, as far as another file than the one that freed it says so.
  private var removals: [[UInt8]: UInt64] = [:]

  /// A builder in a directory of its own; `path` is the disk's, as SQLite needs it.
  init(
    _ log: EventReader, on disk: any Disk, at path: [UInt8], _ options: ManifestOptions,
    isWanted: @escaping () -> Bool, tell: @escaping (BuildProgress) -> Void
  ) throws(ManifestError) {
    self.log = log
    self.disk = disk
    partEvents = options.partEvents
    self.isWanted = isWanted
    self.tell = tell
    let total = try inLog { () throws(StoreError) in try log.lastSequence }
    progress = BuildProgress(step: .reading, events: 0, eventsTotal: total, files: 0)
    try onDisk { () throws(DiskError) in
      try Self.clear(disk)
      try disk.makeDirectory(Self.directory, mode: 0o700)
    }
    tables = try Self.open(
      .file(path + Array("/".utf8) + Self.database.bytes), options.cacheMax)
  }

  private static func open(
    _ location: Location, _ cacheMax: ByteCount
  ) throws(ManifestError) -> UnfinishedTables {
    var options = ConnectionOptions()
    // Until it is whole nobody reads it, and then it is synced once.
    options.journal = .rollback
    options.synchronous = .off
    options.cacheMax = cacheMax
    do throws(SQLiteError) {
      let connection = try Connection(location, options)
      try connection.adopt(ManifestSchema.schema)
      try connection.execute(ManifestSchema.dropIndexes)
      return UnfinishedTables(connection)
    } catch {
      throw .database(error)
    }
  }

  /// Removes what an interrupted build left.
  static func clear(_ disk: any Disk) throws(DiskError) {
    if try disk.status(at: directory) != nil { try disk.removeTree(directory) }
  }

  /// Makes everything and syncs it; the file is ready to take its name.
  mutating func build() throws(ManifestError) {
    var dealer: EventDealer
    do throws(DiskError) {
      dealer = try EventDealer(
        events: progress.eventsTotal, partEvents: partEvents, on: disk, in: Self.directory)
    } catch {
      throw .disk(error)
    }
    try read(into: &dealer)
    try inManifest { () throws(SQLiteError) in try tables.connection.execute("BEGIN") }
    progress.step = .folding
    for part in 0..<dealer.partsCount { try fold(part, of: &dealer) }
    try finish()
    try onDisk { () throws(DiskError) in
      try OpenFile(Self.database, .writing, on: disk).sync(.all)
      try disk.syncDirectory(Self.directory)
    }
  }

  private func look() throws(ManifestError) {
    guard isWanted() else { throw .closed }
    tell(progress)
  }

  private mutating func read(into dealer: inout EventDealer) throws(ManifestError) {
    let region = Region(kind: .category(FileEvent.category))
    var position: UInt64 = 0
    while true {
      let page = try inLog { () throws(StoreError) in
        try log.events(in: region, after: position, limit: Self.pageEvents)
      }
      for event in page.events {
        guard let payload = event.bytes else {
          note(at: event.header.sequence, .root, "cannot be read")
          continue
        }
        do throws(DiskError) { try dealer.add(event.header, payload) } catch { throw .disk(error) }
      }
      position = page.position
      progress.events = position
      try look()
      if page.isEnd { break }
    }
    progress.eventsTotal = position
    standing.watermark = position
    guard position > 0 else { return }
    (standing.lineage, standing.commitment) = try inLog { () throws(StoreError) in
      (try log.lineage, try log.commitment(of: position))
    }
  }

  private mutating func note(at sequence: UInt64, _ path: FilePath, _ sentence: String) {
    standing.oddities += 1
    oddities.append(Batch.Oddity(sequence: sequence, path: path, sentence: sentence))
    if oddities.count > 10 * Int(OddityTable.rowsMax) { cutOddities() }
  }

  private mutating func cutOddities() {
    oddities.sort { $0.sequence < $1.sequence }
    oddities.removeFirst(max(0, oddities.count - Int(OddityTable.rowsMax)))
  }

  // MARK: - Rows

  private mutating func fold(_ part: Int, of dealer: inout EventDealer) throws(ManifestError) {
    var fold = PartFold()
    do throws(DiskError) {
      try dealer.take(part) { kind, place, payload in fold.take(kind, place, payload) }
    } catch {
      throw .disk(error)
    }
    for oddity in fold.oddities { note(at: oddity.sequence, oddity.path, oddity.sentence) }
    orphans += fold.orphans
    removals.merge(fold.removals, uniquingKeysWith: max)
    try insert(Array(fold.rows.values))
    try look()
  }

  /// Inserts rows of files that were not inserted before.
  private mutating func insert(_ rows: [FileRow]) throws(ManifestError) {
    do throws(SQLiteError) {
      // Near in the table is then near in the depot, within the part.
      let sorted = rows.sorted { $0.path < $1.path }
      var places: [Int64] = []
      places.reserveCapacity(sorted.count)
      for row in sorted {
        counts.add(Share(row))
        places.append(directories.add(row))
      }
      try tables.connection.withStatement(FileTable.insertion) { (statement) throws(SQLiteError) in
        for (row, directory) in zip(sorted, places) {
          try FileTable.insert(row, in: directory, statement)
        }
      }
    } catch {
      throw .database(error)
    }
    progress.files += Int64(rows.count)
  }

  private mutating func finish() throws(ManifestError) {
    progress.step = .indexing
    try look()
    cutOddities()
    directories.sumUp()
    do throws(SQLiteError) {
      try writeOrphans()
      try directories.write(tables.connection)
      try counts.write(over: Counts(), tables.connection)
      try OddityTable.add(
        oddities, after: standing.oddities - Int64(oddities.count), tables.connection)
      try standing.write(tables.connection)
      for statement in ManifestSchema.indexes.split(separator: ";") {
        let text = statement.drop { $0.isWhitespace }
        guard !text.isEmpty else { continue }
        try tables.connection.execute(String(text))
        guard isWanted() else { throw SQLiteError.interrupted("the manifest") }
      }
      try tables.connection.execute("COMMIT")
    } catch {
      throw .database(error)
    }
  }
}

/// An object that a file no longer needs.
private struct FreedObject {
  let copy: StoredCopy
  let path: FilePath
  let place: EventPlace
}

extension TableBuilder {
  /// Writes what is left to be removed, in the order of the log. An object that was freed by one
  /// file may be another's by now, in another part, so every row is looked at first.
  private func writeOrphans() throws(SQLiteError) {
    guard !orphans.isEmpty else { return }
    var left: [[UInt8]: [FreedObject]] = [:]
    for orphan in orphans { left[orphan.copy.key, default: []].append(orphan) }
    try tables.connection.each("SELECT \(FileTable.columns) FROM file") {
      (row) throws(SQLiteError) in
      if let stored = try FileTable.row(row).row.stored {
        left[stored.key]?.removeAll { $0.copy.isSameObject(as: stored) }
      }
      return true
    }
    let sorted = left.values.joined().filter { orphan in
      orphan.place.sequence > removals[orphan.copy.key] ?? 0
    }.sorted { $0.place.sequence < $1.place.sequence }
    for orphan in sorted {
      try OrphanTable.write(
        .add(orphan.copy, orphan.path, orphan.place), tables.connection)
    }
  }
}

/// The files of one part while they are folded.
private struct PartFold {
  var rows: [FilePath: FileRow] = [:]
  var orphans: [FreedObject] = []
  var removals: [[UInt8]: UInt64] = [:]
  var oddities: [Batch.Oddity] = []

  mutating func take(_ kind: EventKind, _ place: EventPlace, _ payload: [UInt8]) {
    let event: FileEvent
    do throws(PayloadFault) {
      event = try FileEvent(kind: kind, payload: payload)
    } catch {
      oddities.append(
        Batch.Oddity(sequence: place.sequence, path: .root, sentence: error.sentence))
      return
    }
    let applied = FileRow.applying(event, at: place, to: rows[event.path])
    rows[event.path] = applied.row
    if let oddity = applied.oddity {
      oddities.append(
        Batch.Oddity(sequence: place.sequence, path: event.path, sentence: oddity))
    }
    for change in OrphanChange.changes(by: event, applied, at: place) {
      switch change {
      case .add(let copy, let path, let place):
        orphans.removeAll { $0.copy.isSameObject(as: copy) }
        orphans.append(FreedObject(copy: copy, path: path, place: place))
      case .remove(let key, let backend):
        if case .objectRemoved = event.transition { removals[key] = place.sequence }
        guard !orphans.isEmpty else { continue }
        orphans.removeAll { $0.copy.key == key && $0.copy.backend == backend }
      }
    }
  }
}
