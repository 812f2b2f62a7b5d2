// Whole databases: a consistent copy of one in use, an image in memory, and what its own checks
// say. A copy is made on one view, so writers elsewhere neither wait nor make it begin again, and
// what it leaves is a single file without a log beside it. A crash in the middle leaves a partial
// copy; give it its name only when this has returned.

package import Ambient
import CSQLite

/// How far a copy has come.
package struct CopyProgress: Equatable, Sendable {
  package let pagesDone: Int
  package let pagesTotal: Int
}

/// How thoroughly a database is checked.
package enum CheckDepth: Equatable, Sendable {
  /// The pages and their order, but not whether indexes agree with their tables.
  case quick
  case full
}

extension Connection {
  /// Copies the database into a file, which is synced; an older database there is replaced.
  ///
  /// The progress is told after every `pagesPerStep` pages; a raised cancellation throws
  /// `.interrupted` there.
  package func copy(
    to location: Location, pagesPerStep: Int = 2_000, cancellation: Cancellation? = nil,
    progress: (CopyProgress) -> Void = { _ in }
  ) throws(SQLiteError) {
    var options = ConnectionOptions()
    options.journal = .rollback
    options.synchronous = .full
    let target = try Connection(location, options)
    try copy(into: target, pagesPerStep, cancellation, progress)
    // The copied header may ask for a write-ahead log.
    try target.execute("PRAGMA journal_mode = delete")
  }

  /// The database as the bytes that its file would have.
  package func image() throws(SQLiteError) -> [UInt8] {
    let memory = try Connection(.memory)
    try copy(into: memory, 2_000, nil) { _ in }
    var count: sqlite3_int64 = -1
    guard let bytes = unsafe sqlite3_serialize(memory.database.handle, "main", &count, 0) else {
      // A database in which nothing was ever made has no bytes.
      if count == 0 { return [] }
      throw .outOfMemory(database.name)
    }
    defer { unsafe sqlite3_free(bytes) }
    var image = unsafe Array(UnsafeBufferPointer(start: bytes, count: Int(count)))
    // Bytes 18 and 19 say which journal a file wants; memory has no place for a write-ahead log.
    (image[18], image[19]) = (1, 1)
    return image
  }

  /// Opens an image as a database in memory.
  package init(
    image: [UInt8], _ options: ConnectionOptions = ConnectionOptions()
  ) throws(SQLiteError) {
    let database = try openDatabase(.memory, options)
    try database.configure(options, writes: true)
    if !image.isEmpty {
      let code = unsafe image.withUnsafeBufferPointer { bytes in
        unsafe csqlite_load_image(database.handle, bytes.baseAddress, bytes.count)
      }
      try database.check(code)
    }
    // Nothing is read before it is needed; now it is, so that a bad image does not open.
    try database.execute("SELECT count(*) FROM sqlite_schema")
    self.database = database
  }

  /// What the database's own check finds wrong, at most 100 findings; none when it is sound.
  package func problems(_ depth: CheckDepth) throws(SQLiteError) -> [String] {
    let found = try rows("PRAGMA \(depth == .quick ? "quick_check" : "integrity_check")(100)") {
      row in row.text(0)
    }
    return found == ["ok"] ? [] : found
  }

  /// Folds the write-ahead log into the file and empties it; false when readers kept part of it.
  @discardableResult
  package func checkpoint() throws(SQLiteError) -> Bool {
    let code = unsafe sqlite3_wal_checkpoint_v2(
      database.handle, nil, SQLITE_CHECKPOINT_TRUNCATE, nil, nil)
    if code & 0xFF == SQLITE_BUSY { return false }
    try database.check(code)
    return true
  }

  private func copy(
    into target: borrowing Connection, _ pagesPerStep: Int, _ cancellation: Cancellation?,
    _ progress: (CopyProgress) -> Void
  ) throws(SQLiteError) {
    guard database.isIdle else {
      return try copyPages(into: target, pagesPerStep, cancellation, progress)
    }
    // Without a view the copy would begin again at every commit of another connection.
    try view { () throws(SQLiteError) in
      try copyPages(into: target, pagesPerStep, cancellation, progress)
    }
  }

  private func copyPages(
    into target: borrowing Connection, _ pagesPerStep: Int, _ cancellation: Cancellation?,
    _ progress: (CopyProgress) -> Void
  ) throws(SQLiteError) {
    let handle = unsafe sqlite3_backup_init(
      target.database.handle, "main", database.handle, "main")
    guard let backup = unsafe handle else {
      throw target.database.failure(unsafe sqlite3_errcode(target.database.handle))
    }
    var code = SQLITE_OK
    var isCancelled = false
    while code == SQLITE_OK && !isCancelled {
      code = unsafe sqlite3_backup_step(backup, Int32(clamping: max(1, pagesPerStep)))
      let total = unsafe Int(sqlite3_backup_pagecount(backup))
      let left = unsafe Int(sqlite3_backup_remaining(backup))
      progress(CopyProgress(pagesDone: total - left, pagesTotal: total))
      isCancelled = cancellation?.isCancelled ?? false
    }
    let finished = unsafe sqlite3_backup_finish(backup)
    if code == SQLITE_DONE { return try target.database.check(finished) }
    if code == SQLITE_OK { throw .interrupted(database.name) }
    throw target.database.failure(code)
  }
}
