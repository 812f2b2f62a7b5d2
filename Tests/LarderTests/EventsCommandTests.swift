// `larder events` and `larder receipt` as a script would run them.

import Ambient
import Bytes
import ChildProcesses
import DurableFiles
import ScratchFiles
import Testing

@testable import larder

@Suite struct EventsCommandTests {
  private let scratch: Scratch
  private let store: String

  init() throws {
    scratch = try Scratch()
    store = scratch.path("store")
  }

  private func larder(_ words: String..., giving input: String = "") throws -> EndedChild {
    try ChildProcess(builtProduct("larder"), words.map { Array($0.utf8) })
      .wait(giving: Array(input.utf8))
  }

  private func line(_ entity: String, _ payload: String, _ more: String = "") -> String {
    #"{"entity":"\#(entity)","scope":"test","kind":"1.001","payload":"\#(payload)"\#(more)}"# + "\n"
  }

  private func objects(_ child: EndedChild) throws -> [JSONValue] {
    try child.output.split(separator: UInt8(ascii: "\n")).map { try JSONValue(parsing: Array($0)) }
  }

  @Test func `what was appended is listed, shown and verified`() throws {
    let appended = try larder(
      "events", "append", store, giving: line("file:1", "a") + line("file:2", "b"))
    #expect(appended.ending == .exited(0) && appended.errors.isEmpty)
    let receipts = try objects(appended)
    #expect(receipts.count == 2)

    let listed = try objects(try larder("events", "list", store, "--entity", "file", "--json"))
    #expect(listed.map { $0["payload"]?.string } == ["a", "b"])
    #expect(listed.map { $0["id"]?.string } == receipts.map { $0["id"]?.string })

    let id = try #require(receipts[0]["id"]?.string)
    let shown = try larder("events", "show", store, id, "--json")
    #expect(try objects(shown)[0]["receipt"]?.string == receipts[0]["receipt"]?.string)
    #expect(try larder("events", "verify", store).ending == .exited(0))
  }

