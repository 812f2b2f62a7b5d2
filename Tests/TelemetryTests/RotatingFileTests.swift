// The log as files: a new one by day and by size, old ones gone in time, nothing written twice and
// nothing torn, whatever happens to the disk.

import Ambient
import DiskSimulation
import DurableFiles
import Telemetry
import Testing

@Suite struct RotatingFileTests {
  private let clock = ManualClock(at: WallTime(seconds: 1_795_171_904))
  private let disk: SimulatedDisk

  init() {
    disk = SimulatedDisk(seed: 1, faults: .none, clock: clock)
  }

  /// A log into `larder.log`, in a directory of its own.
  private func log(_ rotation: LogRotation = LogRotation(), on disk: SimulatedDisk? = nil) throws
    -> (log: Log, pipeline: LogPipeline, file: RotatingFile)
  {
    let disk = disk ?? self.disk
    try disk.makeDirectories("logs", mode: 0o750)
    let file = RotatingFile("logs/larder.log", rotation, on: disk)
    let pipeline = LogPipeline(
      levels: LogLevels(), clock: clock.wall, outputs: [file.output(.text)])
    return (Log(room: "engine", to: pipeline.sink), pipeline, file)
  }

  /// The messages in a file.
  private func messages(_ name: String, on disk: SimulatedDisk? = nil) throws -> [String] {
    let path = FilePath("logs").appending(name)
    let bytes = try OpenFile(path, .reading, on: disk ?? self.disk).readAll(bytesMax: 1 << 20)
    return String(decoding: bytes, as: UTF8.self).split(separator: "\n").map { line in
      line.split(separator: " ", maxSplits: 3).last.map(String.init) ?? ""
    }
  }

  private func names() throws -> [String] {
    try disk.list("logs").map { String(decoding: $0.name, as: UTF8.self) }.sorted()
  }

  /// Logs and waits until it is written.
  private func write(_ message: String, _ log: Log, _ pipeline: LogPipeline) {
    log.write(.info, message)
    #expect(pipeline.flush(timeout: .seconds(60)))
  }

  @Test func `lines are appended, after a restart too`() throws {
    for message in ["first", "second"] {
      let (log, pipeline, _) = try log()
      write(message, log, pipeline)
      #expect(pipeline.close(timeout: .seconds(60)))
    }
    #expect(try names() == ["larder.log"])
    #expect(try messages("larder.log") == ["first", "second"])
    #expect(try disk.status(at: "logs/larder.log")?.mode == 0o640)
  }

  @Test func `another day begins another file`() throws {
    let (log, pipeline, _) = try log()
    write("friday", log, pipeline)
    clock.advance(by: .seconds(86_400))
    // Before the first line of a day nothing happens.
    #expect(try names() == ["larder.log"])
    write("saturday", log, pipeline)
    #expect(try names() == ["larder.log", "larder.log.2026-11-20.1"])
    #expect(try messages("larder.log.2026-11-20.1") == ["friday"])
    #expect(try messages("larder.log") == ["saturday"])
    #expect(pipeline.close(timeout: .seconds(60)))
  }

