// What goes in comes out, whatever it is; what is wrong is told by its kind; and what is lent does
// not outlive its statement.

import Ambient
import SQLite
import Testing

@Suite struct ConnectionTests {
  @Test(
    arguments: [
      .null, 0, -1, .integer(.min), .integer(.max), .real(0.1), .real(-.infinity), "", "höchst 中",
      "a\u{0}b", .blob([]), .blob([0]), .blob([0xFF, 0x00, 0x2F, 0xC3]),
      .blob(Array(repeating: 7, count: 100_000)),
    ] as [SQLValue])
  func `a value survives the way through a table`(_ value: SQLValue) throws {
    let connection = try Connection(.memory)
    try connection.execute("CREATE TABLE t (x)")
    #expect(try connection.run("INSERT INTO t VALUES (?1)", [value]) == 1)
    #expect(try connection.first("SELECT x FROM t") { row in row.value(0) } == value)
  }

  @Test func `a row is read by type, with nil for null`() throws {
    let connection = try Connection(.memory)
    try connection.each("SELECT 7, 'text', x'0001', 1.5, NULL") { row in
      let count = row.columnCount
      let integers = [row.integer(0), row.optionalInteger(0), row.optionalInteger(4)]
      let texts = [row.text(1), row.optionalText(1), row.optionalText(4)]
      let bytes = [row.bytes(2), row.optionalBytes(2), row.optionalBytes(4)]
      let lent = [row.withBytes(2) { $0.count }, row.withBytes(4) { $0.count }]
      let reals = [row.real(3), row.real(4)]
      let nulls = [row.isNull(3), row.isNull(4)]
      #expect(count == 5)
      #expect(integers == [7, 7, nil])
      #expect(texts == ["text", "text", nil])
      #expect(bytes == [[0, 1], [0, 1], nil])
      #expect(lent == [2, 0])
      #expect(reals == [1.5, 0])
      #expect(nulls == [false, true])
      return true
    }
  }

  @Test func `reading ends when the body has enough`() throws {
    let connection = try Connection(.memory)
    var seen: [Int64] = []
    try connection.each("SELECT value FROM json_each('[1,2,3,4]')") { row in
      seen.append(row.integer(0))
      return seen.count < 2
    }
    #expect(seen == [1, 2])
    #expect(try connection.rows("SELECT 1 WHERE 0") { row in row.integer(0) } == [])
    #expect(try connection.first("SELECT 1 WHERE 0") { row in row.integer(0) } == nil)
  }

  @Test func `a statement runs many times, each with its own values`() throws {
    let connection = try Connection(.memory)
    try connection.execute("CREATE TABLE t (i INTEGER, r REAL, s TEXT, b BLOB, n)")
    try connection.withStatement("INSERT INTO t VALUES (?1, ?2, ?3, ?4, ?5)") {
      (statement) throws(SQLiteError) in
      for number in 0..<100 as Range<Int64> {
        try statement.bind(number, at: 1)
        try statement.bind(Double(number) / 2, at: 2)
        try statement.bind("row \(number)", at: 3)
        try statement.bind([UInt8(number), 0].span, at: 4)
        try statement.bindNull(at: 5)
        try statement.run()
      }
    }
    #expect(connection.lastInsertedKey == 100)
    let sum = try connection.first(
      "SELECT count(*), sum(i), sum(r), count(DISTINCT s), count(DISTINCT b), count(n) FROM t"
    ) { row in
      [
        row.integer(0), row.integer(1), Int64(row.real(2)), row.integer(3), row.integer(4),
        row.integer(5),
      ]
    }
    #expect(sum == [100, 4_950, 2_475, 100, 100, 0])
  }

  @Test func `what changes nothing counts nothing`() throws {
    let connection = try Connection(.memory)
    #expect(try connection.run("CREATE TABLE t (x)") == 0)
    #expect(try connection.run("INSERT INTO t VALUES (1), (2), (3)") == 3)
    #expect(try connection.run("CREATE TABLE u (x)") == 0)
    #expect(try connection.run("UPDATE t SET x = 0 WHERE x > 1") == 2)
    #expect(try connection.run("DELETE FROM t WHERE x = 9") == 0)
  }

  @Test func `a query may run inside another of the same text`() throws {
    let connection = try Connection(.memory)
    let sql = "SELECT value FROM json_each('[1,2,3]')"
    var pairs: [[Int64]] = []
    try connection.each(sql) { (outer) throws(SQLiteError) in
      let left = outer.integer(0)
      try connection.each(sql) { inner in
        pairs.append([left, inner.integer(0)])
        return true
      }
      return true
    }
    #expect(pairs.count == 9)
    #expect(pairs.last == [3, 3])
  }

  @Test func `no more statements are kept than was asked for`() throws {
    var options = ConnectionOptions()
    options.statementsMax = 3
    let connection = try Connection(.memory, options)
    for number in 0..<20 as Range<Int64> {
      #expect(try connection.first("SELECT \(number)") { row in row.integer(0) } == number)
    }
    // The one that counts is in use, and so not among those that are kept.
    let kept = try connection.first("SELECT count(*) FROM sqlite_stmt") { row in row.integer(0) }
    #expect(kept == 4)
  }

  @Test func `values that are gone are not bound again`() throws {
    let connection = try Connection(.memory)
    try connection.withStatement("SELECT ?1") { (statement) throws(SQLiteError) in
      try statement.bind(["kept"])
      try statement.run()
    }
    try connection.withStatement("SELECT ?1") { (statement) throws(SQLiteError) in
      try statement.each { row in
        let isNull = row.isNull(0)
        #expect(isNull)
        return true
      }
    }
  }

