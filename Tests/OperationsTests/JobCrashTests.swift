// Jobs whose program is killed, or whose machine loses power, anywhere. What was acknowledged is there,
// progress never goes backwards or past the end, and each item is done once or not at all.

import Ambient
import Bytes
import DiskSimulation
import DurableFiles
import EventStore
import Glibc
import ScratchFiles
import Synchronization
import Testing

@testable import Operations

@Suite struct JobCrashTests {
  /// What was seen of a job while it ran.
  private final class Witness: Sendable {
    struct Seen {
      var job: JobID?
      var settled = 0
      /// The gate of the life that is going on.
      var gate: Dispatcher?
    }
    let seen = Mutex(Seen())

    /// Notes how far the job is shown to be; what was shown before may not be more.
    func look() {
      let (gate, job) = seen.withLock { ($0.gate, $0.job) }
      guard let gate, let record = job.flatMap({ gate.jobTable.jobs[$0] }) else { return }
      seen.withLock { seen in
        precondition(record.settledCount >= seen.settled, "progress went backwards")
        precondition(record.settledCount <= record.items, "progress went past the end")
        seen.settled = record.settledCount
      }
    }
  }

  private static let items: Int64 = 12

  /// A life: open, begin a job unless one was begun, work until it is done or the power fails.
  private func live(_ disk: SimulatedDisk, _ ledger: Ledger, _ witness: Witness) throws {
    let scene = try Scene([ledger.module()], on: disk, adjusting: { $0.jobs.recordItems = 2 })
    witness.seen.withLock { $0.gate = scene.gate }
    defer { witness.seen.withLock { $0.gate = nil } }
    if witness.seen.withLock({ $0.job }) == nil {
      // A life that was told nothing looks whether its call came to something after all.
      let found = scene.gate.jobTable.newestFirst.first?.job
      let job =
        try found
        ?? scene.gate.call("item.stamp", ["count": .integer(Self.items)], by: Sample.anna).job
      witness.seen.withLock { $0.job = job }
    }
    witness.look()
    scene.gate.runJobs()
    witness.look()
    scene.gate.shutDown()
    try scene.store.close()
  }

  private func judge(_ disk: SimulatedDisk, _ ledger: Ledger, _ witness: Witness, _ place: String)
    throws
  {
    var disk = disk
    // The store may only be half made yet, so the next life is a life like any other.
    try live(disk, ledger, witness)
    disk = disk.reopen()
    let scene = try Scene([ledger.module()], on: disk)
    let job = try #require(witness.seen.withLock { $0.job }, "\(place)")
    let record = try #require(scene.gate.jobTable.jobs[job], "\(place)")
    #expect(record.phase == .finished, "\(place)")
    #expect(record.counts.done + record.counts.alreadyDone == Int(Self.items), "\(place)")
    #expect(try scene.outcomes(job).count == Int(Self.items), "\(place)")
    #expect(ledger.doings.count == Int(Self.items), "\(place)")
    #expect(ledger.doings.values.allSatisfy { $0 == 1 }, "\(place)")
    // An intent and its receipt are there together or not at all, and so is an end and its own.
    let receipts = try scene.receipts()
    #expect(receipts.count { $0.kind == .intent && $0.token == nil } == 1, "\(place)")
    #expect(receipts.count { $0.kind == .closing } == 1, "\(place)")
    #expect(try scene.store.reader.verify().isIntact, "\(place)")
  }

  @Test(arguments: [1, 2] as [UInt64])
  func `power cut at any operation loses no item and takes no progress back`(_ seed: UInt64) throws
  {
    let whole = SimulatedDisk(seed: seed, threads: .many)
    try live(whole, Ledger(), Witness())
    var cuts = 0
    for operation in stride(from: 0, to: whole.operations, by: 3) {
      let witness = Witness()
      let ledger = Ledger { (_) throws(OperationFault) in witness.look() }
      let disk = SimulatedDisk(
        seed: seed, faults: .honest.arming(.crash, at: operation), threads: .many)
      do {
        try live(disk, ledger, witness)
      } catch {
        // The life ends where the power does; whether it fired is counted below.
      }
      cuts += disk.faultCounts[.crash] ?? 0
      try judge(disk.reopen(), ledger, witness, "seed \(seed), operation \(operation)")
    }
    #expect(cuts > 10)
  }

