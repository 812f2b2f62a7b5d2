// What is computed for many events at once must be what it is for each alone: commitments in a batch
// whose members follow each other, and the accumulator over a whole group.

import Ambient
import Bytes
import Digests
import DiskSimulation
import DurableFiles
import ScratchFiles
import Testing

@testable import EventStore

@Suite struct PreparedTogetherTests {
  private static func commitments(_ count: Int, from first: Int = 0) -> [Commitment] {
    (first..<first + count).map { Commitment(Blake3.digest(of: Array("\($0)".utf8))) }
  }

  @Test func `commitments added at once give the accumulator of each added in turn`() {
    for before in Array(0...40) + [255, 256, 257, 1_000] {
      for added in Array(0...40) + [255, 256, 300, 1_025] {
        var together = Accumulator()
        var alone = Accumulator()
        for commitment in Self.commitments(before) {
          together.append(commitment)
          alone.append(commitment)
        }
        var nodesTogether: [SubtreeName: Blake3Digest] = [:]
        var nodesAlone: [SubtreeName: Blake3Digest] = [:]
        let new = Self.commitments(added, from: before)
        together.append(new, keeping: 3, in: &nodesTogether)
        for commitment in new { alone.append(commitment, keeping: 3, in: &nodesAlone) }
        #expect(together == alone, "\(added) after \(before)")
        #expect(nodesTogether == nodesAlone, "\(added) after \(before)")
      }
    }
  }

  @Test func `a batch whose members follow each other in all ways chains and verifies`() throws {
    let scratch = try Scratch()
    let store = try EventStore.open(on: scratch.disk)
    var random = SeededGenerator(seed: 9)
    var receipts: [Receipt] = []
    for round in 0..<20 {
      let streams = [1, 3, 40, 500][round % 4]
      let batch = (0..<200).map { number in
        var event = NewEvent.of("file:\(random.next() % UInt64(streams))", "\(round) \(number)")
        event.lane = random.next() % 5 == 0 ? Lane(UInt32(random.next() % 3)) : .main
        return event
      }
      receipts += try store.append(batch: batch)
      receipts.append(try store.append(.of("file:\(round)", "alone")))
    }
    for receipt in receipts {
      #expect(receipt.verify().isValid, "\(receipt.sequence)")
      guard let before = receipt.header.ancestry.predecessor else { continue }
      let predecessor = try #require(receipts.first { $0.sequence == before.sequence })
      #expect(predecessor.commitment == before.commitment)
    }
    #expect(try store.reader.verify().isIntact)
    try store.close()
    #expect(try EventReader.verify(on: scratch.disk).isIntact)
  }

  @Test func `a refused batch leaves nothing of what was prepared for it`() throws {
    let scratch = try Scratch()
    let store = try EventStore.open(on: scratch.disk)
    let first = try store.append(.of("file:1", "first"))
    var refused = NewEvent.of("file:1", "refused")
    refused.expected = .exactly(7)
    let batch = (0..<100).map { NewEvent.of("file:\($0 % 60)", "\($0)") } + [refused]
    #expect(throws: StoreError.self) { try store.append(batch: batch) }
    let next = try store.append(.of("file:1", "next"))
    #expect(next.sequence == first.sequence + 1)
    #expect(next.header.ancestry.predecessor?.commitment == first.commitment)
    #expect(try store.append(.of("file:2", "begins")).header.ancestry == .genesis)
    try store.close()
    #expect(try EventReader.verify(on: scratch.disk).isIntact)
  }

  @Test func `what is prepared together chains as if a request that was refused had never been`()
    throws
  {
    let catalog = Catalog(segments: [], visible: 0)
    var preparation = Preparation(
      position: LogPosition(sequence: 0, time: WallTime(microseconds: 0)),
      ids: EventIDSource(seed: 1, after: nil), keyring: nil)
    func prepare(_ request: PreparationRequest) throws -> PreparedAppend {
      try preparation.prepare(
        request, catalog: catalog, now: WallTime(microseconds: 5), signs: false)
    }
    var refused = NewEvent.of("file:0", "refused")
    refused.expected = .noStream
    var appended: [PreparedAppend] = []
    for round in 0..<100 {
      let name = "file:\(round % 7)"
      appended.append(try prepare(PreparationRequest(.of(name, "\(round)"))))
      let batch = (0..<round % 5).map { NewEvent.of("file:\($0)", "lost") } + [refused]
      #expect(throws: StoreError.self) { try prepare(PreparationRequest(batch: batch)) }
    }
    let group = preparation.takeGroup()
    var heads: [Coordinate: Receipt] = [:]
    for index in appended.indices {
      group.complete(&appended[index], signer: nil)
      let receipt = appended[index].receipts[0]
      #expect(receipt.sequence == UInt64(index + 1))
      #expect(receipt.verify() == .unsigned, "\(index)")
      let before = heads.updateValue(receipt, forKey: receipt.header.coordinate)
      #expect(receipt.header.ancestry.predecessor?.commitment == before?.commitment)
      #expect(receipt.header.streamSequence == (before?.header.streamSequence ?? 0) + 1)
    }
  }

