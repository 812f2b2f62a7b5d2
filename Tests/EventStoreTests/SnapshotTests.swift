// Copies of a store that are stores: what they hold, what they are called, and that nothing in them
// can be changed without being noticed.

import Ambient
import Digests
import DiskSimulation
import DurableFiles
import EventStore
import ScratchFiles
import Synchronization
import Testing

@Suite struct SnapshotTests {
  private func empty() -> SimulatedDisk { SimulatedDisk(seed: 9, faults: .none) }

  @Test func `a snapshot is the same store at an earlier moment`() throws {
    let scene = try CompactionScene()
    let store = try #require(scene.store)
    let target = empty()
    let manifest = try store.reader.snapshot(to: target)
    try store.append(.of("file:1", "after the snapshot"))
    #expect(manifest.count == scene.count)
    #expect(manifest.root == scene.root)
    let reader = try EventReader.open(on: target)
    #expect(try reader.lastSequence == scene.count)
    #expect(try EventReader.verify(on: target).isIntact)
    let restored = try EventStore.open(on: target, CompactionScene.options(5))
    #expect(restored.lineage == store.lineage)
    #expect(try scene.check(restored).isEmpty)
    try restored.close()
    #expect(try SnapshotManifest.read(on: target) == nil)
    #expect(try EventReader.verify(on: target).isIntact)
  }

  @Test func `a snapshot beside a writer ends with a whole group and verifies`() throws {
    let scratch = try Scratch()
    var options = StoreOptions()
    options.segmentBytes = 16_384
    try scratch.disk.makeDirectory("store", mode: 0o700)
    let store = try EventStore.open(on: PosixDisk(root: scratch.path("store")), options)
    let isDone = Mutex(false)
    let writer = Worker("writer") {
      var number = 0
      while !isDone.withLock({ $0 }) {
        do throws(StoreError) {
          number += 1
          _ = try store.append(batch: (0..<3).map { .of("file:\($0)", "\(number)") })
        } catch {
          Issue.record("\(error)")
          return
        }
      }
    }
    for copy in 0..<6 {
      try store.wait(for: .durable, until: UInt64(copy * 90 + 30))
      let name = FilePath.root.appending("copy\(copy)")
      try scratch.disk.makeDirectory(name, mode: 0o700)
      let target = try PosixDisk(root: scratch.path("copy\(copy)"))
      let manifest = try store.reader.snapshot(to: target)
      #expect(manifest.count % 3 == 1, "the event of opening, and whole batches")
      let report = try EventReader.verify(on: target)
      #expect(report.isIntact, "\(report.findings)")
      let reader = try EventReader.open(on: target)
      #expect(try reader.lastSequence == manifest.count)
      #expect(try store.reader.root(count: manifest.count) == manifest.root)
    }
    isDone.withLock { $0 = true }
    writer.join()
    try store.close()
  }

  @Test func `a snapshot that was tampered with is found`() throws {
    let scene = try CompactionScene()
    let target = empty()
    let manifest = try #require(scene.store).reader.snapshot(to: target)
    #expect(try manifest.check(on: target).isEmpty)
    let path: FilePath = "snapshot.larder"
    let file = try OpenFile(path, .writing, on: target)
    let byte = try file.read(at: 60, count: 1)
    try file.write([byte[0] ^ 1], at: 60)
    #expect(throws: StoreError.self) { try EventReader.verify(on: target) }
    try file.write(byte, at: 60)
    let tail = try #require(manifest.files.last { $0.path.hasSuffix(".segment") })
    let segment = try OpenFile(try FilePath(tail.path), .writing, on: target)
    try segment.truncate(to: tail.bytes - 1)
    let report = try EventReader.verify(on: target)
    #expect(report.others.contains { $0.fault.contains("not as long") })
    try target.remove(try FilePath(manifest.files[0].path))
    #expect(try manifest.check(on: target).contains { $0.fault.contains("is missing") })
  }

  @Test func `keys are copied only when they are asked for`() throws {
    let scene = try CompactionScene()
    let reader = try #require(scene.store).reader
    try scene.disk.makeDirectory("keys", mode: 0o700)
    try OpenFile("keys/keyset", .creating(mode: 0o600), on: scene.disk).write([1, 2, 3], at: 0)
    let without = empty()
    #expect(try !reader.snapshot(to: without).includesKeys)
    #expect(try without.status(at: "keys") == nil)
    let with = empty()
    #expect(try reader.snapshot(to: with, CopyOptions(includesKeys: true)).includesKeys)
    #expect(try with.status(at: "keys/keyset")?.size == 3)
    let fork = empty()
    try reader.fork(to: fork)
    #expect(try fork.status(at: "keys") == nil)
  }

