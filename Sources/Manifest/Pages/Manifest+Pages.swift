// Pages of rows. They are of what is applied, all of one moment, and never wait for the applier;
// what was accepted since is in no page yet. Who acts on a row names its generation, and so finds
// out.

internal import Ambient
package import DurableFiles
internal import SQLite

extension Manifest {
  /// The rows behind a place, or from the beginning of the order.
  package func page(
    _ query: RowQuery, after place: RowPlace? = nil
  ) throws(ManifestError) -> RowPage {
    let page = try keptPage(query, after: place)
    return RowPage(rows: page.rows.map(\.row), next: page.next)
  }

  /// Where a file is in an order, for going on behind it; nil when it is not applied, or absent.
  package func place(of path: FilePath, in order: RowOrder) throws(ManifestError) -> RowPlace? {
    try reading { (connection) throws(SQLiteError) in
      try FileTable.find(path, in: connection).map(order.place(of:))
    }
  }

  func keptPage(
    _ query: RowQuery, after place: RowPlace?
  ) throws(ManifestError) -> (rows: [KeptRow], next: RowPlace?) {
    precondition(place.map { $0.order == query.order } ?? true, "a place belongs to its order")
    return try reading { (connection) throws(SQLiteError) in
      try connection.view { () throws(SQLiteError) in
        try RowPager(query: query).page(after: place, connection)
      }
    }
  }
}

struct RowPager {
  let query: RowQuery

  func page(
    after place: RowPlace?, _ connection: borrowing Connection
  ) throws(SQLiteError) -> (rows: [KeptRow], next: RowPlace?) {
    var found =
      query.order == .directory
      ? try directories(after: place, connection) : try keyset(after: place, connection)
    let hasMore = found.count > query.limit
    if hasMore { found.removeLast(found.count - query.limit) }
    return (found, hasMore ? found.last.map(query.order.place(of:)) : nil)
  }

  private var isForward: Bool { query.direction == .ascending }
  private var beyond: String { isForward ? ">" : "<" }
  private var way: String { isForward ? "ASC" : "DESC" }
  /// One more than is returned, which tells whether there are more.
  private var wanted: Int { query.limit + 1 }

  // MARK: - One index

  private func keyset(
    after place: RowPlace?, _ connection: borrowing Connection
  ) throws(SQLiteError) -> [KeptRow] {
    let isByPath = query.order == .path
    var keyset = Keyset(
      index: "file_\(query.order.rawValue)",
      columns: query.state != nil
        ? ["changed", "id"] : query.order.columns + (isByPath ? [] : ["id"]),
      isForward: isForward)
    if query.order == .retry { keyset.condition.append("retry IS NOT NULL") }
    if let state = query.state {
      keyset.condition.append("state = ?1")
      keyset.values.append(.integer(Int64(state.rawValue)))
    }
    if !query.prefix.isEmpty {
      keyset.condition.append("path >= ?1")
      keyset.values.append(.blob(query.prefix))
      if let end = successor(ofPrefix: query.prefix) {
        keyset.condition.append("path < ?2")
        keyset.values.append(.blob(end))
      }
    }
    return try keyset.rows(after: place.map(values), limit: wanted, connection)
  }

  /// A place as the columns of the index have it.
  private func values(of place: RowPlace) -> [SQLValue] {
    if query.order == .path { return [.blob(place.path)] }
    let numbers = place.numbers.map(SQLValue.integer) + [.integer(place.id)]
    return query.state == nil ? numbers : Array(numbers.dropFirst())
  }

  // MARK: - Directory by directory

  private func directories(
    after place: RowPlace?, _ connection: borrowing Connection
  ) throws(SQLiteError) -> [KeptRow] {
    var found: [KeptRow] = []
    var directory: [UInt8]?
    if let place, let file = filePath(place.path) {
      directory = file.parent.bytes
      if let id = try DirectoryTable.find(file.parent, in: connection)?.id {
        found = try names(in: id, after: file.name, wanted, connection)
      }
    }
    while found.count < wanted {
      guard let next = try nextDirectory(after: directory, connection) else { break }
      found += try names(in: next.id, after: nil, wanted - found.count, connection)
      directory = next.path
    }
    return found
  }

  private func nextDirectory(
    after path: [UInt8]?, _ connection: borrowing Connection
  ) throws(SQLiteError) -> (id: Int64, path: [UInt8])? {
    let condition = path == nil ? "" : "AND path \(beyond) ?1"
    return try connection.first(
      """
      SELECT id, path FROM directory INDEXED BY directory_own WHERE own > 0 \(condition)
      ORDER BY path \(way) LIMIT 1
      """, path.map { [.blob($0)] } ?? []
    ) { row in (row.integer(0), row.bytes(1)) }
  }

  private func names(
    in directory: Int64, after name: [UInt8]?, _ limit: Int, _ connection: borrowing Connection
  ) throws(SQLiteError) -> [KeptRow] {
    let condition = name == nil ? "" : "AND name \(beyond) ?3"
    return try connection.rows(
      """
      SELECT \(FileTable.columns) FROM file INDEXED BY file_directory
      WHERE directory = ?1 \(condition) ORDER BY name \(way) LIMIT ?2
      """,
      [.integer(directory), .integer(Int64(limit))] + (name.map { [.blob($0)] } ?? [])
    ) { (row) throws(SQLiteError) in try FileTable.row(row) }
  }
}

/// The first bytes behind everything that begins with the prefix; nil when nothing is behind it.
func successor(ofPrefix prefix: [UInt8]) -> [UInt8]? {
  guard let last = prefix.lastIndex(where: { $0 < 0xFF }) else { return nil }
  return prefix[..<last] + [prefix[last] + 1]
}
