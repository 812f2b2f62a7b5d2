// The open database behind a connection: SQLite's handle, the name for messages and the cache of
// compiled statements. A statement in use is out of the cache, so a query inside another of the
// same text gets one of its own. Nothing here is shared between threads; SQLite is opened without
// its own lock, and the connection that owns this is used by one thread at a time.

import Ambient
import CSQLite

@safe final class Database {
  let handle: OpaquePointer
  /// The file's name for messages.
  let name: String
  /// The most compiled statements that are kept.
  let statementsMax: Int

  @safe private struct Compiled {
    var statement: OpaquePointer
    var usedAt: UInt64
  }
  // Grows with texts, not with uses: at most `statementsMax` at a time.
  private var cache: [String: Compiled] = [:]
  private var uses: UInt64 = 0

  init(handle: OpaquePointer, name: String, statementsMax: Int) {
    unsafe self.handle = unsafe handle
    self.name = name
    self.statementsMax = statementsMax
  }

  deinit {
    for compiled in cache.values {
      unsafe sqlite3_finalize(compiled.statement)
    }
    let closed = unsafe sqlite3_close(handle)
    precondition(closed == SQLITE_OK, "a statement outlived its connection")
  }

  /// What cuts statements short, if anything does.
  private(set) var cancellation: Cancellation?

  /// Has statements cut short once the cancellation is raised, instead of by the one before.
  func setCancellation(_ cancellation: Cancellation?) {
    self.cancellation = cancellation
    guard let cancellation else {
      return unsafe sqlite3_progress_handler(handle, 0, nil, nil)
    }
    // Asked every 2,000 steps of SQLite's machine, some tens of microseconds.
    unsafe sqlite3_progress_handler(
      handle, 2_000,
      { context in
        let flag = unsafe Unmanaged<Cancellation>.fromOpaque(context!).takeUnretainedValue()
        return flag.isCancelled ? 1 : 0
      }, Unmanaged.passUnretained(cancellation).toOpaque())
  }

  /// A compiled statement for the text, the caller's until it is given back.
  func checkOut(_ sql: String) throws(SQLiteError) -> OpaquePointer {
    if let compiled = cache.removeValue(forKey: sql) { return unsafe compiled.statement }
    return unsafe try compile(sql)
  }

  /// Takes a statement back, for its next use.
  func checkIn(_ sql: String, _ statement: OpaquePointer) {
    unsafe sqlite3_reset(statement)
    unsafe sqlite3_clear_bindings(statement)
    uses += 1
    let compiled = unsafe Compiled(statement: statement, usedAt: uses)
    if let before = cache.updateValue(compiled, forKey: sql) {
      unsafe sqlite3_finalize(before.statement)
    }
    if cache.count > statementsMax { dropOldest() }
  }

  private func dropOldest() {
    guard let (sql, compiled) = cache.min(by: { $0.value.usedAt < $1.value.usedAt }) else {
      return
    }
    cache.removeValue(forKey: sql)
    unsafe sqlite3_finalize(compiled.statement)
  }

  private func compile(_ sql: String) throws(SQLiteError) -> OpaquePointer {
    var statement: OpaquePointer?
    var rest = 0
    let utf8 = Array(sql.utf8)
    let code = unsafe utf8.withUnsafeBufferPointer { bytes in
      unsafe bytes.withMemoryRebound(to: CChar.self) { text in
        var tail: UnsafePointer<CChar>?
        let code = unsafe sqlite3_prepare_v3(
          handle, text.baseAddress, Int32(text.count), UInt32(SQLITE_PREPARE_PERSISTENT),
          &statement, &tail)
        rest = unsafe tail.map { unsafe text.count - ($0 - text.baseAddress!) } ?? 0
        return code
      }
    }
    try check(code)
    let isOver = utf8.suffix(rest).allSatisfy { $0 <= UInt8(ascii: " ") }
    guard let statement = unsafe statement, isOver else {
      unsafe sqlite3_finalize(statement)
      throw .wrongStatement(name, detail: "one statement is wanted, not none and not several")
    }
    return unsafe statement
  }

  /// Runs a script of statements without values, in order.
  func execute(_ script: String) throws(SQLiteError) {
    try check(unsafe sqlite3_exec(handle, script, nil, nil, nil))
  }

  /// Throws unless the result is a good one.
  func check(_ code: Int32) throws(SQLiteError) {
    guard code != SQLITE_OK && code != SQLITE_ROW && code != SQLITE_DONE else { return }
    throw failure(code)
  }

  /// The error for a result of the last call.
  func failure(_ code: Int32) -> SQLiteError {
    let extended = unsafe sqlite3_extended_errcode(handle)
    // The handle remembers the last call that failed, which may not be the one that is asked about.
    let fits = extended & 0xFF == code & 0xFF
    let detail = unsafe String(cString: fits ? sqlite3_errmsg(handle) : sqlite3_errstr(code))
    return SQLiteError(code: fits ? extended : code, detail: detail, file: name)
  }

  /// True once nobody wants the work that is in progress.
  var isCancelled: Bool { cancellation?.isCancelled ?? false }

  /// True outside of a transaction.
  var isIdle: Bool { unsafe sqlite3_get_autocommit(handle) != 0 }
}
