// Whole engines for tests. The simulated one has no threads: it goes step by step, and its machine can
// be crashed and started again with everything on it. The live one has threads and the real disk.

import Ambient
import ColdStorage
import DiskSimulation
import DurableFiles
import EventStore
import Manifest
import ScratchFiles
import Testing

@testable import CacheEngine

/// Where the key-encryption key of a simulated engine comes from, by its state disk.
struct SimulatedKeys: Sendable {
  let source: @Sendable (SimulatedDisk) -> KeySource
}

/// A depot, an event store and a cold store on simulated machines, and an engine on them.
final class SimulatedGround {
  let clock = ManualClock()
  private(set) var depotDisk: SimulatedDisk
  private(set) var stateDisk: SimulatedDisk
  let coldDisk: SimulatedDisk
  let local: LocalStore
  let cold: HookedStore
  var settings = EngineSettings(depot: Array("/depot".utf8))
  private var entropy: UInt64 = 1
  /// Where the key-encryption key comes from; nil for an engine without keys.
  private let keys: SimulatedKeys?
  private(set) var engine: Engine?

  init(
    seed: UInt64 = 1, depotCapacity: ByteCount = ByteCount(1 << 30),
    keys: SimulatedKeys? = nil,
    _ adjust: (inout EngineSettings) -> Void = { _ in }
  ) throws {
    depotDisk = SimulatedDisk(seed: seed, clock: clock, capacity: depotCapacity)
    stateDisk = SimulatedDisk(seed: seed &+ 1, clock: clock)
    self.keys = keys
    let coldDisk = SimulatedDisk(seed: seed &+ 2, clock: clock)
    self.coldDisk = coldDisk
    local = try LocalStore(
      .test(clock: clock), pause: .advancing(clock), entropy: .seeded(seed)
    ) { () throws(DiskError) in coldDisk }
    cold = HookedStore(local)
    settings.cache.minimumAge = .zero
    settings.depot.deleteGrace = .zero
    settings.depot.skipsStartupScan = true
    adjust(&settings)
    try open()
  }

  /// Opens the engine.
  func open() throws {
    entropy += 1
    let depotDisk = depotDisk
    var parts = EngineParts(
      depot: { () throws(DiskError) in depotDisk }, events: stateDisk, state: nil, cold: cold,
      wallClock: clock.wall, monotonicClock: clock.monotonic, entropy: .seeded(entropy))
    parts.pause = .advancing(clock)
    parts.hasThreads = false
    parts.backends = [local.backend]
    parts.keys = keys?.source(stateDisk)
    engine = try Engine.open(parts, settings)
  }

  /// Stops the engine in order and opens it again.
  func reopen() throws {
    try engine?.stop()
    engine = nil
    depotDisk = depotDisk.reopen()
    stateDisk = stateDisk.reopen()
    try open()
  }

  /// Kills the engine's process, and opens another.
  func kill() throws {
    engine = nil
    depotDisk = depotDisk.reopen()
    stateDisk = stateDisk.reopen()
    try open()
  }

  var running: Engine {
    guard let engine else { preconditionFailure("the engine is open") }
    return engine
  }

  /// Writes a file as a program would, and lets the engine know.
  func write(_ path: FilePath, _ text: String, tells: Bool = true) throws {
    try Self.write(path, text, on: depotDisk)
    if tells { try running.stepLook(at: path) }
  }

  static func write(_ path: FilePath, _ text: String, on disk: SimulatedDisk) throws {
    try disk.makeDirectories(path.parent, mode: 0o755)
    if try disk.status(at: path) == nil {
      let file = try OpenFile(path, .creating(mode: 0o640), on: disk)
      try file.write(Array(text.utf8), at: 0)
    } else {
      let file = try OpenFile(path, .writing, on: disk)
      try file.truncate(to: 0)
      try file.write(Array(text.utf8), at: 0)
    }
  }

  /// Changes bytes of a file of the same length and nothing that is said of it, and lets the engine
  /// know what the disk says now as if that were old.
  func rot(_ path: FilePath, to text: String) throws {
    let before = try #require(try depotDisk.status(at: path))
    let file = try OpenFile(path, .writing, on: depotDisk)
    try file.write(Array(text.utf8), at: 0)
    try file.set(FileAttributes(modifiedNanoseconds: before.modifiedNanoseconds))
    let row = try #require(try row(path))
    let now = HotCopy(try file.status)
    #expect(row.stored != nil)
    var turn = try running.ledger.turn(of: path)
    try turn.append(.confirmed(now))
  }

  /// Writes a file, and has it stored.
  func store(_ path: FilePath, _ text: String) throws {
    try write(path, text)
    running.stepUploads(max: 100)
  }

  func text(_ path: FilePath) throws -> String? {
    guard try depotDisk.status(at: path) != nil else { return nil }
    let file = try OpenFile(path, .reading, on: depotDisk)
    return String(decoding: try file.readAll(bytesMax: 1 << 24), as: UTF8.self)
  }

  func row(_ path: FilePath) throws -> FileRow? { try running.row(at: path) }

  func names(in directory: FilePath) throws -> [String] {
    try depotDisk.list(directory).map { String(decoding: $0.name, as: UTF8.self) }.sorted()
  }
}
