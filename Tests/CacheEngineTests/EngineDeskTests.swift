// The engine as another package uses it: parts in one call, operations as JSON, plan and then commit.

import Ambient
import Bytes
import DurableFiles
import ScratchFiles
import Testing
import Views

@testable import CacheEngine

@Suite struct EngineDeskTests {
  private let scratch: Scratch

  init() throws {
    scratch = try Scratch()
    for name in ["depot", "cold"] as [FilePath] {
      try scratch.disk.makeDirectory(name, mode: 0o700)
    }
  }

  private func open() throws -> Engine {
    let depot = Array(scratch.path("depot").utf8)
    return try Engine.open(
      .directories(depot: depot, cold: Array(scratch.path("cold").utf8)),
      EngineSettings(depot: depot))
  }

  /// Waits for news until something is so.
  private func wait(_ engine: Engine, until isSo: (EngineSnapshot) -> Bool) {
    let woken = Monitor(0)
    let watch = engine.onNews { woken.change { $0 += 1 } }
    var seen = 0
    while !isSo(engine.snapshot()) {
      seen = woken.wait { [seen] in $0 > seen ? $0 : nil } ?? seen
    }
    engine.end(watch)
  }

  private func member(_ key: String, _ text: String) throws -> JSONValue? {
    try JSONValue(parsing: Array(text.utf8))[key]
  }

  @Test func `a file is stored, evicted by the plan that was seen, and fetched`() throws {
    let engine = try open()
    let desk = try EngineDesk(engine)
    engine.start()
    try OpenFile("depot/a", .creating(mode: 0o644), on: scratch.disk)
      .write(Array("hello".utf8), at: 0)
    wait(engine) { $0.files.hot.files == 1 }
    #expect(engine.atRisk.files.files == 0)
    let selection = #""selection": {"paths": ["a"]}"#
    let plan = try desk.call("cache.evict", "{\(selection), \"dryRun\": true}")
    #expect(try member("items", plan) == 1)
    #expect(engine.snapshot().files.cold.files == 0, "a dry run does nothing")
    let digest = try #require(try member("plan", plan)?.string)
    _ = try desk.call("cache.evict", "{\(selection), \"plan\": \"\(digest)\"}")
    wait(engine) { $0.files.cold.files == 1 }
    #expect(try engine.fetch("a") == 5)
    // A page is of what is applied to the tables; a file alone is the newest truth.
    let entry = try desk.call("manifest.entry", #"{"path": "a"}"#)
    #expect(try member("file", entry)?["state"] == "hot")
    desk.shutDown()
    try engine.stop()
  }

  @Test func `what is refused is refused with a word and a sentence`() throws {
    let engine = try open()
    let desk = try EngineDesk(engine)
    for (operation, input, token) in [
      ("cache.evict", "{", "invalid-input"), ("cache.evict", "{}", "invalid-input"),
      ("cache.nothing", "{}", "unknown-operation"),
      ("manifest.entry", #"{"path": "absent"}"#, "not-found"),
    ] {
      do throws(DeskRefusal) {
        _ = try desk.call(operation, input)
        Issue.record("\(operation) was done")
      } catch {
        #expect(error.token == token)
        #expect(!error.sentence.isEmpty && "\(error)" == error.sentence)
      }
    }
    #expect(try JSONValue(parsing: Array(desk.operations.utf8)).array?.count ?? 0 > 20)
    desk.shutDown()
    do throws(DeskRefusal) {
      _ = try desk.call("engine.status")
      Issue.record("a desk that was shut down takes nothing more")
    } catch {
      #expect(error.token == "shutting-down")
    }
    try engine.stop()
  }

  @Test func `a cold directory that is not there is said to be so`() throws {
    let depot = Array(scratch.path("depot").utf8)
    let error = #expect(throws: EngineError.self) {
      try EngineParts.directories(depot: depot, cold: Array(scratch.path("absent").utf8))
    }
    #expect(error.map { "\($0)" }?.contains("does not exist") == true)
  }
}
