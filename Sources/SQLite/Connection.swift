// A database that is open. Whoever holds the connection closes it, by letting go; one thread uses
// it at a time (`Mutex<Connection>`, or a `Worker` that owns it). Statements are kept compiled and
// lent inside one closure, so no handle of SQLite's outlives the call that borrowed it. A crash
// leaves what the last commit made, or with `.normal` and a write-ahead log what some earlier one
// made: the tail may be lost, the shape never.

package import Ambient
import Bytes
import CSQLite

/// Where a database is.
package enum Location: Equatable, Sendable {
  /// In memory, gone with its connection.
  case memory
  /// In a file, by the kernel's bytes of its path.
  case file([UInt8])

  /// In a file, by its path as text.
  package static func file(_ path: String) -> Location { .file(Array(path.utf8)) }
}

/// What a connection may do with its file.
package enum Access: Equatable, Sendable {
  /// Read, with the locks that a writer elsewhere respects.
  case reading
  /// Read without locks and without writing one byte beside it, for a file that nobody changes.
  case readingFrozen
  /// Read and write a file that is there.
  case writing
  /// Read and write, making the file when it is absent.
  case creating
}

/// How a change is made durable and kept apart from readers.
package enum Journal: Equatable, Sendable {
  /// Readers go on beside one writer; the log is folded in from time to time.
  case writeAhead
  /// One file between transactions; a writer and readers exclude each other.
  case rollback
}

/// When SQLite syncs.
package enum Synchronous: Int, Sendable {
  /// Never: for what can be made again.
  case off = 0
  /// At checkpoints: a power cut may lose the last commits, never the shape.
  case normal = 1
  /// At every commit.
  case full = 2
}

/// How a connection behaves; the same for its whole life.
package struct ConnectionOptions: Sendable {
  package var access = Access.creating
  /// The journal to use when writing; in memory it means nothing.
  package var journal = Journal.writeAhead
  package var synchronous = Synchronous.normal
  /// How long a call waits for another connection's lock before it throws `.busy`.
  package var busyTimeout = Duration.seconds(5)
  package var foreignKeys = true
  /// How much of the file may be mapped into memory; zero reads by calls.
  package var mappedMax = ByteCount.zero
  /// How much of the file is kept in memory.
  package var cacheMax = ByteCount(8 << 20)
  /// How long the write-ahead log grows before a commit folds it in.
  package var logPagesMax = 1_000
  /// The most compiled statements that are kept.
  package var statementsMax = 64

  package init() {}
}

/// An open database.
package struct Connection: ~Copyable {
  let database: Database

  /// Opens the database and puts the options in force.
  package init(
    _ location: Location, _ options: ConnectionOptions = ConnectionOptions()
  ) throws(SQLiteError) {
    precondition(options.statementsMax > 0, "a connection keeps at least one statement")
    let database = try openDatabase(location, options)
    try database.configure(options, writes: location == .memory || options.access.isWriting)
    self.database = database
  }

  /// Runs a script of statements without values, in order.
  package func execute(_ script: String) throws(SQLiteError) {
    try database.execute(script)
  }

  /// Runs one statement; returns how many rows it inserted, changed or deleted.
  @discardableResult
  package func run(_ sql: String, _ values: [SQLValue] = []) throws(SQLiteError) -> Int {
    let before = unsafe sqlite3_total_changes64(database.handle)
    try withStatement(sql) { (statement) throws(SQLiteError) in
      try statement.bind(values)
      try statement.run()
    }
    // The count of the last change stands until another one, whatever ran since.
    let changed = unsafe sqlite3_total_changes64(database.handle) != before
    return changed ? unsafe Int(sqlite3_changes64(database.handle)) : 0
  }

  /// Lends the rows of one statement, one after the other, until the body answers false.
  package func each(
    _ sql: String, _ values: [SQLValue] = [],
    _ body: (borrowing Row) throws(SQLiteError) -> Bool
  ) throws(SQLiteError) {
    try withStatement(sql) { (statement) throws(SQLiteError) in
      try statement.bind(values)
      try statement.each(body)
    }
  }

  /// What the body makes of each row. The statement bounds how many there are.
  package func rows<Result>(
    _ sql: String, _ values: [SQLValue] = [],
    _ body: (borrowing Row) throws(SQLiteError) -> Result
  ) throws(SQLiteError) -> [Result] {
    var results: [Result] = []
    try each(sql, values) { (row) throws(SQLiteError) in
      results.append(try body(row))
      return true
    }
    return results
  }

  /// What the body makes of the first row; nil when there is none.
  package func first<Result>(
    _ sql: String, _ values: [SQLValue] = [],
    _ body: (borrowing Row) throws(SQLiteError) -> Result
  ) throws(SQLiteError) -> Result? {
    var result: Result?
    try each(sql, values) { (row) throws(SQLiteError) in
      result = try body(row)
      return false
    }
    return result
  }

  /// Lends a compiled statement, for running it many times.
  @discardableResult
  package func withStatement<Result>(
    _ sql: String, _ body: (borrowing Statement) throws(SQLiteError) -> Result
  ) throws(SQLiteError) -> Result {
    let handle = unsafe try database.checkOut(sql)
    defer { unsafe database.checkIn(sql, handle) }
    let statement = unsafe Statement(handle, of: database)
    return try body(statement)
  }

  /// Runs the body with its statements cut short once the cancellation is raised; they then throw
  /// `.interrupted`, and a transaction around them is rolled back.
  @discardableResult
  package func cancelled<Result, Failure: Error>(
    by cancellation: Cancellation, _ body: () throws(Failure) -> Result
  ) throws(Failure) -> Result {
    let outer = database.cancellation
    database.setCancellation(cancellation)
    defer { database.setCancellation(outer) }
    return try body()
  }

  /// The key of the row that was inserted last.
  package var lastInsertedKey: Int64 { unsafe sqlite3_last_insert_rowid(database.handle) }

  /// A setting that is one integer.
  package func integerSetting(_ name: String) throws(SQLiteError) -> Int64 {
    try first("PRAGMA \(name)") { row in row.integer(0) } ?? 0
  }
}

