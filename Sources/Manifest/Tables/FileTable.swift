// Rows of the table `file`, in and out. What comes out was checked against its checksum; a row that
// does not match is damage, like a page that SQLite cannot read.

internal import Ambient
internal import Bytes
internal import DurableFiles
internal import SQLite

/// A row and where the table has it.
struct KeptRow {
  let id: Int64
  let directory: Int64
  let row: FileRow
}

enum FileTable {
  /// The columns that `row` reads, in its order.
  static let columns = "id, directory, path, accessed, record"

  /// The row that a statement over `columns` stands on.
  static func row(_ row: borrowing Row) throws(SQLiteError) -> KeptRow {
    let path = row.bytes(2)
    let accessed = WallTime(microseconds: row.integer(3))
    guard let found = RowRecord.decode(row.bytes(4), path: path, accessed: accessed) else {
      throw .corrupt("the manifest", detail: "the row of \(escaped(path)) has changed by itself")
    }
    return KeptRow(id: row.integer(0), directory: row.integer(1), row: found)
  }

  static func find(
    _ path: FilePath, in connection: borrowing Connection
  ) throws(SQLiteError) -> KeptRow? {
    var found: KeptRow?
    try connection.withStatement("SELECT \(columns) FROM file WHERE path = ?1") {
      (statement) throws(SQLiteError) in
      try statement.bind(path.bytes.span, at: 1)
      try statement.each { (row) throws(SQLiteError) in
        found = try self.row(row)
        return false
      }
    }
    return found
  }

  static let insertion = """
    INSERT INTO file
      (state, hot, pinned, size, accessed, changed, retry, record, path, directory, name)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)
    """

  static func insert(
    _ row: FileRow, in directory: Int64, _ connection: borrowing Connection
  ) throws(SQLiteError) {
    try connection.withStatement(insertion) { (statement) throws(SQLiteError) in
      try insert(row, in: directory, statement)
    }
  }

  /// Binds and runs an insertion, for running it many times.
  static func insert(
    _ row: FileRow, in directory: Int64, _ statement: borrowing Statement
  ) throws(SQLiteError) {
    try bind(row, to: statement)
    let path = row.path.bytes.span
    try statement.bind(path, at: 9)
    try statement.bind(directory, at: 10)
    try statement.bind(path.extracting(nameStart(of: row.path)..<path.count), at: 11)
    try statement.run()
  }

  static func update(
    _ row: FileRow, id: Int64, _ connection: borrowing Connection
  ) throws(SQLiteError) {
    let sql = """
      UPDATE file SET state = ?1, hot = ?2, pinned = ?3, size = ?4, accessed = ?5, changed = ?6,
        retry = ?7, record = ?8
      WHERE id = ?9
      """
    try connection.withStatement(sql) { (statement) throws(SQLiteError) in
      try bind(row, to: statement)
      try statement.bind(id, at: 9)
      try statement.run()
    }
  }

  static func delete(id: Int64, _ connection: borrowing Connection) throws(SQLiteError) {
    try connection.run("DELETE FROM file WHERE id = ?1", [.integer(id)])
  }

  /// Notes that a file was read, unless it was read later.
  static func touch(
    _ path: FilePath, at time: WallTime, _ connection: borrowing Connection
  ) throws(SQLiteError) {
    try connection.run(
      "UPDATE file SET accessed = ?2 WHERE path = ?1 AND accessed < ?2",
      [.blob(path.bytes), .integer(time.microseconds)])
  }

  private static func bind(_ row: FileRow, to statement: borrowing Statement) throws(SQLiteError) {
    try statement.bind(Int64(row.state.rawValue), at: 1)
    try statement.bind(row.isHot ? 1 : 0 as Int64, at: 2)
    try statement.bind(row.isPinned ? 1 : 0 as Int64, at: 3)
    try statement.bind(Int64(clamping: row.size), at: 4)
    try statement.bind(row.accessed.microseconds, at: 5)
    try statement.bind(row.changed.microseconds, at: 6)
    try statement.bind(.integer(orNull: row.retryAt?.microseconds), at: 7)
    let record = RowRecord.encode(row)
    try statement.bind(record.span, at: 8)
  }

  /// Where the last component of a path begins.
  static func nameStart(of path: FilePath) -> Int {
    path.bytes.lastIndex(of: UInt8(ascii: "/")).map { $0 + 1 } ?? 0
  }
}
