// What operations do to files: what a plan names, what a commit then does, and what it leaves alone
// because the file is not what the plan saw.

import Ambient
import Bytes
import ColdStorage
import DiskSimulation
import DurableFiles
import EventStore
import Manifest
import Operations
import Testing

@testable import CacheEngine

@Suite struct ActingTests {
  private func paths(_ paths: String...) -> JSONValue {
    ["selection": ["paths": .array(paths.map { .string($0) })]]
  }

  private func dry(_ input: JSONValue) -> JSONValue {
    guard case .object(var object) = input else { return input }
    object["dryRun"] = true
    return .object(object)
  }

  private func committing(_ plan: Plan?, _ input: JSONValue) throws -> JSONValue {
    guard case .object(var object) = input else { return input }
    object["plan"] = .string("\(try #require(plan).digest)")
    return .object(object)
  }

  private func plan(
    _ gate: Dispatcher, _ name: String, _ input: JSONValue
  ) throws -> Plan {
    try #require(try gate.call(name, dry(input), by: SimulatedGround.owner).plan)
  }

  private func reasons(_ plan: Plan) -> [String: String] {
    Dictionary(
      uniqueKeysWithValues: plan.refusals(from: 0, limit: 100).map {
        (String(decoding: $0.identity, as: UTF8.self), $0.reason)
      })
  }

