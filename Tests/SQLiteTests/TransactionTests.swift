// All or nothing, for whoever writes and for whoever reads beside it.

import SQLite
import Testing

@Suite struct TransactionTests {
  private enum Refused: Error, Equatable {
    case byBody
    case byDatabase(SQLiteError)
  }

  @Test func `a transaction is there whole once it returns`() throws {
    let connection = try Connection(.memory)
    try connection.execute("CREATE TABLE t (x)")
    let count = try connection.transaction { () throws(SQLiteError) in
      try connection.run("INSERT INTO t VALUES (1)")
      try connection.run("INSERT INTO t VALUES (2)")
      return 2
    }
    #expect(count == 2)
    #expect(try connection.rows("SELECT x FROM t") { row in row.integer(0) } == [1, 2])
  }

  @Test func `a throw undoes all of it, and arrives as it was`() throws {
    let connection = try Connection(.memory)
    try connection.execute("CREATE TABLE t (x UNIQUE); INSERT INTO t VALUES (1)")
    #expect(throws: Refused.byBody) {
      try connection.transaction(orThrow: Refused.byDatabase) { () throws(Refused) in
        do throws(SQLiteError) {
          try connection.run("DELETE FROM t")
        } catch { throw .byDatabase(error) }
        throw .byBody
      }
    }
    #expect(throws: SQLiteError.self) {
      try connection.transaction { () throws(SQLiteError) in
        try connection.run("INSERT INTO t VALUES (2)")
        try connection.run("INSERT INTO t VALUES (1)")
      }
    }
    #expect(try connection.rows("SELECT x FROM t") { row in row.integer(0) } == [1])
  }

  @Test func `a commit that is refused undoes all of it`() throws {
    let connection = try Connection(.memory)
    try connection.execute(
      """
      CREATE TABLE t (
        key INTEGER PRIMARY KEY, parent INTEGER REFERENCES t DEFERRABLE INITIALLY DEFERRED)
      """)
    #expect(throws: Refused.self) {
      try connection.transaction(orThrow: Refused.byDatabase) { () throws(Refused) in
        do throws(SQLiteError) {
          try connection.run("INSERT INTO t VALUES (1, 99)")
        } catch { throw .byDatabase(error) }
      }
    }
    #expect(try connection.first("SELECT count(*) FROM t") { row in row.integer(0) } == 0)
    // The connection is not stuck in the transaction that failed.
    try connection.transaction { () throws(SQLiteError) in
      try connection.run("INSERT INTO t VALUES (1, 1)")
    }
  }

  @Test func `a transaction that the database undid itself is left all the same`() throws {
    let connection = try Connection(.memory)
    try connection.execute("CREATE TABLE t (x); PRAGMA max_page_count = 10")
    #expect(throws: SQLiteError.full("the database in memory")) {
      try connection.transaction { () throws(SQLiteError) in
        try connection.run("INSERT INTO t VALUES (1)")
        try connection.run("INSERT INTO t VALUES (zeroblob(100000))")
      }
    }
    #expect(try connection.first("SELECT count(*) FROM t") { row in row.integer(0) } == 0)
    try connection.transaction { () throws(SQLiteError) in
      try connection.run("INSERT INTO t VALUES (1)")
    }
  }

  @Test func `a second writer is told that the file is in use`() throws {
    let folder = Folder()
    let file = Location.file(folder.file("m.sqlite"))
    var impatient = ConnectionOptions()
    impatient.busyTimeout = .zero
    let first = try Connection(file, impatient)
    let second = try Connection(file, impatient)
    try first.execute("CREATE TABLE t (x)")
    try first.transaction { () throws(SQLiteError) in
      let error = #expect(throws: SQLiteError.self) {
        try second.transaction { () throws(SQLiteError) in
          Issue.record("two writers at once")
        }
      }
      #expect(error == .busy("\(folder.path)/m.sqlite"))
    }
    try second.transaction { () throws(SQLiteError) in
      try second.run("INSERT INTO t VALUES (1)")
    }
  }

  @Test func `a view does not change while others write`() throws {
    let folder = Folder()
    let file = Location.file(folder.file("m.sqlite"))
    let writer = try Connection(file)
    try writer.execute("CREATE TABLE t (x)")
    var reading = ConnectionOptions()
    reading.access = .reading
    let reader = try Connection(file, reading)
    let count = "SELECT count(*) FROM t"
    try reader.view { () throws(SQLiteError) in
      try writer.run("INSERT INTO t VALUES (1)")
      #expect(try reader.first(count) { row in row.integer(0) } == 0)
    }
    #expect(try reader.first(count) { row in row.integer(0) } == 1)
  }

  @Test func `transactions do not nest`() async {
    await #expect(processExitsWith: .failure) {
      let connection = try Connection(.memory)
      try connection.transaction { () throws(SQLiteError) in
        try connection.transaction { () throws(SQLiteError) in }
      }
    }
  }
}
