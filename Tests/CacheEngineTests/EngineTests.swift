// The engine as a whole, step by step: what is promised of a file through everything that can happen
// to it.

import Ambient
import ColdStorage
import Digests
import DiskSimulation
import DurableFiles
import Manifest
import Telemetry
import Testing

@testable import CacheEngine

@Suite struct EngineTests {
  @Test func `a file is written, stored, evicted and comes back as it was`() throws {
    let ground = try SimulatedGround()
    try ground.write("dir/a", "hello")
    #expect(try ground.row("dir/a")?.state == .dirty)
    #expect(ground.running.stepUploads(max: 10) == 1)
    #expect(try ground.row("dir/a")?.state == .clean)
    #expect(ground.running.stepEvict("dir/a"))
    #expect(try ground.text("dir/a") == nil)
    #expect(try ground.row("dir/a")?.isHot == false)
    #expect(try ground.running.fetch("dir/a") == 5)
    #expect(try ground.text("dir/a") == "hello")
    #expect(try ground.row("dir/a")?.isHot == true)
    #expect(ground.running.counters.restores.value == 1)
    #expect(try ground.running.fetch("dir/a") == 5)
    #expect(ground.running.counters.hits.value == 1)
  }

  @Test func `eviction begins above the limit and spares what is dirty, pinned or in use`() throws {
    let ground = try SimulatedGround {
      $0.cache.bytesMax = ByteCount(100)
      $0.cache.lowWatermark = ByteCount(50)
    }
    let twenty = String(repeating: "x", count: 20)
    for name in ["a", "b", "c", "d", "e"] as [FilePath] { try ground.store(name, twenty) }
    ground.running.stepEvictions()
    #expect(ground.running.counters.evictions.value == 0)
    try ground.write("dirty", twenty)
    let held = try OpenFile("a", .reading, on: ground.depotDisk)
    ground.running.stepEvictions()
    #expect(try held.size == 20)
    #expect(try ground.text("a") == twenty)
    #expect(try ground.text("dirty") == twenty)
    #expect(ground.running.counters.evictions.value == 4)
    #expect(ground.running.evictions.hotBytes == 40)
  }

  @Test func `what was rewritten while it was cold or clean is dirty, and is never evicted`() throws
  {
    let ground = try SimulatedGround()
    try ground.store("a", "first")
    try ground.write("a", "second", tells: false)
    #expect(!ground.running.stepEvict("a"))
    #expect(try ground.row("a")?.state == .dirty)
    #expect(try ground.text("a") == "second")
    ground.running.stepUploads(max: 10)
    #expect(ground.running.stepEvict("a"))
    try ground.write("a", "third", tells: false)
    #expect(try ground.running.fetch("a") == 5)
    #expect(try ground.text("a") == "third")
    ground.running.stepRescan(isAsked: true)
    #expect(try ground.row("a")?.state == .dirty)
  }

  @Test
  func `a file that changes during its upload is uploaded again, and no other bytes are kept`()
    throws
  {
    let ground = try SimulatedGround()
    try ground.write("a", "first")
    let (disk, cold) = (ground.depotDisk, ground.cold)
    cold.hook {
      $0.afterUpload = { (_) throws(StorageError) in
        guard cold.count("upload") == 1 else { return }
        do { try SimulatedGround.write("a", "second", on: disk) } catch { throw .cancelled }
      }
    }
    ground.running.stepUploads(max: 1)
    #expect(try ground.row("a")?.state == .dirty)
    #expect(ground.running.counters.uploadsOvertaken.value == 1)
    ground.running.stepUploads(max: 10)
    #expect(try ground.row("a")?.state == .clean)
    #expect(try ground.row("a")?.stored?.digest == Blake3.digest(of: Array("second".utf8)))
    #expect(try ground.local.list(ListRequest()).objects.count == 1)
  }

  @Test func `a file that is deleted during its upload leaves no row and in the end no object`()
    throws
  {
    let ground = try SimulatedGround()
    try ground.write("a", "first")
    let engine = ground.running
    ground.cold.hook {
      $0.afterUpload = { (_) throws(StorageError) in
        do throws(EngineError) { try engine.delete("a") } catch { throw .cancelled }
      }
    }
    ground.running.stepUploads(max: 10)
    #expect(try ground.row("a") == nil)
    try ground.running.stepManifest()
    ground.running.stepOrphans()
    #expect(try ground.local.list(ListRequest()).objects.isEmpty)
  }

