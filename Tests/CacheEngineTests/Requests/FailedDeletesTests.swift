// Deletes that were left in the log are told once each, whatever bytes their paths have, and nothing
// else is taken for one.

import Ambient
import CacheEngine
import DurableFiles
import ScratchFiles
import Testing

@Suite struct FailedDeletesTests {
  private let scratch: Scratch
  private let deletes: FailedDeletes

  init() throws {
    scratch = try Scratch()
    deletes = FailedDeletes(
      in: .root, on: scratch.disk, depot: DepotRoot(spellings: [Array("/depot".utf8)]))
  }

  private func write(_ text: String, to name: String = FailedDeletes.logName) throws {
    try scratch.makeFile(name, Array(text.utf8))
  }

  private func text(_ name: String) throws -> String? {
    let path = try FilePath(name)
    guard try scratch.disk.status(at: path) != nil else { return nil }
    return String(
      decoding: try OpenFile(path, .reading, on: scratch.disk).readAll(bytesMax: 1 << 20),
      as: UTF8.self)
  }

  /// What is told, when every file is there but `none`, and `held` cannot be deleted now.
  private func drain() throws -> (told: [FailedDelete], DrainedDeletes) {
    var told: [FailedDelete] = []
    let drained = try deletes.drain { failed throws(ShimRefusal) in
      told.append(failed)
      if failed.path == "none" { throw ShimRefusal(.notFound, "none") }
      if failed.path == "held" { throw ShimRefusal(.backend, "later") }
    }
    return (told, drained)
  }

  @Test func `every delete is told once, and its line is gone`() throws {
    try write(
      """
      P4CACHE/1 1700000000.123456789 DELETE 3 a/b
      P4CACHE/1 1700000001.000000000 DELETE 4 none
      P4CACHE/1 1700000002.999999999 DELETE 18 a\\x20b\\x0a\\x5c\\xff

      """)
    let (told, drained) = try drain()
    #expect(
      told == [
        FailedDelete("a/b", deletedAt: WallTime(microseconds: 1_700_000_000_123_456)),
        FailedDelete("none", deletedAt: WallTime(microseconds: 1_700_000_001_000_000)),
        FailedDelete(
          try FilePath(bytes: [0x61, 0x20, 0x62, 0x0A, 0x5C, 0xFF]),
          deletedAt: WallTime(microseconds: 1_700_000_002_999_999)),
      ])
    #expect(drained == DrainedDeletes(taken: 2, absent: 1))
    #expect(try text(FailedDeletes.logName) == nil)
    #expect(try text(FailedDeletes.drainingName) == nil)
    #expect(try drain().1 == DrainedDeletes())
  }

  @Test(arguments: [
    "", "nonsense", "P4CACHE/1 1.000000000 DELETE 3 ab", "P4CACHE/1 1.000000000 DELETE 3 abcd",
    "P4CACHE/1 1.0 DELETE 1 a", "P4CACHE/1 1 DELETE 1 a", "P4CACHE/1 -1.000000000 DELETE 1 a",
    "P4CACHE/1 1.000000000 FETCH 1 a", "P4CACHE/2 1.000000000 DELETE 1 a",
    "P4CACHE/1 1.000000000 DELETE 3 \\xg", "P4CACHE/1 1.000000000 DELETE 4 \\xgg",
    "P4CACHE/1 1.000000000 DELETE 4 ../a", "P4CACHE/1 1.000000000 DELETE 0 ",
    "P4CACHE/1 1.000000000 DELETE 10 .p4cache/a", "P4CACHE/1 99999999999999.000000000 DELETE 1 a",
  ])
  func `what is no line means nothing`(_ line: String) throws {
    try write(line + "\n")
    let (told, drained) = try drain()
    #expect(told == [])
    #expect(drained == DrainedDeletes(malformed: 1))
  }

  @Test func `a line that was cut off is not told, and the next is`() throws {
    let whole = "P4CACHE/1 1.000000000 DELETE 5 a/b/c"
    for count in 0..<whole.utf8.count {
      try write(String(whole.prefix(count)) + "P4CACHE/1 2.000000000 DELETE 1 d\n")
      let (told, drained) = try drain()
      #expect(told == [FailedDelete("d", deletedAt: WallTime(microseconds: 2_000_000))])
      #expect(drained.taken == 1)
    }
    // One that has no end may go on, so it is not told either.
    try write(whole)
    #expect(try drain().told == [])
  }

  @Test func `a line that is too long for any path is skipped`() throws {
    let long = String(repeating: "x", count: 200_000)
    try write(
      "P4CACHE/1 1.000000000 DELETE 200000 \(long)\nP4CACHE/1 2.000000000 DELETE 1 d\n")
    let (told, drained) = try drain()
    #expect(told.map(\.path) == ["d"])
    #expect(drained == DrainedDeletes(taken: 1, malformed: 1))
  }

  @Test func `lines of every length come whole out of any block`() throws {
    let paths = (1..<900).map { String(repeating: "p", count: $0 % 251 + 1) + "\($0)" }
    try write(
      paths.map { "P4CACHE/1 1.000000000 DELETE \($0.utf8.count) \($0)\n" }.joined())
    #expect(try drain().told.map { "\($0.path)" } == paths)
  }

  @Test func `what cannot be deleted now stands in the log again`() throws {
    let line = "P4CACHE/1 1.000000000 DELETE 4 held\n"
    try write(line + "P4CACHE/1 1.000000000 DELETE 1 a\n")
    #expect(try drain().1 == DrainedDeletes(taken: 1, kept: 1))
    #expect(try text(FailedDeletes.logName) == line)
    #expect(try text(FailedDeletes.drainingName) == nil)
    #expect(try drain().1 == DrainedDeletes(kept: 1))
    #expect(try text(FailedDeletes.logName) == line)
  }

  @Test func `what a crash left is told before what came since`() throws {
    try write("P4CACHE/1 1.000000000 DELETE 5 first\n", to: FailedDeletes.drainingName)
    try write("P4CACHE/1 2.000000000 DELETE 6 second\n")
    #expect(try drain().told.map(\.path) == ["first", "second"])
    try write("P4CACHE/1 1.000000000 DELETE 4 held\n", to: FailedDeletes.drainingName)
    #expect(try drain().1 == DrainedDeletes(kept: 1))
  }
}