extension Database {
  /// Puts the options in force.
  func configure(_ options: ConnectionOptions, writes: Bool) throws(SQLiteError) {
    let milliseconds = options.busyTimeout.wholeMicroseconds / 1_000
    try check(unsafe sqlite3_busy_timeout(handle, Int32(clamping: milliseconds)))
    try set(SQLITE_DBCONFIG_DEFENSIVE, true)
    try set(SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)
    // A misspelt column in double quotes would be taken for text.
    try set(SQLITE_DBCONFIG_DQS_DML, false)
    try set(SQLITE_DBCONFIG_DQS_DDL, false)
    // The size of the cache depends on the file's pages, so the file is first read here, and what is
    // something else never opens.
    try execute(
      """
      PRAGMA foreign_keys = \(options.foreignKeys ? 1 : 0);
      PRAGMA cell_size_check = 1;
      PRAGMA mmap_size = \(options.mappedMax.bytes);
      PRAGMA cache_size = \(-max(1, options.cacheMax.bytes / 1_024));
      """)
    guard writes else { return }
    try execute(
      """
      PRAGMA journal_mode = \(options.journal == .writeAhead ? "wal" : "delete");
      PRAGMA synchronous = \(options.synchronous.rawValue);
      PRAGMA wal_autocheckpoint = \(options.logPagesMax);
      """)
  }

  private func set(_ option: Int32, _ on: Bool) throws(SQLiteError) {
    try check(unsafe csqlite_set_switch(handle, option, on ? 1 : 0, nil))
  }
}

extension Access {
  fileprivate var isWriting: Bool { self == .writing || self == .creating }

  fileprivate var flags: Int32 {
    switch self {
    case .reading: SQLITE_OPEN_READONLY
    case .readingFrozen: SQLITE_OPEN_READONLY | SQLITE_OPEN_URI
    case .writing: SQLITE_OPEN_READWRITE
    case .creating: SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE
    }
  }
}

func openDatabase(
  _ location: Location, _ options: ConnectionOptions
) throws(SQLiteError) -> Database {
  let name: String
  let path: [UInt8]
  var flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE
  switch location {
  case .memory:
    (name, path) = ("the database in memory", Array(":memory:".utf8))
    flags |= SQLITE_OPEN_READWRITE
  case .file(let bytes):
    precondition(!bytes.isEmpty && !bytes.contains(0), "a file has a name")
    name = escaped(bytes)
    path = options.access == .readingFrozen ? frozenAddress(of: bytes) : plain(bytes)
    flags |= options.access.flags
  }
  var handle: OpaquePointer?
  let code = unsafe (path + [0]).withUnsafeBufferPointer { bytes in
    unsafe bytes.withMemoryRebound(to: CChar.self) { text in
      unsafe sqlite3_open_v2(text.baseAddress, &handle, flags, nil)
    }
  }
  guard let handle = unsafe handle else { throw .outOfMemory(name) }
  // Even a handle that failed to open must be closed, which the database sees to.
  let database = unsafe Database(
    handle: handle, name: name, statementsMax: options.statementsMax)
  try database.check(code)
  return database
}

/// A path that SQLite takes for nothing but a path: some builds read `file:` as an address, and
/// names that begin with a colon are kept for its own use.
private func plain(_ path: [UInt8]) -> [UInt8] {
  path.starts(with: "file:".utf8) || path[0] == UInt8(ascii: ":")
    ? Array("./".utf8) + path : path
}

private func frozenAddress(of path: [UInt8]) -> [UInt8] {
  var address = Array("file:".utf8)
  for byte in path {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "/"), UInt8(ascii: "."),
      UInt8(ascii: "-"), UInt8(ascii: "_"):
      address.append(byte)
    default:
      let digits = Array("0123456789ABCDEF".utf8)
      address += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
    }
  }
  return address + Array("?immutable=1".utf8)
}