  @Test func `a delete takes what was known, and never what was written at its path since`() throws
  {
    let ground = try SimulatedGround()
    try ground.store("a", "old")
    try ground.depotDisk.remove("a")
    try ground.write("a", "newer", tells: false)
    try ground.running.delete("a")
    #expect(try ground.text("a") == "newer")
    #expect(try ground.row("a")?.state == .dirty)
    #expect(try ground.row("a")?.stored == nil)
    ground.running.stepUploads(max: 10)
    try ground.running.stepManifest()
    ground.running.stepOrphans()
    #expect(try ground.local.list(ListRequest()).objects.count == 1)
    #expect(ground.running.stepEvict("a"))
    #expect(try ground.running.fetch("a") == 5)
    try ground.write("unknown", "fresh", tells: false)
    try ground.running.delete("unknown")
    #expect(try ground.text("unknown") == "fresh")
  }

  @Test func `what is deleted is gone everywhere, and what merely vanished comes back`() throws {
    let ground = try SimulatedGround()
    try ground.store("deleted", "one")
    try ground.store("vanished", "two")
    try ground.running.delete("deleted")
    try ground.depotDisk.remove("vanished")
    try ground.running.stepLook(at: "vanished")
    #expect(try ground.text("deleted") == nil)
    #expect(throws: EngineError.notFound("deleted")) { try ground.running.fetch("deleted") }
    #expect(try ground.running.fetch("vanished") == 3)
    #expect(try ground.text("vanished") == "two")
    try ground.running.stepManifest()
    ground.running.stepOrphans()
    let keys = try ground.local.list(ListRequest()).objects.map(\.key.description)
    #expect(keys.count == 1 && keys[0].hasPrefix("files/vanished~"))
    #expect(ground.running.counters.removedObjects.value == 1)
  }

  @Test func `older bytes stay stored until newer ones are, and then leave`() throws {
    let ground = try SimulatedGround()
    try ground.store("a", "first")
    let first = try #require(try ground.row("a")?.stored)
    try ground.write("a", "second")
    #expect(try ground.row("a")?.stored == first)
    #expect(try ground.local.head(try ObjectKey(bytes: first.key)) != nil)
    ground.running.stepUploads(max: 10)
    try ground.running.stepManifest()
    ground.running.stepOrphans()
    #expect(try ground.local.head(try ObjectKey(bytes: first.key)) == nil)
    #expect(ground.running.stepEvict("a"))
    _ = try ground.running.fetch("a")
    #expect(try ground.text("a") == "second")
  }

  @Test func `no object is removed where others share the store`() throws {
    let ground = try SimulatedGround { $0.depot.sharesColdTier = true }
    try ground.store("a", "first")
    try ground.store("a", "second")
    try ground.running.delete("a")
    try ground.running.stepManifest()
    ground.running.stepOrphans()
    #expect(try ground.local.list(ListRequest()).objects.count == 2)
  }

  @Test func `a store that is away defers uploads, holds the others and is tried again`() throws {
    let ground = try SimulatedGround { $0.uploads.threads = 1 }
    let gone = StorageError.unavailable(store: "primary", detail: "no route", retryAfter: nil)
    ground.cold.hook { $0.beforeUpload = { (_) throws(StorageError) in throw gone } }
    for name in ["a", "b", "c"] as [FilePath] { try ground.write(name, "text") }
    #expect(ground.running.stepUploads(max: 10) == 1)
    #expect(ground.running.uploads.holds == [.backend("\(gone)")])
    #expect(try ground.row("a")?.attempts == 1)
    #expect(try ground.row("b")?.attempts == 0)
    ground.cold.hook { $0.beforeUpload = { _ in } }
    ground.clock.advance(by: .seconds(30))
    #expect(ground.running.stepUploads(max: 10) == 3)
    for name in ["a", "b", "c"] as [FilePath] { #expect(try ground.row(name)?.state == .clean) }
  }

  @Test func `what can never be stored has failed, and stays in the depot`() throws {
    let ground = try SimulatedGround()
    try ground.write("a", "text")
    ground.cold.hook {
      $0.beforeUpload = { (_) throws(StorageError) in throw .tooLarge(size: 4, bytesMax: 3) }
    }
    ground.running.stepUploads(max: 10)
    #expect(try ground.row("a")?.state == .failed)
    #expect(!ground.running.stepEvict("a"))
    #expect(try ground.text("a") == "text")
    #expect(ground.running.counters.uploadsGivenUp.value == 1)
  }

  @Test func `a stored copy that was lost makes its file dirty before it is evicted`() throws {
    let ground = try SimulatedGround { $0.cache.verifyBeforeEvictAfter = .seconds(60) }
    try ground.store("a", "text")
    let copy = try #require(try ground.row("a")?.stored)
    try ground.local.delete(try ObjectKey(bytes: copy.key), DeleteRequest())
    ground.clock.advance(by: .seconds(61))
    #expect(!ground.running.stepEvict("a"))
    #expect(try ground.row("a")?.state == .dirty)
    ground.running.stepUploads(max: 10)
    #expect(ground.running.stepEvict("a"))
    #expect(try ground.running.fetch("a") == 4)
  }

  @Test func `wrong bytes are refused, found and never stand in the depot`() throws {
    let ground = try SimulatedGround()
    try ground.store("a", "text")
    #expect(ground.running.stepEvict("a"))
    ground.cold.hook { $0.lie = { _ in Array("next".utf8) } }
    #expect {
      try ground.running.fetch("a")
    } throws: {
      guard case EngineError.integrity("a", _)? = $0 as? EngineError else { return false }
      return true
    }
    #expect(try ground.text("a") == nil)
    #expect(try ground.row("a")?.lastFault?.contains("hash") == true)
    ground.cold.hook { $0.lie = nil }
    #expect(try ground.running.fetch("a") == 4)
  }

