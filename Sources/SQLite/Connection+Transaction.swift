// Transactions: all of it or nothing of it. A throw rolls back, and so does a commit that fails.
// They do not nest; a room that wants steps inside one passes the connection on.

import CSQLite

extension Connection {
  /// Runs the body with the write lock held from its beginning, and commits what it did.
  @discardableResult
  package func transaction<Result>(
    _ body: () throws(SQLiteError) -> Result
  ) throws(SQLiteError) -> Result {
    try transaction(orThrow: unchanged, body)
  }

  /// The same for a body that throws another room's errors; `wrap` makes one of what went wrong
  /// with the transaction itself.
  @discardableResult
  package func transaction<Result, Failure: Error>(
    orThrow wrap: (SQLiteError) -> Failure, _ body: () throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try group("BEGIN IMMEDIATE", orThrow: wrap, body)
  }

  /// Runs the body on one unchanging view of the database, whatever others write meanwhile.
  @discardableResult
  package func view<Result>(
    _ body: () throws(SQLiteError) -> Result
  ) throws(SQLiteError) -> Result {
    try group("BEGIN DEFERRED", orThrow: unchanged) { () throws(SQLiteError) in
      // The view is taken by the first read, not by BEGIN.
      _ = try first("SELECT 1 FROM sqlite_schema LIMIT 1") { _ in }
      return try body()
    }
  }

  private func group<Result, Failure: Error>(
    _ begin: String, orThrow wrap: (SQLiteError) -> Failure, _ body: () throws(Failure) -> Result
  ) throws(Failure) -> Result {
    precondition(database.isIdle, "transactions do not nest")
    do throws(SQLiteError) { try run(begin) } catch { throw wrap(error) }
    do throws(Failure) {
      let result = try body()
      do throws(SQLiteError) { try run("COMMIT") } catch { throw wrap(error) }
      return result
    } catch {
      rollBack()
      throw error
    }
  }

  private func rollBack() {
    // The body's error is the one that tells. This fails when SQLite has rolled back already, as it
    // does for a full disk, a failed device and an interruption.
    _ = unsafe sqlite3_exec(database.handle, "ROLLBACK", nil, nil, nil)
  }
}

private func unchanged(_ error: SQLiteError) -> SQLiteError { error }
