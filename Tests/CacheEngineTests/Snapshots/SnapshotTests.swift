// What an engine shows of itself: each figure moves in the test that causes it, and what is kept of
// counts is what counting comes to.

import Ambient
import ColdStorage
import DiskSimulation
import DurableFiles
import Manifest
import Synchronization
import Testing
import Views

@testable import CacheEngine

@Suite struct SnapshotTests {
  private let away = StorageError.unavailable(
    store: "primary", detail: "no route", retryAfter: nil)

  @Test func `the counts are those of a recount, whatever happened to the files`() throws {
    let ground = try SimulatedGround { $0.retries.attemptsMax = 1 }
    for name in ["a", "b", "c", "d", "e"] as [FilePath] { try ground.store(name, "text") }
    #expect(ground.running.stepEvict("a") && ground.running.stepEvict("b"))
    try ground.running.delete("b")
    try ground.pin("c")
    try ground.write("d", "newer text")
    ground.cold.hook { [away] in
      $0.beforeUpload = { (_) throws(StorageError) in throw away }
    }
    ground.running.stepUploads(max: 10)
    try ground.write("f", "dirty")
    let shown = ground.running.snapshot().files
    #expect(shown.failed == Tally(files: 1, bytes: 10))
    #expect(shown.dirty == Tally(files: 1, bytes: 5))
    #expect(shown.hot == Tally(files: 2, bytes: 8))
    #expect(shown.cold == Tally(files: 1, bytes: 4))
    #expect(shown.pinned == Tally(files: 1, bytes: 4))
    try ground.running.stepManifest()
    let counts = try ground.running.recount()
    #expect(counts.kept == counts.counted)
    #expect(ground.running.snapshot().files == DepotCounts(counts.counted))
    #expect(shown == DepotCounts(counts.counted))
  }

  @Test func `a file that was written is queued since then, and stored it is counted and timed`()
    throws
  {
    let ground = try SimulatedGround()
    let begun = ground.clock.wall.now()
    try ground.write("a", "hello")
    let queued = ground.running.snapshot().uploads
    #expect(queued.queued == Tally(files: 1, bytes: 5))
    #expect(queued.oldest.map { $0 >= begun } == true)
    #expect(queued.drain == nil)
    ground.running.stepUploads(max: 1)
    try ground.write("b", "world")
    ground.clock.advance(by: .seconds(1))
    let stored = ground.running.snapshot().uploads
    #expect(stored.stored == 1 && stored.storedBytes == 5)
    #expect(stored.rate.bytesPerSecond.reduce(0, +) == 5)
    #expect(stored.drain.map { $0 > .zero } == true)
    ground.running.stepUploads(max: 1)
    let done = ground.running.snapshot().uploads
    #expect(done.queued == .zero && done.oldest == nil && done.drain == .zero)
  }

  @Test func `an upload that failed waits for its deadline, and one that gave up is counted`()
    throws
  {
    let ground = try SimulatedGround { $0.retries.attemptsMax = 2 }
    ground.cold.hook { [away] in
      $0.beforeUpload = { (_) throws(StorageError) in throw away }
    }
    try ground.write("a", "hello")
    ground.running.stepUploads(max: 1)
    let waiting = ground.running.snapshot()
    #expect(waiting.uploads.waiting == Tally(files: 1, bytes: 5))
    #expect(waiting.uploads.queued == .zero)
    ground.clock.advance(by: .seconds(60))
    ground.running.stepUploads(max: 1)
    let failed = ground.running.snapshot()
    #expect(failed.uploads.waiting == .zero && failed.uploads.gaveUp == 1)
    #expect(failed.files.failed.files == 1)
  }

  @Test func `an upload under way is shown with its bytes and its attempt, and is queued no more`()
    throws
  {
    let ground = try SimulatedGround()
    let engine = ground.running
    let shown = Mutex<[EngineSnapshot]>([])
    ground.cold.hook { hooks in
      hooks.beforeUpload = { _ in shown.withLock { $0.append(engine.snapshot()) } }
      hooks.afterUpload = { _ in shown.withLock { $0.append(engine.snapshot()) } }
    }
    try ground.write("dir/a", "hello")
    engine.stepUploads(max: 1)
    let (before, after) = shown.withLock { ($0[0].uploads, $0[1].uploads) }
    #expect(before.inFlight.map(\.path) == ["dir/a"])
    #expect(before.inFlight[0].bytes == 5 && before.inFlight[0].bytesDone == 0)
    #expect(before.inFlight[0].attempt == 1 && before.queued == .zero)
    #expect(after.inFlight[0].bytesDone == 5)
    #expect(engine.snapshot().uploads.inFlight == [])
  }

