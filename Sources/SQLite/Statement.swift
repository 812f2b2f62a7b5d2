// A compiled statement and the row it stands on, both lent to a closure and never kept. Parameters
// count from 1 as in SQL (`?1`), columns from 0. Bytes and text are copied when they are bound;
// when they are read they can be looked at where SQLite keeps them.

import CSQLite

/// A compiled statement, for running it many times with different values.
@safe package struct Statement: ~Copyable {
  private let handle: OpaquePointer
  private let database: Database

  init(_ handle: OpaquePointer, of database: Database) {
    unsafe self.handle = unsafe handle
    self.database = database
  }

  /// Binds every parameter, in order.
  package func bind(_ values: [SQLValue]) throws(SQLiteError) {
    let wanted = unsafe Int(sqlite3_bind_parameter_count(handle))
    precondition(values.count == wanted, "the statement has \(wanted) parameters")
    for (index, value) in values.enumerated() { try bind(value, at: index + 1) }
  }

  /// Binds one parameter.
  package func bind(_ value: SQLValue, at index: Int) throws(SQLiteError) {
    switch value {
    case .null: try bindNull(at: index)
    case .integer(let number): try bind(number, at: index)
    case .real(let number): try bind(number, at: index)
    case .text(let text): try bind(text, at: index)
    case .blob(let bytes): try bind(bytes.span, at: index)
    }
  }

  /// Binds NULL.
  package func bindNull(at index: Int) throws(SQLiteError) {
    try checkBinding(unsafe sqlite3_bind_null(handle, Int32(index)))
  }

  /// Binds an integer.
  package func bind(_ number: Int64, at index: Int) throws(SQLiteError) {
    try checkBinding(unsafe sqlite3_bind_int64(handle, Int32(index), number))
  }

  /// Binds a real.
  package func bind(_ number: Double, at index: Int) throws(SQLiteError) {
    try checkBinding(unsafe sqlite3_bind_double(handle, Int32(index), number))
  }

  /// Binds a copy of text.
  package func bind(_ text: String, at index: Int) throws(SQLiteError) {
    var text = text
    let code = text.withUTF8 { utf8 in
      unsafe csqlite_bind_text(handle, Int32(index), utf8.baseAddress, utf8.count)
    }
    try checkBinding(code)
  }

  /// Binds a copy of bytes.
  package func bind(_ bytes: Span<UInt8>, at index: Int) throws(SQLiteError) {
    let code = unsafe bytes.withUnsafeBufferPointer { buffer in
      unsafe csqlite_bind_blob(handle, Int32(index), buffer.baseAddress, buffer.count)
    }
    try checkBinding(code)
  }

  /// Runs it to its end, whatever rows it yields, and makes it ready for other values.
  package func run() throws(SQLiteError) {
    try each { (_) throws(SQLiteError) in true }
  }

  /// Runs it and lends each row in turn, until the body answers false.
  package func each(
    _ body: (borrowing Row) throws(SQLiteError) -> Bool
  ) throws(SQLiteError) {
    // Statements too short for the progress handler are stopped here, between them.
    if database.isCancelled { throw .interrupted(database.name) }
    defer { unsafe sqlite3_reset(handle) }
    while true {
      let code = unsafe sqlite3_step(handle)
      if code == SQLITE_DONE { return }
      guard code == SQLITE_ROW else { throw database.failure(code) }
      guard try body(unsafe Row(handle)) else { return }
    }
  }

  private func checkBinding(_ code: Int32) throws(SQLiteError) {
    precondition(code != SQLITE_RANGE, "the statement has no such parameter")
    try database.check(code)
  }
}

/// The row that a statement stands on; only lent, and gone with the next step.
@safe package struct Row: ~Copyable {
  private let handle: OpaquePointer

  init(_ handle: OpaquePointer) {
    unsafe self.handle = unsafe handle
  }

  /// How many columns it has.
  package var columnCount: Int { unsafe Int(sqlite3_data_count(handle)) }

  /// True when the column is NULL.
  package func isNull(_ column: Int) -> Bool {
    unsafe sqlite3_column_type(handle, checked(column)) == SQLITE_NULL
  }

  /// The column as an integer; 0 for NULL.
  package func integer(_ column: Int) -> Int64 {
    unsafe sqlite3_column_int64(handle, checked(column))
  }

  /// The column as an integer, or nil for NULL.
  package func optionalInteger(_ column: Int) -> Int64? {
    isNull(column) ? nil : integer(column)
  }

  /// The column as a real; 0 for NULL.
  package func real(_ column: Int) -> Double {
    unsafe sqlite3_column_double(handle, checked(column))
  }

  /// The column as text; empty for NULL. What is not UTF-8 is repaired.
  package func text(_ column: Int) -> String {
    // SQLite wants the text asked for before its size.
    guard let text = unsafe sqlite3_column_text(handle, checked(column)) else { return "" }
    let count = unsafe Int(sqlite3_column_bytes(handle, Int32(column)))
    return unsafe String(
      decoding: UnsafeBufferPointer(start: text, count: count), as: UTF8.self)
  }

  /// The column as text, or nil for NULL.
  package func optionalText(_ column: Int) -> String? {
    isNull(column) ? nil : text(column)
  }

  /// A copy of the column's bytes; empty for NULL.
  package func bytes(_ column: Int) -> [UInt8] {
    guard let bytes = unsafe sqlite3_column_blob(handle, checked(column)) else { return [] }
    let count = unsafe Int(sqlite3_column_bytes(handle, Int32(column)))
    return unsafe Array(UnsafeRawBufferPointer(start: bytes, count: count))
  }

  /// A copy of the column's bytes, or nil for NULL.
  package func optionalBytes(_ column: Int) -> [UInt8]? {
    isNull(column) ? nil : bytes(column)
  }

  /// Lends the column's bytes where they are; empty for NULL.
  package func withBytes<Result, Failure: Error>(
    _ column: Int, _ body: (Span<UInt8>) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    guard let bytes = unsafe sqlite3_column_blob(handle, checked(column)) else {
      return try body(Span())
    }
    let count = unsafe Int(sqlite3_column_bytes(handle, Int32(column)))
    let typed = unsafe bytes.assumingMemoryBound(to: UInt8.self)
    return try body(unsafe Span(_unsafeStart: typed, count: count))
  }

  /// The column in its own storage class.
  package func value(_ column: Int) -> SQLValue {
    switch unsafe sqlite3_column_type(handle, checked(column)) {
    case SQLITE_INTEGER: .integer(integer(column))
    case SQLITE_FLOAT: .real(real(column))
    case SQLITE_TEXT: .text(text(column))
    case SQLITE_BLOB: .blob(bytes(column))
    default: .null
    }
  }

  private func checked(_ column: Int) -> Int32 {
    precondition(column >= 0 && column < columnCount, "the row has no such column")
    return Int32(column)
  }
}
