// The operations of an engine as a table: whoever changes what one is, needs or leaves changes it here
// too.

import Ambient
import Bytes
import ColdStorage
import DiskSimulation
import DurableFiles
import EventStore
import Operations
import Testing

@testable import CacheEngine

@Suite struct OperationTableTests {
  struct Line: CustomTestStringConvertible, Sendable {
    let name: String
    let operationClass: OperationClass
    let capability: Operations.Capability
    let receipt: ReceiptKind
    /// The control that it goes through; nil for one that needs none.
    let control: String?
    /// The kinds of files' events that it may append.
    var appends: Set<EventKind> = []
    var input: [String] = []
    /// The members of its output; those of a job unless it says otherwise.
    var output = ["job", "plan", "items", "bytes", "refused"]

    var testDescription: String { name }
  }

  static let table: [Line] = [
    Line(
      name: "cache.evict", operationClass: .persist, capability: .cacheWrite, receipt: .intent,
      control: "file.evict",
      appends: [.fileEvicted, .fileWritten, .fileVanished, .fileVerified, .fileFound],
      input: ["selection"]),
    Line(
      name: "cache.rehydrate", operationClass: .persist, capability: .cacheWrite, receipt: .intent,
      control: "file.rehydrate", appends: [.fileRestored, .fileWritten, .fileVanished, .fileFound],
      input: ["selection", "anyway"]),
    Line(
      name: "cache.pin", operationClass: .persist, capability: .cacheWrite, receipt: .intent,
      control: "file.pin", appends: [.filePinned], input: ["selection"]),
    Line(
      name: "cache.unpin", operationClass: .persist, capability: .cacheWrite, receipt: .intent,
      control: "file.unpin", appends: [.fileUnpinned], input: ["selection"]),
    Line(
      name: "cache.verify", operationClass: .persist, capability: .cacheWrite, receipt: .intent,
      control: "file.verify", appends: [.fileVerified, .fileFound, .fileWritten],
      input: ["selection", "hot", "stored"]),
    Line(
      name: "data.shred", operationClass: .persist, capability: .dataShred, receipt: .intent,
      control: "file.shred",
      appends: [.fileShredded, .fileObjectRemoved, .fileWritten, .fileVanished],
      input: ["selection", "force", "reason"]),
    Line(
      name: "upload.retry", operationClass: .persist, capability: .uploadControl, receipt: .intent,
      control: "file.retry", appends: [.fileRetried], input: ["selection"]),
    Line(
      name: "failure.acknowledge", operationClass: .persist, capability: .uploadControl,
      receipt: .act, control: nil, appends: [.acknowledged], input: ["selection", "note"],
      output: ["files"]),
    Line(
      name: "upload.prioritise", operationClass: .control, capability: .uploadControl,
      receipt: .act, control: "uploads.urgent", input: ["selection"], output: ["files"]),
    Line(
      name: "upload.pause", operationClass: .control, capability: .uploadControl, receipt: .act,
      control: "uploads.hold", input: ["reason"], output: ["paused"]),
    Line(
      name: "upload.resume", operationClass: .control, capability: .uploadControl, receipt: .act,
      control: "uploads.hold", output: ["paused"]),
    Line(
      name: "scan.start", operationClass: .control, capability: .systemControl, receipt: .act,
      control: "depot.scan", output: ["owed"]),
    Line(
      name: "backend.probe", operationClass: .control, capability: .systemControl, receipt: .act,
      control: "backend.probe", output: ["backend", "well", "steps"]),
    Line(
      name: "config.reload", operationClass: .control, capability: .systemControl, receipt: .act,
      control: "config.reload", output: ["changed", "afterRestart"]),
    Line(
      name: "manifest.rebuild", operationClass: .control, capability: .systemControl,
      receipt: .intent, control: "manifest.rebuild"),
  ]

  private func registry() throws -> OperationRegistry {
    let ground = try SimulatedGround()
    return try ground.gate().registry
  }

