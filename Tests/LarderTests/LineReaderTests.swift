// Files as lines, whatever their ends, however long.

import DurableFiles
import ScratchFiles
import Testing

@testable import larder

@Suite struct LineReaderTests {
  private let scratch: Scratch

  init() throws {
    scratch = try Scratch()
  }

  private func lines(_ text: String, bytesMax: Int) throws -> [String] {
    let path: String = try scratch.makeFile("list", Array(text.utf8))
    var reader = LineReader(try UserFile(path), bytesMax: bytesMax)
    var lines: [String] = []
    while true {
      switch reader.next() {
      case .line(let line): lines.append(String(decoding: line, as: UTF8.self))
      case .tooLong: lines.append("…")
      case .end: return lines
      case .unreadable(let error): throw error
      }
    }
  }

  @Test(arguments: [
    ("", []), ("a", ["a"]), ("a\n", ["a"]), ("\n\na", ["", "", "a"]),
    ("abc\nabcd\nab", ["abc", "…", "ab"]), ("abcd", ["…"]),
  ])
  func `a file is its lines`(_ text: String, _ expected: [String]) throws {
    #expect(try lines(text, bytesMax: 3) == expected)
  }

  @Test func `lines that cross pieces stay whole`() throws {
    let text = (0..<20_000).map { "line number \($0)" }
    #expect(try lines(text.joined(separator: "\n"), bytesMax: 100) == text)
  }

  @Test func `a line without end costs no memory and is one that is too long`() throws {
    let endless = String(repeating: "x", count: 500_000)
    #expect(try lines(endless + "\nnext\n", bytesMax: 8_192) == ["…", "next"])
  }
}
