// Going on behind a place in an index. A comparison of whole tuples would have SQLite look at every
// row that is equal in the first column; so the place is left in steps instead, the longest common
// beginning first: the same state and age and a later number, then the same state and a later age,
// then a later state. Each step is one seek, whatever the rows before the place are.

internal import SQLite

/// The rows of one index, in its order.
struct Keyset {
  /// The index, whose columns end in the row's number.
  let index: String
  /// What the rows must be, beside the place; parameters count from `?1`.
  var condition: [String] = []
  var values: [SQLValue] = []
  /// The columns that make a place, the most significant first.
  let columns: [String]
  var isForward = true

  /// At most `limit` rows behind the place, or from the beginning.
  func rows(
    after place: [SQLValue]?, limit: Int, _ connection: borrowing Connection
  ) throws(SQLiteError) -> [KeptRow] {
    guard let place else { return try step(equal: 0, to: [], limit, connection) }
    var found: [KeptRow] = []
    for equal in columns.indices.reversed() where found.count < limit {
      found += try step(
        equal: equal, to: Array(place[...equal]), limit - found.count, connection)
    }
    return found
  }

  /// Rows that are equal in the first columns and beyond the place in the next, if there is a place.
  private func step(
    equal: Int, to place: [SQLValue], _ limit: Int, _ connection: borrowing Connection
  ) throws(SQLiteError) -> [KeptRow] {
    var terms = condition
    for (offset, column) in columns[..<place.count].enumerated() {
      let sign = offset < equal ? "=" : isForward ? ">" : "<"
      terms.append("\(column) \(sign) ?\(values.count + offset + 1)")
    }
    let order = columns[equal...].map { "\($0) \(isForward ? "ASC" : "DESC")" }
    let sql = """
      SELECT \(FileTable.columns) FROM file INDEXED BY \(index)
      \(terms.isEmpty ? "" : "WHERE " + terms.joined(separator: " AND "))
      ORDER BY \(order.joined(separator: ", ")) LIMIT ?\(values.count + place.count + 1)
      """
    return try connection.rows(sql, values + place + [.integer(Int64(limit))]) {
      (row) throws(SQLiteError) in try FileTable.row(row)
    }
  }
}
