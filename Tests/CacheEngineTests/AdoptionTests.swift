// Files of which only cold storage knows: another server stored them, or everything local was lost.

import Ambient
import ColdStorage
import DiskSimulation
import DurableFiles
import EventStore
import Manifest
import Telemetry
import Testing

@testable import CacheEngine

/// An engine on machines of its own, on the cold store of another.
final class OtherServer {
  let depotDisk: SimulatedDisk
  let engine: Engine

  init(
    beside ground: SimulatedGround, seed: UInt64 = 77,
    _ adjust: (inout EngineSettings) -> Void = { _ in }
  ) throws {
    let disk = SimulatedDisk(seed: seed, clock: ground.clock)
    depotDisk = disk
    var parts = EngineParts(
      depot: { () throws(DiskError) in disk },
      events: SimulatedDisk(seed: seed &+ 1, clock: ground.clock), state: nil, cold: ground.cold,
      wallClock: ground.clock.wall, monotonicClock: ground.clock.monotonic,
      entropy: .seeded(seed))
    parts.pause = .advancing(ground.clock)
    parts.hasThreads = false
    var settings = ground.settings
    adjust(&settings)
    engine = try Engine.open(parts, settings)
  }

  func text(_ path: FilePath) throws -> String {
    let file = try OpenFile(path, .reading, on: depotDisk)
    return String(decoding: try file.readAll(bytesMax: 1 << 20), as: UTF8.self)
  }
}

@Suite struct AdoptionTests {
  @Test func `what one server stored another brings, with its mode and its time`() throws {
    let ground = try SimulatedGround { $0.depot.sharesColdTier = true }
    try ground.store("dir/a", "first")
    let stored = try #require(try ground.depotDisk.status(at: "dir/a"))
    let other = try OtherServer(beside: ground)
    #expect(try other.engine.fetch("dir/a") == 5)
    #expect(try other.text("dir/a") == "first")
    let status = try #require(try other.depotDisk.status(at: "dir/a"))
    #expect(status.mode == stored.mode)
    #expect(status.modifiedNanoseconds == stored.modifiedNanoseconds)
    #expect(try other.engine.row(at: "dir/a")?.state == .clean)
    #expect(other.engine.counters.adopted.value == 1)
  }

  @Test
  func `two servers on one bucket store a path each, and neither takes the other's bytes away`()
    throws
  {
    let ground = try SimulatedGround { $0.depot.sharesColdTier = true }
    let other = try OtherServer(beside: ground)
    try ground.store("a", "of the first")
    try SimulatedGround.write("a", "of the second", on: other.depotDisk)
    try other.engine.stepLook(at: "a")
    other.engine.stepUploads(max: 10)
    for engine in [ground.running, other.engine] {
      try engine.stepManifest()
      engine.stepOrphans()
      #expect(engine.stepEvict("a"))
      _ = try engine.fetch("a")
    }
    #expect(try ground.text("a") == "of the first")
    #expect(try other.text("a") == "of the second")
  }

  @Test func `an unknown path is looked up only where that is wanted`() throws {
    let ground = try SimulatedGround()
    try ground.store("a", "text")
    let silent = try OtherServer(beside: ground)
    #expect(throws: EngineError.notFound("a")) { try silent.engine.fetch("a") }
    let asking = try OtherServer(beside: ground, seed: 91) { $0.depot.fetchesUnknown = true }
    #expect(try asking.engine.fetch("a") == 4)
    #expect(throws: EngineError.notFound("b")) { try asking.engine.fetch("b") }
  }

  @Test func `what was deleted here is not brought back by looking it up`() throws {
    let ground = try SimulatedGround { $0.depot.sharesColdTier = true }
    try ground.store("a", "text")
    try ground.running.delete("a")
    #expect(throws: EngineError.notFound("a")) { try ground.running.fetch("a") }
    #expect(try ground.local.list(ListRequest()).objects.count == 1)
  }

  @Test func `when everything local is lost all files come back from cold storage`() throws {
    let ground = try SimulatedGround()
    let long = FilePath.root.appending(String(repeating: "l", count: 250))
      .appending(String(repeating: "m", count: 250))
    // So long that not even an object's metadata holds it.
    var deep = FilePath.root.appending("deep")
    for _ in 0..<8 { deep = deep.appending(String(repeating: "d", count: 250)) }
    for path in ["a", "dir/b", "dir/.c", long, deep] as [FilePath] {
      try ground.store(path, "of \(path)")
    }
    // Written again, so that an older object of the same path is there too.
    ground.clock.advance(by: .seconds(2))
    try ground.store("a", "newer")
    let other = try OtherServer(beside: ground)
    try SimulatedGround.write("dir/b", "written since", on: other.depotDisk)
    let found = try other.engine.recoverFromBackend(Cancellation()) { _ in }
    #expect(found.adopted == 5 && found.unknown == 0 && found.sealed == 0)
    #expect(try other.engine.row(at: "dir/b")?.state == .dirty)
    for path in ["a", "dir/.c", long, deep] as [FilePath] {
      _ = try other.engine.fetch(path)
      #expect(try other.text(path) == (path == "a" ? "newer" : "of \(path)"))
    }
    #expect(try other.text("dir/b") == "written since")
    let again = try other.engine.recoverFromBackend(Cancellation()) { _ in }
    #expect(again.adopted == 0 && again.known == 5)
  }