  @Test func `a restore under way is shown with who waits, and requests are timed by kind`() throws
  {
    let ground = try SimulatedGround()
    try ground.store("a", "hello")
    #expect(ground.running.stepEvict("a"))
    let engine = ground.running
    let shown = Mutex<RestoresView?>(nil)
    let clock = ground.clock
    ground.cold.hook { hooks in
      hooks.beforeDownload = { _ in
        clock.advance(by: .seconds(2))
        shown.withLock { $0 = engine.snapshot().restores }
      }
    }
    #expect(engine.snapshot().restores.misses == nil)
    _ = try engine.fetch("a")
    let during = try #require(shown.withLock { $0 })
    #expect(during.inFlight.map(\.path) == ["a"])
    #expect(during.inFlight[0].bytes == 5 && during.inFlight[0].waiting == 1)
    #expect(during.queued == 0)
    let missed = engine.snapshot().restores
    #expect(missed.inFlight == [] && missed.restored == 1 && missed.restoredBytes == 5)
    #expect(missed.misses.map { $0.p50 >= .seconds(2) && $0.count == 1 } == true)
    #expect(missed.hits == nil)
    clock.advance(by: .seconds(1))
    #expect(engine.snapshot().restores.rate.bytesPerSecond.reduce(0, +) == 5)
    _ = try engine.fetch("a")
    #expect(engine.snapshot().restores.hits?.count == 1)
    ground.cold.hook { [away] in
      $0.beforeDownload = { (_) throws(StorageError) in throw away }
    }
    #expect(engine.stepEvict("a"))
    #expect(throws: EngineError.self) { try engine.fetch("a") }
    #expect(engine.snapshot().restores.failed == 1)
  }

  @Test func `the cache says how full it is, since when it is too full, and what could go`() throws
  {
    let ground = try SimulatedGround {
      $0.cache.bytesMax = ByteCount(10)
      $0.cache.lowWatermark = ByteCount(8)
    }
    try ground.store("a", "hello")
    let below = ground.running.snapshot().cache
    #expect(below.used == ByteCount(5) && below.evictable == ByteCount(5))
    #expect(below.ceiling == ByteCount(10) && below.lowWatermark == ByteCount(8))
    #expect(below.aboveSince == nil)
    #expect(below.diskFree.map { $0.bytes > 0 } == true)
    try ground.write("b", "hello world")
    let above = ground.running.snapshot().cache
    #expect(above.aboveSince != nil && above.evictable == ByteCount(5))
    try ground.pin("a")
    #expect(ground.running.snapshot().cache.evictable == ByteCount(0))
    ground.running.stepUploads(max: 1)
    ground.running.stepEvictions()
    let after = ground.running.snapshot().cache
    #expect(after.evictedFiles == 1 && after.evictedBytes == 11)
    #expect(after.used == ByteCount(5) && after.aboveSince == nil)
  }

  @Test func `other settings show at once`() throws {
    let ground = try SimulatedGround()
    var settings = ground.running.settings
    settings.cache.bytesMax = ByteCount(77)
    settings.depot.path = Array("/elsewhere".utf8)
    ground.running.apply(settings)
    #expect(ground.running.snapshot().cache.ceiling == ByteCount(77))
    #expect(ground.running.snapshot().depot == "/depot")
  }

  @Test func `a backend is unknown until it is asked, and then as it answered`() throws {
    let ground = try SimulatedGround()
    #expect(ground.running.snapshot().backends.map(\.state) == [.unknown])
    try ground.store("a", "hello")
    let up = try #require(ground.running.snapshot().backends.first)
    #expect(up.state == .up && up.isPrimary && up.name == "primary")
    #expect(up.calls > 0 && up.failures == 0 && up.latency != nil && up.lastAnswer != nil)
  }

  @Test func `damage that is found stays until it is mended, over a restart too`() throws {
    let ground = try SimulatedGround()
    try ground.store("a", "hello")
    #expect(ground.running.stepEvict("a"))
    ground.cold.hook { $0.lie = { _ in Array("wrong".utf8) } }
    #expect(throws: EngineError.self) { try ground.running.fetch("a") }
    #expect(ground.running.snapshot().findings.map(\.path) == ["a"])
    try ground.reopen()
    ground.running.loadFindings()
    let found = ground.running.snapshot()
    #expect(found.findingsCount == 1)
    #expect(found.findings.first?.fault.contains("not what was stored") == true)
    ground.cold.hook { $0.lie = nil }
    _ = try ground.running.fetch("a")
    #expect(ground.running.snapshot().findings == [])
    try ground.reopen()
    ground.running.loadFindings()
    #expect(ground.running.snapshot().findingsCount == 0)
  }