  @Test func `a full depot evicts to make room before it refuses`() throws {
    let ground = try SimulatedGround(depotCapacity: ByteCount(160 << 10))
    let large = String(repeating: "x", count: 60 << 10)
    try ground.store("a", large)
    #expect(ground.running.stepEvict("a"))
    try ground.store("b", large)
    try ground.store("c", large)
    #expect(try ground.running.fetch("a") == UInt64(large.utf8.count))
    #expect(try ground.text("a") == large)
    #expect(ground.running.counters.evictions.value == 2)
  }

  @Test func `a full depot that nothing can leave says so`() throws {
    let ground = try SimulatedGround(depotCapacity: ByteCount(160 << 10))
    let large = String(repeating: "x", count: 60 << 10)
    try ground.store("a", large)
    #expect(ground.running.stepEvict("a"))
    try ground.write("b", large)
    try ground.write("c", large)
    #expect(throws: EngineError.diskFull("a")) { try ground.running.fetch("a") }
    #expect(try ground.text("b") == large)
  }

  @Test func `what is no file is neither stored nor harmed`() throws {
    let ground = try SimulatedGround()
    try ground.depotDisk.plant(.other, at: "fifo")
    try ground.depotDisk.plant(.symbolicLink, at: "link")
    ground.running.stepRescan(isAsked: true)
    try ground.running.stepLook(at: "fifo")
    try ground.running.stepLook(at: "link")
    #expect(try ground.row("fifo") == nil)
    #expect(try ground.row("link") == nil)
    #expect(ground.running.stepUploads(max: 10) == 0)
    #expect(throws: EngineError.self) { try ground.running.fetch("link") }
    #expect(throws: EngineError.self) { try ground.running.fetch(".p4cache/engine.lock") }
  }

  @Test
  func `while events cannot be written nothing but reading goes on, and it is made good later`()
    throws
  {
    let ground = try SimulatedGround()
    try ground.store("cold", "text")
    #expect(ground.running.stepEvict("cold"))
    try ground.store("hot", "more")
    ground.stateDisk.arm(.none.arming(.full, oneIn: 1))
    #expect(throws: EngineError.self) { try ground.write("new", "fresh") }
    #expect(!ground.running.stepEvict("hot"))
    #expect(ground.running.stepUploads(max: 10) == 0)
    #expect(throws: EngineError.self) { try ground.running.delete("hot") }
    #expect(try ground.running.fetch("cold") == 4)
    #expect(try ground.text("cold") == "text")
    #expect(ground.running.counters.unrecordedRestores.value == 1)
    ground.stateDisk.arm(.none)
    ground.clock.advance(by: .seconds(6))
    ground.running.stepRescan()
    #expect(try ground.row("cold")?.isHot == true)
    #expect(try ground.row("cold")?.state == .clean)
    #expect(try ground.row("new")?.state == .dirty)
    #expect(ground.running.stepUploads(max: 10) == 1)
  }
}

