// A small store with several segments, lanes, keys, batches and a cancelled fence, and what it must
// still answer after whatever was done to it.

import Ambient
import Digests
import DiskSimulation
import DurableFiles
import EventStore
import Testing

struct CompactionScene {
  let disk: SimulatedDisk
  /// Receipts by sequence.
  private(set) var receipts: [UInt64: Receipt] = [:]
  private(set) var keyed: [(event: NewEvent, receipt: Receipt)] = []
  private(set) var root: Blake3Digest?
  private(set) var count: UInt64 = 0

  static let entities = ["file:1", "file:2", "file:3", "user:7"]

  static func options(_ seed: UInt64 = 1) -> StoreOptions {
    var options = StoreOptions()
    options.entropy = .seeded(seed)
    options.segmentBytes = 2_048
    options.preallocationBytes = 4_096
    options.maintenance = .inline
    return options
  }

  /// Makes the store and leaves it open.
  init(seed: UInt64 = 1, events: Int = 40) throws {
    disk = SimulatedDisk(seed: seed, faults: .none)
    let store = try EventStore.open(on: disk, Self.options())
    for number in 0..<events {
      let entity = Self.entities[number % Self.entities.count]
      var event = NewEvent.of(entity, "payload \(number) of \(entity)")
      if number % 3 == 0 { event.key = try IdempotencyKey("key \(number)") }
      if number % 8 == 5 { event.lane = Lane(1) }
      let receipt = try store.append(event)
      receipts[receipt.sequence] = receipt
      if event.key != nil { keyed.append((event, receipt)) }
      if number == events / 2 { try appendBatchAndFence(store) }
    }
    count = try store.reader.lastSequence
    root = try store.reader.root(count: count)
    self.store = store
  }

  /// The store, while it is open.
  var store: EventStore?

  private mutating func appendBatchAndFence(_ store: EventStore) throws {
    let batch = (0..<3).map { NewEvent.of("file:1", "batch \($0)") }
    for receipt in try store.append(batch: batch) { receipts[receipt.sequence] = receipt }
    let fence = try store.openFence()
    try fence.append(.of("file:2", "never seen"))
    try fence.cancel()
  }

  /// Kills what was open and opens the store again.
  func reopened() throws -> EventStore {
    try EventStore.open(on: disk.reopen(), Self.options(2))
  }

  /// Everything that must hold whatever compaction did; returns the sequences that are removed.
  @discardableResult
  func check(_ store: EventStore) throws -> Set<UInt64> {
    let reader = store.reader
    #expect(try reader.root(count: count) == root)
    let report = try reader.verify()
    #expect(report.isIntact, "\(report.findings)")
    var removed: Set<UInt64> = []
    for (sequence, receipt) in receipts {
      if sequence % 5 == 0 {
        let proof = try reader.inclusionProof(of: sequence, count: count)
        #expect(proof.holds(for: receipt.commitment, under: try #require(root)))
      }
      guard let event = try found(sequence, reader) else {
        removed.insert(sequence)
        continue
      }
      #expect(event.commitment == receipt.commitment)
      #expect(try reader.receipt(sequence) == receipt)
      #expect(try reader.event(receipt.id).header.sequence == sequence)
    }
    #expect(report.removed == UInt64(report.removals.reduce(0) { $0 + $1.count }))
    for (event, receipt) in keyed {
      var retry = event
      retry.expected = .noStream
      #expect(try store.append(retry) == receipt)
    }
    for entity in Self.entities {
      let before = try #require(
        receipts.values.filter {
          $0.header.coordinate.entity == entity && $0.header.lane == .main
        }.max { $0.sequence < $1.sequence })
      let next = try store.append(.of(entity, "after"))
      #expect(next.header.streamSequence > before.header.streamSequence)
      let end = try reader.ancestors(of: next.id, limit: 1_000).end
      switch end {
      case .genesis, .removed: break
      default: Issue.record("the ancestors of \(entity) end with \(end)")
      }
    }
    return removed
  }

  /// The event; nil when it was removed.
  private func found(_ sequence: UInt64, _ reader: EventReader) throws(StoreError) -> Event? {
    do throws(StoreError) {
      return try reader.event(sequence)
    } catch .removed {
      return nil
    }
  }

  func path(_ file: String) -> FilePath { FilePath("segments").appending(file) }

  /// The names of the store's segment files.
  func files(on other: SimulatedDisk? = nil) throws -> [String] {
    try (other ?? disk).startProcess(readOnly: true).list("segments")
      .map { String(decoding: $0.name, as: UTF8.self) }.sorted()
  }
}
