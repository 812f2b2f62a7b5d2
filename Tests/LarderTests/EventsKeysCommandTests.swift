// `larder events` on a store with keys, as a script would run it.

import Ambient
import Bytes
import ChildProcesses
import DurableFiles
import ScratchFiles
import Testing

@Suite struct EventsKeysCommandTests {
  private let scratch: Scratch
  private let store: String
  private let key: String

  init() throws {
    scratch = try Scratch()
    store = scratch.path("store")
    key = scratch.path("kek")
  }

  private func larder(_ words: String..., giving input: String = "") throws -> EndedChild {
    try ChildProcess(builtProduct("larder"), words.map { Array($0.utf8) })
      .wait(giving: Array(input.utf8))
  }

  private func line(_ entity: String, _ payload: String) -> String {
    #"{"entity":"\#(entity)","scope":"test","kind":"1.001","payload":"\#(payload)"}"# + "\n"
  }

  private func objects(_ child: EndedChild) throws -> [JSONValue] {
    try child.output.split(separator: UInt8(ascii: "\n")).map { try JSONValue(parsing: Array($0)) }
  }

  private func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

  /// A store with two sealed events.
  private func makeStore() throws {
    #expect(try larder("events", "key", "new", key).ending == .exited(0))
    let appended = try larder(
      "events", "append", store, "--seal", "entity", "--key-file", key,
      giving: line("user:1", "needle") + line("user:2", "other"))
    #expect(appended.ending == .exited(0), "\(text(appended.errors))")
  }

  @Test func `a new key is its owner's alone and never replaces another`() throws {
    #expect(try larder("events", "key", "new", key).ending == .exited(0))
    let status = try #require(try scratch.disk.status(at: "kek"))
    #expect(status.mode == 0o600 && status.size == 65)
    let again = try larder("events", "key", "new", key)
    #expect(again.ending == .exited(1) && text(again.errors).contains("exists already"))
  }

  @Test func `sealed payloads are shown with the key alone`() throws {
    try makeStore()
    let listed = try objects(
      try larder("events", "list", store, "--entity", "user", "--json", "--key-file", key))
    #expect(listed.map { $0["payload"]?.string } == ["needle", "other"])
    let blind = try objects(try larder("events", "list", store, "--entity", "user", "--json"))
    #expect(blind.map { $0["unreadable"]?.string } == ["sealed", "sealed"])
    let id = try #require(listed.first?["id"]?.string)
    let shown = try objects(try larder("events", "show", store, id, "--key-file", key, "--json"))
    #expect(shown.first?["payload"]?.string == "needle")
    let followed = try objects(
      try larder(
        "events", "follow", store, "--entity", "user", "--count", "2", "--json", "--key-file", key))
    #expect(followed.map { $0["payload"]?.string } == ["needle", "other"])
    #expect(try larder("events", "ancestors", store, id, "--key-file", key).ending == .exited(0))
  }

  @Test func `a shred says what it takes, asks for consent, and is for ever`() throws {
    try makeStore()
    let plan = try larder(
      "events", "shred", store, "--scope", "entity:user:1", "--dry-run", "--json")
    #expect(try objects(plan).first?["events"]?.integer == 1)
    #expect(try objects(plan).first?["bytes"]?.integer == 6)
    let unasked = try larder(
      "events", "shred", store, "--scope", "entity:user:1", "--key-file", key)
    #expect(unasked.ending == .exited(2) && text(unasked.errors).contains("--yes"))
    let done = try larder(
      "events", "shred", store, "--scope", "entity:user:1", "--key-file", key, "--yes")
    #expect(done.ending == .exited(0), "\(text(done.errors))")
    let listed = try objects(
      try larder("events", "list", store, "--entity", "user", "--json", "--key-file", key))
    #expect(listed.map { $0["payload"]?.string } == [nil, "other"])
    #expect(listed.first?["unreadable"]?.string == "shredded")
    let verified = try larder("events", "verify", store, "--json")
    #expect(verified.ending == .exited(0))
    #expect(try objects(verified).first?["shredded"]?.integer == 1)
    let again = try larder(
      "events", "shred", store, "--scope", "entity:user:1", "--key-file", key, "--yes")
    #expect(again.ending == .exited(1))
  }

  @Test func `a follower in another process sees what is shredded meanwhile`() throws {
    try makeStore()
    let words = [
      "events", "follow", store, "--entity", "user", "--count", "4", "--json", "--key-file", key,
    ]
    let follower = try ChildProcess(builtProduct("larder"), words.map { Array($0.utf8) })
    let shred = try larder(
      "events", "shred", store, "--scope", "entity:user:1", "--key-file", key, "--yes")
    #expect(shred.ending == .exited(0), "\(text(shred.errors))")
    let appended = try larder(
      "events", "append", store, "--key-file", key,
      giving: line("user:1", "new") + line("user:3", "third"))
    #expect(appended.ending == .exited(0), "\(text(appended.errors))")
    let followed = try objects(try follower.wait())
    #expect(followed.suffix(2).map { $0["payload"]?.string } == ["new", "third"])
  }

