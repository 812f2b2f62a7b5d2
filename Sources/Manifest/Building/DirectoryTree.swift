// The directories of a build, in memory: each with its number and with what lies in it; what lies
// deeper is added up once, at the end, from the deepest upwards.

internal import DurableFiles
internal import SQLite

struct DirectoryTree {
  private struct Entry {
    let id: Int64
    let parent: Int64?
    var rollUp = RollUp()
  }
  private var entries: [FilePath: Entry] = [
    .root: Entry(id: DirectoryTable.rootID, parent: nil)
  ]
  /// Rows come sorted, so most lie where the one before them does.
  private var last: (path: FilePath, id: Int64) = (.root, DirectoryTable.rootID)

  /// Counts a row in its directory; returns the directory's number.
  mutating func add(_ row: FileRow) -> Int64 {
    let path = row.path.parent
    let id = path == last.path ? last.id : number(of: path)
    last = (path, id)
    entries[path]?.rollUp.own += 1
    entries[path]?.rollUp.add(Share(row), 1)
    return id
  }

  private mutating func number(of path: FilePath) -> Int64 {
    if let entry = entries[path] { return entry.id }
    let parent = number(of: path.parent)
    let id = Int64(entries.count) + 1
    entries[path] = Entry(id: id, parent: parent)
    return id
  }

  /// Adds what lies in each directory to all that hold it.
  mutating func sumUp() {
    for path in entries.keys.sorted(by: { $0.bytes.count > $1.bytes.count }) where path != .root {
      guard let below = entries[path]?.rollUp else { continue }
      entries[path.parent]?.rollUp.addBelow(below)
    }
  }

  func write(_ connection: borrowing Connection) throws(SQLiteError) {
    for (path, entry) in entries {
      try DirectoryTable.insert(
        entry.rollUp, id: entry.id, parent: entry.parent, at: path, connection)
    }
  }
}
