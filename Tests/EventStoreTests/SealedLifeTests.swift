// What becomes of sealed payloads when a store is compacted, copied, forked or moved: whoever has the
// key goes on reading them, nobody else does, and what was shredded stays so.

import Ambient
import DiskSimulation
import DurableFiles
import Testing

@testable import EventStore

@Suite struct SealedLifeTests {
  /// A store of several segments, one of whose scopes is shredded.
  private func make() throws -> (SealedStore, EventStore) {
    var sealed = SealedStore()
    sealed.segmentBytes = 2_048
    let store = try sealed.open()
    for number in 0..<40 {
      try store.append(.of("user:\(number % 4)", "secret \(number)"))
    }
    try store.shred(.entity("user:3"))
    return (sealed, store)
  }

  private func expected(_ entity: Int) -> [String?] {
    stride(from: entity, to: 40, by: 4).map { "secret \($0)" }
  }

  @Test func `compaction leaves what it keeps readable, and what was shredded as it was`() throws {
    var (sealed, store) = try make()
    let merged = try store.compact(CompactionRequest(merges: true))
    #expect(merged.segmentsBefore > merged.segmentsAfter)
    try store.close()
    sealed.disk = sealed.disk.reopen()
    let again = try sealed.open()
    for entity in 0..<3 {
      #expect(try again.reader.texts("user:\(entity)") == expected(entity))
    }
    #expect(try again.reader.texts("user:3").allSatisfy { $0 == nil })
    let report = try again.reader.verify()
    #expect(report.isIntact, "\(report.findings)")
    #expect(report.shredded == 10)
  }

  @Test func `a snapshot without keys is whole, and reads as sealed`() throws {
    let (sealed, store) = try make()
    let target = SimulatedDisk(seed: 9, faults: .none)
    try store.reader.snapshot(to: target)
    let report = try EventReader.verify(on: target)
    #expect(report.isIntact, "\(report.findings)")
    let reader = try EventReader.open(on: target)
    #expect(try reader.texts("user:1").allSatisfy { $0 == nil })
    #expect(try reader.events(in: Region(entityPrefix: "user:1")).events.count == 10)
    let with = SimulatedDisk(seed: 10, faults: .none)
    try store.reader.snapshot(to: with, CopyOptions(includesKeys: true))
    #expect(try EventReader.verify(on: with).isIntact)
    let keyed = try EventReader.open(on: with, keys: .key(sealed.key))
    #expect(try keyed.texts("user:1") == expected(1))
  }

  @Test func `a fork with keys reads its parent's payloads and seals its own`() throws {
    let (sealed, store) = try make()
    let target = SimulatedDisk(seed: 9, faults: .none)
    try store.reader.fork(to: target, CopyOptions(includesKeys: true))
    var fork = sealed
    fork.disk = target
    let other = try fork.open()
    #expect(try other.reader.texts("user:2") == expected(2))
    #expect(try other.reader.texts("user:3").allSatisfy { $0 == nil })
    try other.append(.of("user:9", "of the fork"))
    try other.shred(.entity("user:1"))
    #expect(try other.reader.texts("user:9") == ["of the fork"])
    #expect(try other.reader.texts("user:1").allSatisfy { $0 == nil })
    #expect(try store.reader.texts("user:1") == expected(1))
    let report = try other.reader.verify()
    #expect(report.isIntact, "\(report.findings)")
  }

  @Test func `a fork without keys is not opened for writing`() throws {
    let (sealed, store) = try make()
    let target = SimulatedDisk(seed: 9, faults: .none)
    try store.reader.fork(to: target)
    var fork = sealed
    fork.disk = target
    #expect(throws: StoreError.keyset(.leftOut)) { try fork.open() }
    #expect(try EventReader.open(on: target).texts("user:2").allSatisfy { $0 == nil })
  }

  @Test func `what is moved with the key is sealed anew where it arrives`() throws {
    let (_, store) = try make()
    var exporter = try EventExporter(store.reader)
    let there = SealedStore(seed: 7)
    let target = try there.open()
    var importer = EventImporter(into: target)
    while var line = try exporter.next() {
      line.removeLast()
      try importer.take(line)
    }
    let report = try importer.finish()
    #expect(report.appended == 30 && report.unreadable == 10)
    #expect(try target.reader.texts("user:2") == expected(2))
    try target.close()
    #expect(try there.files(holding: Array("secret".utf8)).isEmpty)
  }
}
