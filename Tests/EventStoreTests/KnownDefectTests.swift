// Promises that stores of this kind are known to have broken, one test each; the README beside this
// file says which test holds which.

import Ambient
import DiskSimulation
import DurableFiles
import ScratchFiles
import Testing

@testable import EventStore

@Suite struct KnownDefectTests {
  private static let segment: FilePath = "segments/0000000000000001-00000000.segment"

  private static var options: StoreOptions {
    var options = StoreOptions()
    options.maintenance = .inline
    options.preallocationBytes = 4_096
    return options
  }

  private func open(_ disk: any Disk) throws(StoreError) -> EventStore {
    try EventStore.open(on: disk, Self.options)
  }

  // MARK: - Recovery

  @Test func `a torn tail is cut before anything is written, crash after crash`() throws {
    let scratch = try Scratch()
    var receipts: [Receipt] = []
    for round in 0..<4 {
      do {
        let store = try open(scratch.disk)
        for receipt in receipts { #expect(try store.reader.receipt(receipt.sequence) == receipt) }
        receipts.append(try store.append(.of("file:1", "round \(round)")))
      }
      // The process is gone, and what it was writing stands half-way behind the last mark.
      let file = try OpenFile(Self.segment, .writing, on: scratch.disk)
      let bytes = try file.readAll(bytesMax: 1 << 24)
      let end = try #require(bytes.lastIndex { $0 != 0 }) + 1
      try file.write(Array(bytes[SegmentHeader.count..<SegmentHeader.count + 77]), at: UInt64(end))
    }
    let last = try open(scratch.disk)
    for receipt in receipts { #expect(try last.reader.receipt(receipt.sequence) == receipt) }
    #expect(try last.reader.verify().isIntact)
    let opened = try last.reader.events(in: Region(kind: .exactly(.opened))).events
    #expect(opened.count == 5)
    #expect(!String(decoding: opened[4].bytes ?? [], as: UTF8.self).contains("\"cut\":null"))
    try last.close()
  }

  @Test func `an append that returned survives a power cut without having asked for it`() throws {
    for seed in 1...20 as ClosedRange<UInt64> {
      let disk = SimulatedDisk(seed: seed)
      let receipt = try open(disk).append(.of("file:1", "kept"))
      disk.crash()
      let again = try open(disk.reopen())
      #expect(try again.reader.receipt(receipt.sequence) == receipt, "seed \(seed)")
    }
  }

  @Test func `a fence that a crash left open is cancelled in the log`() throws {
    let disk = SimulatedDisk(seed: 1)
    let store = try open(disk)
    let hidden = try store.openFence().append(.of("file:1", "hidden"))
    disk.crash()
    let machine = disk.reopen()
    let again = try open(machine)
    let after = try again.append(.of("file:1", "after"))
    let cancelled = try again.reader.events(in: Region(kind: .exactly(.fenceCancelled))).events
    #expect(cancelled.count == 1)
    #expect(throws: StoreError.self) { try again.reader.event(hidden.sequence) }
    #expect(try again.reader.latest("file:1")?.header.id == after.id)
    #expect(after.header.streamSequence == 2)
    #expect(try again.reader.verify().isIntact)
  }

  // MARK: - Writing

  @Test(arguments: [Fault.writeFails, .full])
  func `a batch that failed swallows nothing that comes after it`(_ fault: Fault) throws {
    let disk = SimulatedDisk(seed: 3)
    let store = try open(disk)
    let before = try store.append(.of("file:1", "before"))
    disk.arm(FaultPlan.honest.arming(fault, oneIn: 1, below: "segments", timesMax: 1))
    #expect(throws: StoreError.self) {
      try store.append(batch: (0..<5).map { .of("file:1", "lost \($0)") })
    }
    #expect(disk.faultCounts[fault] == 1)
    disk.arm(.honest)
    // The store reads and goes on.
    #expect(try store.reader.receipt(before.sequence) == before)
    let after = try store.append(.of("file:1", "after"))
    #expect(after.header.streamSequence == 2)
    disk.crash()
    let again = try open(disk.reopen())
    let found = try again.reader.events(in: Region(entityPrefix: "file:1")).events
    #expect(found.map(\.header.id) == [before.id, after.id])
    #expect(try again.reader.verify().isIntact)
  }

  @Test func `a failed sync latches the store, and opening it again settles what is unknown`()
    throws
  {
    let disk = SimulatedDisk(seed: 5)
    let store = try open(disk)
    disk.arm(FaultPlan.honest.arming(.syncFails, oneIn: 1, below: "segments", timesMax: 1))
    let failure = #expect(throws: StoreError.self) { try store.append(.of("file:1", "perhaps")) }
    disk.arm(.honest)
    #expect(throws: StoreError.self) { try store.append(.of("file:1", "not taken")) }
    disk.kill()
    let again = try open(disk.reopen())
    guard case .unknown(let token)? = failure else {
      Issue.record("\(String(describing: failure))")
      return
    }
    let settled = try again.resolve(token)
    let found = try again.reader.events(in: Region(entityPrefix: "file:1")).events
    #expect(found.map(\.header.id) == (settled.map { [$0.id] } ?? []))
    #expect(try again.reader.verify().isIntact)
  }

  @Test func `the first event has position 1, and no other meaning has 0`() throws {
    let store = try open(SimulatedDisk(seed: 1))
    var event = NewEvent.of("file:1", "first")
    event.expected = .exactly(0)
    let first = try store.append(event)
    #expect(first.header.streamSequence == 1 && first.sequence > 0)
    #expect(throws: StoreError.self) { try store.append(event) }
    event.expected = .exactly(1)
    #expect(try store.append(event).header.streamSequence == 2)
    event.expected = .noStream
    #expect(throws: StoreError.self) { try store.append(event) }
  }

  @Test func `a retry is known by its key although its expected position has passed`() throws {
    let store = try open(SimulatedDisk(seed: 1))
    var event = NewEvent.of("file:1", "once")
    event.key = try IdempotencyKey("once")
    event.expected = .noStream
    let first = try store.append(event)
    try store.append(.of("file:1", "meanwhile"))
    #expect(try store.append(event).encoded == first.encoded)
    event.payload.append(0)
    #expect(throws: StoreError.self) { try store.append(event) }
    #expect(try store.reader.latest("file:1")?.header.streamSequence == 2)
  }

  @Test func `required signing opens with a key or not at all, and a downgrade is recorded`() throws
  {
    let disk = SimulatedDisk(seed: 1)
    var options = Self.options
    options.signing = .required(nil)
    #expect(throws: StoreError.self) { try EventStore.open(on: disk, options) }
    options.signing = .preferSigned(nil)
    let store = try EventStore.open(on: disk, options)
    let opened = try store.reader.event(1)
    #expect(String(decoding: opened.bytes ?? [], as: UTF8.self).contains("\"downgraded\":true"))
  }

  @Test func `many threads open payloads at once, each its own`() throws {
    let sealed = SealedStore()
    let store = try sealed.open()
    let receipts = try (0..<32).map { number in
      try store.append(.of("user:\(number % 5)", "secret \(number)"))
    }
    Worker.each(8, named: "opens") { index in
      for number in stride(from: index, to: receipts.count, by: 3) {
        do throws(StoreError) {
          let event = try store.reader.event(receipts[number].sequence)
          #expect(event.bytes == Array("secret \(number)".utf8))
        } catch {
          Issue.record("\(error)")
        }
      }
    }
  }

  // MARK: - What things cost

  /// Calls on the disk that something takes.
  private func operations(_ disk: SimulatedDisk, _ body: () throws -> Void) throws -> Int {
    let before = disk.operations
    try body()
    return disk.operations - before
  }

  @Test func `a page costs the same at the beginning, in the middle and at the end`() throws {
    let disk = SimulatedDisk(seed: 1, faults: .none)
    let store = try open(disk)
    for number in 0..<20 {
      _ = try store.append(batch: (0..<50).map { .of("file:\($0 % 7)", "\(number) \($0)") })
    }
    for region in [Region.everything, Region(entityPrefix: "file:3"), Region(scope: "test")] {
      func page(_ position: UInt64, _ order: PageOrder = .oldestFirst) throws -> Int {
        try operations(disk) {
          let page = try store.reader.events(
            in: region, after: position, limit: 10, order: order)
          #expect(page.events.count == 10)
        }
      }
      let end = try page(0, .newestFirst)
      #expect(try page(1) <= 2 * end)
      #expect(try page(500) <= 2 * end)
    }
  }

  @Test func `a step to an ancestor costs the same however long the lane is`() throws {
    let disk = SimulatedDisk(seed: 1, faults: .none)
    let store = try open(disk)
    var last: Receipt?
    func walk() throws -> Int {
      let id = try #require(last?.id)
      return try operations(disk) {
        let found = try store.reader.ancestors(of: id, limit: 20)
        #expect(found.events.count == 20)
      }
    }
    func grow(by count: Int) throws {
      for _ in 0..<count / 50 {
        last = try store.append(batch: (0..<50).map { .of("file:1", "\($0)") }).last
      }
    }
    try grow(by: 50)
    let short = try walk()
    try grow(by: 2_000)
    // Finding the first by its id is a matter of the logarithm.
    #expect(try walk() <= short + 20)
  }

  @Test func `a minted key adds one record to the keyset, however many there are`() throws {
    let sealed = SealedStore()
    let store = try sealed.open()
    var writes: [Int] = []
    for number in 0..<40 {
      let before = sealed.disk.operations
      try store.append(.of("user:\(number)", "secret"))
      writes.append(sealed.disk.operations - before)
    }
    #expect(Set(writes.suffix(30)).count <= 2, "\(writes)")
    let keyset = try #require(try sealed.bytes(KeysetFiles.keyset))
    #expect(
      keyset.lastIndex { $0 != 0 }.map { $0 < KeysetHead.count + 41 * KeyRecord.count } == true)
  }
}
