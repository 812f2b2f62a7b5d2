// The lines of the shim's protocol: what they mean, that nothing else is taken for one, and which
// paths are the depot's.

import Ambient
import CacheEngine
import DurableFiles
import Testing

@Suite struct ShimRequestTests {
  private func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

  @Test(
    arguments: [
      ("P4CACHE/1 FETCH a/b", .fetch(path: Array("a/b".utf8))),
      ("P4CACHE/1 FETCH /depot/a b\tc", .fetch(path: Array("/depot/a b\tc".utf8))),
      ("P4CACHE/1 FETCH  leading", .fetch(path: Array(" leading".utf8))),
      ("P4CACHE/1 STAT a\r", .status(path: Array("a\r".utf8))),
      ("P4CACHE/1 DELETE a", .delete(path: Array("a".utf8))),
      ("P4CACHE/1 FETCH ", .fetch(path: [])),
      ("P4CACHE/1 PING", .ping),
      ("FETCH /depot/a", .legacyFetch(path: Array("/depot/a".utf8))),
    ] as [(String, ShimRequest)])
  func `a line means one request, and writes itself again`(
    _ line: String, _ request: ShimRequest
  ) throws {
    #expect(try ShimRequest(parsing: bytes(line)) == request)
    #expect(request.line == bytes(line + "\n"))
  }

  @Test(arguments: [
    "", " ", "PING", "P4CACHE/1", "P4CACHE/1 ", "P4CACHE/1 PING ", "P4CACHE/1 PING x",
    "P4CACHE/1 FETCH", "P4CACHE/1 fetch a", "P4CACHE/1  FETCH a", "P4CACHE/2 FETCH a", "STAT a",
    "DELETE a", " FETCH a", "FETCH", "P4CACHE/1 RENAME a b", "P4CACHE/1 FETCH\ta", "GET / HTTP/1.1",
  ])
  func `anything else is malformed`(_ line: String) {
    let refusal = #expect(throws: ShimRefusal.self) { try ShimRequest(parsing: bytes(line)) }
    #expect(refusal?.code == .malformed)
  }

  @Test func `a path is any bytes, and at most 4096 of them`() throws {
    let path = [UInt8](0...9) + [UInt8](11...255)
    #expect(
      try ShimRequest(parsing: bytes("P4CACHE/1 DELETE ") + path) == .delete(path: path))
    let longest = [UInt8](repeating: 65, count: 4_096)
    let line = bytes("P4CACHE/1 DELETE ") + longest
    #expect(try ShimRequest(parsing: line) == .delete(path: longest))
    #expect(line.count == ShimRequest.lineBytesMax)
    for verb in ["P4CACHE/1 FETCH ", "P4CACHE/1 STAT ", "FETCH "] {
      #expect(throws: ShimRefusal(.malformed, "a path has at most 4096 bytes")) {
        try ShimRequest(parsing: bytes(verb) + longest + [65])
      }
    }
  }

  @Test(arguments: 0..<200 as Range<UInt64>)
  func `any bytes are a request that writes itself again, or malformed`(_ seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    let words = ["P4CACHE/1 ", "FETCH ", "STAT", " ", "PING", "/", "a"].map(bytes)
    for _ in 0..<50 {
      var line: [UInt8] = []
      for _ in 0..<generator.below(6) {
        line +=
          generator.below(4) == 0
          ? generator.bytes(generator.below(9)) : words[generator.below(words.count)]
      }
      line.removeAll { $0 == UInt8(ascii: "\n") }
      do throws(ShimRefusal) {
        #expect(try ShimRequest(parsing: line).line == line + [UInt8(ascii: "\n")])
      } catch {
        #expect(error.code == .malformed)
      }
    }
  }
}

@Suite struct DepotRootTests {
  private let root = DepotRoot(spellings: [Array("/depot".utf8), Array("/real/place//".utf8)])

  private func path(_ text: String) throws(ShimRefusal) -> FilePath {
    try root.path(Array(text.utf8))
  }

  @Test(
    arguments: [
      ("a", "a"), ("a/b c/d", "a/b c/d"), ("/depot/a/b", "a/b"), ("/real/place/a", "a"),
      ("depot/a", "depot/a"), (".p4cachez/a", ".p4cachez/a"), ("a/.p4cache", "a/.p4cache"),
    ])
  func `a path below the depot is a path of it`(_ requested: String, _ path: FilePath) throws {
    #expect(try self.path(requested) == path)
  }

  @Test(arguments: [
    "", ".", "..", "a/..", "../a", "a/./b", "a//b", "a/", "/depot/", "/depot//a", "/depot/../a",
    "/depot/./a", "a\0b", String(repeating: "n", count: 256),
  ])
  func `what is no plain path is malformed`(_ requested: String) {
    let refusal = #expect(throws: ShimRefusal.self) { try path(requested) }
    #expect(refusal?.code == .malformed)
  }

  @Test(arguments: [
    "/depot", "/depotz/a", "/", "//depot/a", "/etc/passwd", "/real/a", ".p4cache",
    ".p4cache/shim.sock",
    "/depot/.p4cache/manifest.sqlite",
  ])
  func `what leads out of the depot, or into the engine's own, is denied`(_ requested: String) {
    let refusal = #expect(throws: ShimRefusal.self) { try path(requested) }
    #expect(refusal?.code == .denied)
  }

  @Test func `a depot at the root of the machine has paths too`() throws {
    let root = DepotRoot(spellings: [Array("/".utf8)])
    #expect(try root.path(Array("/a/b".utf8)) == "a/b")
  }
}

@Suite struct ShimAnswerTests {
  private func text(_ answer: ShimAnswer) -> String {
    String(decoding: answer.line, as: UTF8.self)
  }

  private func status(_ nanoseconds: Int64, mode: UInt32 = 0o100444, hot: Bool = false) -> String {
    text(
      .status(
        ShimStatus(
          size: 5_000_000_000, mode: mode, modifiedNanoseconds: nanoseconds, state: "clean",
          isHot: hot)))
  }

  @Test func `an answer is one line`() {
    #expect(text(.done) == "OK\n")
    #expect(text(.fetched(size: .max)) == "OK 18446744073709551615\n")
    #expect(
      status(1_700_000_000_123_456_789) == "OK 5000000000 100444 1700000000.123456789 clean cold\n")
    #expect(status(1, mode: 0o40755, hot: true) == "OK 5000000000 40755 0.000000001 clean hot\n")
    #expect(
      text(.refused(ShimRefusal(.diskFull, "no\nroom\u{1B}[2J")))
        == "ERR disk_full no\\x0aroom\\x1b[2J\n")
  }

  @Test func `times before 1970 count as the kernel counts them`() {
    #expect(status(-500_000_000).contains(" -1.500000000 "))
    #expect(status(-1_000_000_000).contains(" -1.000000000 "))
    #expect(status(.min).contains(" -9223372037.145224192 "))
    #expect(status(0).contains(" 0.000000000 "))
  }

  @Test func `a refusal's sentence is cut to what a line holds`() {
    let line = ShimAnswer.refused(ShimRefusal(.backend, String(repeating: "é", count: 1_000))).line
    #expect(line.count <= "ERR backend \n".utf8.count + 402)
  }

  @Test func `the codes are the protocol's`() {
    #expect(
      ShimRefusal.Code.allCases.map(\.rawValue) == [
        "not_found", "integrity", "backend", "disk_full", "denied", "malformed", "busy", "shredded",
        "internal",
      ])
  }
}