  @Test func `lines of two days in one go are parted`() throws {
    let (log, pipeline, _) = try log()
    for day in 0..<3 {
      log.write(.info, "day \(day)")
      clock.advance(by: .seconds(86_400))
    }
    #expect(pipeline.close(timeout: .seconds(60)))
    #expect(
      try names() == ["larder.log", "larder.log.2026-11-20.1", "larder.log.2026-11-21.1"])
    #expect(try messages("larder.log") == ["day 2"])
  }

  @Test func `a restart on another day begins another file`() throws {
    let (first, firstPipeline, _) = try log()
    write("friday", first, firstPipeline)
    #expect(firstPipeline.close(timeout: .seconds(60)))
    clock.advance(by: .seconds(86_400))
    let (second, secondPipeline, _) = try log()
    write("saturday", second, secondPipeline)
    #expect(secondPipeline.close(timeout: .seconds(60)))
    #expect(try messages("larder.log.2026-11-20.1") == ["friday"])
    #expect(try messages("larder.log") == ["saturday"])
  }

  @Test func `a clock that is set back does not begin a file`() throws {
    let (log, pipeline, _) = try log()
    write("today", log, pipeline)
    clock.jump(to: clock.wall.now() + .seconds(-86_400))
    write("yesterday", log, pipeline)
    #expect(try names() == ["larder.log"])
    #expect(pipeline.close(timeout: .seconds(60)))
  }

  @Test func `a full file is followed by another, and none is larger than it may be`() throws {
    var rotation = LogRotation()
    rotation.fileBytesMax = ByteCount(500)
    let (log, pipeline, _) = try log(rotation)
    for number in 0..<40 { log.write(.info, "line-\(number)") }
    #expect(pipeline.close(timeout: .seconds(60)))
    let names = try names()
    #expect(names.count >= 4)
    var all: [String] = []
    for number in 1..<names.count {
      all += try messages("larder.log.2026-11-20.\(number)")
    }
    all += try messages("larder.log")
    #expect(all == (0..<40).map { "line-\($0)" })
    for name in names {
      let size = try disk.status(at: FilePath("logs").appending(name))?.size ?? 0
      #expect(size <= 500)
    }
  }

  @Test func `a line larger than a file has one of its own`() throws {
    var rotation = LogRotation()
    rotation.fileBytesMax = ByteCount(100)
    let (log, pipeline, _) = try log(rotation)
    for number in 0..<3 { log.write(.info, "\(number)" + String(repeating: "x", count: 200)) }
    #expect(pipeline.close(timeout: .seconds(60)))
    #expect(try names().count == 3)
  }

  @Test func `files are kept for as many days as wanted, and others are left alone`() throws {
    var rotation = LogRotation()
    rotation.keepDays = 3
    let (log, pipeline, _) = try log(rotation)
    let others = [
      "larder.log.2020-01-01", "larder.log.2020-01-01.1.gz", "larder.log.old.1", "other",
      "larder.log.2020-01-01.01", "larder.log-2020-01-01.1", "larder.log.2020-1-01.1",
    ]
    for name in others {
      _ = try OpenFile(FilePath("logs").appending(name), .creating(mode: 0o600), on: disk)
    }
    try disk.makeDirectory("logs/larder.log.2020-01-01.2", mode: 0o700)
    for day in 0..<8 {
      write("day \(day)", log, pipeline)
      clock.advance(by: .seconds(86_400))
    }
    #expect(pipeline.close(timeout: .seconds(60)))
    let kept = ["larder.log"] + (24...26).map { "larder.log.2026-11-\($0).1" }
    #expect(try names() == (others + kept + ["larder.log.2020-01-01.2"]).sorted())
  }

  @Test func `no more files are kept than wanted, the newest of them`() throws {
    var rotation = LogRotation()
    rotation.fileBytesMax = ByteCount(1)
    rotation.filesMax = 3
    let (log, pipeline, _) = try log(rotation)
    for number in 0..<15 { write("line \(number)", log, pipeline) }
    #expect(pipeline.close(timeout: .seconds(60)))
    // By number, for 10 comes after 9.
    #expect(
      try names() == ["larder.log"] + (12...14).map { "larder.log.2026-11-20.\($0)" })
    #expect(try messages("larder.log") == ["line 14"])
  }

  @Test func `a file that was moved away is left, and a new one begun`() throws {
    let (log, pipeline, file) = try log()
    write("before", log, pipeline)
    try disk.rename("logs/larder.log", to: "logs/moved", replacing: false)
    write("after", log, pipeline)
    #expect(try messages("moved") == ["before"])
    #expect(try messages("larder.log") == ["after"])
    file.reopen()
    write("again", log, pipeline)
    #expect(try messages("larder.log") == ["after", "again"])
    #expect(pipeline.close(timeout: .seconds(60)))
  }

  @Test func `a torn line is ended before the next is written`() throws {
    try disk.makeDirectories("logs", mode: 0o750)
    try OpenFile("logs/larder.log", .creating(mode: 0o640), on: disk)
      .append(Array("2026-11-20T10:51:44.000000Z info engine: to".utf8))
    let (log, pipeline, _) = try log()
    write("whole", log, pipeline)
    #expect(pipeline.close(timeout: .seconds(60)))
    #expect(try messages("larder.log") == ["to", "whole"])
  }

  @Test func `a full disk costs lines, is told of, and leaves whole lines`() throws {
    let disk = SimulatedDisk(seed: 3, faults: .none, clock: clock, capacity: ByteCount(32_768))
    let (log, pipeline, _) = try log(on: disk)
    write("first", log, pipeline)
    let filler = try OpenFile("filler", .creating(mode: 0o600), on: disk)
    disk.arm(.none.arming(.writeFails, oneIn: 1))
    write("lost", log, pipeline)
    #expect(disk.faultCounts[.writeFails] == 1)
    #expect(pipeline.status.unwritten == 1)
    #expect(pipeline.status.trouble?.reason == "the device failed on logs/larder.log")
    disk.arm(.none.arming(.full, oneIn: 1))
    write("lost too", log, pipeline)
    #expect(pipeline.status.unwritten == 2)
    #expect(
      pipeline.status.trouble?.reason
        == "no space is left for logs/larder.log; free some and try again")
    disk.arm(.none)
    write("last", log, pipeline)
    #expect(pipeline.status.trouble == nil)
    let all = try messages("larder.log", on: disk)
    #expect(all.first == "first")
    #expect(
      all.suffix(2) == [
        "lines are missing here, for they could not be written in time lines=2", "last",
      ])
    #expect(pipeline.close(timeout: .seconds(60)))
    _ = filler.path
  }

  @Test func `what a failing device left of a line is ended before the next`() throws {
    var torn = 0
    for seed in 0..<12 as Range<UInt64> {
      let disk = SimulatedDisk(seed: seed, faults: .none, clock: clock)
      let (log, pipeline, _) = try log(on: disk)
      write("first", log, pipeline)
      disk.arm(.none.arming(.writeFails, oneIn: 1))
      write("lost", log, pipeline)
      let left = try OpenFile("logs/larder.log", .reading, on: disk).readAll(bytesMax: 1 << 20)
      if left.last != UInt8(ascii: "\n") { torn += 1 }
      disk.arm(.none)
      write("last", log, pipeline)
      let notice = "lines are missing here, for they could not be written in time lines=1"
      #expect(try messages("larder.log", on: disk).suffix(2) == [notice, "last"])
      #expect(pipeline.close(timeout: .seconds(60)))
    }
    #expect(torn > 0)
  }

  @Test(arguments: 1..<36)
  func `a crash in the middle of a rotation loses no file`(_ operation: Int) throws {
    var rotation = LogRotation()
    rotation.fileBytesMax = ByteCount(1)
    let disk = SimulatedDisk(seed: UInt64(operation), faults: .none, clock: clock)
    let (log, pipeline, _) = try log(rotation, on: disk)
    disk.arm(.none.arming(.crash, at: disk.operations + operation))
    for number in 0..<6 { write("line-\(number)", log, pipeline) }
    #expect(pipeline.close(timeout: .seconds(60)))
    #expect(disk.faultCounts[.crash] == 1)

    let after = disk.reopen()
    let (again, againPipeline, _) = try self.log(rotation, on: after)
    write("again", again, againPipeline)
    #expect(againPipeline.close(timeout: .seconds(60)))
    #expect(againPipeline.status.trouble == nil)
    let names = try after.list("logs").map { String(decoding: $0.name, as: UTF8.self) }
    let all = try names.flatMap { try messages($0, on: after) }
    // Every line that was said to be written is in one file, and no line is in two.
    let written = Int(pipeline.status.lines - pipeline.status.unwritten)
    #expect(Set(all).count == all.count)
    #expect(Set(all).isSuperset(of: (0..<written).map { "line-\($0)" }))
    #expect(all.contains("again"))
  }
}
