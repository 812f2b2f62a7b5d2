// The operations that the gate brings itself: what each declares, and what it does.

import Ambient
import Bytes
import Digests
import DiskSimulation
import EventStore
import Testing

@testable import Operations

@Suite struct OwnOperationsTests {
  @Test func `what the gate brings itself is this table`() throws {
    let table = try OperationRegistry([]).operations.map { operation -> String in
      let row = operation.effects
      guard case .object(let input) = operation.input, case .object(let output) = operation.output
      else { return "\(operation.name) takes no object" }
      let reads = row.eventsRead.map { "\($0)" == "any" ? "any" : "progress" }
      let parts: [String] = [
        operation.name, operation.operationClass.rawValue,
        "in:" + input.map { $0.isRequired ? $0.name : $0.name + "?" }.joined(separator: ","),
        "out:" + output.map(\.name).joined(separator: ","),
        "reads:" + reads.joined(separator: ","),
        "appends:" + row.eventsAppended.map { "\($0)" }.joined(separator: ","),
        "queries:" + row.projectionsQueried.joined(separator: ","),
        "controls:" + row.hostControlsUsed.joined(separator: ","),
        "needs:" + row.capabilitiesRequired.map(\.name).joined(separator: ","),
        "receipt:" + (operation.receipt?.rawValue ?? ""),
        operation.operationClass.acts ? "dry-run" : "",
      ]
      return parts.filter { !$0.isEmpty && !$0.hasSuffix(":") }.joined(separator: " ")
    }
    let steering =
      "control in:job out:job,phase appends:d.005 queries:jobs controls:jobs.obey "
      + "needs:system.control receipt:act dry-run"
    #expect(
      table == [
        "chain.verify inspect in:signatures?,structureOnly? "
          + "out:intact,events,segments,findings,more reads:any",
        "event.ancestors inspect in:event,limit? out:events,end reads:any",
        "event.get inspect in:event out:event,payload,bytes,receipt reads:any",
        "events.checkpoint emit out:checkpoint,count,root,signed reads:any needs:report.write "
          + "receipt:act dry-run",
        "events.page inspect in:entity?,scope?,kind?,after?,newestFirst?,payloads?,limit? "
          + "out:events,position,isEnd reads:any",
        "job.cancel " + steering,
        "job.outcomes inspect in:job,after? out:runs,position,isEnd reads:progress",
        "job.pause " + steering,
        "job.resume " + steering,
        "jobs.page inspect in:phases?,after?,limit? out:jobs,isEnd queries:jobs",
        "plan.page inspect in:plan,first?,limit? out:items,refusals,isEnd queries:plans",
        "receipt.verify compute in:receipt,input?,output?,key?,proof?,checkpoint? "
          + "out:valid,signed,included,verdict,operation,outcome",
      ])
  }

  /// Calls, and checks the output against what the operation declares.
  private func call(_ scene: Scene, _ name: String, _ input: JSONValue) throws -> JSONValue {
    let output = try scene.gate.call(name, input, by: Sample.anna).output
    try scene.gate.registry.operation(name)?.output.check(output)
    return output
  }

  @Test func `events are paged, shown with their receipts, and followed back`() throws {
    let scene = try Scene([Sample.module([Sample.write()])])
    for text in ["one", "two", "three"] {
      _ = try scene.gate.call("note.write", ["text": .string(text)], by: Sample.anna)
    }
    let first = try call(scene, "events.page", ["entity": "note:1", "limit": 2])
    #expect(first["events"]?.array?.count == 2)
    #expect(first["isEnd"] == false)
    let position = try #require(first["position"])
    let rest = try call(scene, "events.page", ["entity": "note:1", "after": position])
    #expect(rest["events"]?.array?.count == 1)
    let newest = try call(
      scene, "events.page", ["kind": "2.001", "newestFirst": true, "limit": 1])
    let event = try #require(newest["events"]?.array?.first?["event"])
    #expect(event == rest["events"]?.array?.first?["event"])
    let shown = try call(scene, "event.get", ["event": event])
    #expect(shown["bytes"]?.string == base64(Array("three".utf8)))
    #expect(shown["payload"] == "bytes")
    let checked = try call(scene, "receipt.verify", ["receipt": try #require(shown["receipt"])])
    #expect(checked["valid"] == true)
    #expect(checked["operation"] == nil as JSONValue)
    let ancestors = try call(scene, "event.ancestors", ["event": event])
    #expect(ancestors["events"]?.array?.count == 2)
    #expect(ancestors["end"] == "genesis")
    #expect(scene.refusal("event.get", ["event": "no id"])?.token == .notFound)
    #expect(scene.refusal("events.page", ["kind": "x"])?.token == .notFound)
    #expect(try call(scene, "jobs.page", [:])["jobs"] == [])
  }

  @Test func `the chain is verified, and damage is named`() throws {
    let scene = try Scene([Sample.module([Sample.write()])])
    _ = try scene.gate.call("note.write", ["text": "one"], by: Sample.anna)
    let good = try call(scene, "chain.verify", ["signatures": true])
    #expect(good["intact"] == true)
    #expect(good["findings"] == [])
    #expect((good["events"]?.integer ?? 0) >= 3)
  }

  @Test func `a checkpoint is given to whoever may report, and its receipt is the record`() throws {
    let key = SigningKey(Ed25519.KeyPair(from: .seeded(3)))
    let scene = try Scene([], adjusting: { $0.checkpointKey = key })
    let before = try scene.store.reader.lastSequence
    let reply = try scene.gate.call("events.checkpoint", [:], by: Sample.anna)
    #expect(reply.output["count"] == JSONValue(before))
    let bytes = try bytes(fromBase64: try #require(reply.output["checkpoint"]?.string))
    #expect(try Checkpoint(decoding: bytes).verify(publicKey: key.publicKey).isSigned)
    #expect(reply.receipt?.body.output == canonicalDigest(reply.output))
    #expect(try scene.store.reader.lastSequence == before + 1)
    let plan = try scene.gate.call("events.checkpoint", ["dryRun": true], by: Sample.stranger)
    #expect(plan.output["after"]?["signed"] == true)
    #expect(plan.output["missing"] == ["report.write"])
  }

  @Test func `a receipt verifies with nothing but itself and what it is of`() throws {
    let scene = try Scene([Sample.module([Sample.write()])])
    let input: JSONValue = ["text": "hello"]
    let reply = try scene.gate.call("note.write", input, by: Sample.anna)
    let receipt = try #require(reply.receipt)
    let json = receipt.json
    #expect(OperationReceipt(json) == receipt)
    func verdict(_ question: JSONValue) throws -> JSONValue {
      try call(scene, "receipt.verify", question)
    }
    let whole = try verdict(["receipt": json, "input": input, "output": reply.output])
    #expect(whole["valid"] == true)
    #expect(whole["operation"] == "note.write")
    #expect(whole["outcome"] == "done")
    // The same value in another spelling is the same input.
    #expect(
      receipt.verify(input: try JSONValue(parsing: Array(#"{ "text" : "hello" }"#.utf8))).isValid)
    for (question, words) in [
      (["receipt": json, "input": ["text": "hullo"]], "not valid: it is not of this input"),
      (["receipt": json, "output": ["written": false]], "not valid: it is not of this output"),
      (
        ["receipt": json, "key": .string(String(repeating: "0", count: 64))],
        "not valid: it is not signed"
      ),
      (["receipt": "AAAA"], "not valid: it is not a receipt, or was changed"),
    ] as [(JSONValue, String)] {
      #expect(try verdict(question)["verdict"] == .string(words))
      #expect(try verdict(question)["valid"] == false)
    }
    // Changing what it says, in whatever way, is seen.
    let text = try #require(json["body"]?.string)
    for (from, to) in [
      ("anna", "emma"), (#""token":null"#, #""token":"denied""#), ("1000", "1001"),
    ] {
      let changed: JSONValue = [
        "body": .string(text.replacing(from, with: to)), "receipt": try #require(json["receipt"]),
      ]
      #expect(try verdict(["receipt": changed])["valid"] == false, "\(from)")
    }
  }

  @Test func `a receipt is shown to be in the store that a witness saw`() throws {
    let scene = try Scene([Sample.module([Sample.write()])])
    let reply = try scene.gate.call("note.write", ["text": "hello"], by: Sample.anna)
    let early = try scene.store.reader.checkpoint(at: scene.disk.clock.wall.now())
    _ = try scene.gate.call("note.write", ["text": "later"], by: Sample.anna)
    let receipt = try #require(reply.receipt)
    let proof = try scene.store.reader.inclusionProof(
      of: receipt.proof.sequence, count: early.count)
    let good = try call(
      scene, "receipt.verify",
      [
        "receipt": receipt.json, "proof": .string(base64(proof.encoded)),
        "checkpoint": .string(base64(early.encoded)),
      ])
    #expect(good["included"] == true)
    #expect(good["verdict"] == "valid, not signed, and in the checkpoint")
    let late = try scene.store.reader.checkpoint(at: scene.disk.clock.wall.now())
    let wrong = try call(
      scene, "receipt.verify",
      [
        "receipt": receipt.json, "proof": .string(base64(proof.encoded)),
        "checkpoint": .string(base64(late.encoded)),
      ])
    #expect(wrong["valid"] == false)
    #expect(wrong["included"] == false)
  }

  @Test func `a signed store's receipts are signed`() throws {
    let key = SigningKey(Ed25519.KeyPair(from: .seeded(5)))
    let disk = SimulatedDisk(seed: 2, threads: .many)
    var options = Scene.storeOptions(disk)
    options.signing = .required(key)
    let store = try EventStore.open(on: disk, options)
    let gate = try Dispatcher.live(
      store, OperationRegistry([Sample.module([Sample.write()])]), grants: Grants(owner: 1_000),
      Scene.options(disk))
    let receipt = try #require(
      try gate.call("note.write", ["text": "x"], by: Sample.anna).receipt)
    #expect(receipt.verify(publicKey: key.publicKey) == .signed(by: key.publicKey))
    let other = SigningKey(Ed25519.KeyPair(from: .seeded(6)))
    #expect(!receipt.verify(publicKey: other.publicKey).isValid)
  }
}
