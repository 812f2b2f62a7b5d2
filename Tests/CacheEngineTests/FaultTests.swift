// The faults that an engine must survive, by name, where one engine in one process shows it. The real
// binary meets others of the list in LarderTests; kills at every step are the rehearsal's.

import Ambient
import ColdStorage
import Digests
import DiskSimulation
import DurableFiles
import Glibc
import Manifest
import ScratchFiles
import Telemetry
import Testing
import Views

@testable import CacheEngine

@Suite struct FaultTests {
  @Test func `with the cold store gone for an hour nothing is lost, and what gave up is told`()
    throws
  {
    let ground = try SimulatedGround()
    try ground.store("cold", "of before")
    #expect(ground.running.stepEvict("cold"))
    let gone = StorageError.unavailable(store: "primary", detail: "no route", retryAfter: nil)
    ground.cold.hook {
      $0.beforeUpload = { (_) throws(StorageError) in throw gone }
      $0.beforeDownload = { (_) throws(StorageError) in throw gone }
    }
    for minute in 0..<60 {
      try ground.write(FilePath.root.appending("file\(minute)"), "written at \(minute)")
      ground.running.stepUploads(max: 100)
      ground.clock.advance(by: .seconds(60))
    }
    #expect(throws: EngineError.self) { try ground.running.fetch("cold") }
    #expect(ground.running.atRisk.files.files == 60)
    for minute in 0..<60 {
      #expect(!ground.running.stepEvict(FilePath.root.appending("file\(minute)")))
    }
    ground.cold.hook {
      $0.beforeUpload = { _ in }
      $0.beforeDownload = { _ in }
    }
    for _ in 0..<20 {
      ground.clock.advance(by: .seconds(600))
      ground.running.stepUploads(max: 100)
    }
    // Those whose budget of attempts the hour has spent wait for an operator, and stay in the depot.
    #expect(ground.running.atRisk.files == ground.running.atRisk.failed)
    for minute in 0..<60 {
      let path = FilePath.root.appending("file\(minute)")
      #expect(try ground.text(path) == "written at \(minute)")
      #expect(try ground.row(path)?.state == (ground.running.stepEvict(path) ? .clean : .failed))
      var turn = try ground.running.ledger.turn(of: path)
      if turn.row?.state == .failed { try turn.append(.retried) }
    }
    ground.running.stepUploads(max: 100)
    #expect(ground.running.atRisk.files.files == 0)
    #expect(try ground.running.fetch("cold") == 9)
  }

  @Test func `with the clock back two hours files are stored, evicted and restored as ever`() throws
  {
    let ground = try SimulatedGround()
    ground.clock.advance(by: .seconds(100_000))
    try ground.store("a", "of before")
    try ground.write("dirty", "of before")
    ground.clock.jump(to: ground.clock.wall.now() + .seconds(-7_200))
    try ground.write("b", "of after")
    #expect(ground.running.stepUploads(max: 10) == 2)
    for name in ["a", "dirty", "b"] as [FilePath] {
      #expect(try ground.row(name)?.state == .clean)
      #expect(ground.running.stepEvict(name))
      _ = try ground.running.fetch(name)
      #expect(try ground.text(name)?.hasPrefix("of ") == true)
    }
    try ground.write("a", "of afterwards")
    #expect(ground.running.stepUploads(max: 10) == 1)
    try ground.reopen()
    #expect(ground.running.stepEvict("a"))
    _ = try ground.running.fetch("a")
    #expect(try ground.text("a") == "of afterwards")
  }

  @Test
  func `a retry whose time the clock went back from is made when it has come there again`()
    throws
  {
    let ground = try SimulatedGround()
    ground.clock.advance(by: .seconds(100_000))
    try ground.write("a", "text")
    ground.cold.hook {
      $0.beforeUpload = { (key) throws(StorageError) in throw .integrity(key, "cut off") }
    }
    ground.running.stepUploads(max: 1)
    ground.cold.hook { $0.beforeUpload = { _ in } }
    #expect(try ground.row("a")?.attempts == 1)
    ground.clock.jump(to: ground.clock.wall.now() + .seconds(-7_200))
    ground.clock.advance(by: .seconds(7_200 + 600))
    #expect(ground.running.stepUploads(max: 1) == 1)
    #expect(try ground.row("a")?.state == .clean)
  }

  @Test func `with the depot's and the state's disk full at once what is cold stays safe`() throws {
    let ground = try SimulatedGround(depotCapacity: ByteCount(200 << 10))
    let large = String(repeating: "x", count: 60 << 10)
    try ground.store("a", large)
    #expect(ground.running.stepEvict("a"))
    ground.stateDisk.arm(.none.arming(.full, oneIn: 1))
    ground.depotDisk.arm(.none.arming(.full, oneIn: 1))
    #expect(throws: EngineError.self) { try ground.running.fetch("a") }
    #expect(try ground.text("a") == nil)
    #expect(try ground.names(in: Depot.restoring).isEmpty)
    ground.stateDisk.arm(.none)
    ground.depotDisk.arm(.none)
    ground.clock.advance(by: .seconds(6))
    #expect(try ground.running.fetch("a") == UInt64(large.utf8.count))
    #expect(try ground.text("a") == large)
  }

