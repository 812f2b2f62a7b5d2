// `larder digest` as a person or a script would run it: beside the system's tools, with names that
// are hard to write, with files that cannot be read, and with output that nobody takes.

import Ambient
import Bytes
import ChildProcesses
import DurableFiles
import ScratchFiles
import Testing

@testable import larder

@Suite struct DigestCommandTests {
  private let scratch: Scratch

  init() throws {
    scratch = try Scratch()
  }

  private func digest(
    _ words: [[UInt8]], giving input: [UInt8] = [], output: ChildStream = .caught
  ) throws -> EndedChild {
    let words = [Array("digest".utf8)] + words
    return try ChildProcess(builtProduct("larder"), words, output: output).wait(giving: input)
  }

  private func digest(_ words: String..., giving input: [UInt8] = []) throws -> EndedChild {
    try digest(words.map { Array($0.utf8) }, giving: input)
  }

  private func bytes(_ count: Int) -> [UInt8] {
    var random = SeededGenerator(seed: UInt64(count))
    return random.bytes(count)
  }

  /// Names that a list must escape, that are no text, and that look like something else.
  private static let names: [[UInt8]] =
    ["a", "b c", "back\\slash", "line\nbreak", "cr\r", "é", "*s"]
    .map { Array($0.utf8) } + [[0xFF, 0x80]]

  @Test(arguments: [("--sha256", "/usr/bin/sha256sum"), ("--md5", "/usr/bin/md5sum")])
  func `lists are those of the system's tools, which check each other's`(
    _ flag: String, _ tool: String
  ) throws {
    let files = try Self.names.enumerated().map { index, name in
      try scratch.makeFile(name, bytes(index * 9_973))
    }
    let ours = try digest([Array(flag.utf8)] + files)
    let theirs = try ChildProcess(tool, files).wait()
    #expect(ours.ending == .exited(0) && ours.errors.isEmpty)
    #expect(ours.output == theirs.output)

    let list = try scratch.makeFile(Array("list".utf8), ours.output)
    let checked = try digest([Array(flag.utf8), Array("--check".utf8), list])
    #expect(checked.ending == .exited(0) && checked.errors.isEmpty)
    let theirVerdicts = try ChildProcess(tool, [Array("-c".utf8), list]).wait()
    #expect(theirVerdicts.ending == .exited(0))
    #expect(checked.output == theirVerdicts.output + Array("8 files checked: 8 OK\n".utf8))
  }

  @Test func `BLAKE3 and CRC-32C give the published digests`() throws {
    let file: String = try scratch.makeFile("f", Array("123456789".utf8))
    let empty: String = try scratch.makeFile("e", [])
    #expect(try digest("--crc32c", file).outputText == "e3069283  \(file)\n")
    #expect(
      try digest(empty).outputText
        == "af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262  \(empty)\n")
  }

  @Test(arguments: [0, 1_000, 1 << 20, 3_000_001])
  func `threads, pipes and names all lead to one digest`(_ count: Int) throws {
    let bytes = bytes(count)
    let file: String = try scratch.makeFile("f", bytes)
    let digests = try [
      digest("--threads", "1", file), digest("--threads", "3", file), digest("--blake3", file),
      digest(giving: bytes), digest("-", giving: bytes),
    ].map { $0.outputText.prefix { $0 != " " } }
    #expect(Set(digests).count == 1)
    #expect(digests[0].utf8.count == 64)
    #expect(try digest("-", giving: bytes).outputText == "\(digests[0])  -\n")
  }

  @Test func `a file that cannot be read costs a sentence, and the others are done`() throws {
    try scratch.disk.makeDirectory("directory", mode: 0o700)
    let first: String = try scratch.makeFile("first", [1])
    let last: String = try scratch.makeFile("last", [2])
    let child = try digest(
      first, scratch.path("directory"), scratch.path("missing\u{1B}"), first + "/x", last)
    #expect(child.ending == .exited(1))
    let lines = child.outputText.split(separator: "\n")
    #expect(lines.count == 2 && lines[0].hasSuffix(first) && lines[1].hasSuffix(last))
    #expect(
      child.errorText
        == """
        larder: \(scratch.path("directory")) is a directory
        larder: \(scratch.path("missing")) does not exist
        larder: \(first)/x is not a directory

        """.replacing("missing does", with: "missing\\x1b does"))
  }

  @Test func `a check says what became of every file and of the list`() throws {
    let good: String = try scratch.makeFile("good", [1])
    let bad: String = try scratch.makeFile("bad", [2])
    let goodLine = try digest(good).outputText
    let badLine = try digest(good).outputText.replacing(good, with: bad)
    let goneLine = goodLine.replacing(good, with: scratch.path("gone"))
    let list: String = try scratch.makeFile(
      "list", Array((goodLine + badLine + "\nnothing\n" + goneLine).utf8))
    let child = try digest("-c", list)
    #expect(child.ending == .exited(1))
    #expect(
      child.outputText == """
        \(good): OK
        \(bad): FAILED
        \(scratch.path("gone")): FAILED to read
        3 files checked: 1 OK, 1 FAILED, 1 could not be read

        """)
    #expect(
      child.errorText == """
        larder: \(scratch.path("gone")) does not exist
        larder: \(list) has 1 line without a BLAKE3 digest, passed over

        """)
  }

  @Test func `a check of what is no list, or of another function, fails`() throws {
    let file: String = try scratch.makeFile("f", [1])
    let list: String = try scratch.makeFile("list", digest(file).output)
    let other = try digest("--md5", "--check", list)
    #expect(other.ending == .exited(1))
    #expect(
      other.errorText
        == "larder: \(list) lists no MD5 digests; name the function it was made by\n")
    let empty = try digest("--check")
    #expect(empty.ending == .exited(1))
    #expect(empty.outputText == "0 files checked: 0 OK\n")
    let missing = try digest("--check", scratch.path("none"), list)
    #expect(missing.ending == .exited(1))
    #expect(missing.outputText == "\(file): OK\n1 file checked: 1 OK\n")
  }

  @Test func `two functions at once are refused`() throws {
    let child = try digest("--md5", "--sha256")
    #expect(child.ending == .exited(2))
    #expect(child.output.isEmpty && child.errorText.contains("exclude each other"))
  }

  @Test func `output that cannot be written ends it at the first line`() throws {
    let file = Array((try scratch.makeFile("f", [1]) as String).utf8)
    let full = try digest([file, file], output: .file("/dev/full"))
    #expect(full.ending == .exited(1))
    #expect(
      full.errorText == "larder: the output could not be written: no space is left on its disk\n")
    let left = try digest([file], output: .leftByReader)
    #expect(left.ending == .exited(0) && left.errors.isEmpty)
  }

  @Test func `a name that a terminal would obey is shown and not obeyed`() throws {
    let held = HeldStream()
    var shown = Output(held.stream(isTerminal: true), errors: held.stream(), noColor: true)
    try shown.print(bytes: Array("é\u{1B}[2J".utf8))
    try shown.print(bytes: Array("plain é".utf8))
    try shown.print(bytes: [0xFF])
    try shown.flush()
    #expect(held.text == "é\\x1b[2J\nplain é\n\\xff\n")
  }
}
