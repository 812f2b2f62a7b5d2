// A file is brought to the present version step by step, or refused with the reason.

import SQLite
import Testing

@Suite struct SchemaTests {
  private let one = Schema(applicationID: 0x4C61_7264, steps: ["CREATE TABLE t (x)"])
  private let two = Schema(
    applicationID: 0x4C61_7264,
    steps: ["CREATE TABLE t (x)", "ALTER TABLE t ADD COLUMN y; UPDATE t SET y = x + 1"])

  @Test func `a new file gets every step`() throws {
    let connection = try Connection(.memory)
    #expect(try connection.adopt(two) == 0)
    #expect(try connection.version == 2)
    #expect(try connection.applicationID == 0x4C61_7264)
    try connection.run("INSERT INTO t (x, y) VALUES (1, 2)")
    #expect(try connection.adopt(two) == 2)
    try connection.require(two)
  }

  @Test func `an older file gets the steps that it has not seen`() throws {
    let connection = try Connection(.memory)
    try connection.adopt(one)
    try connection.run("INSERT INTO t VALUES (7)")
    #expect(throws: SQLiteError.older("the database in memory", version: 1, known: 2)) {
      try connection.require(two)
    }
    #expect(try connection.adopt(two) == 1)
    #expect(try connection.first("SELECT y FROM t") { row in row.integer(0) } == 8)
  }

  @Test func `a newer file is refused`() throws {
    let connection = try Connection(.memory)
    try connection.adopt(two)
    let newer = SQLiteError.newer("the database in memory", version: 2, known: 1)
    #expect(throws: newer) { try connection.adopt(one) }
    #expect(throws: newer) { try connection.require(one) }
  }

  @Test func `a file of another program is refused and left as it is`() throws {
    let connection = try Connection(.memory)
    try connection.adopt(Schema(applicationID: 5, steps: ["CREATE TABLE other (x)"]))
    let foreign = SQLiteError.foreign("the database in memory", applicationID: 5)
    #expect(throws: foreign) { try connection.adopt(two) }
    #expect(throws: foreign) { try connection.require(two) }
    #expect(try connection.version == 1)

    let unmarked = try Connection(.memory)
    try unmarked.execute("CREATE TABLE other (x)")
    #expect(throws: SQLiteError.foreign("the database in memory", applicationID: 0)) {
      try unmarked.adopt(two)
    }
  }

  @Test func `a step that fails leaves the version before`() throws {
    let connection = try Connection(.memory)
    try connection.adopt(one)
    let broken = Schema(
      applicationID: one.applicationID,
      steps: one.steps + ["CREATE TABLE more (x)", "CREATE TABLE t (again)"])
    #expect(throws: SQLiteError.self) { try connection.adopt(broken) }
    #expect(try connection.version == 1)
    #expect(try connection.adopt(two) == 1)
  }
}
