// That the doors of CSQLite reach SQLite, above all that copies are copies and empty is not NULL.

import CSQLite
import Testing

@Suite struct SQLiteWallTests {
  @Test func `empty text and empty blobs are bound as such`() throws {
    let database = unsafe try open()
    defer { unsafe sqlite3_close(database) }
    var statement: OpaquePointer?
    let sql = "SELECT typeof(?1), typeof(?2), length(?3), hex(?4)"
    #expect(unsafe sqlite3_prepare_v2(database, sql, -1, &statement, nil) == SQLITE_OK)
    defer { unsafe sqlite3_finalize(statement) }
    #expect(unsafe csqlite_bind_text(statement, 1, nil, 0) == SQLITE_OK)
    #expect(unsafe csqlite_bind_blob(statement, 2, nil, 0) == SQLITE_OK)
    // The arrays are gone before the statement runs.
    #expect(unsafe csqlite_bind_text(statement, 3, Array("höchst".utf8), 7) == SQLITE_OK)
    #expect(unsafe csqlite_bind_blob(statement, 4, [0, 255, 1], 3) == SQLITE_OK)
    #expect(unsafe sqlite3_step(statement) == SQLITE_ROW)
    #expect(unsafe String(cString: sqlite3_column_text(statement, 0)) == "text")
    #expect(unsafe String(cString: sqlite3_column_text(statement, 1)) == "blob")
    #expect(unsafe sqlite3_column_int64(statement, 2) == 6)
    #expect(unsafe String(cString: sqlite3_column_text(statement, 3)) == "00FF01")
  }

  @Test func `a switch is set, and says what it is`() throws {
    let database = unsafe try open()
    defer { unsafe sqlite3_close(database) }
    var on: Int32 = -1
    #expect(unsafe csqlite_set_switch(database, SQLITE_DBCONFIG_DEFENSIVE, 1, &on) == SQLITE_OK)
    #expect(on == 1)
  }

  @Test func `an image is loaded as a copy that may grow`() throws {
    let from = unsafe try open()
    defer { unsafe sqlite3_close(from) }
    #expect(unsafe sqlite3_exec(from, "CREATE TABLE t (x)", nil, nil, nil) == SQLITE_OK)
    var size: sqlite3_int64 = 0
    let image = unsafe try #require(unsafe sqlite3_serialize(from, "main", &size, 0))
    let to = unsafe try open()
    defer { unsafe sqlite3_close(to) }
    #expect(unsafe csqlite_load_image(to, image, Int(size)) == SQLITE_OK)
    unsafe sqlite3_free(image)
    let more = "INSERT INTO t SELECT randomblob(100000)"
    #expect(unsafe sqlite3_exec(to, more, nil, nil, nil) == SQLITE_OK)
  }

  private func open() throws -> OpaquePointer {
    var database: OpaquePointer?
    #expect(unsafe sqlite3_open(":memory:", &database) == SQLITE_OK)
    return unsafe try #require(unsafe database)
  }
}
