// Lines of checksums there and back, and what is no such line.

import Bytes
import Testing

@testable import larder

@Suite struct ChecksumLineTests {
  private static let digest = "0123456789abcdef0123456789abcdef"

  @Test(
    arguments: [
      ("a", "0123456789abcdef0123456789abcdef  a"),
      ("a b", "0123456789abcdef0123456789abcdef  a b"),
      (" ", "0123456789abcdef0123456789abcdef   "),
      ("*", "0123456789abcdef0123456789abcdef  *"),
      ("a\nb", "\\0123456789abcdef0123456789abcdef  a\\nb"),
      ("a\\b", "\\0123456789abcdef0123456789abcdef  a\\\\b"),
      ("a\r", "\\0123456789abcdef0123456789abcdef  a\\r"),
      ("\\n", "\\0123456789abcdef0123456789abcdef  \\\\n"),
    ])
  func `a name survives the way through a line`(_ name: String, _ text: String) {
    let line = ChecksumLine(digest: Self.digest, name: Array(name.utf8))
    #expect(line.line == Array(text.utf8))
    #expect(ChecksumLine(parsing: line.line[...], digits: 32) == line)
  }

  @Test func `a name may be any bytes`() {
    let line = ChecksumLine(digest: Self.digest, name: [0xFF, 0x0A, 0x80])
    #expect(ChecksumLine(parsing: line.line[...], digits: 32) == line)
  }

  @Test(
    arguments: [
      "0123456789ABCDEF0123456789abcdef  a", "0123456789abcdef0123456789abcdef *a",
      "0123456789abcdef0123456789abcdef  a\r",
    ])
  func `other tools' ways of writing are read`(_ text: String) {
    #expect(
      ChecksumLine(parsing: Array(text.utf8)[...], digits: 32)
        == ChecksumLine(digest: Self.digest, name: [0x61]))
  }

  @Test(
    arguments: [
      "", "\\", "a", "0123456789abcdef0123456789abcdef", "0123456789abcdef0123456789abcdef  ",
      "0123456789abcdef0123456789abcdef a", "0123456789abcdef0123456789abcdef0  a",
      "0123456789abcdef0123456789abcdeg  a", "0123456789abcdef0123456789abcde  a",
      "\\0123456789abcdef0123456789abcdef  a\\b", "\\0123456789abcdef0123456789abcdef  a\\",
      "0123456789abcdef0123456789abcdef  a\0b", "# 0123456789abcdef0123456789abcdef  a",
    ])
  func `anything else is no line of checksums`(_ text: String) {
    #expect(ChecksumLine(parsing: Array(text.utf8)[...], digits: 32) == nil)
  }

  @Test func `a verdict stands behind the name as the tools write it`() {
    #expect(
      ChecksumLine(digest: Self.digest, name: [0x61]).verdict("OK") == Array("a: OK".utf8))
    #expect(
      ChecksumLine(digest: Self.digest, name: [0x61, 0x0A]).verdict("FAILED")
        == Array("\\a\\n: FAILED".utf8))
    #expect(
      ChecksumLine(digest: Self.digest, name: [0x5C]).verdict("OK") == Array("\\: OK".utf8))
  }
}