  @Test func `keys that cannot be had or do not fit are refused in one sentence`() throws {
    try makeStore()
    let open = try scratch.makeFile("open", Array(repeating: UInt8(ascii: "a"), count: 64))
    let file = try OpenFile("open", .writing, on: scratch.disk)
    let inside = scratch.path("store/kek")
    try OpenFile("store/kek", .creating(mode: 0o600), on: scratch.disk)
      .write(Array(repeating: UInt8(ascii: "a"), count: 64), at: 0)
    let short = try scratch.makeFile("short", Array("abc".utf8))
    let other = scratch.path("other")
    _ = try larder("events", "key", "new", other)
    let cases: [([String], Int32, String)] = [
      ([], 2, "--key-file"),
      (["--key-file", scratch.path("nowhere")], 2, "does not exist"),
      (["--key-file", inside], 2, "own directory"),
      (["--key-file", short], 2, "64 hexadecimal digits"),
      (["--key-file", other], 2, "another key-encryption key"),
      (["--key-env", "LARDER_NO_SUCH_VARIABLE"], 2, "set it"),
      (["--key-fd", "77"], 2, "descriptor 77"),
      (["--key-file", key, "--key-fd", "0"], 2, "give one of"),
      (["--key-file", key, "--seal", "event"], 2, "one key for each entity"),
    ]
    for (words, code, sentence) in cases {
      let refused = try ChildProcess(
        builtProduct("larder"), (["events", "append", store] + words).map { Array($0.utf8) }
      ).wait(giving: Array(line("user:1", "x").utf8))
      let said = text(refused.errors)
      #expect(refused.ending == .exited(code) && said.contains(sentence), "\(words): \(said)")
      #expect(said.split(separator: "\n").count == 1, "\(said)")
    }
    try file.set(FileAttributes(mode: 0o640))
    let readable = try larder("events", "append", store, "--key-file", open)
    #expect(text(readable.errors).contains("chmod 600"))
  }

  @Test func `a keyset that is missing, damaged or older is an integrity problem`() throws {
    try makeStore()
    let path: FilePath = "store/keys/keyset"
    let before = try OpenFile(path, .reading, on: scratch.disk).readAll(bytesMax: 1 << 20)
    _ = try larder("events", "shred", store, "--scope", "entity:user:1", "--key-file", key, "--yes")
    func put(_ bytes: [UInt8]) throws {
      try AtomicReplace.write(
        bytes, to: path, mode: 0o600, replacing: true, on: scratch.disk, entropy: .live)
    }
    var damaged = before
    damaged[300] ^= 1
    for (bytes, sentence) in [(before, "older copy"), (damaged, "damaged")] {
      try put(bytes)
      let listed = try larder("events", "list", store, "--key-file", key)
      #expect(listed.ending == .exited(4), "\(text(listed.errors))")
      #expect(text(listed.errors).contains(sentence), "\(text(listed.errors))")
      #expect(try larder("events", "verify", store).ending == .exited(4))
    }
    try scratch.disk.remove(path)
    let listed = try larder("events", "list", store, "--key-file", key)
    #expect(listed.ending == .exited(4) && text(listed.errors).contains("is missing"))
  }

  @Test func `a rotation makes the new key, and the old one opens nothing any more`() throws {
    try makeStore()
    let fresh = scratch.path("fresh")
    let words = ["events", "key", "rotate", store, "--key-file", key, "--new-key-file", fresh]
    func rotate(_ more: String...) throws -> EndedChild {
      try ChildProcess(builtProduct("larder"), (words + more).map { Array($0.utf8) })
        .wait(giving: [])
    }
    let done = try rotate("--json")
    #expect(done.ending == .exited(0), "\(text(done.errors))")
    #expect(try objects(done).first?["keys"]?.integer == 2)
    #expect(try objects(done).first?["rotated"]?.bool == true)
    let refused = try larder("events", "list", store, "--key-file", key)
    #expect(refused.ending == .exited(2) && text(refused.errors).contains("another key"))
    let listed = try objects(
      try larder("events", "list", store, "--entity", "user", "--json", "--key-file", fresh))
    #expect(listed.map { $0["payload"]?.string } == ["needle", "other"])
    // Given again it finds it done, and finishes what was left.
    let again = try rotate("--destroy-old", "--json")
    #expect(try objects(again).first?["rotated"]?.bool == false)
    #expect(try scratch.disk.status(at: "kek") == nil)
    #expect(try rotate("--destroy-old").ending == .exited(0))
    #expect(try larder("events", "verify", store).ending == .exited(0))
  }

