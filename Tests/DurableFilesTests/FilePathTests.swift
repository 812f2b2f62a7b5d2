// Which paths exist at all, and how they are shown to people.

import DurableFiles
import Testing

@Suite struct FilePathTests {
  @Test(arguments: [
    "/etc/passwd", "..", "../a", "a/..", "a/../b", "a//b", "a/", ".", "./a", "a/.", "a\0b", "/",
    String(repeating: "a", count: 256), String(repeating: "a/", count: 2_048) + "a",
  ])
  func `a path that could lead elsewhere is refused`(_ text: String) {
    #expect(throws: DiskError.badPath(text)) { try FilePath(text) }
  }

  @Test(arguments: ["", "a", "a/b", "...", "a..b", "a b", "é", String(repeating: "a", count: 255)])
  func `a path downwards is one`(_ text: String) throws {
    #expect(try Array(text.utf8) == FilePath(text).bytes)
  }

  @Test func `a path knows its parts`() {
    let path: FilePath = "a/b/c"
    #expect(path.name == Array("c".utf8))
    #expect(path.parent == "a/b")
    #expect(path.components.map { String(decoding: $0, as: UTF8.self) } == ["a", "b", "c"])
    #expect(FilePath.root.parent == .root && FilePath.root.name.isEmpty)
    #expect(FilePath.root.appending("a").appending("b") == "a/b")
  }

  @Test func `a path is within those above it and no other`() {
    let path: FilePath = "a/b"
    #expect(path.isWithin(.root) && path.isWithin("a") && path.isWithin("a/b"))
    #expect(!path.isWithin("a/b/c") && !path.isWithin("b"))
    #expect(!FilePath("ab").isWithin("a"))
    #expect(FilePath.root.isWithin(.root) && !FilePath.root.isWithin("a"))
  }

  @Test func `paths are in byte order and equal only byte for byte`() {
    #expect(FilePath("a") < "b" && FilePath("a") < "a/b" && FilePath("Z") < "a")
    #expect(FilePath("é") != FilePath("e\u{301}"))
  }

  @Test func `what would lie on a screen is shown as bytes`() throws {
    let shown: [([UInt8], String)] = [
      ([], "."), (Array("a b/é".utf8), "a b/é"), ([0x61, 0xFF, 0x62], "a\\xffb"),
      ([0x1B, 0x5B, 0x32, 0x4A], "\\x1b[2J"), (Array("a\u{202E}b".utf8), "a\\xe2\\x80\\xaeb"),
      ([0x0A], "\\x0a"), ([0xC3], "\\xc3"), (Array("\u{85}".utf8), "\\xc2\\x85"),
    ]
    for (bytes, text) in shown {
      #expect(try FilePath(bytes: bytes).description == text)
    }
  }
}
