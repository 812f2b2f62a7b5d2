// What the rival promises where it is installed, and what is said where it is not.

import DurableFiles
import RocksDB
import ScratchFiles
import Testing

@Suite struct RocksDatabaseTests {
  private let scratch: Scratch

  init() throws { scratch = try Scratch() }

  @Test(.enabled(if: RocksDatabase.isInstalled, "librocksdb is not installed"))
  func `rows are written, one and many`() throws {
    let path = scratch.path("rocks")
    do {
      let database = try RocksDatabase(path: path)
      try database.put(1, [UInt8](repeating: 7, count: 256))
      try database.put(2..<258, [UInt8](repeating: 7, count: 256))
    }
    let log = try scratch.disk.list("rocks").first { $0.name.suffix(4).elementsEqual(".log".utf8) }
    let name = try #require(log?.name)
    let size = try #require(try scratch.disk.status(at: FilePath("rocks").appending(name))).size
    #expect(size > 257 * 256, "the log holds every row")
  }

  @Test(.enabled(if: RocksDatabase.isInstalled, "librocksdb is not installed"))
  func `a directory that cannot be is refused by its path`() throws {
    try scratch.makeFile("file", [])
    let path = scratch.path("file")
    #expect(throws: RocksDBError.notOpened(path: path)) { try RocksDatabase(path: path) }
  }

  @Test func `each failure is one sentence`() {
    #expect(
      "\(RocksDBError.notInstalled)"
        == "librocksdb is not installed; on Debian it is in librocksdb-dev")
    #expect(
      "\(RocksDBError.notOpened(path: "/x"))" == "RocksDB could not open a database in /x")
    #expect("\(RocksDBError.notWritten)" == "RocksDB could not write")
  }
}
