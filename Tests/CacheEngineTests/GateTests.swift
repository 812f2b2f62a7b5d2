// The gate over an engine: what is asked of it goes to the engine, survives what it should, and leaves
// its receipts in the engine's own event store.

import Bytes
import ColdStorage
import DiskSimulation
import DurableFiles
import EventStore
import Manifest
import Operations
import Synchronization
import Testing

@testable import CacheEngine

extension SimulatedGround {
  /// Whoever owns the simulated depot.
  static let owner = Caller(uid: 0, name: "owner", from: .commandLine)
  static let stranger = Caller(uid: 4_711, name: "mallory", from: .socket)

  func gate(_ adjust: (inout GateOptions) -> Void = { _ in }) throws -> Dispatcher {
    var options = GateOptions()
    adjust(&options)
    return try EngineGate.living(running, options)
  }
}

extension Dispatcher {
  /// What a call was refused for; nil when it was not.
  func refusal(
    _ name: String, _ input: JSONValue = [:], by caller: Caller = SimulatedGround.owner
  ) -> Refusal? {
    do throws(Refusal) {
      _ = try call(name, input, by: caller)
      return nil
    } catch {
      return error
    }
  }

  /// Calls, and carries out the job that this began; what became of its items.
  func carryOut(
    _ name: String, _ input: JSONValue, by caller: Caller = SimulatedGround.owner
  ) throws -> JobRecord? {
    let reply = try call(name, input, by: caller)
    guard let job = reply.job else { return nil }
    runJobs()
    return jobTable.jobs[job]
  }
}

@Suite struct GateTests {
  @Test func `paused uploads wait, stay paused over a restart, and go on when they are resumed`()
    throws
  {
    let ground = try SimulatedGround()
    var gate = try ground.gate()
    let reply = try gate.call(
      "upload.pause", ["reason": "a move"], by: SimulatedGround.owner)
    #expect(reply.output == ["paused": true])
    #expect(reply.receipt?.verify() == .unsigned)
    try ground.write("a", "hello")
    #expect(ground.running.stepUploads(max: 10) == 0)
    gate.shutDown()
    try ground.reopen()
    gate = try ground.gate()
    #expect(ground.running.uploads.pauseReason == "a move")
    #expect(ground.running.stepUploads(max: 10) == 0)
    try ground.running.stepManifest()
    _ = try gate.call("upload.resume", [:], by: SimulatedGround.owner)
    #expect(ground.running.stepUploads(max: 10) == 1)
    #expect(gate.refusal("upload.resume")?.token == .conflict)
  }

  @Test func `without operators the owner of the depot may do all, and nobody else anything`()
    throws
  {
    let ground = try SimulatedGround()
    let gate = try ground.gate()
    #expect(gate.capabilities(of: SimulatedGround.owner) == .all)
    let refusal = gate.refusal("upload.pause", by: SimulatedGround.stranger)
    #expect(refusal?.missing == [.uploadControl])
    #expect(refusal?.receipt?.body.token == .denied)
    #expect(ground.running.uploads.pauseReason == nil)
  }

  @Test func `operators have what the configuration grants them, and a mistake in it is told`()
    throws
  {
    let ground = try SimulatedGround()
    let node = try JSONNode(parsing: Array("{ 'uid:4711': ['upload.control'] }".utf8), as: .json5)
    let gate = try ground.gate { $0.operators = node }
    #expect(
      gate.capabilities(of: SimulatedGround.stranger) == CapabilitySet([.uploadControl]))
    let wrong = try JSONNode(parsing: Array("{ 'uid:4711': ['everything'] }".utf8), as: .json5)
    gate.shutDown()
    #expect(throws: GateError.self) { try ground.gate { $0.operators = wrong } }
  }

  @Test func `a scan that is asked for finds what nobody told of`() throws {
    let ground = try SimulatedGround()
    let gate = try ground.gate()
    try ground.write("quiet", "x", tells: false)
    ground.running.stepRescan()
    #expect(try ground.row("quiet") == nil)
    _ = try gate.call("scan.start", [:], by: SimulatedGround.owner)
    ground.running.stepRescan()
    #expect(try ground.row("quiet")?.state == .dirty)
  }

  @Test func `a probe says how each step went, and lets uploads begin that the backend held`()
    throws
  {
    let ground = try SimulatedGround()
    let gate = try ground.gate()
    ground.cold.hook {
      $0.beforeUpload = { (_) throws(StorageError) in
        throw .unavailable(store: "primary", detail: "gone", retryAfter: nil)
      }
    }
    try ground.write("a", "hello")
    ground.running.stepUploads(max: 10)
    let bad = try gate.call("backend.probe", [:], by: SimulatedGround.owner)
    #expect(bad.output["well"] == false)
    #expect(bad.output["steps"]?.array?.first?["error"]?.string?.contains("gone") == true)
    ground.cold.hook { $0.beforeUpload = { _ in } }
    try ground.write("b", "hello")
    #expect(ground.running.stepUploads(max: 10) == 0)
    #expect(try gate.call("backend.probe", [:], by: SimulatedGround.owner).output["well"] == true)
    #expect(ground.running.stepUploads(max: 10) == 1)
  }

  @Test func `the configuration is read when that is asked for, and what is wrong with it is told`()
    throws
  {
    let ground = try SimulatedGround()
    let answer = Mutex(ReloadOutcome.unchanged)
    let gate = try ground.gate { $0.reload = { answer.withLock { $0 } } }
    #expect(
      try gate.call("config.reload", [:], by: SimulatedGround.owner).output
        == ["changed": [], "afterRestart": []])
    answer.withLock { $0 = .refused("line 3 is wrong") }
    let refusal = gate.refusal("config.reload")
    #expect(refusal?.token == .handlerFailure)
    #expect(refusal?.sentence.contains("line 3 is wrong") == true)
  }

  @Test func `an engine that stores nothing refuses what is about uploads`() throws {
    let ground = try SimulatedGround { $0.depot.isReadOnly = true }
    let refusal = try ground.gate().refusal("scan.start")
    #expect(refusal?.sentence.contains("read-only") == true)
  }

  @Test func `without an engine everything is planned, and nothing is done`() throws {
    let ground = try SimulatedGround()
    try ground.store("a", "hello")
    let gate = try EngineGate.readOnly(
      ground.running.manifest, ground.running.store.reader, ground.settings)
    var acting = 0
    for operation in gate.registry.operations where operation.operationClass.acts {
      let refusal = gate.refusal(operation.name)
      #expect(refusal?.token == .denied, "\(operation.name)")
      #expect(refusal.map { Set($0.missing) } == operation.effects.capabilitiesRequired)
      acting += 1
    }
    #expect(acting > 8)
    #expect(gate.refusals.total == acting)
    let plan = try gate.call(
      "upload.pause", ["dryRun": true], by: SimulatedGround.stranger)
    #expect(plan.output["after"]?["paused"] == true)
  }
}