  @Test(arguments: [
    (#""key":7"#, "the key must be text"), (#""batch":["b"]"#, "the batch must be text"),
    (#""lane":"1""#, "the lane must be a whole number"),
    (#""base64":5"#, "the base64 must be text"),
    (#""expect":true"#, #"the expect must be "any", "none", "exists" or a position from 1"#),
  ])
  func `a member of another kind is refused and not passed over`(
    _ member: String, _ sentence: String
  ) throws {
    let refused = try larder("events", "append", store, giving: line("e", "p", "," + member))
    #expect(refused.ending == .exited(2))
    #expect(String(decoding: refused.errors, as: UTF8.self) == "larder: line 1: \(sentence)\n")
    #expect(try larder("events", "list", store, "--entity", "e").output.isEmpty)
  }

  @Test func `a member that is null is as good as none`() throws {
    let none = #","key":null,"batch":null,"lane":null,"expect":null,"base64":null"#
    let appended = try larder("events", "append", store, giving: line("e", "p", none))
    #expect(appended.ending == .exited(0), "\(String(decoding: appended.errors, as: UTF8.self))")
  }

  @Test func `verify tells the root that a checkpoint has`() throws {
    _ = try larder("events", "append", store, giving: line("e", "1") + line("e", "2"))
    let checkpoint = try objects(try larder("events", "checkpoint", store, "--json"))[0]
    for words in [[], ["--structure-only"]] {
      let all = ["events", "verify", store, "--json"] + words
      let verified = try objects(
        try ChildProcess(builtProduct("larder"), all.map { Array($0.utf8) }).wait(giving: []))[0]
      for member in ["lineage", "root"] {
        #expect(try #require(verified[member]?.string) == checkpoint[member]?.string)
      }
      #expect(try #require(verified["count"]?.integer) == checkpoint["count"]?.integer)
    }
  }

  @Test func `several appenders give every line its receipt`() throws {
    let lines = (0..<60).map { line("file:\($0 % 5)", "\($0)") }.joined()
    let appended = try larder("events", "append", store, "--appenders", "8", giving: lines)
    #expect(appended.ending == .exited(0) && appended.errors.isEmpty)
    let receipts = Set(try objects(appended).compactMap { $0["id"]?.string })
    let listed = try objects(try larder("events", "list", store, "--entity", "file", "--json"))
    #expect(receipts.count == 60 && receipts == Set(listed.compactMap { $0["id"]?.string }))
    #expect(Set(listed.compactMap { $0["payload"]?.string }) == Set((0..<60).map(String.init)))
  }

  @Test func `nothing behind a line that fails is stored`() throws {
    let refused = try larder(
      "events", "append", store,
      giving: line("e", "1") + line("e", "2", #","expect":"none""#) + line("e", "3"))
    #expect(refused.ending == .exited(1))
    #expect(String(decoding: refused.errors, as: UTF8.self).contains("line 2"))
    #expect(try objects(refused).count == 1)
    let listed = try objects(try larder("events", "list", store, "--entity", "e", "--json"))
    #expect(listed.compactMap { $0["payload"]?.string } == ["1"])
  }

  @Test func `a receipt verifies without the store, and not when it was changed`() throws {
    let receipts = try objects(try larder("events", "append", store, giving: line("e", "p")))
    let text = try #require(receipts[0]["receipt"]?.string)
    let kept = try scratch.makeFile(Array("receipt".utf8), Array(text.utf8))
    let path = String(decoding: kept, as: UTF8.self)
    #expect(try larder("receipt", "verify", path).ending == .exited(0))
    var changed = Array(text.utf8)
    changed[60] = changed[60] == UInt8(ascii: "A") ? UInt8(ascii: "B") : UInt8(ascii: "A")
    let other = try scratch.makeFile(Array("changed".utf8), changed)
    let verdict = try larder("receipt", "verify", String(decoding: other, as: UTF8.self))
    #expect(verdict.ending == .exited(4))
  }

  @Test func `a batch is one transaction and a retried key returns the first receipt`() throws {
    let keyed = line("e", "p", #","key":"k""#)
    let batch = line("e", "1", #","batch":"b""#) + line("e", "2", #","batch":"b""#)
    let first = try objects(try larder("events", "append", store, giving: keyed + batch))
    let again = try objects(try larder("events", "append", store, giving: keyed))
    #expect(first.count == 3 && again.count == 1)
    #expect(first[0]["receipt"]?.string == again[0]["receipt"]?.string)
    let listed = try objects(try larder("events", "list", store, "--entity", "e", "--json"))
    #expect(listed.compactMap { $0["batch"]?.integer }.count == 2)
  }

  @Test(arguments: [
    ("x", "not JSON"), (#"{"entity":"e"}"#, "no entity or no scope"),
    (#"{"entity":"e","scope":"s","kind":"1.1","payload":"","keey":"k"}"#, "did you mean 'key'"),
    (#"{"entity":"e","scope":"s","kind":"0.001","payload":""}"#, "the store's own"),
    (#"{"entity":"a|b","scope":"s","kind":"1.001","payload":""}"#, "'|' or '='"),
    (#"{"entity":"e","scope":"s","kind":"1.001","payload":"","expect":"exists"}"#, "is at 0"),
  ])
  func `a line that cannot be appended is refused in one sentence`(
    _ line: String, _ sentence: String
  ) throws {
    let refused = try larder("events", "append", store, giving: line + "\n")
    let said = String(decoding: refused.errors, as: UTF8.self)
    #expect(refused.ending != .exited(0))
    #expect(said.contains("line 1") && said.contains(sentence), "\(said)")
    #expect(said.split(separator: "\n").count == 1)
  }

  @Test func `damage is found, named, and told by the exit code`() throws {
    _ = try larder("events", "append", store, giving: line("e", "needle in the haystack"))
    let path = store + "/segments/0000000000000001-00000000.segment"
    try flip(path, of: "needle")
    let verdict = try larder("events", "verify", store)
    #expect(verdict.ending == .exited(4))
    #expect(String(decoding: verdict.output, as: UTF8.self).contains("0000000000000001-00000000"))
  }

  @Test func `a store that was rolled back does not fit its witness`() throws {
    _ = try larder("events", "append", store, giving: line("e", "1"))
    let copy = scratch.path("copy")
    _ = try ChildProcess("/bin/cp", ["-r", store, copy].map { Array($0.utf8) }).wait()
    _ = try larder("events", "append", store, giving: line("e", "2"))
    let witness = scratch.path("witness")
    #expect(try larder("events", "checkpoint", store, "-o", witness).ending == .exited(0))
    #expect(try larder("events", "verify", store, "--witness", witness).ending == .exited(0))
    let old = try larder("events", "verify", copy, "--witness", witness)
    #expect(old.ending == .exited(4))
    #expect(String(decoding: old.output, as: UTF8.self).contains("rolled back"))
  }

  private func flip(_ path: String, of text: String) throws {
    let name = try #require(path.split(separator: "/").last).description
    let parent = try PosixDisk(root: String(path.dropLast(name.utf8.count + 1)))
    let file = try OpenFile(try FilePath(name), .writing, on: parent)
    let bytes = try file.read(at: 0, count: Int(file.size))
    let at = try #require(
      bytes.indices.first { bytes[$0...].starts(with: Array(text.utf8)) })
    try file.write([bytes[at] ^ 1], at: UInt64(at))
  }
}