  @Test func `a snapshot of the table holds all that the log says of jobs`() throws {
    let ledger = Ledger()
    let scene = try Scene([ledger.module()], adjusting: { $0.jobs.recordItems = 2 })
    func begin() throws -> JobID? {
      try scene.gate.call("item.stamp", ["count": 5], by: Sample.anna).job
    }
    let (done, paused) = (try begin(), try begin())
    _ = try scene.gate.call(
      "job.pause", ["job": JSONValue(paused.map { "\($0)" })], by: Sample.anna)
    scene.gate.runJobs()
    let jobs = scene.gate.jobTable.jobs
    scene.gate.shutDown()
    try scene.store.close()
    let disk = scene.disk.reopen()
    #expect(try disk.status(at: "projections/operations.snapshot") != nil)
    let again = try Scene([ledger.module()], on: disk)
    #expect(again.gate.jobTable.jobs == jobs)
    #expect(again.gate.jobTable.open.map(\.job) == [paused])
    #expect(jobs[try #require(done)]?.phase == .finished)
  }

  // MARK: - A real process

  private static let manyItems = 10_000

  @Test
  func `a job of 10,000 items that is killed ten times is finished, and never goes backwards`()
    async throws
  {
    let scratch = try Scratch()
    try scratch.disk.makeDirectory("items", mode: 0o700)
    try scratch.disk.makeDirectory("store", mode: 0o700)
    let root = scratch.path("")
    var settled = 0
    for life in 1...10 {
      let killed = await #expect(processExitsWith: .signal(SIGKILL)) {
        [root = root as String, life = life as Int] in
        // Some items are done first, and each life is killed at another place.
        let marks = try FileMarks(root: root, killedAfter: 500 + life * 37)
        try marks.live()
      }
      #expect(killed != nil)
      let (record, count) = try FileMarks(root: root, killedAfter: nil).look()
      #expect(record.settledCount >= settled, "life \(life)")
      #expect(record.settledCount <= Self.manyItems, "life \(life)")
      // What the log says is done is done; what was in hand may be, too.
      #expect(count >= record.settledCount, "life \(life)")
      settled = record.settledCount
    }
    #expect(settled > 1_000 && settled < Self.manyItems)
    try FileMarks(root: root, killedAfter: nil).live()
    let (record, count) = try FileMarks(root: root, killedAfter: nil).look()
    #expect(record.phase == .finished)
    #expect(record.counts.done + record.counts.alreadyDone == Self.manyItems)
    #expect(record.counts.alreadyDone > 0)
    #expect(count == Self.manyItems)
  }

  /// A life whose items are files, each made once.
  private final class FileMarks: Sendable {
    private let disk: PosixDisk
    private let root: String
    private let killedAfter: Int?
    private let begun = Mutex(0)

    init(root: String, killedAfter: Int?) throws {
      self.root = root
      self.killedAfter = killedAfter
      disk = try PosixDisk(root: root)
    }

    private var module: OperationModule {
      let mark = JobKind("mark", itemsAtOnceMax: 3) { [self] (work) throws(OperationFault) in
        let number = begun.withLock { begun -> Int in
          begun += 1
          return begun
        }
        if number == killedAfter { kill(getpid(), SIGKILL) }
        do throws(DiskError) {
          _ = try OpenFile(
            FilePath("items").appending(work.item.identity), .creating(mode: 0o600), on: disk)
          return .done
        } catch .exists {
          return .alreadyDone
        } catch {
          throw .failed("\(error)")
        }
      }
      let stamp = Operation(
        "item.mark", "Mark items", .persist, input: .nothing, output: Operation.jobOutput,
        receipt: .intent,
        effects: EffectRow(
          eventsAppended: EffectKind.job, receiptsEmitted: [.intent, .closing],
          capabilitiesRequired: [.cacheWrite]),
        work: .job(kind: "mark") { (_, _, draft) throws(OperationFault) in
          for index in 0..<JobCrashTests.manyItems {
            try draft.add(PlanItem(identity: Array("\(index)".utf8), generation: 1, bytes: 1))
          }
        })
      return OperationModule("test", operations: [stamp], jobs: [mark])
    }

    /// Opens the gate, begins the job unless it was begun, and waits for its end.
    func live() throws {
      let store = try EventStore.open(on: PosixDisk(root: root + "store"))
      var options = DispatchOptions()
      options.jobs = JobOptions(workers: 3, recordItems: 100)
      let gate = try Dispatcher.live(
        store, OperationRegistry([module]), grants: Grants(owner: 1_000), options)
      let known = gate.jobTable.newestFirst.first?.job
      let job = try known ?? gate.call("item.mark", [:], by: Sample.anna).job!
      let isClosed = gate.wait(for: job)
      precondition(isClosed, "the job stalled")
      gate.shutDown()
      try store.close()
    }

    /// The job as a reader sees it, and how many files there are.
    func look() throws -> (JobRecord, Int) {
      let reader = try EventReader.open(on: PosixDisk(root: root + "store", readOnly: true))
      let gate = try Dispatcher.readOnly(OperationRegistry([module]), reader: reader)
      defer { gate.shutDown() }
      let record = gate.jobTable.newestFirst.first
      return (try #require(record), try disk.list("items").count)
    }
  }
}
