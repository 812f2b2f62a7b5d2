// What compaction promises: less on disk, and everything that was ever promised of an event still
// true: its receipt, its proof, its place in the chain, its idempotency.

import Ambient
import DiskSimulation
import DurableFiles
import EventStore
import Synchronization
import Testing

@Suite struct CompactionTests {
  @Test func `merging segments changes no event and leaves one file of each run`() throws {
    let scene = try CompactionScene()
    let store = try #require(scene.store)
    let before = try scene.files()
    #expect(before.count > 3)
    let report = try store.compact(CompactionRequest())
    #expect(report.segmentsAfter == 1)
    #expect(report.segmentsBefore == before.count - 1)
    #expect(try scene.files().count == 2)
    #expect(try scene.check(store).isEmpty)
    try store.close()
    let again = try scene.reopened()
    #expect(try scene.check(again).isEmpty)
  }

  @Test func `retention removes what is old, and the record explains it`() throws {
    let scene = try CompactionScene()
    let store = try #require(scene.store)
    let report = try store.compact(
      CompactionRequest(removing: .below(30, .everything), merges: false))
    #expect(report.segmentsBefore == report.segmentsAfter)
    let removed = try scene.check(store)
    #expect(removed == Set(scene.receipts.keys.filter { $0 < 30 }))
    #expect(report.bytesAfter < report.bytesBefore)
    let verified = try store.reader.verify()
    #expect(verified.removals.count == report.removals.count)
    #expect(verified.removals.first?.reason == "events before 30")
    #expect(throws: StoreError.removed(sequence: 2)) { try store.reader.event(2) }
    let page = try store.reader.events(in: Region(entityPrefix: "file"))
    #expect(page.events.first?.header.sequence ?? 0 >= 30)
    try store.close()
    #expect(try scene.check(scene.reopened()) == removed)
  }

  @Test func `retention of everything keeps the chain, the keys and the store's own records`()
    throws
  {
    let scene = try CompactionScene()
    let store = try #require(scene.store)
    try store.compact(CompactionRequest(removing: .region(.everything)))
    #expect(try scene.check(store) == Set(scene.receipts.keys))
    #expect(try !store.reader.events(in: Region(kind: .category(0))).events.isEmpty)
    try store.close()
    #expect(try scene.check(scene.reopened()) == Set(scene.receipts.keys))
  }

