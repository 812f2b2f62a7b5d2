// Compaction and what else changes the life of a store, as a script would run them.

import Bytes
import ChildProcesses
import DurableFiles
import ScratchFiles
import Testing

@Suite struct EventsLifeCommandTests {
  private let scratch: Scratch
  private let store: String

  init() throws {
    scratch = try Scratch()
    store = scratch.path("store")
  }

  @discardableResult
  private func larder(_ words: String..., giving input: String = "") throws -> EndedChild {
    try ChildProcess(builtProduct("larder"), words.map { Array($0.utf8) })
      .wait(giving: Array(input.utf8))
  }

  private func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

  private func fill(_ count: Int) throws {
    var lines = ""
    for number in 0..<count {
      lines +=
        #"{"entity":"file:\#(number % 3)","scope":"test","kind":"1.001","payload":"p \#(number)"}"#
        + "\n"
    }
    #expect(try larder("events", "append", store, giving: lines).ending == .exited(0))
  }

  @Test func `compact says what would go, removes it, and verify names the removal`() throws {
    try fill(30)
    let planned = try larder("events", "compact", store, "--retain-from", "20", "--dry-run")
    #expect(text(planned.output).hasPrefix("18 events would be removed"), "\(planned)")
    let before = try larder("events", "list", store, "--limit", "100").output
    let done = try larder("events", "compact", store, "--retain-from", "20", "--json")
    let report = try JSONValue(parsing: done.output)
    #expect(report["removed"]?.integer == 18)
    let after = try larder("events", "list", store, "--limit", "100").output
    #expect(after.count < before.count)
    let verified = try larder("events", "verify", store)
    #expect(verified.ending == .exited(0))
    #expect(text(verified.output).contains("removal 1: 18 events from 2 to 19, events before 20"))
    let again = try larder("events", "compact", store, "--retain-from", "20")
    #expect(again.ending == .exited(0))
    #expect(try larder("events", "show", store, "5").ending == .exited(1))
  }

  @Test(arguments: [
    (["--entity", "file:1"], "a region alone removes nothing"), (["--all"], "wants a region"),
    (["--retain-from", "5", "--older-than", "1d"], "one of"),
    (["--event", "5", "--entity", "file"], "takes no region"),
  ])
  func `a compaction that is not said in full is refused in one sentence`(
    _ words: [String], _ sentence: String
  ) throws {
    try fill(3)
    let refused = try ChildProcess(
      builtProduct("larder"), (["events", "compact", store] + words).map { Array($0.utf8) }
    ).wait()
    #expect(refused.ending == .exited(2))
    #expect(text(refused.errors).contains(sentence), "\(text(refused.errors))")
    #expect(refused.errors.split(separator: UInt8(ascii: "\n")).count == 1)
  }

  @Test func `a snapshot is listed and verified like the store, and a fork is another store`()
    throws
  {
    try fill(10)
    let copy = scratch.path("copy")
    let taken = try JSONValue(parsing: larder("events", "snapshot", store, copy, "--json").output)
    #expect(taken["count"]?.integer == 12)
    let listed = try larder("events", "list", store).output
    #expect(try larder("events", "list", copy).output == listed)
    #expect(try larder("events", "verify", copy).ending == .exited(0))
    let again = try larder("events", "snapshot", store, copy)
    #expect(again.ending == .exited(3))
    #expect(text(again.errors) == "larder: the directory to write is not empty\n")

    let other = scratch.path("fork")
    let fork = try JSONValue(parsing: larder("events", "fork", store, other, "--json").output)
    #expect(fork["parent"]?.string == taken["lineage"]?.string)
    #expect(fork["lineage"]?.string != taken["lineage"]?.string)
    try larder(
      "events", "append", other,
      giving: #"{"entity":"file:1","scope":"test","kind":"1.001","payload":"fork"}"# + "\n")
    #expect(try larder("events", "verify", other).ending == .exited(0))
    #expect(try larder("events", "list", store).output == listed)
  }

  @Test func `an export goes through a pipe and is imported once`() throws {
    try fill(7)
    let exported = try larder("events", "export", store)
    let file = scratch.path("events.jsonl")
    #expect(try larder("events", "export", store, "-o", file).ending == .exited(0))
    #expect(try larder("events", "export", store, "-o", "-").output == exported.output)
    #expect(try larder("events", "export", store, "--json").output == exported.output)
    let told = try JSONValue(
      parsing: try larder("events", "export", store, "-o", file, "--json").output)
    #expect(told["events"]?.integer == 7 && told["bytes"]?.integer == Int64(exported.output.count))
    let root = try JSONValue(parsing: try larder("events", "checkpoint", store, "--json").output)
    #expect(told["root"]?.string == root["root"]?.string)
    let copy = scratch.path("copy")
    let first = try larder(
      "events", "import", copy, "-", "--json", giving: text(exported.output))
    #expect(try JSONValue(parsing: first.output)["appended"]?.integer == 7)
    let second = try larder("events", "import", copy, file, "--json")
    #expect(try JSONValue(parsing: second.output)["known"]?.integer == 7)
    let cut = text(exported.output).split(separator: "\n").dropLast().joined(separator: "\n")
    let refused = try larder("events", "import", copy, "-", giving: cut + "\n")
    #expect(refused.ending == .exited(4))
    #expect(text(refused.errors) == "larder: the exported stream ends before its last line\n")
    #expect(try larder("events", "verify", copy).ending == .exited(0))
  }

  @Test func `salvage saves the rest of a damaged store and names what is lost`() throws {
    try fill(9)
    let name = "0000000000000001-00000000.segment"
    let disk = try PosixDisk(root: store + "/segments")
    let file = try OpenFile(FilePath.root.appending(name), .writing, on: disk)
    let bytes = try file.readAll(bytesMax: 1 << 24)
    let at = try #require(bytes.indices.first { bytes[$0...].starts(with: Array("p 4".utf8)) })
    try file.write([0x21], at: UInt64(at))
    let target = scratch.path("saved")
    let saved = try larder("events", "salvage", store, target)
    #expect(saved.ending == .exited(4))
    #expect(text(saved.output).contains("segments/\(name): byte "), "\(text(saved.output))")
    #expect(text(saved.output).contains("event 6 is lost"))
    #expect(text(saved.output).contains("8 events saved up to event 11, 1 lost"))
    #expect(try larder("events", "verify", target).ending == .exited(0))
    #expect(try larder("events", "salvage", store, target).ending == .exited(3))
  }
}
