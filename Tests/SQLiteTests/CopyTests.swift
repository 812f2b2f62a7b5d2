// A copy is one moment of the database, made while it is in use; an image is one too. Damage is
// found, in either.

import Ambient
import SQLite
import Testing

@Suite struct CopyTests {
  @Test func `a copy is one moment, whatever is written meanwhile`() throws {
    let folder = Folder()
    let source = Location.file(folder.file("m"))
    let target = Location.file(folder.file("copy"))
    let connection = try filled(source)
    let other = try Connection(source)

    var steps: [CopyProgress] = []
    try connection.copy(to: target, pagesPerStep: 5) { progress in
      steps.append(progress)
      // Every step, another connection commits.
      #expect(throws: Never.self) {
        try other.run("INSERT INTO t VALUES (randomblob(1000))")
      }
    }
    #expect(steps.count > 3)
    #expect(steps.last?.pagesDone == steps.last?.pagesTotal)
    // It never began again.
    #expect(steps.map(\.pagesDone) == steps.map(\.pagesDone).sorted())

    let names = folder.names.map { String(decoding: $0, as: UTF8.self) }.sorted()
    #expect(names == ["copy", "m", "m-shm", "m-wal"])
    var frozen = ConnectionOptions()
    frozen.access = .readingFrozen
    let copy = try Connection(target, frozen)
    #expect(try copy.first("SELECT count(*) FROM t") { row in row.integer(0) } == 100)
    #expect(try copy.problems(.full) == [])
    // It is one file, and stays one when it is read.
    var reading = ConnectionOptions()
    reading.access = .reading
    let reader = try Connection(target, reading)
    #expect(try reader.first("PRAGMA journal_mode") { row in row.text(0) } == "delete")
  }

  @Test func `a copy replaces an older one and keeps the header's numbers`() throws {
    let folder = Folder()
    let target = Location.file(folder.file("copy"))
    let schema = Schema(applicationID: 77, steps: ["CREATE TABLE t (x)"])
    let connection = try Connection(.memory)
    try connection.adopt(schema)
    try connection.copy(to: target)
    try connection.run("INSERT INTO t VALUES (1)")
    try connection.copy(to: target)
    let copy = try Connection(target)
    try copy.require(schema)
    #expect(try copy.first("SELECT count(*) FROM t") { row in row.integer(0) } == 1)
  }

  @Test func `a cancelled copy says so`() throws {
    let folder = Folder()
    let connection = try filled(.memory)
    let cancellation = Cancellation()
    #expect(throws: SQLiteError.interrupted("the database in memory")) {
      try connection.copy(
        to: .file(folder.file("copy")), pagesPerStep: 1, cancellation: cancellation
      ) { _ in
        cancellation.cancel()
      }
    }
    // The connection is idle again.
    try connection.transaction { () throws(SQLiteError) in }
  }

  @Test func `an image opens as the database that it was made of`() throws {
    let connection = try filled(.memory)
    let image = try connection.image()
    let copy = try Connection(image: image)
    #expect(try copy.first("SELECT count(*) FROM t") { row in row.integer(0) } == 100)
    try copy.run("DELETE FROM t")
    try copy.run("INSERT INTO t VALUES (zeroblob(1000000))")
    #expect(try connection.first("SELECT count(*) FROM t") { row in row.integer(0) } == 100)
  }

  @Test func `an image of a file with a log contains the log`() throws {
    let folder = Folder()
    let connection = try filled(.file(folder.file("m")))
    let copy = try Connection(image: try connection.image())
    #expect(try copy.first("SELECT count(*) FROM t") { row in row.integer(0) } == 100)
  }

  @Test func `an image of nothing opens as nothing`() throws {
    let image = try Connection(.memory).image()
    let copy = try Connection(image: image)
    #expect(try copy.first("SELECT count(*) FROM sqlite_schema") { row in row.integer(0) } == 0)
    try copy.execute("CREATE TABLE t (x)")
  }

  @Test func `damage is found`() throws {
    let connection = try filled(.memory)
    #expect(try connection.problems(.quick) == [])
    #expect(try connection.problems(.full) == [])

    // An index that disagrees with its table: only the full check compares the two.
    try connection.execute("CREATE INDEX i ON t (x)")
    var image = try connection.image()
    let needle = Array("needle".utf8)
    let at = try #require(image.indices.last { image[$0...].starts(with: needle) })
    image[at] ^= 0x01
    let bent = try Connection(image: image)
    #expect(try bent.problems(.quick) == [])
    #expect(try bent.problems(.full) != [])

    // The type of a page.
    let page = image.count / 2 / 4_096 * 4_096
    image[page] = 0xEE
    let torn = try Connection(image: image)
    #expect(try torn.problems(.quick) != [])

    #expect(throws: SQLiteError.notADatabase("the database in memory")) {
      _ = try Connection(image: Array("Shall I compare thee to a summer's day?".utf8))
    }
  }

  @Test func `reading a damaged page says which file is damaged`() throws {
    var image = try filled(.memory).image()
    for page in stride(from: 4_096, to: image.count, by: 4_096) { image[page] = 0xEE }
    let torn = try Connection(image: image)
    let error = #expect(throws: SQLiteError.self) {
      _ = try torn.rows("SELECT x FROM t") { row in row.bytes(0) }
    }
    guard case .corrupt("the database in memory", _)? = error else {
      Issue.record("\(String(describing: error))")
      return
    }
  }

  /// A database of a hundred rows over some dozens of pages.
  private func filled(_ location: Location) throws -> Connection {
    let connection = try Connection(location)
    try connection.execute(
      """
      CREATE TABLE t (x);
      WITH RECURSIVE n (i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < 99)
      INSERT INTO t SELECT randomblob(1000) FROM n;
      INSERT INTO t VALUES ('needle');
      """)
    return connection
  }
}