  @Test(arguments: [
    "", "  ", "SELECT 1; SELECT 2", "SELEKT 1", "SELECT * FROM absent", "SELECT \"misspelt\"",
  ])
  func `what is not one right statement is refused`(_ sql: String) throws {
    let connection = try Connection(.memory)
    let error = #expect(throws: SQLiteError.self) { try connection.run(sql) }
    guard case .wrongStatement? = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(try connection.run("SELECT 1 ; ") == 0)
  }

  @Test(
    arguments: [
      ("INSERT INTO t VALUES (1, 'again', 1, 1, 1)", .unique),
      ("INSERT INTO t VALUES (2, 'one', 1, 1, 1)", .unique),
      ("INSERT INTO u (rowid) VALUES (1)", .unique),
      ("INSERT INTO t VALUES (2, NULL, 1, 1, 1)", .notNull),
      ("INSERT INTO t VALUES (2, 'two', -1, 1, 1)", .check),
      ("INSERT INTO t VALUES (2, 'two', 1, 99, 1)", .foreignKey),
      ("INSERT INTO t VALUES (2, 'two', 1, 1, 'x')", .dataType),
    ] as [(String, ConstraintKind)])
  func `a broken rule is told by its kind`(_ sql: String, _ kind: ConstraintKind) throws {
    let connection = try Connection(.memory)
    try connection.execute(
      """
      CREATE TABLE t (
        key INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, size INTEGER CHECK (size >= 0),
        parent INTEGER REFERENCES t, typed INTEGER) STRICT;
      INSERT INTO t VALUES (1, 'one', 0, 1, 1);
      CREATE TABLE u (x);
      INSERT INTO u (rowid) VALUES (1);
      """)
    let error = #expect(throws: SQLiteError.self) { try connection.run(sql) }
    guard case .constraint(_, let told, _)? = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(told == kind)
  }

  @Test func `a full database says so`() throws {
    let connection = try Connection(.memory)
    try connection.execute("CREATE TABLE t (x); PRAGMA max_page_count = 10")
    #expect(throws: SQLiteError.full("the database in memory")) {
      try connection.run("INSERT INTO t VALUES (zeroblob(100000))")
    }
    #expect(throws: SQLiteError.tooBig("the database in memory")) {
      try connection.run("SELECT zeroblob(2000000000)")
    }
  }

  @Test func `work that nobody wants any more is cut short`() throws {
    let connection = try Connection(.memory)
    let cancellation = Cancellation()
    let interrupted = SQLiteError.interrupted("the database in memory")
    #expect(throws: interrupted) {
      try connection.cancelled(by: cancellation) { () throws(SQLiteError) in
        try connection.each(endless) { row in
          if row.integer(0) == 1_000 { cancellation.cancel() }
          return true
        }
      }
    }
    // A statement that is too short to be interrupted does not even begin.
    #expect(throws: interrupted) {
      try connection.cancelled(by: cancellation) { () throws(SQLiteError) in
        try connection.run("SELECT 1")
      }
    }
    #expect(try connection.run("SELECT 1") == 0)
  }

  @Test func `a cancellation inside another one leaves the outer in force`() throws {
    let connection = try Connection(.memory)
    let outer = Cancellation()
    #expect(throws: SQLiteError.interrupted("the database in memory")) {
      try connection.cancelled(by: outer) { () throws(SQLiteError) in
        try connection.cancelled(by: Cancellation()) { () throws(SQLiteError) in
          try connection.run("SELECT 1")
        }
        try connection.each("SELECT 1") { _ in
          outer.cancel()
          return true
        }
        try connection.run(endless)
      }
    }
  }

  @Test func `another thread can cancel`() throws {
    let connection = try Connection(.memory)
    let cancellation = Cancellation()
    let worker = Worker("canceller") { cancellation.cancel() }
    #expect(throws: SQLiteError.interrupted("the database in memory")) {
      try connection.cancelled(by: cancellation) { () throws(SQLiteError) in
        try connection.run(endless)
      }
    }
    worker.join()
  }

  @Test func `a wrong number of values is a wrong program`() async {
    await #expect(processExitsWith: .failure) {
      let connection = try Connection(.memory)
      try connection.run("SELECT ?1", [1, 2])
    }
  }

  @Test(
    arguments: [
      (.busy("m"), "m is in use by another process; stop it or try again"),
      (.full("m"), "no space is left for m; free some and try again"),
      (.corrupt("m", detail: "d"), "m is damaged (d); it must be rebuilt"),
      (.notADatabase("m"), "m is not a database, or its header is damaged"),
      (.constraint("m", .unique, detail: "d"), "m refuses the row: d"),
      (.readOnly("m"), "m may only be read"),
      (.interrupted("m"), "work on m was cancelled"),
      (.io("m", detail: "d"), "the device failed on m: d"),
      (.cannotOpen("m", detail: "d"), "m cannot be opened: d"),
      (.wrongStatement("m", detail: "d"), "m does not take the statement: d"),
      (.tooBig("m"), "a value is too big for m"),
      (.outOfMemory("m"), "there is no memory left to work on m"),
      (.foreign("m", applicationID: 7), "m belongs to another program (application id 7)"),
      (
        .newer("m", version: 3, known: 2),
        "m has version 3, which is newer than 2, the newest known here; use the program that "
          + "wrote it"
      ),
      (
        .older("m", version: 1, known: 2),
        "m has version 1 and must be brought to 2 by opening it for writing"
      ),
      (.failed("m", code: 25, detail: "d"), "m: d (SQLite error 25)"),
    ] as [(SQLiteError, String)])
  func `an error is one sentence`(_ error: SQLiteError, _ text: String) {
    #expect(error.description == text)
  }
}

/// Counts for ever.
private let endless = """
  WITH RECURSIVE n (i) AS (VALUES (0) UNION ALL SELECT i + 1 FROM n) SELECT i FROM n
  """