  @Test(arguments: table)
  func `each operation is what the table says`(_ line: Line) throws {
    let operation = try #require(try registry().operation(line.name))
    #expect(operation.operationClass == line.operationClass)
    #expect(operation.effects.capabilitiesRequired == [line.capability])
    #expect(operation.receipt == line.receipt)
    #expect(operation.effects.hostControlsUsed == Set(line.control.map { [$0] } ?? []))
    #expect(
      operation.effects.eventsAppended
        == (line.receipt == .intent ? EffectKind.job.union(line.appends) : line.appends))
    #expect(operation.json["dryRun"] == true)
    guard case .object(let fields) = operation.input else {
      Issue.record("the input is no object")
      return
    }
    #expect(fields.map(\.name) == line.input)
    guard case .object(let output) = operation.output else {
      Issue.record("the output is no object")
      return
    }
    #expect(output.map(\.name) == line.output)
  }

  @Test func `nothing acts that is not in the table, but for what needs no engine`() throws {
    let others = ["events.checkpoint", "job.pause", "job.resume", "job.cancel"]
    let acting = try registry().operations.filter(\.operationClass.acts).map(\.name)
    #expect(acting.sorted() == (Self.table.map(\.name) + others).sorted())
  }

  @Test(arguments: table)
  func `without the capability it is denied by name, and leaves a receipt and nothing else`(
    _ line: Line
  ) throws {
    let ground = try SimulatedGround()
    try ground.store("a", "hello")
    let gate = try ground.gate()
    let (before, objects) = (try ground.row("a"), ground.cold.count("upload"))
    let refusal = try #require(gate.refusal(line.name, by: SimulatedGround.stranger))
    #expect(refusal.token == .denied)
    #expect(refusal.missing == [line.capability])
    #expect(refusal.sentence.contains(line.capability.name))
    #expect(refusal.receipt?.body.token == .denied)
    #expect(refusal.receipt?.verify().isValid == true)
    #expect(try ground.row("a") == before)
    #expect(ground.cold.count("upload") == objects)
    #expect(gate.jobTable.jobs.isEmpty)
  }

  @Test func `to whom nothing is granted, not one byte of depot or cold store is changed`() throws {
    let ground = try SimulatedGround()
    for name in ["a", "b", "c"] as [FilePath] { try ground.store(name, "hello") }
    #expect(ground.running.stepEvict("b"))
    try ground.write("dirty", "hello")
    let nothing = try JSONNode(parsing: Array("{ 'uid:0': [] }".utf8), as: .json5)
    let gate = try ground.gate { $0.operators = nothing }
    func everything() throws -> [String] {
      try contents(of: ground.depotDisk) + contents(of: ground.coldDisk)
    }
    let (before, events) = (try everything(), try ground.running.store.reader.lastSequence)
    ground.clock.advance(by: .seconds(100))
    let acting = gate.registry.operations.filter(\.operationClass.acts)
    for operation in acting {
      let refusal = try #require(
        gate.refusal(operation.name, ["selection": ["all": true]]), "\(operation.name)")
      #expect(refusal.token == .denied, "\(operation.name)")
      #expect(Set(refusal.missing) == operation.effects.capabilitiesRequired)
      #expect(refusal.missing.allSatisfy { refusal.sentence.contains($0.name) })
      #expect(refusal.receipt?.body.token == .denied)
    }
    #expect(acting.count == Self.table.count + 4)
    gate.runJobs()
    #expect(try everything() == before)
    #expect(try ground.running.store.reader.lastSequence == events + UInt64(acting.count))
  }

  /// Every file and directory of a disk, with its bytes and all that is said of it.
  private func contents(
    of disk: SimulatedDisk, below path: FilePath = .root
  ) throws -> [String] {
    var found: [String] = []
    for entry in try disk.list(path) {
      let inside = path.appending(entry.name)
      found.append("\(inside) \(try disk.status(at: inside) as Any)")
      if entry.kind == .directory {
        found += try contents(of: disk, below: inside)
      } else if entry.kind == .regular {
        let file = try OpenFile(inside, .reading, on: disk)
        found.append("\(try file.readAll(bytesMax: 1 << 20))")
      }
    }
    return found
  }
}
