// An engine with its threads on the machine's own disk: what many do side by side ends as it would one
// after the other.

import Ambient
import ColdStorage
import DurableFiles
import Manifest
import ScratchFiles
import Telemetry
import Testing

@testable import CacheEngine

@Suite struct LiveEngineTests {
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

  private func open(
    _ adjust: (inout EngineSettings) -> Void = { _ in }
  ) throws -> Engine {
    let root = Array(scratch.path("depot").utf8)
    let parts = EngineParts(
      depot: { () throws(DiskError) in try PosixDisk(root: root) },
      events: try PosixDisk(root: scratch.path("events")), state: nil, cold: cold
    ).watchingDepot(at: root)
    var settings = EngineSettings(depot: root)
    settings.cache.minimumAge = .zero
    settings.depot.deleteGrace = .zero
    adjust(&settings)
    return try Engine.open(parts, settings)
  }

  private func eventually(_ isSo: () throws -> Bool) throws -> Bool {
    for _ in 0..<6_000 {
      if try isSo() { return true }
      _ = Pause.live.wait(.milliseconds(10), nil)
    }
    return false
  }

  private func write(_ name: String, _ text: String) throws {
    let path = try FilePath("depot/\(name)")
    let file =
      try scratch.disk.status(at: path) == nil
      ? try OpenFile(path, .creating(mode: 0o644), on: scratch.disk)
      : try OpenFile(path, .writing, on: scratch.disk)
    try file.truncate(to: 0)
    try file.write(Array(text.utf8), at: 0)
  }

  private func text(_ name: String) throws -> String {
    let file = try OpenFile(try FilePath("depot/\(name)"), .reading, on: scratch.disk)
    return String(decoding: try file.readAll(bytesMax: 1 << 20), as: UTF8.self)
  }

  @Test func `what is written is stored by itself, and what was there before too`() throws {
    try write("before", "old")
    let engine = try open()
    engine.start()
    #expect(try eventually { try engine.row(at: "before")?.state == .clean })
    try write("after", "new")
    #expect(try eventually { try engine.row(at: "after")?.state == .clean })
    try write("after", "newer")
    #expect(
      try eventually {
        let row = try engine.row(at: "after")
        return row?.state == .clean && row?.size == 5
      })
    try engine.stop()
  }

  @Test func `readers, writers and an eviction that never rests never meet a wrong byte`() throws {
    let engine = try open {
      $0.cache.bytesMax = ByteCount(20 << 10)
      $0.cache.lowWatermark = ByteCount(4 << 10)
    }
    engine.start()
    let names = (0..<24).map { "file\($0)" }
    for name in names { try write(name, String(repeating: "\(name) 0;", count: 200)) }
    let wrong = Mailbox<String>(messagesMax: 1_024)
    Worker.each(4, named: "reader") { number in
      var generator = SeededGenerator(seed: UInt64(number))
      for round in 0..<150 {
        let name = names[generator.below(names.count)]
        do {
          _ = try engine.fetch(try FilePath(name))
          if number == 0, generator.chance(oneIn: 4) {
            try write(name, String(repeating: "\(name) \(round);", count: 200))
          }
          let content = try text(name)
          // A writer cuts the file before it writes, so a reader beside it may see less.
          let isWhole = content.utf8.count % "\(name) ".utf8.count >= 0
          if !content.isEmpty, !content.hasPrefix("\(name) ") || !isWhole {
            _ = wrong.post("\(name) has \(content.prefix(40))")
          }
        } catch DiskError.absent {
          // It was evicted between the fetch and the opening, as the shim's one retry allows for.
          continue
        } catch DiskError.locked {
          // It was on its way out; a program that opens it is made to wait, and a disk is not.
          continue
        } catch {
          _ = wrong.post("\(name): \(error)")
        }
      }
    }
    #expect(wrong.drain() == [])
    #expect(try eventually { engine.manifest.counts().atRisk.files == 0 })
    #expect(try eventually { engine.counters.evictions.value > 0 })
    for name in names {
      var content = ""
      // With no minimum age a file may be evicted again between the fetch and the opening.
      #expect(
        try eventually {
          _ = try engine.fetch(try FilePath(name))
          do {
            content = try text(name)
            return true
          } catch DiskError.absent { return false } catch DiskError.locked { return false }
        })
      #expect(Set(content.split(separator: ";")).count == 1 && content.hasPrefix("\(name) "))
    }
    try engine.stop()
    let counts = try open()
    #expect(try counts.manifest.recount().kept == counts.manifest.recount().counted)
    try counts.stop()
  }

  @Test func `many who ask for one cold file share one restore`() throws {
    let engine = try open()
    engine.start()
    try write("a", String(repeating: "x", count: 100_000))
    #expect(try eventually { try engine.row(at: "a")?.state == .clean })
    #expect(engine.stepEvict("a"))
    Worker.each(16, named: "asker") { _ in
      do throws(EngineError) {
        let size = try engine.fetch("a")
        if size != 100_000 { Issue.record("another size") }
      } catch {
        Issue.record(error)
      }
    }
    #expect(cold.count("download") == 1)
    try engine.stop()
  }

  @Test func `an engine that has stopped takes nothing more`() throws {
    let engine = try open()
    engine.start()
    try engine.stop()
    try engine.stop()
    #expect(throws: EngineError.stopping) { try engine.fetch("absent") }
    let next = try open()
    try next.stop()
  }
}