  @Test func `a rotation that is refused leaves no new key behind`() throws {
    #expect(try larder("events", "key", "new", key).ending == .exited(0))
    #expect(try larder("events", "append", store, giving: line("user:1", "x")).ending == .exited(0))
    let unkeyed = try larder(
      "events", "key", "rotate", store, "--key-file", key, "--new-key-file", scratch.path("new"))
    #expect(unkeyed.ending == .exited(2) && text(unkeyed.errors).contains("without keys"))
    #expect(try scratch.disk.status(at: "new") == nil)
    let sealed = scratch.path("sealed")
    let other = scratch.path("other")
    #expect(try larder("events", "key", "new", other).ending == .exited(0))
    let made = try larder(
      "events", "append", sealed, "--seal", "entity", "--key-file", key,
      giving: line("user:1", "x"))
    #expect(made.ending == .exited(0))
    let wrong = try larder(
      "events", "key", "rotate", sealed, "--key-file", other, "--new-key-file",
      scratch.path("new"))
    #expect(wrong.ending == .exited(2) && text(wrong.errors).contains("another key"))
    #expect(try scratch.disk.status(at: "new") == nil)
    let inside = try larder(
      "events", "key", "rotate", sealed, "--key-file", key, "--new-key-file", sealed + "/new")
    #expect(inside.ending == .exited(2) && text(inside.errors).contains("own directory"))
    #expect(try scratch.disk.status(at: "sealed/new") == nil)
  }

  @Test func `which events are sealed is said on the command line`() throws {
    #expect(try larder("events", "key", "new", key).ending == .exited(0))
    func append(_ words: String..., entity: String) throws -> EndedChild {
      let all = ["events", "append", store, "--key-file", key] + words
      let other = line(entity, "two").replacing("1.001", with: "2.001")
      return try ChildProcess(builtProduct("larder"), all.map { Array($0.utf8) })
        .wait(giving: Array((line(entity, "one") + other).utf8))
    }
    #expect(try append("--seal", "kind", "--seal-only", "1.001", entity: "a").ending == .exited(0))
    #expect(try append("--seal-all-but", "1", entity: "b").ending == .exited(0))
    #expect(try append(entity: "c").ending == .exited(0))
    func sealed(_ entity: String) throws -> [Bool] {
      try objects(try larder("events", "list", store, "--entity", entity, "--json"))
        .map { $0["unreadable"]?.string == "sealed" }
    }
    #expect(try sealed("a") == [true, false])
    #expect(try sealed("b") == [false, true])
    #expect(try sealed("c") == [true, true])
    let both = try append("--seal-only", "1", "--seal-all-but", "2", entity: "d")
    #expect(both.ending == .exited(2) && text(both.errors).contains("one of"))
    #expect(try append("--seal-only", "1.1.1", entity: "d").ending == .exited(2))
    let keyless = try larder("events", "append", store, "--seal-only", "1", giving: line("d", "x"))
    #expect(keyless.ending == .exited(2) && text(keyless.errors).contains("--key-file"))
  }

  @Test func `the key may come by a variable or by an open descriptor`() throws {
    try makeStore()
    let path = Array(key.utf8)
    let named = try ChildProcess(
      "/usr/bin/env",
      [
        Array("LARDER_TEST_KEY=".utf8) + path, Array(builtProduct("larder").utf8),
        Array("events".utf8),
        Array("list".utf8), Array(store.utf8), Array("--entity".utf8), Array("user".utf8),
        Array("--json".utf8), Array("--key-env".utf8), Array("LARDER_TEST_KEY".utf8),
      ]
    ).wait(giving: [])
    #expect(try objects(named).map { $0["payload"]?.string } == ["needle", "other"])
    let given = try ChildProcess(
      builtProduct("larder"),
      ["events", "list", store, "--entity", "user", "--json", "--key-fd", "0"]
        .map { Array($0.utf8) }
    ).wait(giving: try OpenFile("kek", .reading, on: scratch.disk).readAll(bytesMax: 256))
    #expect(try objects(given).map { $0["payload"]?.string } == ["needle", "other"])
  }

  @Test func `a copy without its keys says how it can be more than read`() throws {
    try makeStore()
    let fork = scratch.path("fork")
    #expect(try larder("events", "fork", store, fork).ending == .exited(0))
    #expect(try larder("events", "list", fork).ending == .exited(0))
    let refused = try larder("events", "append", fork, "--key-file", key, giving: line("a", "b"))
    #expect(refused.ending == .exited(2) && text(refused.errors).contains("--keys"))
    let copy = scratch.path("copy")
    #expect(try larder("events", "snapshot", store, copy).ending == .exited(0))
    for _ in 0..<2 {
      let again = try larder("events", "append", copy, "--key-file", key, giving: line("a", "b"))
      #expect(again.ending == .exited(2) && text(again.errors).contains("--keys"))
    }
    #expect(try larder("events", "verify", copy).ending == .exited(0))
  }
}