  @Test func `a symbolic link out of the depot is neither read, nor stored, nor written through`()
    throws
  {
    let scratch = try Scratch()
    for name in ["depot", "outside", "events", "cold"] as [FilePath] {
      try scratch.disk.makeDirectory(name, mode: 0o700)
    }
    try OpenFile("outside/secret", .creating(mode: 0o600), on: scratch.disk)
      .write(Array("secret".utf8), at: 0)
    #expect(unsafe symlink("../outside/secret", scratch.path("depot/link")) == 0)
    #expect(unsafe symlink("../outside", scratch.path("depot/dir")) == 0)
    let root = Array(scratch.path("depot").utf8)
    var parts = EngineParts(
      depot: { () throws(DiskError) in try PosixDisk(root: root) },
      events: try PosixDisk(root: scratch.path("events")), state: nil,
      cold: try LocalStore(.test(clock: nil), pause: .live, entropy: .live) {
        () throws(DiskError) in try PosixDisk(root: scratch.path("cold"))
      })
    parts.hasThreads = false
    let engine = try Engine.open(parts, EngineSettings(depot: root))
    for path in ["link", "dir/secret"] as [FilePath] {
      try engine.stepLook(at: path)
      #expect(try engine.row(at: path) == nil)
      #expect(throws: EngineError.self) { try engine.fetch(path) }
      #expect(throws: EngineError.self) { try engine.status(path) }
      // Whether it is refused or finds nothing, what lies outside stays.
      _ = Result { try engine.delete(path) }
      #expect(try scratch.disk.status(at: "outside/secret")?.size == 6)
    }
    engine.stepRescan(isAsked: true)
    #expect(engine.stepUploads(max: 10) == 0)
    try engine.stop()
  }
}

@Suite struct StopTests {
  private let scratch: Scratch
  private let cold: HookedStore

  init() throws {
    let scratch = try Scratch()
    self.scratch = scratch
    for name in ["depot", "events", "cold"] as [FilePath] {
      try scratch.disk.makeDirectory(name, mode: 0o700)
    }
    cold = HookedStore(
      try LocalStore(.test(clock: nil), pause: .live, entropy: .live) {
        () throws(DiskError) in try PosixDisk(root: scratch.path("cold"))
      })
  }

  private func open() throws -> Engine {
    let root = Array(scratch.path("depot").utf8)
    let parts = EngineParts(
      depot: { () throws(DiskError) in try PosixDisk(root: root) },
      events: try PosixDisk(root: scratch.path("events")), state: nil, cold: cold)
    return try Engine.open(parts, EngineSettings(depot: root))
  }

  /// Starts an engine whose first upload waits in its middle until `gate` opens.
  private func uploading(_ gate: Monitor<Bool>) throws -> Engine {
    try OpenFile("depot/a", .creating(mode: 0o644), on: scratch.disk)
      .write(Array("text".utf8), at: 0)
    let begun = Monitor(false)
    cold.hook {
      $0.beforeUpload = { (_) throws(StorageError) in
        begun.change { $0 = true }
        _ = gate.wait(timeout: .seconds(30)) { $0 ? true : nil }
      }
    }
    let engine = try open()
    engine.start()
    #expect(begun.wait(timeout: .seconds(30)) { $0 ? true : nil } == true)
    return engine
  }

  @Test func `a stop in the middle of an upload lets it end within its grace`() throws {
    let gate = Monitor(false)
    let engine = try uploading(gate)
    Worker("gate") { gate.change { $0 = true } }.detach()
    try engine.stop(grace: .seconds(30))
    let next = try open()
    #expect(try next.row(at: "a")?.state == .clean)
    try next.stop()
  }

  @Test
  func `behind its grace a stop leaves the file dirty, and it is uploaded by the next engine`()
    throws
  {
    let gate = Monitor(false)
    let engine = try uploading(gate)
    Worker("stop") {
      // The transfer is told to end, and then finds out at its next step.
      gate.change { $0 = true }
    }.detach()
    try engine.stop(grace: .zero)
    cold.hook { $0.beforeUpload = { _ in } }
    let next = try open()
    next.start()
    for _ in 0..<3_000 where try next.row(at: "a")?.state != .clean {
      _ = Pause.live.wait(.milliseconds(10), nil)
    }
    #expect(try next.row(at: "a")?.state == .clean)
    try next.stop()
  }
}