  @Test func `a segment is sealed early when its tables reach their share of the memory`() throws {
    let disk = SimulatedDisk(seed: 1, faults: .none)
    var options = StoreOptions.still
    options.segmentBytes = 1 << 20
    options.indexBytesMax = 60_000
    let store = try EventStore.open(on: disk, options)
    for number in 0..<1_000 { try store.append(.of("file:\(number)", "\(number)")) }
    let segments = store.writer.catalog.current.segments
    #expect(segments.count > 5)
    for segment in segments {
      let bytes = segment.tail?.withTables { $0.memoryBytes } ?? 0
      #expect(bytes <= 20_000 + 400)
    }
    try store.close()
  }

  @Test func `streams are numbered in the order in which they come, and keep their numbers`() {
    var numbers = StreamNumbers()
    let keys = (0..<5_000).map { StreamKey(entity: Array("file:\($0)".utf8), lane: Lane(0)) }
    for round in 1...2 {
      for (number, key) in keys.enumerated() {
        #expect(numbers.number(of: key) == (round == 1 ? nil : number))
        #expect(numbers.insert(key) == number)
      }
    }
    #expect(numbers.keys == keys)
    #expect(numbers.number(of: StreamKey(entity: keys.map { _ in 1 }, lane: Lane(1))) == nil)
  }

  @Test func `a header says how long it is, whatever it has`() throws {
    var header = EventHeader(
      sequence: 300, id: EventID(high: 1, low: 2), time: WallTime(microseconds: 3),
      kind: EventKind(rawValue: 0x1001), payloadVersion: 0,
      coordinate: try Coordinate(entity: String(repeating: "e", count: 200), scope: "s"),
      lane: .main, streamSequence: 1, ancestry: .genesis, payloadCount: 127, extensions: [])
    func check(_ change: (inout EventHeader) throws -> Void) throws {
      try change(&header)
      var writer = ByteWriter()
      header.encode(into: &writer)
      #expect(header.encodedCount == writer.count, "\(header)")
    }
    let commitment = Self.commitments(1)[0]
    try check { _ in }
    try check { $0.payloadCount = 128 }
    try check {
      ($0.lane, $0.streamSequence) = (Lane(70_000), 1 << 40)
      $0.ancestry = .follows(Predecessor(sequence: 200, commitment: commitment))
    }
    try check { $0.batch = BatchMembership(id: 100, index: 200, count: 4_000) }
    try check { $0.fence = 20 }
    try check { $0.key = try IdempotencyKey("a key") }
    try check { $0.correlation = CorrelationID($0.id) }
    try check { $0.causation = CausationID($0.id) }
    try check { $0.extensions = [try EventExtension("a.b", Array(repeating: 1, count: 130))] }
    try check {
      $0.sealing = Sealing(
        scopeHigh: 1, scopeLow: 2, generation: 3, nonce: Array(repeating: 4, count: 24))
    }
  }

  @Test func `a buffered event becomes durable in its time, whatever the store's default is`()
    throws
  {
    let scratch = try Scratch()
    let store = try EventStore.open(on: scratch.disk)
    let receipt = try store.append(
      .of("file:1", "buffered"), .buffered(eventsMax: 1_000, timeMax: .milliseconds(1)))
    try store.wait(for: .durable, until: receipt.sequence, timeout: .seconds(60))
    #expect(try store.reader.receipt(receipt.sequence) == receipt)
    try store.close()
  }

  @Test func `buffered events are committed once there are as many as may be lost`() throws {
    let scratch = try Scratch()
    let store = try EventStore.open(on: scratch.disk)
    let before = store.watermarks.durable
    for number in 0..<10 {
      try store.append(
        .of("file:1", "\(number)"), .buffered(eventsMax: 10, timeMax: .seconds(3_600)))
      #expect(store.watermarks.durable == (number < 9 ? before : before + 10))
      #expect(store.watermarks.accepted == before + UInt64(number) + 1)
    }
    try store.close()
  }
}