  @Test func `named events go alone, and ancestors walk over the gap`() throws {
    let scene = try CompactionScene()
    let store = try #require(scene.store)
    let lane = scene.receipts.values
      .filter { $0.header.coordinate.entity == "file:3" && $0.header.lane == .main }
      .sorted { $0.sequence < $1.sequence }
    let gone = Set(lane[2...4].map(\.sequence))
    try store.compact(CompactionRequest(removing: .events(gone), merges: false))
    let last = try #require(lane.last)
    let walk = try store.reader.ancestors(of: last.id, limit: 1_000)
    #expect(walk.end == .genesis)
    #expect(
      walk.events.map(\.header.sequence)
        == lane.dropLast().reversed().map(\.sequence).filter { !gone.contains($0) })
    #expect(try scene.check(store) == gone)
  }

  @Test func `an entity is removed with its descendants and nobody else`() throws {
    let scene = try CompactionScene()
    let store = try #require(scene.store)
    try store.compact(CompactionRequest(removing: .region(Region(entityPrefix: "user"))))
    let removed = try scene.check(store)
    #expect(
      removed
        == Set(
          scene.receipts.values.filter { $0.header.coordinate.entity == "user:7" }
            .map(\.sequence)))
    #expect(try store.reader.latest("user:7")?.bytes == Array("after".utf8))
  }

  @Test func `a batch is removed whole or not at all`() throws {
    let scene = try CompactionScene()
    let store = try #require(scene.store)
    let batch = try #require(scene.receipts.values.first { $0.header.batch?.index == 1 })
    try store.compact(CompactionRequest(removing: .below(batch.sequence, .everything)))
    let removed = try scene.check(store)
    for member in scene.receipts.values where member.header.batch?.id == batch.header.batch?.id {
      #expect(!removed.contains(member.sequence))
    }
  }

  @Test func `what was removed stays removed through later compactions`() throws {
    let scene = try CompactionScene()
    let store = try #require(scene.store)
    try store.compact(CompactionRequest(removing: .below(12, .everything), merges: false))
    try store.compact(CompactionRequest())
    try store.compact(CompactionRequest(removing: .below(25, .everything)))
    try store.compact(CompactionRequest())
    let removed = try scene.check(store)
    #expect(removed.isSuperset(of: scene.receipts.keys.filter { $0 < 20 }))
    try store.close()
    #expect(try scene.check(scene.reopened()) == removed)
  }

  @Test func `a plan changes nothing and says what would go`() throws {
    let scene = try CompactionScene()
    let store = try #require(scene.store)
    let files = try scene.files()
    let plan = try store.reader.plan(CompactionRequest(removing: .below(20, .everything)))
    #expect(plan.eventsRemoved > 10)
    #expect(try scene.files() == files)
    let report = try store.compact(plan)
    #expect(report.eventsRemoved == plan.eventsRemoved)
    #expect(throws: StoreError.self) { try store.compact(plan) }
  }

  @Test func `a merged segment stays below its bound`() throws {
    let scene = try CompactionScene(events: 80)
    let store = try #require(scene.store)
    try store.compact(CompactionRequest(mergedBytesMax: 8_000))
    for name in try scene.files() where name.hasSuffix("-00000001.segment") {
      let status = try scene.disk.status(at: scene.path(name))
      #expect(try #require(status).size < 9_000)
    }
    #expect(try scene.check(store).isEmpty)
  }

  @Test func `verification goes on over what it began with while segments are replaced`() throws {
    let scene = try CompactionScene()
    let store = try #require(scene.store)
    let replaced = Mutex(false)
    let options = VerifyOptions(progress: { _, _ in
      guard
        replaced.withLock({ done in
          defer { done = true }
          return !done
        })
      else { return }
      do throws(StoreError) {
        try store.compact(CompactionRequest(removing: .below(30, .everything)))
        for number in 0..<200 { try store.append(.of("file:1", "beside \(number)")) }
      } catch {
        Issue.record("\(error)")
      }
    })
    let report = try store.reader.verify(options)
    #expect(report.isIntact, "\(report.findings)")
    #expect(report.eventsChecked == scene.count)
    #expect(report.removed == 0)
    #expect(try !scene.check(store).isEmpty)
  }

  @Test func `a reader in another process goes on across a compaction`() throws {
    let scene = try CompactionScene()
    let store = try #require(scene.store)
    let reader = try EventReader.open(on: scene.disk.startProcess(readOnly: true))
    let old = try reader.events(in: .everything, limit: 5)
    try store.compact(CompactionRequest(removing: .below(30, .everything)))
    try store.append(.of("file:1", "fresh"))
    #expect(throws: StoreError.removed(sequence: 2)) { try reader.event(2) }
    let all = try reader.events(in: .everything, after: old.position, limit: 1_000)
    #expect(all.events.last?.bytes == Array("fresh".utf8))
    #expect(try reader.verify().isIntact)
    #expect(try reader.root(count: scene.count) == scene.root)
  }

  @Test func `a husk that no record explains is found`() throws {
    let scene = try CompactionScene()
    let store = try #require(scene.store)
    let active = scene.path(try #require(try scene.files().last))
    let tail = try OpenFile(active, .reading, on: scene.disk).readAll(bytesMax: 1 << 20)
    try store.compact(CompactionRequest(removing: .below(8, .everything)))
    try store.close()
    // The tail as it was before it had the record.
    let disk = scene.disk.reopen()
    let file = try OpenFile(active, .writing, on: disk)
    try file.write(tail, at: 0)
    try file.truncate(to: UInt64(tail.count))
    for name in try scene.files() where name.hasSuffix(".index") {
      try disk.remove(scene.path(name))
    }
    let report = try EventReader.verify(on: disk)
    #expect(report.gaps.count == 1)
    #expect(report.gaps.first?.fault.contains("no record explains") == true)
  }

  @Test func `removed events that came back are found`() throws {
    let scene = try CompactionScene()
    let store = try #require(scene.store)
    let name = try #require(try scene.files().first)
    let old = try OpenFile(scene.path(name), .reading, on: scene.disk).readAll(bytesMax: 1 << 20)
    try store.compact(
      CompactionRequest(removing: .below(8, .everything), merges: false))
    try store.close()
    let disk = scene.disk.reopen()
    try disk.remove(scene.path(try #require(try scene.files().first)))
    try OpenFile(scene.path(name), .creating(mode: 0o600), on: disk).write(old, at: 0)
    let report = try EventReader.verify(on: disk)
    #expect(report.others.count == 1)
    #expect(report.others.first?.fault.contains("an old copy came back") == true)
  }

  @Test func `old files that come back beside newer ones are not taken for the store`() throws {
    let scene = try CompactionScene()
    let store = try #require(scene.store)
    let names = try scene.files().dropLast()
    var copies: [(FilePath, [UInt8])] = []
    for name in names {
      let path = scene.path(name)
      copies.append(
        (path, try OpenFile(path, .reading, on: scene.disk).readAll(bytesMax: 1 << 20)))
    }
    try store.compact(CompactionRequest(removing: .below(30, .everything)))
    try store.close()
    let disk = scene.disk.reopen()
    for (path, bytes) in copies {
      try OpenFile(path, .creating(mode: 0o600), on: disk).write(bytes, at: 0)
    }
    let again = try EventStore.open(on: disk, CompactionScene.options(3))
    #expect(throws: StoreError.removed(sequence: 2)) { try again.reader.event(2) }
    #expect(try disk.status(at: copies[0].0) == nil)
    #expect(try again.reader.verify().isIntact)
  }
}
