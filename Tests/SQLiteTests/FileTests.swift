// Files of any name, opened for what they are: never made by accident, never taken for something
// else, never written when they are only to be read.

import Ambient
import Glibc
import SQLite
import Testing

@Suite struct FileTests {
  @Test(
    arguments: [
      "plain", ":memory:", ":x", "file:x?mode=memory", "with space", "a%20b", "a?b", "a#b", "é中",
      "'quoted'",
    ].map { Array($0.utf8) } + [[0xFF, 0xFE, 0x41]])
  func `a file is found by its name, whatever it is`(_ name: [UInt8]) throws {
    let folder = Folder()
    let file = Location.file(folder.bytes(of: name))
    var options = ConnectionOptions()
    options.journal = .rollback
    do {
      let connection = try Connection(file, options)
      try connection.execute("CREATE TABLE t (x); INSERT INTO t VALUES (7)")
    }
    #expect(folder.names == [name])
    for access in [.reading, .readingFrozen, .writing, .creating] as [Access] {
      options.access = access
      let again = try Connection(file, options)
      #expect(try again.first("SELECT x FROM t") { row in row.integer(0) } == 7)
    }
  }

  @Test func `a name that begins like an address is a name`() async {
    // The working directory belongs to a process, so this has one of its own.
    await #expect(processExitsWith: .success) {
      let folder = Folder()
      #expect(unsafe chdir(folder.path) == 0)
      for name in ["file:y?mode=memory", ":memory:", ":x"] {
        let connection = try Connection(.file(name))
        try connection.execute("CREATE TABLE t (x)")
        #expect(folder.names.contains(Array(name.utf8)))
      }
    }
  }

  @Test func `an absent file is made only when that is asked for`() throws {
    let folder = Folder()
    for access in [.reading, .readingFrozen, .writing] as [Access] {
      var options = ConnectionOptions()
      options.access = access
      let error = #expect(throws: SQLiteError.self) {
        _ = try Connection(.file(folder.file("absent")), options)
      }
      guard case .cannotOpen? = error else {
        Issue.record("\(String(describing: error))")
        continue
      }
    }
    #expect(folder.names == [])
  }

  @Test func `a file that is opened for reading is not written`() throws {
    let folder = Folder()
    let file = Location.file(folder.file("m"))
    do {
      let writer = try Connection(file)
      try writer.execute("CREATE TABLE t (x)")
    }
    for access in [.reading, .readingFrozen] as [Access] {
      var options = ConnectionOptions()
      options.access = access
      let reader = try Connection(file, options)
      #expect(throws: SQLiteError.readOnly("\(folder.path)/m")) {
        try reader.run("INSERT INTO t VALUES (1)")
      }
    }
  }

  @Test func `frozen reading puts nothing beside the file`() throws {
    let folder = Folder()
    let file = Location.file(folder.file("m"))
    do {
      let writer = try Connection(file)
      try writer.execute("CREATE TABLE t (x); INSERT INTO t VALUES (1)")
    }
    #expect(folder.names.count == 1)
    var frozen = ConnectionOptions()
    frozen.access = .readingFrozen
    let reader = try Connection(file, frozen)
    #expect(try reader.first("SELECT x FROM t") { row in row.integer(0) } == 1)
    #expect(folder.names.count == 1)
  }

  @Test func `a file that is something else does not open`() throws {
    let folder = Folder()
    let path = folder.file("poem")
    let text = Array(String(repeating: "Shall I compare thee to a summer's day? ", count: 200).utf8)
    folder.write(text, to: path)
    for access in [.reading, .readingFrozen, .writing, .creating] as [Access] {
      var options = ConnectionOptions()
      options.access = access
      #expect(throws: SQLiteError.notADatabase("\(folder.path)/poem")) {
        _ = try Connection(.file(path), options)
      }
    }
    #expect(folder.names == [Array("poem".utf8)])
  }

  @Test func `the options are in force`() throws {
    let folder = Folder()
    var options = ConnectionOptions()
    options.synchronous = .full
    options.mappedMax = ByteCount(1 << 20)
    options.cacheMax = ByteCount(2 << 20)
    options.logPagesMax = 77
    let connection = try Connection(.file(folder.file("m")), options)
    #expect(try connection.integerSetting("synchronous") == 2)
    #expect(try connection.integerSetting("mmap_size") == 1 << 20)
    #expect(try connection.integerSetting("cache_size") == -2_048)
    #expect(try connection.integerSetting("wal_autocheckpoint") == 77)
    #expect(try connection.integerSetting("foreign_keys") == 1)
    #expect(try connection.first("PRAGMA journal_mode") { row in row.text(0) } == "wal")
  }

  @Test func `a checkpoint empties the log unless a reader needs it`() throws {
    let folder = Folder()
    let file = Location.file(folder.file("m"))
    var options = ConnectionOptions()
    options.busyTimeout = .zero
    let writer = try Connection(file, options)
    try writer.execute("CREATE TABLE t (x)")
    options.access = .reading
    let reader = try Connection(file, options)
    try reader.view { () throws(SQLiteError) in
      try writer.run("INSERT INTO t VALUES (1)")
      #expect(try !writer.checkpoint())
    }
    #expect(try writer.checkpoint())
  }
}

extension Folder {
  /// Writes a new file.
  func write(_ content: [UInt8], to path: [UInt8]) {
    let descriptor = unsafe (path + [0]).withUnsafeBufferPointer { bytes in
      unsafe bytes.withMemoryRebound(to: CChar.self) { unsafe creat($0.baseAddress!, 0o600) }
    }
    #expect(unsafe Glibc.write(descriptor, content, content.count) == content.count)
    close(descriptor)
  }
}
