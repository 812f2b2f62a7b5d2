// Plans: what a dry run gives, and what is done with it.

import Bytes
import Digests
import DiskSimulation
import EventStore
import Testing

@testable import Operations

@Suite struct PlanTests {
  private func plan(_ items: Int, refusals: Int = 0, generation: UInt64 = 1) throws -> Plan {
    var draft = PlanDraft()
    for index in 0..<items {
      try draft.add(
        PlanItem(identity: Array("file \(index)".utf8), generation: generation, bytes: 2))
    }
    for index in 0..<refusals {
      try draft.refuse(
        PlanRefusal(identity: Array("dirty \(index)".utf8), bytes: 1, reason: "it is dirty"))
    }
    return draft.finished("cache.evict", ["count": JSONValue(items)])
  }

  @Test func `a plan is read a page at a time, wherever its chunks end`() throws {
    let plan = try plan(10_000, refusals: 5_000)
    #expect(plan.chunks.count == 5)
    #expect(plan.bytes == 20_000)
    for first in [0, 4_090, 9_999, 10_000] {
      let page = plan.items(from: first, limit: 10)
      #expect(page.count == min(10, 10_000 - first))
      #expect(page.first?.identity == (first < 10_000 ? Array("file \(first)".utf8) : nil))
    }
    #expect(plan.refusals(from: 4_999, limit: 10).map(\.reason) == ["it is dirty"])
    for chunk in plan.chunks { #expect(PlanChunk(decoding: chunk.bytes) == chunk) }
  }

  @Test func `plans that would do the same are the same plan, and no others`() throws {
    #expect(try plan(10).digest == plan(10).digest)
    #expect(try plan(10).digest != plan(11).digest)
    #expect(try plan(10).digest != plan(10, generation: 2).digest)
    #expect(try plan(10).digest != plan(10, refusals: 1).digest)
    var draft = PlanDraft()
    draft.estimate = .seconds(9)
    #expect(
      draft.finished("cache.evict", ["count": 0]).digest == (try plan(0)).digest)
    #expect(draft.finished("cache.pin", ["count": 0]).digest != (try plan(0)).digest)
  }

  @Test func `bytes that were changed are no chunk`() throws {
    let bytes = try plan(3).chunks[0].bytes
    #expect(PlanChunk(decoding: bytes)?.items?.count == 3)
    #expect(PlanChunk(decoding: Array(bytes.dropLast()))?.items == nil)
    #expect(PlanChunk(decoding: bytes + [0])?.items == nil)
    #expect(PlanChunk(decoding: [2] + bytes.dropFirst()) == nil)
    #expect(PlanChunk(decoding: []) == nil)
  }

