// What the engine does by itself besides transfers: whose writes it takes in, what it leaves of directories,
// how it verifies in idle time, and when it looks through the depot again.

import Ambient
import ColdStorage
import DiskSimulation
import DurableFiles
import Manifest
import Telemetry
import Testing

@testable import CacheEngine

@Suite struct WriterTests {
  private func written(_ path: FilePath, by user: UInt32?) -> IntakeJob {
    .event(ChangeEvent(.written(path), process: user == nil ? nil : 4_711, user: user))
  }

  private func ground(_ users: [UInt32]) throws -> SimulatedGround {
    try SimulatedGround { $0.server.watcherUsers = users }
  }

  @Test func `what an unsafe writer writes is counted, and neither known nor stored`() throws {
    let ground = try ground([1_000])
    try ground.write("a", "text", tells: false)
    try ground.running.take(written("a", by: 666))
    #expect(try ground.row("a") == nil)
    #expect(ground.running.stepUploads(max: 10) == 0)
    #expect(ground.running.counters.writersRejected.value == 1)
    try ground.running.take(written("a", by: 1_000))
    #expect(try ground.row("a")?.state == .dirty)
    #expect(ground.running.counters.writersRejected.value == 1)
  }

  @Test func `the file's owner stands for a writer that has ended, and that is counted`() throws {
    let ground = try ground([1_000])
    try ground.write("a", "text", tells: false)
    let file = try OpenFile("a", .reading, on: ground.depotDisk)
    for (owner, isTaken) in [(UInt32(666), false), (1_000, true)] {
      try file.set(FileAttributes(owner: owner, group: owner))
      try ground.running.take(written("a", by: nil))
      #expect(try (ground.row("a") != nil) == isTaken)
    }
    #expect(ground.running.counters.writersByOwner.value == 2)
    #expect(ground.running.counters.writersRejected.value == 1)
  }

  @Test func `a look through the depot takes in no new file of an unsafe owner`() throws {
    let ground = try ground([1_000])
    try ground.write("a", "text", tells: false)
    let file = try OpenFile("a", .reading, on: ground.depotDisk)
    try file.set(FileAttributes(owner: 666, group: 666))
    try ground.running.take(.look("a"))
    #expect(try ground.row("a") == nil)
    try file.set(FileAttributes(owner: 1_000, group: 666))
    try ground.running.take(.look("a"))
    #expect(try ground.row("a")?.state == .dirty)
  }

  @Test func `what an unsafe writer has made of a known file is never lost`() throws {
    let ground = try ground([1_000])
    try ground.write("a", "first", tells: false)
    try ground.running.take(written("a", by: 1_000))
    ground.running.stepUploads(max: 10)
    try ground.write("a", "other", tells: false)
    try ground.running.take(written("a", by: 666))
    #expect(try ground.row("a")?.state == .clean)
    #expect(!ground.running.stepEvict("a"))
    #expect(try ground.text("a") == "other")
  }

  @Test func `what an unsafe user removes is cold all the same`() throws {
    let ground = try ground([1_000])
    try ground.write("a", "text", tells: false)
    try ground.running.take(written("a", by: 1_000))
    ground.running.stepUploads(max: 10)
    try ground.depotDisk.remove("a")
    try ground.running.take(.event(ChangeEvent(.removed("a"), process: 1, user: 666)))
    #expect(try ground.row("a")?.isHot == false)
  }
}

@Suite struct EmptiedDirectoryTests {
  @Test func `a directory that a program works in stays, and goes when it is left alone`() throws {
    let ground = try SimulatedGround()
    try ground.store("dir/sub/a", "text")
    #expect(ground.running.stepEvict("dir/sub/a"))
    ground.running.stepEmptied()
    #expect(try ground.depotDisk.status(at: "dir/sub") != nil)
    ground.clock.advance(by: .seconds(59))
    ground.running.stepEmptied()
    #expect(try ground.depotDisk.status(at: "dir/sub") != nil)
    // A program comes back to it: it has a minute again.
    try ground.write("dir/sub/b", "text", tells: false)
    try ground.depotDisk.remove("dir/sub/b")
    ground.clock.advance(by: .seconds(2))
    ground.running.stepEmptied()
    #expect(try ground.depotDisk.status(at: "dir/sub") != nil)
    for _ in 0..<4 {
      ground.clock.advance(by: .seconds(61))
      ground.running.stepEmptied()
    }
    #expect(try ground.depotDisk.status(at: "dir") == nil)
  }

  @Test func `a directory that holds anything stays`() throws {
    let ground = try SimulatedGround()
    try ground.store("dir/a", "text")
    try ground.write("dir/b", "text")
    #expect(ground.running.stepEvict("dir/a"))
    ground.clock.advance(by: .seconds(100))
    for _ in 0..<3 { ground.running.stepEmptied() }
    #expect(try ground.text("dir/b") == "text")
  }

  @Test func `what waits is bounded, and comes once a sweep has room`() throws {
    var waiting = EmptiedDirectories()
    let now = WallTime(seconds: 1_000)
    for number in 0..<EmptiedDirectories.directoriesMax + 10 {
      waiting.note(FilePath.root.appending("\(number)"))
    }
    #expect(waiting.count == EmptiedDirectories.directoriesMax)
    #expect(waiting.take(at: now).count == EmptiedDirectories.sweepMax)
    #expect(waiting.count == EmptiedDirectories.directoriesMax - EmptiedDirectories.sweepMax)
  }
}

@Suite struct ScrubTests {
  @Test func `files are verified page by page, no faster than is allowed, and begun anew`() throws {
    let ground = try SimulatedGround { $0.cache.scrubBytesPerSecond = ByteCount(6) }
    for name in ["a", "b", "c"] as [FilePath] { try ground.store(name, "text") }
    try ground.running.stepManifest()
    var place = ScrubPlace()
    #expect(ground.running.scrubStep(&place) == 8)
    #expect(ground.running.scrubStep(&place) == 4)
    #expect(ground.running.counters.scrubbedFiles.value == 3)
    #expect(ground.running.counters.scrubbedBytes.value == 12)
    #expect(ground.running.scrubStep(&place) == 8)
  }

  @Test func `damage is found without anybody asking`() throws {
    let ground = try SimulatedGround { $0.cache.scrubBytesPerSecond = ByteCount(100) }
    try ground.store("a", "text")
    try ground.rot("a", to: "tezt")
    try ground.running.stepManifest()
    var place = ScrubPlace()
    _ = ground.running.scrubStep(&place)
    #expect(try ground.row("a")?.lastFault?.contains("hash") == true)
    #expect(ground.running.findings.newest.count == 1)
  }
}

@Suite struct RescanRestTests {
  @Test
  func `a depot that is quickly looked through rests a moment, and a large one half a minute`() {
    #expect(Engine.cooldown(after: .zero) == .seconds(1))
    #expect(Engine.cooldown(after: .milliseconds(500)) == .seconds(5))
    #expect(Engine.cooldown(after: .seconds(600)) == .seconds(30))
  }
}
