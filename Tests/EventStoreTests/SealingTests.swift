// What sealing behind the appends promises: nobody waits for a footer, what has none is read all the
// same, a crash at any moment is repaired by the next open, and a failure is said and tried again.

import Ambient
import DurableFiles
import ScratchFiles
import Synchronization
import Testing

@testable import EventStore

@Suite struct SealingTests {
  private static let segmentBytes = 4_096

  private static func options(_ maintenance: Maintenance = .worker) -> StoreOptions {
    var options = StoreOptions()
    options.segmentBytes = segmentBytes
    options.maintenance = maintenance
    return options
  }

  /// Segments that are not sealed, for a sealer to work on.
  private func segments(_ count: Int, _ scratch: Scratch) throws -> [Segment] {
    try scratch.disk.makeDirectory(StoreNames.segments, mode: 0o700)
    let files = SegmentFiles(
      disk: scratch.disk, lineage: Lineage(id: EventID(high: 1, low: 2)), key: nil,
      entropy: .seeded(1))
    return try (0..<count).map { number in
      try files.make(
        SegmentName(first: UInt64(number + 1), generation: 0), after: Accumulator(),
        at: WallTime(seconds: 0))
    }
  }

  @Test func `a sealer lets a bounded number wait, and room comes when one is sealed`() throws {
    let scratch = try Scratch()
    let made = try segments(4, scratch)
    let gate = Mailbox<Int>(messagesMax: 8)
    let sealed = Mutex<[SegmentName]>([])
    let sealer = Sealer(maintenance: .worker, log: Log(room: "test", to: .none)) {
      (segment) throws(StoreError) in
      _ = gate.receive()
      sealed.withLock { $0.append(segment.name) }
    }
    for segment in made.prefix(EventStoreLimits.unsealedSegmentsMax) { sealer.add(segment) }
    let roomCame = Mutex(false)
    let waiter = Worker("waiter") {
      do throws(StoreError) {
        try sealer.makeRoom()
      } catch {
        Issue.record("\(error)")
      }
      // Room is made by a sealing and by nothing else.
      #expect(sealed.withLock { !$0.isEmpty })
      roomCame.withLock { $0 = true }
    }
    #expect(roomCame.withLock { $0 } == false)
    for number in 0..<4 { _ = gate.send(number) }
    waiter.join()
    sealer.add(made[2])
    sealer.add(made[3])
    try sealer.finish()
    #expect(sealed.withLock { $0 } == made.map(\.name))
  }

  @Test(arguments: [Maintenance.worker, .inline])
  func `a sealing that fails is said, tried again, and stops appends only when none is left`(
    _ maintenance: Maintenance
  ) throws {
    let scratch = try Scratch()
    let made = try segments(3, scratch)
    let said = Mutex<[String]>([])
    let sink = LogSink(write: { record in said.withLock { $0.append(record.message) } })
    let fails = Mutex(true)
    let tries = Mutex(0)
    let sealer = Sealer(maintenance: maintenance, log: Log(room: "test", to: sink)) {
      (_) throws(StoreError) in
      tries.withLock { $0 += 1 }
      if fails.withLock({ $0 }) { throw StoreError.timedOut }
    }
    sealer.add(made[0])
    sealer.drain()
    #expect(said.withLock { $0 } == ["a segment is not sealed yet"])
    try sealer.makeRoom()
    sealer.drain()
    #expect(tries.withLock { $0 } == 2)
    sealer.add(made[1])
    sealer.drain()
    #expect(throws: StoreError.self) { try sealer.makeRoom() }
    fails.withLock { $0 = false }
    try sealer.makeRoom()
    sealer.add(made[2])
    try sealer.finish()
    #expect(said.withLock { $0.count } >= 3)
  }

  @Test func `a store that is closed has sealed every full segment, and verifies`() throws {
    let scratch = try Scratch()
    let store = try EventStore.open(on: scratch.disk, Self.options())
    var receipts: [Receipt] = []
    for number in 0..<300 {
      receipts.append(try store.append(.of("file:\(number % 9)", "payload \(number)")))
      #expect(
        try store.reader.stats().unsealedSegments <= EventStoreLimits.unsealedSegmentsMax)
      let back = receipts[number / 2]
      #expect(try store.reader.receipt(back.sequence) == back)
    }
    #expect(try store.reader.verify().isIntact)
    try store.close()
    let reader = try EventReader.open(on: scratch.disk)
    #expect(try reader.stats().unsealedSegments == 0)
    #expect(try reader.stats().segments > 5)
    let report = try EventReader.verify(on: scratch.disk)
    #expect(report.isIntact, "\(report.findings)")
  }

  @Test func `several full segments without footers are read, and sealed by the next open`() throws
  {
    let scratch = try Scratch()
    do {
      let store = try EventStore.open(on: scratch.disk, Self.options())
      for number in 0..<200 { try store.append(.of("file:\(number % 9)", "payload \(number)")) }
      try store.close()
    }
    let whole = try EventReader.open(on: scratch.disk)
    let root = try whole.stats().root
    let names = try scratch.disk.list(StoreNames.segments).map(\.name).filter {
      $0.suffix(8).elementsEqual(".segment".utf8)
    }.sorted { $0.lexicographicallyPrecedes($1) }
    #expect(names.count > 4)
    // The footers go as a crash before their sync takes them: whole, in part, or but for one byte.
    for (number, name) in names.dropLast().enumerated() {
      let path = StoreNames.segments.appending(name)
      let file = try OpenFile(path, .writing, on: scratch.disk)
      let bytes = try file.read(at: 0, count: Int(try file.size))
      let footer = try #require(
        bytes.indices.first { bytes[$0...].starts(with: Array("LARDFIL".utf8)) })
      let end = [footer, footer + 100, bytes.count - 1][number % 3]
      try file.truncate(to: UInt64(end))
    }

    let reader = try EventReader.open(on: scratch.disk)
    #expect(try reader.stats().unsealedSegments == names.count - 1)
    #expect(try reader.stats().root == root)
    let again = try EventStore.open(on: scratch.disk, Self.options())
    #expect(try again.reader.stats().unsealedSegments == 0)
    try again.close()
    let report = try EventReader.verify(on: scratch.disk)
    #expect(report.isIntact, "\(report.findings)")
  }

  @Test func `a store that is dropped while it seals opens with everything acknowledged`() throws {
    let scratch = try Scratch()
    var receipts: [Receipt] = []
    for round in 0..<8 {
      let store = try EventStore.open(on: scratch.disk, Self.options())
      for number in 0..<40 {
        receipts.append(try store.append(.of("file:\(number % 3)", "\(round) \(number)")))
      }
    }
    let store = try EventStore.open(on: scratch.disk, Self.options())
    for receipt in receipts { #expect(try store.reader.receipt(receipt.sequence) == receipt) }
    try store.close()
    #expect(try EventReader.verify(on: scratch.disk).isIntact)
  }
}