  @Test func `what stands in the depot as it was stored is clean after a recovery`() throws {
    let ground = try SimulatedGround()
    try ground.store("a", "text")
    let other = try OtherServer(beside: ground)
    let stored = try #require(try ground.row("a")?.stored)
    _ = try Restorer(depot: other.engine.depot, cold: ground.cold, entropy: .seeded(4))
      .restore("a", from: stored)
    ground.clock.advance(by: .seconds(1))
    _ = try other.engine.recoverFromBackend(Cancellation()) { _ in }
    let row = try #require(try other.engine.row(at: "a"))
    #expect(row.state == .clean && row.isHot)
  }

  @Test func `a sealed object is never taken for the bytes of a file`() throws {
    let ground = try SimulatedGround()
    try ground.write("a", "x")
    let header = SealedHeader(
      key: DataKeyID(.entity("file"), generation: 1), salt: [UInt8](repeating: 7, count: 16),
      plaintextBytes: 0
    ).encode()
    do {
      let file = try OpenFile("a", .writing, on: ground.depotDisk)
      try file.write(header + [UInt8](repeating: 0, count: 40), at: 0)
    }
    try ground.running.stepLook(at: "a")
    ground.running.stepUploads(max: 10)
    let other = try OtherServer(beside: ground) { $0.depot.fetchesUnknown = true }
    #expect(throws: EngineError.notFound("a")) { try other.engine.fetch("a") }
    let found = try other.engine.recoverFromBackend(Cancellation()) { _ in }
    #expect(found.sealed == 1 && found.adopted == 0)
  }
}

@Suite struct UnaccountedTests {
  private func findings(
    _ engine: Engine, olderThan grace: Duration = .zero
  ) throws -> [ObjectFinding] {
    var found: [ObjectFinding] = []
    try engine.eachUnaccountedObject(olderThan: grace, Cancellation()) { found.append($0) }
    return found
  }

  @Test func `an object of an upload without its event is found, and removed when told to`() throws
  {
    let ground = try SimulatedGround()
    try ground.store("a", "text")
    try ground.write("b", "more")
    let key = ground.running.adoption.catalogue.naming.key(of: "b", generation: 99)
    _ = try ground.local.upload(key, from: BytesSource(Array("more".utf8)), UploadRequest())
    ground.clock.advance(by: .seconds(100))
    let found = try findings(ground.running)
    #expect(found == [.unaccounted(key, "b", bytes: 4)])
    #expect(try findings(ground.running, olderThan: .seconds(1_000)).isEmpty)
    #expect(try ground.running.removeUnaccounted(found[0]))
    #expect(try ground.local.head(key) == nil)
    #expect(try findings(ground.running).isEmpty)
  }

  @Test func `what waits to be removed, and what the log never knew, is left alone`() throws {
    let ground = try SimulatedGround { $0.depot.deleteGrace = .seconds(86_400) }
    try ground.store("a", "first")
    ground.clock.advance(by: .seconds(1))
    try ground.store("a", "second")
    let other: ObjectKey = "files/elsewhere~0011223344556677"
    _ = try ground.local.upload(other, from: BytesSource([1]), UploadRequest())
    let found = try findings(ground.running)
    #expect(found == [.unknown(other, bytes: 1)])
    #expect(try !ground.running.removeUnaccounted(found[0]))
    #expect(try ground.local.head(other) != nil)
  }

  @Test func `a file whose object is gone is named`() throws {
    let ground = try SimulatedGround()
    try ground.store("a", "text")
    try ground.store("b", "text")
    try ground.running.stepManifest()
    let key = try ObjectKey(bytes: try #require(try ground.row("a")?.stored).key)
    try ground.local.delete(key, DeleteRequest())
    var found: [ObjectFinding] = []
    try ground.running.eachMissingObject(Cancellation()) { found.append($0) }
    #expect(found == [.missing(key, "a", bytes: 4)])
  }

  @Test func `nothing is removed from a store that others share`() throws {
    let ground = try SimulatedGround { $0.depot.sharesColdTier = true }
    try ground.store("a", "text")
    let key = ground.running.adoption.catalogue.naming.key(of: "a", generation: 99)
    _ = try ground.local.upload(key, from: BytesSource([1]), UploadRequest())
    let found = try findings(ground.running)
    #expect(throws: EngineError.self) { try ground.running.removeUnaccounted(found[0]) }
    #expect(try ground.local.head(key) != nil)
  }
}