  @Test func `an event store that takes nothing is shown with since when, and holds the uploads`()
    throws
  {
    let ground = try SimulatedGround()
    try ground.write("a", "hello")
    #expect(ground.running.snapshot().eventStore.visible > 0)
    #expect(ground.running.snapshot().eventStore.latch == nil)
    ground.stateDisk.arm(.none.arming(.full, oneIn: 1))
    #expect(throws: EngineError.self) { try ground.write("b", "text") }
    let since = ground.clock.wall.now()
    ground.clock.advance(by: .seconds(3))
    ground.running.stepUploads(max: 1)
    let shown = ground.running.snapshot()
    // The two clocks are read one after the other.
    let latched = try #require(shown.eventStore.latch).since
    #expect(since - latched < .seconds(1) && latched - since < .seconds(1))
    #expect(shown.uploads.hold?.holder == "the event store")
    #expect(shown.uploads.drain == nil)
    #expect(shown.watcher.isRescanning)
  }

  @Test func `who holds the uploads is told, and since when`() throws {
    let ground = try SimulatedGround()
    try ground.write("a", "hello")
    let since = ground.clock.wall.now()
    ground.running.uploads.send(.held(.paused("a rebuild")))
    #expect(ground.running.stepUploads(max: 1) == 0)
    let hold = try #require(ground.running.snapshot().uploads.hold)
    #expect(hold.holder == "an operator" && hold.reason == "a rebuild" && hold.since == since)
    ground.running.uploads.send(.released(.paused("a rebuild")))
    #expect(ground.running.stepUploads(max: 1) == 1)
    #expect(ground.running.snapshot().uploads.hold == nil)
  }

  @Test func `the manifest says how far it is behind, and that it is made again`() throws {
    let ground = try SimulatedGround()
    try ground.write("a", "hello")
    #expect(ground.running.snapshot().manifest.lag > 0)
    try ground.running.stepManifest()
    #expect(ground.running.snapshot().manifest.lag == 0)
    #expect(ground.running.snapshot().manifest.rebuild == nil)
    // In memory it is lost with every engine.
    try ground.reopen()
    let rebuild = try #require(ground.running.snapshot().manifest.rebuild)
    #expect(rebuild.done < rebuild.all && rebuild.reason == "there was none")
    #expect(ground.running.atRisk.unseen != nil)
    try ground.running.stepManifest()
    #expect(ground.running.snapshot().manifest.rebuild == nil)
  }

  @Test func `changes that were lost are told, and looked for until all is looked through`() throws
  {
    let ground = try SimulatedGround()
    try ground.store("a", "hello")
    try ground.running.stepManifest()
    #expect(ground.running.atRisk.isNothing)
    try ground.running.take(.event(ChangeEvent(.overflow)))
    let lost = ground.running.snapshot().watcher
    #expect(lost.overflows == 1 && lost.lastOverflow != nil && lost.isRescanning)
    #expect(!ground.running.atRisk.isNothing)
    try ground.running.stepManifest()
    ground.running.stepRescan()
    #expect(!ground.running.snapshot().watcher.isRescanning)
    #expect(ground.running.atRisk.isNothing)
  }

  @Test func `what would be lost with the machine is told as it becomes more and less`() throws {
    let ground = try SimulatedGround { $0.retries.attemptsMax = 1 }
    try ground.running.stepManifest()
    #expect(ground.running.atRisk.isNothing && ground.running.atRisk.oldest == nil)
    try ground.write("a", "hello")
    #expect(ground.running.atRisk.files == Tally(files: 1, bytes: 5))
    #expect(ground.running.atRisk.oldest != nil && !ground.running.atRisk.isNothing)
    ground.cold.hook { [away] in
      $0.beforeUpload = { (_) throws(StorageError) in throw away }
    }
    ground.running.stepUploads(max: 1)
    #expect(ground.running.atRisk.failed.files == 1 && !ground.running.atRisk.isNothing)
    try ground.running.delete("a")
    #expect(ground.running.atRisk.isNothing)
  }

  @Test func `the change number moves with what changes, and stands still without`() throws {
    let ground = try SimulatedGround()
    var last = ground.running.news
    func moves() -> Bool {
      defer { last = ground.running.news }
      return ground.running.news != last
    }
    #expect(!moves())
    try ground.write("a", "hello")
    #expect(moves())
    ground.running.stepUploads(max: 1)
    #expect(moves())
    #expect(ground.running.stepEvict("a"))
    #expect(moves())
    _ = try ground.running.fetch("a")
    #expect(moves())
    ground.running.uploads.send(.held(.paused("a rebuild")))
    ground.running.stepUploads(max: 1)
    #expect(moves())
    #expect(ground.running.snapshot().uploads == ground.running.snapshot().uploads)
    #expect(!moves())
  }
}

extension SimulatedGround {
  /// Pins a file.
  func pin(_ path: FilePath) throws {
    var turn = try running.ledger.turn(of: path)
    try turn.append(.pinned)
  }
}