  @Test func `a dry run shows the plan, needs no grant, changes nothing and leaves nothing`() throws
  {
    let ledger = Ledger()
    let scene = try Scene([ledger.module()])
    let before = try scene.store.reader.lastSequence
    let operations = scene.disk.operations
    let reply = try scene.gate.call(
      "item.stamp", ["count": 3, "dryRun": true], by: Sample.stranger)
    #expect(try scene.store.reader.lastSequence == before)
    #expect(
      scene.disk.lastOperations.suffix(scene.disk.operations - operations).allSatisfy {
        !$0.contains("write") && !$0.contains("sync")
      })
    #expect(ledger.begun == 0)
    #expect(reply.receipt == nil)
    #expect(reply.plan?.itemCount == 3)
    #expect(reply.output["items"] == 3)
    #expect(reply.output["bytes"] == 30)
    #expect(reply.output["refused"] == 1)
    #expect(reply.output["estimateSeconds"] == 3.0)
    #expect(reply.output["after"] == ["bytesFree": 7])
    #expect(reply.output["needs"] == ["cache.write"])
    #expect(reply.output["missing"] == ["cache.write"])
    #expect(reply.output["firstItems"]?.array?.count == 3)
    #expect(
      reply.output["firstRefusals"]
        == [["item": "item:dirty", "bytes": 5, "reason": "it is dirty"]])
    let digest = try #require(reply.output["plan"])
    let page = try scene.gate.call(
      "plan.page", ["plan": digest, "first": 1, "limit": 1], by: Sample.stranger)
    #expect(
      page.output["items"] == [["item": "item:1", "generation": "1", "bytes": 10]])
    #expect(page.output["isEnd"] == false)
    #expect(
      scene.refusal("item.stamp", ["count": 3, "plan": digest], by: Sample.stranger)?.token
        == .denied)
  }

  @Test func `a dry run that reaches for an effect comes to nothing`() throws {
    let write = Operation(
      "note.write", "Write", .persist, input: .nothing, output: .nothing, receipt: .act,
      effects: Sample.writeRow,
      work: .act(
        plan: { (_, handle, _) throws(OperationFault) in
          do throws(OperationFault) {
            try handle.append(Sample.event("too early"))
          } catch {
            // A plan that acts must not get away with it.
          }
        },
        act: { (_, _) throws(OperationFault) in .object([:]) }))
    let scene = try Scene([Sample.module([write])])
    #expect(scene.refusal("note.write", ["dryRun": true])?.token == .undeclaredEffect)
    #expect(try scene.noteCount() == 0)
    #expect(try scene.receipts().isEmpty)
  }

  @Test func `what has changed since the plan is reported and left alone`() throws {
    let ledger = Ledger()
    let scene = try Scene([ledger.module()])
    let digest = try #require(
      try scene.gate.call("item.stamp", ["count": 5, "dryRun": true], by: Sample.anna)
        .output["plan"])
    ledger.change("item:2")
    let reply = try scene.gate.call(
      "item.stamp", ["count": 5, "plan": digest], by: Sample.anna)
    #expect(reply.output["plan"] == digest)
    scene.gate.runJobs()
    let job = try #require(reply.job)
    let outcomes = try scene.outcomes(job)
    #expect(outcomes[2] == .changed("it has another generation"))
    #expect(outcomes.values.count { $0 == .done } == 4)
    #expect(ledger.doings["item:2"] == nil)
    #expect(scene.gate.jobTable.jobs[job]?.counts.changed == 1)
  }

  @Test func `a plan of something else, or one that is not known and would differ, is a conflict`()
    throws
  {
    let ledger = Ledger()
    let scene = try Scene([ledger.module()])
    func digest(_ count: Int64) throws -> JSONValue? {
      try scene.gate.call(
        "item.stamp", ["count": .integer(count), "dryRun": true], by: Sample.anna
      ).output["plan"]
    }
    let three = try #require(try digest(3))
    #expect(scene.refusal("item.stamp", ["count": 4, "plan": three])?.token == .conflict)
    let unknown = JSONValue.string(String(repeating: "0", count: 64))
    #expect(scene.refusal("item.stamp", ["count": 3, "plan": unknown])?.token == .conflict)
    #expect(scene.refusal("item.stamp", ["count": 3, "plan": "x"])?.token == .invalidInput)
    #expect(
      scene.refusal("item.stamp", ["count": 3, "plan": three, "dryRun": true])?.token
        == .invalidInput)
    // A plan that was forgotten is as good as new when nothing has changed.
    for count in 10..<(10 + Int64(OperationsLimits.plansMax)) { _ = try digest(count) }
    #expect(scene.refusal("plan.page", ["plan": three])?.token == .notFound)
    _ = try scene.gate.call("item.stamp", ["count": 3, "plan": three], by: Sample.anna)
  }

  @Test func `who has seen a plan may say why, which the job's intent keeps`() throws {
    let scene = try Scene([Ledger().module()])
    let shown = try scene.gate.call("item.stamp", ["count": 3, "dryRun": true], by: Sample.anna)
    #expect(shown.output["remarks"] == ["why"])
    let reply = try scene.gate.call(
      "item.stamp", ["count": 3, "why": "they asked", "plan": try #require(shown.output["plan"])],
      by: Sample.anna)
    let job = try #require(reply.job)
    let intent = try scene.store.reader.events(
      in: Region(entityPrefix: "\(job)", kind: .exactly(EffectKind.intent))
    ).events.first?.bytes.flatMap { JobIntent(decoding: $0) }
    #expect(intent?.asked == ["count": 3, "why": "they asked"])
    scene.gate.runJobs()
    #expect(scene.gate.jobTable.jobs[job]?.counts.done == 3)
  }

  @Test func `a plan of nothing says why`() throws {
    let scene = try Scene([Ledger().module()])
    #expect(
      scene.refusal("item.stamp", ["count": 0])?.sentence
        == "there is nothing to do; 'item:dirty': it is dirty")
  }

  @Test func `a plan of an operation without a job is compared before it is carried out`() throws {
    let scene = try Scene([Sample.module([Sample.write()])])
    let digest = try #require(
      try scene.gate.call("note.write", ["text": "a", "dryRun": true], by: Sample.anna)
        .output["plan"])
    #expect(scene.refusal("note.write", ["text": "b", "plan": digest])?.token == .conflict)
    let reply = try scene.gate.call("note.write", ["text": "a", "plan": digest], by: Sample.anna)
    #expect(reply.receipt?.body.plan.map { "\($0)" } == digest.string)
  }

  @Test func `a plan that is too large is refused while it is made`() throws {
    var draft = PlanDraft()
    #expect(throws: OperationFault.self) {
      try draft.add(PlanItem(identity: [], generation: 1, bytes: 1))
    }
    #expect(throws: OperationFault.self) {
      try draft.add(
        PlanItem(
          identity: [UInt8](repeating: 65, count: OperationsLimits.identityBytesMax + 1),
          generation: 1, bytes: 1))
    }
    try draft.add(PlanItem(identity: [65], generation: 1, bytes: 1 << 53))
    #expect(throws: OperationFault.overLimit("the plan is about more bytes than can be counted")) {
      try draft.add(PlanItem(identity: [65], generation: 1, bytes: 1))
    }
  }
}
