// Events folded before they are written: however many transitions a file went through, its row is
// read once and written once, and so is every directory above it. Nothing is written before all of
// them are folded, and all of it in the caller's transaction.

internal import Ambient
internal import DurableFiles
internal import EventStore
internal import SQLite

struct Batch {
  /// A file before the batch and after it.
  private struct Change {
    let kept: KeptRow?
    var row: FileRow?
  }
  struct Oddity {
    let sequence: UInt64
    /// The root when the event does not even say which file.
    let path: FilePath
    let sentence: String
  }
  private var changes: [FilePath: Change] = [:]
  private var orphans: [OrphanChange] = []
  private(set) var oddities: [Oddity] = []
  private(set) var eventsCount = 0

  /// Folds one event of the log in, with the row before it from the tables.
  mutating func take(_ event: Event, _ connection: borrowing Connection) throws(SQLiteError) {
    eventsCount += 1
    let place = EventPlace(event.header)
    let decoded: FileEvent
    do throws(PayloadFault) {
      guard let bytes = event.bytes else { throw PayloadFault("cannot be read") }
      decoded = try FileEvent(kind: event.header.kind, payload: bytes)
    } catch {
      oddities.append(Oddity(sequence: place.sequence, path: .root, sentence: "\(error.sentence)"))
      return
    }
    let path = decoded.path
    var change: Change
    if let found = changes[path] {
      change = found
    } else {
      let kept = try FileTable.find(path, in: connection)
      change = Change(kept: kept, row: kept?.row)
    }
    let applied = FileRow.applying(decoded, at: place, to: change.row)
    change.row = applied.row
    changes[path] = change
    note(decoded, applied, at: place)
  }

  private mutating func note(_ event: FileEvent, _ applied: Applied, at place: EventPlace) {
    if let oddity = applied.oddity {
      oddities.append(Oddity(sequence: place.sequence, path: event.path, sentence: oddity))
    }
    orphans += OrphanChange.changes(by: event, applied, at: place)
  }

  /// Notes that a file was read; false when the batch does not hold it.
  mutating func touch(_ path: FilePath, at time: WallTime) -> Bool {
    guard changes[path] != nil else { return false }
    if let row = changes[path]?.row { changes[path]?.row?.accessed = max(row.accessed, time) }
    return true
  }

  /// What the tables have of each file of the batch once it is written.
  var rows: some Sequence<(path: FilePath, row: FileRow?)> {
    changes.lazy.map { (path: $0.key, row: $0.value.row) }
  }

  /// The counts after the batch.
  func counts(after before: Counts) -> Counts {
    var counts = before
    for change in changes.values {
      counts.remove(Share(change.kept?.row))
      counts.add(Share(change.row))
    }
    return counts
  }

  /// Writes rows, directories and orphans.
  func write(_ connection: borrowing Connection) throws(SQLiteError) {
    let directories = rollUps()
    var ids: [FilePath: Int64] = [:]
    // A directory comes after the one that holds it, for its path is longer.
    let above = directories.keys.sorted { $0.bytes.count < $1.bytes.count }
    for path in above {
      let parent = path == .root ? nil : ids[path.parent]
      ids[path] = try DirectoryTable.add(
        directories[path] ?? RollUp(), to: path, parent: parent, connection)
    }
    // In the order of paths, what is near in the tables is written one after the other.
    for (path, change) in changes.sorted(by: { $0.key < $1.key }) {
      switch (change.kept, change.row) {
      case (let kept?, let row?):
        if kept.row != row { try FileTable.update(row, id: kept.id, connection) }
      case (let kept?, nil): try FileTable.delete(id: kept.id, connection)
      case (nil, let row?):
        guard let directory = ids[path.parent] else {
          preconditionFailure("a file that is new changes its directory")
        }
        try FileTable.insert(row, in: directory, connection)
      case (nil, nil): break
      }
    }
    for path in above.reversed() where directories[path]?.all.files ?? 0 <= 0 {
      try DirectoryTable.removeIfEmpty(path, connection)
    }
    for change in orphans { try OrphanTable.write(change, connection) }
  }

  /// What changes below each directory.
  private func rollUps() -> [FilePath: RollUp] {
    var rollUps: [FilePath: RollUp] = [:]
    for (path, change) in changes {
      let (before, after) = (Share(change.kept?.row), Share(change.row))
      guard before != after else { continue }
      var difference = RollUp()
      difference.add(before, -1)
      difference.add(after, 1)
      var directory = path.parent
      rollUps[directory, default: RollUp()].own += difference.all.files
      while true {
        rollUps[directory, default: RollUp()].addBelow(difference)
        if directory == .root { break }
        directory = directory.parent
      }
    }
    return rollUps
  }
}