  @Test func `an eviction is planned with its refusals, and takes what the plan named`() throws {
    let ground = try SimulatedGround()
    for name in ["art/a", "art/b", "art/pinned", "other"] as [FilePath] {
      try ground.store(name, "hello")
    }
    try ground.write("art/dirty", "new")
    try ground.running.stepManifest()
    let gate = try ground.gate()
    #expect(try gate.carryOut("cache.pin", paths("art/pinned"))?.counts.done == 1)
    try ground.running.stepManifest()
    let input: JSONValue = ["selection": ["directory": "art"]]
    let plan = try plan(gate, "cache.evict", input)
    #expect(
      plan.items(from: 0, limit: 10).map(\.identity) == ["art/a", "art/b"].map { Array($0.utf8) })
    #expect(plan.bytes == 10)
    #expect(
      reasons(plan) == ["art/dirty": "it is not stored yet", "art/pinned": "it is pinned"])
    #expect(try ground.text("art/a") == "hello")
    let job = try gate.carryOut("cache.evict", committing(plan, input))
    #expect(job?.counts.done == 2)
    #expect(job?.phase == .finished)
    #expect(try ground.text("art/a") == nil)
    #expect(try ground.text("art/pinned") == "hello")
    #expect(try ground.text("art/dirty") == "new")
    #expect(try ground.text("other") == "hello")
    #expect(try ground.row("art/a")?.isHot == false)
  }

  @Test func `what has changed since its plan is left alone, and is told`() throws {
    let ground = try SimulatedGround()
    try ground.store("same", "one")
    try ground.store("rewritten", "two")
    try ground.store("quietly", "three")
    try ground.running.stepManifest()
    let gate = try ground.gate()
    let input: JSONValue = ["selection": ["all": true]]
    let plan = try plan(gate, "cache.evict", input)
    #expect(plan.itemCount == 3)
    try ground.write("rewritten", "newer")
    try ground.write("quietly", "other", tells: false)
    let job = try gate.carryOut("cache.evict", committing(plan, input))
    #expect(job?.counts.done == 1)
    #expect(job?.counts.changed == 2)
    #expect(try ground.text("rewritten") == "newer")
    #expect(try ground.text("quietly") == "other")
    #expect(try ground.row("quietly")?.state == .dirty)
  }

  @Test func `a file that a program has open stays, and the job says so`() throws {
    let ground = try SimulatedGround()
    try ground.store("a", "hello")
    let gate = try ground.gate()
    let held = try OpenFile("a", .reading, on: ground.depotDisk)
    let job = try gate.carryOut("cache.evict", paths("a"))
    #expect(job?.counts.refused == 1)
    #expect(try held.size == 5)
    #expect(try ground.text("a") == "hello")
  }

  @Test func `files come back by a job, and those that are there count as done already`() throws {
    let ground = try SimulatedGround()
    for name in ["a", "b"] as [FilePath] {
      try ground.store(name, "hello")
      #expect(ground.running.stepEvict(name))
    }
    try ground.running.stepManifest()
    let gate = try ground.gate()
    let input: JSONValue = ["selection": ["glob": "?"]]
    let plan = try plan(gate, "cache.rehydrate", input)
    #expect(plan.itemCount == 2)
    #expect(plan.after["fits"] == true)
    #expect(plan.after["hotBytes"] == 10)
    #expect(try ground.running.fetch("b") == 5)
    let job = try gate.carryOut("cache.rehydrate", committing(plan, input))
    #expect(job?.counts.done == 1)
    #expect(job?.counts.alreadyDone == 1)
    #expect(try ground.text("a") == "hello")
  }

  @Test func `what does not fit is named and left, unless it is wanted anyway`() throws {
    let ground = try SimulatedGround {
      $0.cache.bytesMax = ByteCount(12)
      $0.cache.lowWatermark = ByteCount(10)
    }
    for name in ["a", "b", "c"] as [FilePath] {
      try ground.store(name, "hello")
      #expect(ground.running.stepEvict(name))
    }
    try ground.running.stepManifest()
    let gate = try ground.gate()
    let all: JSONValue = ["selection": ["all": true]]
    let narrow = try plan(gate, "cache.rehydrate", all)
    #expect(narrow.itemCount == 2)
    #expect(narrow.after["fits"] == false)
    #expect(reasons(narrow)["c"]?.contains("no room") == true)
    let wide = try plan(
      gate, "cache.rehydrate", ["selection": ["all": true], "anyway": true])
    #expect(wide.itemCount == 3)
    #expect(wide.after["fits"] == false)
  }

  @Test func `a plan says how long it takes once files have come and gone`() throws {
    let pace = TransferPace(together: 4)
    #expect(pace.reading.estimate(files: 10, bytes: 1_000) == nil)
    for _ in 0..<10 { pace.note(bytes: 1_000, took: .seconds(1)) }
    #expect(pace.reading.estimate(files: 40, bytes: 0) == .seconds(10))
    #expect(pace.reading.estimate(files: 1, bytes: 400_000) == .seconds(100))
    #expect(TransferPace.Reading(pace.reading.json) == pace.reading)
  }

  @Test func `a pinned file is never evicted, and an unpinned one may be again`() throws {
    let ground = try SimulatedGround()
    try ground.store("a", "hello")
    let gate = try ground.gate()
    #expect(try gate.carryOut("cache.pin", paths("a"))?.counts.done == 1)
    #expect(try ground.row("a")?.isPinned == true)
    #expect(!ground.running.stepEvict("a"))
    #expect(gate.refusal("cache.pin", paths("a"))?.token == .conflict)
    #expect(try gate.carryOut("cache.unpin", paths("a"))?.counts.done == 1)
    #expect(ground.running.stepEvict("a"))
  }

  @Test func `damage of a hot copy is found, and what is stored stays what it was`() throws {
    let ground = try SimulatedGround()
    try ground.store("good", "hello")
    try ground.store("bad", "hello")
    let stored = try ground.row("bad")?.stored
    // Bits that rot change neither the size nor any time.
    try ground.rot("bad", to: "hullo")
    let gate = try ground.gate()
    let job = try gate.carryOut("cache.verify", paths("good", "bad"))
    #expect(job?.counts.done == 1)
    #expect(job?.counts.failed == 1)
    #expect(try ground.row("bad")?.state == .clean)
    #expect(try ground.row("bad")?.lastFault?.contains("hash") == true)
    #expect(try ground.row("bad")?.stored?.isSameObject(as: try #require(stored)) == true)
    #expect(try ground.row("good")?.lastFault == nil)
  }

  @Test func `a stored copy that is gone is found, and its hot file is stored again`() throws {
    let ground = try SimulatedGround()
    try ground.store("hot", "hello")
    try ground.store("cold", "hello")
    #expect(ground.running.stepEvict("cold"))
    for object in try ground.local.list(ListRequest()).objects {
      try ground.local.delete(object.key, DeleteRequest())
    }
    let gate = try ground.gate()
    let job = try gate.carryOut("cache.verify", paths("hot", "cold"))
    #expect(job?.counts.failed == 2)
    #expect(try ground.row("cold")?.lastFault != nil)
    #expect(try ground.row("hot")?.state == .dirty)
    #expect(ground.running.stepUploads(max: 10) == 1)
    #expect(try ground.row("hot")?.state == .clean)
  }

  @Test func `an object of other bytes is found by reading it, and by a look where that tells`()
    throws
  {
    let ground = try SimulatedGround()
    try ground.store("a", "hello")
    ground.cold.hook { $0.lie = { _ in Array("hullo".utf8) } }
    let gate = try ground.gate()
    var input: JSONValue = ["selection": ["paths": ["a"]], "stored": "head", "hot": false]
    #expect(try gate.carryOut("cache.verify", input)?.counts.done == 1)
    input = ["selection": ["paths": ["a"]], "stored": "read", "hot": false]
    #expect(try gate.carryOut("cache.verify", input)?.counts.failed == 1)
    #expect(try ground.row("a")?.state == .dirty)
  }

  @Test func `a failed upload is tried again when an operator says so, and not before`() throws {
    let ground = try SimulatedGround { $0.retries.attemptsMax = 1 }
    ground.cold.hook {
      $0.beforeUpload = { (key) throws(StorageError) in throw .integrity(key, "it is wrong") }
    }
    try ground.write("a", "hello")
    ground.running.stepUploads(max: 10)
    #expect(try ground.row("a")?.state == .failed)
    try ground.running.stepManifest()
    ground.cold.hook { $0.beforeUpload = { _ in } }
    #expect(ground.running.stepUploads(max: 10) == 0)
    let gate = try ground.gate()
    let job = try gate.carryOut("upload.retry", ["selection": ["filter": "state:failed"]])
    #expect(job?.counts.done == 1)
    #expect(ground.running.stepUploads(max: 10) == 1)
    #expect(try ground.row("a")?.state == .clean)
  }

  @Test func `a failure that was seen is an event beside its file, which goes on as before`() throws
  {
    let ground = try SimulatedGround { $0.retries.attemptsMax = 1 }
    ground.cold.hook {
      $0.beforeUpload = { (key) throws(StorageError) in throw .integrity(key, "it is wrong") }
    }
    try ground.write("a", "hello")
    ground.running.stepUploads(max: 10)
    let before = try ground.row("a")
    let gate = try ground.gate()
    let input: JSONValue = ["selection": ["paths": ["a", "b"]], "note": "asked the vendor"]
    let reply = try gate.call("failure.acknowledge", input, by: SimulatedGround.owner)
    #expect(reply.output == ["files": 1])
    #expect(try ground.row("a") == before)
    let events = try ground.running.store.reader.events(
      in: Region(kind: .exactly(.acknowledged))
    ).events
    let payload = try JSONValue(parsing: try #require(events.first?.bytes))
    #expect(payload["path"] == "a" && payload["note"] == "asked the vendor")
    #expect(gate.refusal("failure.acknowledge", paths("b"))?.token == .conflict)
  }

  @Test func `what is prioritised is stored before what was written first`() throws {
    let ground = try SimulatedGround { $0.uploads.threads = 1 }
    for name in ["a", "b", "c"] as [FilePath] { try ground.write(name, "hello") }
    let gate = try ground.gate()
    let reply = try gate.call("upload.prioritise", paths("c"), by: SimulatedGround.owner)
    #expect(reply.output == ["files": 1])
    #expect(ground.running.stepUploads(max: 1) == 1)
    #expect(try ground.row("c")?.state == .clean)
    #expect(try ground.row("a")?.state == .dirty)
  }

  @Test(
    arguments: [
      ([:], "exactly one"), (["paths": ["a"], "all": true], "exactly one"),
      (["all": false], "all"), (["glob": "[a"], "does not end"),
      (["filter": "size>"], "filter is wrong"), (["paths": ["../a"]], "no path"),
      (["paths": ["a\\q"]], "backslash"),
    ] as [(JSONValue, String)])
  func `a selection that says nothing is refused with the reason`(
    _ selection: JSONValue, _ word: String
  ) throws {
    let ground = try SimulatedGround()
    let refusal = try ground.gate().refusal("cache.evict", ["selection": selection])
    #expect(refusal?.token == .invalidInput)
    #expect(refusal?.sentence.contains(word) == true, "\(refusal?.sentence ?? "")")
  }

  @Test func `a name that is no text is selected, and named in plans, in its one spelling`() throws
  {
    let ground = try SimulatedGround()
    let path = try FilePath(bytes: [0x61, 0xFF, 0x0A, 0x5C])
    try ground.store(path, "hello")
    let gate = try ground.gate()
    let input = paths("a\\xff\\x0a\\\\")
    #expect(
      try plan(gate, "cache.evict", input).items(from: 0, limit: 1).map(\.identity) == [path.bytes])
    #expect(try gate.carryOut("cache.evict", input)?.counts.done == 1)
    #expect(try ground.row(path)?.isHot == false)
  }
}
