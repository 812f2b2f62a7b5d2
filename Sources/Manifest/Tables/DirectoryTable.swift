// Directories with what lies below each: files and bytes, hot, and at risk. A batch adds up what it
// changes below each directory and then writes each of them once, so a transition costs its depth
// at most. A directory is there while a file lies below it; the root always is.

internal import DurableFiles
internal import SQLite

/// What is below a directory, or what a batch changes below it.
package struct RollUp: Hashable, Sendable {
  /// Files that lie in it and not deeper.
  package var own: Int64 = 0
  package var all = Amount.none
  package var hot = Amount.none
  /// Those whose bytes exist nowhere but in the depot.
  package var atRisk = Amount.none

  package init() {}

  package var cold: Amount { all - hot }

  mutating func add(_ share: Share?, _ sign: Int64) {
    guard let share else { return }
    let amount = Amount(files: sign, bytes: sign * share.bytes)
    all = all + amount
    if share.isHot { hot = hot + amount }
    if share.state == .dirty || share.state == .failed { atRisk = atRisk + amount }
  }

  /// Adds all that is below another directory, which lies below this one.
  mutating func addBelow(_ other: RollUp) {
    all = all + other.all
    hot = hot + other.hot
    atRisk = atRisk + other.atRisk
  }
}

enum DirectoryTable {
  static let rootID: Int64 = 1
  static let columns = """
    own, files, bytes, hot_files, hot_bytes, risk_files, risk_bytes
    """

  /// What a statement over `columns` found, from a column on.
  static func rollUp(_ row: borrowing Row, from column: Int = 0) -> RollUp {
    var found = RollUp()
    found.own = row.integer(column)
    found.all = Amount(files: row.integer(column + 1), bytes: row.integer(column + 2))
    found.hot = Amount(files: row.integer(column + 3), bytes: row.integer(column + 4))
    found.atRisk = Amount(files: row.integer(column + 5), bytes: row.integer(column + 6))
    return found
  }

  static func find(
    _ path: FilePath, in connection: borrowing Connection
  ) throws(SQLiteError) -> (id: Int64, rollUp: RollUp)? {
    let sql = "SELECT id, \(columns) FROM directory WHERE path = ?1"
    return try connection.first(sql, [.blob(path.bytes)]) { row in
      (row.integer(0), rollUp(row, from: 1))
    }
  }

  /// Adds to a directory, which is made when it is absent; returns its id.
  static func add(
    _ change: RollUp, to path: FilePath, parent: Int64?, _ connection: borrowing Connection
  ) throws(SQLiteError) -> Int64 {
    let sql = """
      INSERT INTO directory
        (id, parent, path, own, files, bytes, hot_files, hot_bytes, risk_files, risk_bytes)
      VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
      ON CONFLICT (path) DO UPDATE SET own = own + ?4, files = files + ?5, bytes = bytes + ?6,
        hot_files = hot_files + ?7, hot_bytes = hot_bytes + ?8, risk_files = risk_files + ?9,
        risk_bytes = risk_bytes + ?10
      RETURNING id
      """
    let values: [SQLValue] = [
      parent == nil ? .integer(rootID) : .null, .integer(orNull: parent), .blob(path.bytes),
      .integer(change.own), .integer(change.all.files), .integer(change.all.bytes),
      .integer(change.hot.files), .integer(change.hot.bytes), .integer(change.atRisk.files),
      .integer(change.atRisk.bytes),
    ]
    var id: Int64 = 0
    // To its end: a statement that is left earlier has not changed anything for certain.
    try connection.each(sql, values) { row in
      id = row.integer(0)
      return true
    }
    return id
  }

  /// Inserts a directory that is not there.
  static func insert(
    _ rollUp: RollUp, id: Int64, parent: Int64?, at path: FilePath,
    _ connection: borrowing Connection
  ) throws(SQLiteError) {
    try connection.run(
      """
      INSERT INTO directory
        (id, parent, path, own, files, bytes, hot_files, hot_bytes, risk_files, risk_bytes)
      VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
      """,
      [
        .integer(id), .integer(orNull: parent), .blob(path.bytes), .integer(rollUp.own),
        .integer(rollUp.all.files), .integer(rollUp.all.bytes), .integer(rollUp.hot.files),
        .integer(rollUp.hot.bytes), .integer(rollUp.atRisk.files), .integer(rollUp.atRisk.bytes),
      ])
  }

  /// Removes a directory below which nothing is left.
  static func removeIfEmpty(
    _ path: FilePath, _ connection: borrowing Connection
  ) throws(SQLiteError) {
    try connection.run(
      "DELETE FROM directory WHERE path = ?1 AND files = 0 AND id <> \(rootID)",
      [.blob(path.bytes)])
  }
}