@Suite struct EngineLifeTests {
  @Test func `a second engine on the depot is refused, and names the first`() throws {
    let ground = try SimulatedGround()
    let other = ground.depotDisk.startProcess()
    let process = ground.depotDisk.process
    var parts = EngineParts(
      depot: { () throws(DiskError) in other }, events: SimulatedDisk(seed: 9), state: nil,
      cold: ground.cold)
    parts.hasThreads = false
    let refused = parts
    #expect(throws: EngineError.held(process: process)) {
      try Engine.open(refused, ground.settings)
    }
  }

  @Test func `what was stored or cold is so after a restart, and what was dirty is uploaded`()
    throws
  {
    let ground = try SimulatedGround()
    try ground.store("clean", "one")
    try ground.store("cold", "two")
    #expect(ground.running.stepEvict("cold"))
    try ground.write("dirty", "three")
    try ground.reopen()
    #expect(try ground.row("clean")?.state == .clean)
    #expect(try ground.row("cold")?.isHot == false)
    try ground.running.stepManifest()
    #expect(ground.running.stepUploads(max: 10) == 1)
    #expect(try ground.row("dirty")?.state == .clean)
    #expect(try ground.running.fetch("cold") == 3)
  }

  @Test func `a file that was rewritten or removed while the engine was down is seen`() throws {
    let ground = try SimulatedGround()
    for name in ["a", "b", "c"] as [FilePath] { try ground.store(name, "old") }
    try ground.running.stop()
    try ground.write("a", "new", tells: false)
    try ground.depotDisk.remove("b")
    try ground.write("d", "found", tells: false)
    try ground.reopen()
    ground.running.stepRescan(isAsked: true)
    #expect(try ground.row("a")?.state == .dirty)
    #expect(try ground.row("b")?.isHot == false)
    #expect(try ground.row("c")?.state == .clean)
    #expect(try ground.row("d")?.state == .dirty)
    ground.running.stepUploads(max: 10)
    #expect(ground.running.stepEvict("a"))
    _ = try ground.running.fetch("a")
    #expect(try ground.text("a") == "new")
  }

  @Test func `what lay aside when the engine died is put back, and what was coming is removed`()
    throws
  {
    let ground = try SimulatedGround()
    try ground.store("dir/a", "text")
    let row = try #require(try ground.row("dir/a"))
    let departure = try Departure.begin(
      "dir/a", judged: try #require(row.hot), generation: row.generation,
      in: ground.running.depot)
    _ = try OpenFile(
      Depot.restoring.appending("0011223344556677"), .creating(mode: 0o600), on: ground.depotDisk)
    try ground.kill()
    withExtendedLifetime(departure.path) {}
    #expect(try ground.text("dir/a") == "text")
    #expect(try ground.row("dir/a")?.state == .dirty)
    #expect(try ground.names(in: Depot.evicting).isEmpty)
    #expect(try ground.names(in: Depot.restoring).isEmpty)
  }

  @Test func `a file whose removal was lost does not stand for what was written since`() throws {
    let ground = try SimulatedGround()
    try ground.store("a", "first")
    let generation = try #require(try ground.row("a")).generation
    #expect(ground.running.stepEvict("a"))
    let aside = Depot.evicting.appending(
      Departure.asideName(of: "a", generation: generation))
    try ground.store("a", "second")
    #expect(ground.running.stepEvict("a"))
    try SimulatedGround.write(aside, "first", on: ground.depotDisk)
    try ground.kill()
    #expect(try ground.text("a") == nil)
    #expect(try ground.names(in: Depot.displaced).count == 1)
    _ = try ground.running.fetch("a")
    #expect(try ground.text("a") == "second")
  }

  @Test func `a file lying aside whose path nothing tells is kept`() throws {
    let ground = try SimulatedGround()
    let name = Depot.evicting.appending("00112233445566778899aabbccddeeff")
    _ = try OpenFile(name, .creating(mode: 0o600), on: ground.depotDisk)
    try ground.kill()
    #expect(try ground.names(in: Depot.evicting).count == 1)
  }

  @Test func `a restored file whose event was lost is recognised by its bytes`() throws {
    let ground = try SimulatedGround()
    try ground.store("a", "text")
    #expect(ground.running.stepEvict("a"))
    let copy = try #require(try ground.row("a")?.stored)
    _ = try Restorer(depot: ground.running.depot, cold: ground.cold, entropy: .seeded(5))
      .restore("a", from: copy)
    ground.clock.advance(by: .seconds(1))
    ground.running.stepRescan(isAsked: true)
    #expect(try ground.row("a")?.state == .clean)
    #expect(try ground.row("a")?.isHot == true)
    #expect(ground.running.stepEvict("a"))
  }
}
