// Jobs: begun with their receipt, worked on item by item, closed with a list of what came of each.

import Ambient
import Bytes
import Digests
import DiskSimulation
import EventStore
import Synchronization
import Testing

@testable import Operations

@Suite struct JobTests {
  private func begin(_ scene: Scene, _ count: Int64) throws -> JobID {
    try #require(
      try scene.gate.call("item.stamp", ["count": .integer(count)], by: Sample.anna).job)
  }

  @Test func `plan, intent and receipt are one batch and one sync`() throws {
    let scene = try Scene([Ledger().module()])
    _ = try begin(scene, 1)
    scene.gate.runJobs()
    let before = scene.disk.operations
    let reply = try scene.gate.call("item.stamp", ["count": 3], by: Sample.anna)
    let done = scene.disk.lastOperations.suffix(scene.disk.operations - before)
    #expect(done.count { $0.contains("sync") } == 1, "\(done)")
    let proof = try #require(reply.receipt?.proof)
    let batch = try #require(proof.header.batch)
    let kinds = try (0..<UInt64(batch.count)).map { index in
      try scene.store.reader.event(batch.id + index).header.kind
    }
    #expect(
      kinds == [
        EffectKind.planChunk, EffectKind.planChunk, EffectKind.intent, EffectKind.receipt,
      ])
    #expect(reply.receipt?.body.kind == .intent)
    #expect(reply.receipt?.body.job == reply.job)
    #expect(reply.output["items"] == 3)
    #expect(reply.output["refused"] == 1)
  }

  @Test func `each item is done once, and the closing receipt binds what came of each`() throws {
    let ledger = Ledger()
    let scene = try Scene([ledger.module()], adjusting: { $0.jobs.recordItems = 7 })
    let job = try begin(scene, 50)
    ledger.change("item:9")
    scene.gate.runJobs()
    let record = try #require(scene.gate.jobTable.jobs[job])
    #expect(record.phase == .finished)
    #expect(record.counts.done == 49)
    #expect(record.counts.changed == 1)
    #expect(record.bytesDone == 490)
    #expect(ledger.doings.count == 49)
    #expect(try scene.outcomes(job).count == 50)
    let closing = try #require(try scene.receipts().last)
    #expect(closing.kind == .closing)
    #expect(closing.job == job)
    #expect(closing.caller == Caller(Sample.anna.json))
    let event = try #require(
      try scene.store.reader.events(in: Region(kind: .exactly(EffectKind.closing))).events.last)
    #expect(event.bytes.map { Blake3.digest(of: $0) } == closing.output)
    let last = try #require(event.bytes.flatMap { JobClosing(decoding: $0) })
    #expect(last.records == record.records)
    var digest: Blake3Digest?
    for event in try scene.store.reader.events(in: Region(kind: .exactly(EffectKind.progress)))
      .events
    {
      digest = JobProgress.digest(after: digest, of: try #require(event.bytes))
    }
    #expect(last.outcomes == digest)
    // The last record, the closing and its receipt came together.
    #expect(event.header.batch?.count == 3)
  }

  @Test func `outcomes are listed by page`() throws {
    let ledger = Ledger()
    let scene = try Scene([ledger.module()], adjusting: { $0.jobs.recordItems = 4 })
    let job = try begin(scene, 10)
    ledger.change("item:5")
    scene.gate.runJobs()
    var after: JSONValue = 0
    var runs: [JSONValue] = []
    while true {
      let page = try scene.gate.call(
        "job.outcomes", ["job": .string("\(job)"), "after": after], by: Sample.stranger
      ).output
      runs += page["runs"]?.array ?? []
      if page["isEnd"] == true { break }
      after = try #require(page["position"])
    }
    #expect(runs.reduce(0) { $0 + ($1["count"]?.integer ?? 0) } == 10)
    #expect(
      runs.filter { $0["outcome"] == "changed" } == [
        ["count": 1, "first": 5, "outcome": "changed", "reason": "it has another generation"]
      ])
  }

  @Test func `a job is paused, resumed and cancelled, and each of that is recorded`() throws {
    let ledger = Ledger()
    let scene = try Scene([ledger.module()], adjusting: { $0.jobs.recordItems = 1 })
    let job = try begin(scene, 10)
    func call(_ name: String) throws -> JSONValue? {
      try scene.gate.call(name, ["job": .string("\(job)")], by: Sample.anna).output["phase"]
    }
    #expect(try call("job.pause") == "paused")
    scene.gate.runJobs()
    #expect(ledger.begun == 0)
    #expect(scene.refusal("job.pause", ["job": .string("\(job)")])?.token == .conflict)
    #expect(try call("job.resume") == "running")
    #expect(try call("job.cancel") == "cancelling")
    scene.gate.runJobs()
    let record = try #require(scene.gate.jobTable.jobs[job])
    #expect(record.phase == .cancelled)
    #expect(record.counts.untouched == 10)
    #expect(ledger.begun == 0)
    #expect(
      try scene.outcomes(job).values.allSatisfy { $0 == .untouched("the job was cancelled first") })
    #expect(
      try scene.receipts().filter { $0.token == nil }.map(\.operation) == [
        "item.stamp", "job.pause", "job.resume", "job.cancel", "item.stamp",
      ])
    #expect(scene.refusal("job.cancel", ["job": .string("\(job)")])?.token == .conflict)
    #expect(scene.refusal("job.pause", ["job": "job:nobody"])?.token == .notFound)
  }

  @Test func `a job that is cancelled before it is taken up is not begun`() throws {
    let ledger = Ledger()
    let gate = Mutex<Dispatcher?>(nil)
    let scene = try Scene(
      [ledger.module()],
      sink: { store in
        ReceiptSink { (events) throws(StoreError) in
          let receipts = try store.append(effects: events)
          // The intent is in the log now, and nobody works on the job yet.
          let intent = events.first { $0.kind == EffectKind.intent }
          guard let intent, let job = JobIntent(decoding: intent.payload)?.job else {
            return receipts
          }
          do throws(Refusal) {
            _ = try gate.withLock { $0 }?.call(
              "job.cancel", ["job": .string("\(job)")], by: Sample.anna)
          } catch {
            Issue.record("the job could not be cancelled: \(error)")
          }
          return receipts
        }
      })
    gate.withLock { $0 = scene.gate }
    let job = try begin(scene, 5)
    scene.gate.runJobs()
    #expect(ledger.begun == 0)
    #expect(scene.gate.jobTable.jobs[job]?.phase == .cancelled)
    gate.withLock { $0 = nil }
  }

  @Test func `a paused job stays paused over a restart, and a running one goes on`() throws {
    let ledger = Ledger()
    let scene = try Scene([ledger.module()])
    let paused = try begin(scene, 5)
    let running = try begin(scene, 6)
    _ = try scene.gate.call("job.pause", ["job": .string("\(paused)")], by: Sample.anna)
    scene.disk.kill()
    let again = try Scene([ledger.module()], on: scene.disk.reopen())
    again.gate.runJobs()
    #expect(again.gate.jobTable.jobs[running]?.phase == .finished)
    #expect(again.gate.jobTable.jobs[paused]?.phase == .paused)
    #expect(ledger.doings.count == 6)
    _ = try again.gate.call("job.resume", ["job": .string("\(paused)")], by: Sample.anna)
    again.gate.runJobs()
    #expect(again.gate.jobTable.jobs[paused]?.phase == .finished)
  }

  @Test func `work that gives an item back is asked again, and cancelled if the job is`() throws {
    let isRefusing = Mutex(true)
    let ledger = Ledger { (work) throws(OperationFault) in
      if isRefusing.withLock({ $0 }), work.handle.isCancelled { throw .cancelled("later") }
    }
    let scene = try Scene([ledger.module()])
    let job = try begin(scene, 3)
    // What is in hand when the gate shuts down is given back, and done in the next life.
    scene.gate.shutDown()
    try scene.store.close()
    #expect(ledger.doings.isEmpty)
    isRefusing.withLock { $0 = false }
    let again = try Scene([ledger.module()], on: scene.disk.reopen())
    again.gate.runJobs()
    #expect(again.gate.jobTable.jobs[job]?.counts.done == 3)
  }

  @Test func `work that throws is an outcome with its reason`() throws {
    let ledger = Ledger { (work) throws(OperationFault) in
      switch String(decoding: work.item.identity, as: UTF8.self) {
      case "item:0": throw .conflict("changed")
      case "item:1": throw .notFound("gone")
      case "item:2": throw .failed("broken")
      case "item:3":
        do throws(OperationFault) {
          try work.handle.use("nothing", [:])
        } catch {
          // Work that takes no for an answer must not get away with it.
        }
      default: break
      }
    }
    let scene = try Scene([ledger.module()])
    let job = try begin(scene, 5)
    scene.gate.runJobs()
    let outcomes = try scene.outcomes(job)
    #expect(outcomes[0] == .changed("changed"))
    #expect(outcomes[1] == .refused("gone"))
    #expect(outcomes[2] == .failed("broken"))
    #expect(outcomes[3]?.reason.contains("without declaring it") == true)
    #expect(outcomes[4] == .done)
  }

  @Test func `a job whose progress cannot be recorded stalls, says why, and can be resumed`() throws
  {
    let ledger = Ledger()
    let isBroken = Mutex(false)
    let scene = try Scene(
      [ledger.module()],
      sink: { store in
        ReceiptSink { (events) throws(StoreError) in
          if isBroken.withLock({ $0 }) { throw .timedOut }
          return try store.append(effects: events)
        }
      }, adjusting: { $0.jobs.recordItems = 4 })
    let job = try begin(scene, 20)
    isBroken.withLock { $0 = true }
    scene.gate.runJobs()
    let shown = try scene.gate.call("jobs.page", [:], by: Sample.anna).output["jobs"]?.array?.first
    #expect(shown?["stalled"]?.string == "the wait took too long")
    #expect(shown?["settled"] == 0)
    #expect(!scene.gate.wait(for: job))
    let done = ledger.doings.count
    #expect(done == 4)
    isBroken.withLock { $0 = false }
    _ = try scene.gate.call("job.resume", ["job": .string("\(job)")], by: Sample.anna)
    scene.gate.runJobs()
    #expect(scene.gate.jobTable.jobs[job]?.counts.done == 20)
    #expect(ledger.begun == 20)
    #expect(scene.gate.wait(for: job))
  }

  @Test func `a job that nobody knows any more waits for who does, or is cancelled`() throws {
    let ledger = Ledger()
    let scene = try Scene([ledger.module()])
    let kept = try begin(scene, 3)
    let dropped = try begin(scene, 3)
    scene.disk.kill()
    let bare = try Scene([], on: scene.disk.reopen())
    bare.gate.runJobs()
    #expect(bare.gate.jobTable.jobs[kept]?.phase == .running)
    let shown = try bare.gate.call("jobs.page", [:], by: Sample.anna).output["jobs"]?.array
    #expect(
      shown?.first?["stalled"]?.string == "nothing here knows how to do 'item.stamp' any more")
    _ = try bare.gate.call("job.cancel", ["job": .string("\(dropped)")], by: Sample.anna)
    bare.gate.runJobs()
    #expect(bare.gate.jobTable.jobs[dropped]?.phase == .cancelled)
    bare.disk.kill()
    let again = try Scene([ledger.module()], on: bare.disk.reopen())
    again.gate.runJobs()
    #expect(again.gate.jobTable.jobs[kept]?.phase == .finished)
  }

  @Test func `a job whose intent was shredded says so, and can be cancelled`() throws {
    let ledger = Ledger()
    let disk = SimulatedDisk(seed: 1, threads: .many)
    let key = KeyEncryptionKey(from: .seeded(42))
    func open(_ disk: SimulatedDisk) throws -> (EventStore, Dispatcher) {
      var options = Scene.storeOptions(disk)
      options.keys = StoreKeys(.key(key), granularity: .entity, policy: .all)
      let store = try EventStore.open(on: disk, options)
      return (
        store,
        try Dispatcher.live(
          store, OperationRegistry([ledger.module()]), grants: Grants(owner: 1_000),
          Scene.options(disk))
      )
    }
    let (store, gate) = try open(disk)
    let job = try #require(try gate.call("item.stamp", ["count": 3], by: Sample.anna).job)
    gate.shutDown()
    try store.shred(.entity("\(job)"))
    try store.close()
    // The table has the job from its snapshot; the log has nothing of it that can be read.
    let (again, after) = try open(disk.reopen())
    after.runJobs()
    let shown = try after.call("jobs.page", [:], by: Sample.anna).output["jobs"]?.array?.first
    #expect(
      shown?["stalled"]?.string
        == "what it was to do cannot be read any more; it can be cancelled")
    _ = try after.call("job.cancel", ["job": .string("\(job)")], by: Sample.anna)
    after.runJobs()
    #expect(after.jobTable.jobs[job]?.phase == .cancelled)
    #expect(after.jobTable.jobs[job]?.counts.untouched == 3)
    #expect(ledger.begun == 0)
    after.shutDown()
    try again.close()
  }

  @Test func `jobs are listed newest first, by phase and by page`() throws {
    let scene = try Scene([Ledger().module()])
    let jobs = try (1...5).map { try begin(scene, Int64($0)) }
    _ = try scene.gate.call("job.pause", ["job": .string("\(jobs[1])")], by: Sample.anna)
    scene.gate.runJobs()
    func page(_ input: JSONValue) throws -> ([String], Bool?) {
      let output = try scene.gate.call("jobs.page", input, by: Sample.stranger).output
      return (
        (output["jobs"]?.array ?? []).compactMap { $0["job"]?.string }, output["isEnd"]?.bool
      )
    }
    let all = jobs.reversed().map { "\($0)" }
    #expect(try page([:]) == (all, true))
    #expect(try page(["limit": 2]) == (Array(all[..<2]), false))
    #expect(try page(["limit": 2, "after": .string(all[1])]) == (Array(all[2..<4]), false))
    #expect(try page(["phases": ["paused"]]) == ([all[3]], true))
  }

  @Test func `several threads work on one job, and each item is done once`() throws {
    let ledger = Ledger()
    let scene = try Scene(
      [ledger.module(itemsAtOnceMax: 4)],
      adjusting: { options in
        options.jobs = JobOptions(workers: 4, recordItems: 16)
      })
    let job = try begin(scene, 500)
    #expect(scene.gate.wait(for: job))
    #expect(scene.gate.jobTable.jobs[job]?.counts.done == 500)
    #expect(ledger.begun == 500)
    #expect(try scene.outcomes(job).count == 500)
    scene.gate.shutDown()
  }

  @Test func `a plan too large for one batch goes into the log ahead of its intent`() throws {
    let ledger = Ledger()
    let scene = try Scene([ledger.module()])
    // So long a name that the items alone are larger than what one call stages.
    let items = 2_000
    var draft = PlanDraft()
    let filler = String(repeating: "x", count: 4_000)
    for index in 0..<items * 2 {
      try draft.add(
        PlanItem(identity: Array("\(index)\(filler)".utf8), generation: 1, bytes: 1))
    }
    let plan = draft.finished("item.stamp", ["count": 1])
    #expect(plan.chunks.reduce(0) { $0 + $1.bytes.count } > OperationsLimits.stagedBytesMax)
    scene.gate.plans.keep(plan)
    let reply = try scene.gate.call(
      "item.stamp", ["count": 1, "plan": .string("\(plan.digest)")], by: Sample.anna)
    let job = try #require(reply.job)
    scene.gate.runJobs()
    #expect(scene.gate.jobTable.jobs[job]?.counts.done == items * 2)
    let batch = try #require(reply.receipt?.proof.header.batch)
    #expect(Int(batch.count) < plan.chunks.count)
  }
}

private func == (left: ([String], Bool?), right: ([String], Bool)) -> Bool {
  left.0 == right.0 && left.1 == right.1
}