  @Test func `a fork goes on by itself and knows where it came from`() throws {
    let scene = try CompactionScene()
    let store = try #require(scene.store)
    let target = empty()
    let fork = try store.reader.fork(to: target)
    #expect(fork.origin == Origin.of(store.lineage, scene))
    #expect(fork.lineage != store.lineage)
    let witness = try store.reader.checkpoint(at: WallTime(microseconds: 1))
    let other = try EventStore.open(on: target, CompactionScene.options(6))
    #expect(other.lineage == fork.lineage)
    #expect(other.origins == [fork.origin])
    #expect(try scene.check(other).isEmpty)
    #expect(try store.reader.lastSequence == scene.count)
    try store.append(.of("file:1", "in the parent"))
    #expect(
      try store.reader.root(count: scene.count + 1) != other.reader.root(count: scene.count + 1))
    // The fork is compacted like any store, and its parent's segments stay apart from its own.
    try other.compact(CompactionRequest(removing: .below(20, .everything)))
    #expect(try !scene.check(other).isEmpty)
    let checkpoint = try other.reader.checkpoint(at: WallTime(microseconds: 1))
    try other.close()
    #expect(checkpoint.lineage == fork.lineage)
    let verified = try EventReader.verify(
      on: target.reopen(), VerifyOptions(witnesses: [witness, checkpoint]))
    #expect(verified.isIntact, "\(verified.findings)")
    let foreign = try EventReader.verify(
      on: scene.disk.startProcess(readOnly: true), VerifyOptions(witnesses: [checkpoint]))
    #expect(!foreign.isIntact)
    let grandchild = empty()
    try EventReader.open(on: target.reopen()).fork(to: grandchild)
    let third = try EventStore.open(on: grandchild, CompactionScene.options(7))
    #expect(third.origins.map(\.lineage) == [store.lineage, fork.lineage])
    #expect(try third.reader.verify().isIntact)
  }

  @Test func `a signed fork verifies with its parent's seals`() throws {
    let key = SigningKey(Ed25519.KeyPair(from: .seeded(1)))
    var options = CompactionScene.options()
    options.signing = .required(key)
    let disk = SimulatedDisk(seed: 3, faults: .none)
    let store = try EventStore.open(on: disk, options)
    for number in 0..<30 { try store.append(.of("file:\(number % 3)", "\(number)")) }
    for key in [key, nil] {
      let target = empty()
      try store.reader.fork(to: target, CopyOptions(key: key))
      let report = try EventReader.verify(on: target, VerifyOptions(signatures: true))
      #expect(report.isIntact, "\(report.findings)")
      #expect(report.signaturesChecked == 31)
    }
    try store.compact(CompactionRequest(removing: .below(12, .everything)))
    let report = try store.reader.verify(VerifyOptions(signatures: true))
    #expect(report.isIntact, "\(report.findings)")
  }

  @Test func `a copy into a directory that holds something is refused`() throws {
    let scene = try CompactionScene()
    let reader = try #require(scene.store).reader
    let target = empty()
    try target.makeDirectory("something", mode: 0o700)
    #expect(throws: StoreError.target("is not empty")) { try reader.snapshot(to: target) }
    #expect(throws: StoreError.target("is not empty")) { try reader.fork(to: target) }
  }

  @Test func `a copy that was cut short is no store`() throws {
    let scene = try CompactionScene()
    let reader = try #require(scene.store).reader
    let whole = empty()
    try reader.snapshot(to: whole)
    for operation in stride(from: 1, to: whole.operations, by: 5) {
      let target = SimulatedDisk(
        seed: 9, faults: .honest.arming(.crash, at: operation))
      #expect(throws: StoreError.self) { try reader.snapshot(to: target) }
      let disk = target.reopen()
      do throws(StoreError) {
        // The power may have failed behind the last file.
        let found = try EventReader.open(on: disk)
        #expect(try found.lastSequence == scene.count)
      } catch .notAStore {
        continue
      }
    }
  }
}

extension Origin {
  fileprivate static func of(_ lineage: Lineage, _ scene: CompactionScene) -> Origin? {
    scene.root.map { Origin(lineage: lineage, sequence: scene.count, root: $0) }
  }
}
