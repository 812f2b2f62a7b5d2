// What is saved of a damaged store: everything that verifies and nothing else, in order; and what is
// lost is named.

import Ambient
import DiskSimulation
import DurableFiles
import EventStore
import Testing

@Suite struct SalvageTests {
  private let scene: CompactionScene
  private let disk: SimulatedDisk
  private let events: [Event]
  private let names: [String]

  init() throws {
    scene = try CompactionScene()
    let store = try #require(scene.store)
    events = try store.reader.events(in: Region(kind: .category(1)), limit: 1_000).events
    try store.close()
    disk = scene.disk.reopen()
    names = try scene.files(on: disk).filter { $0.hasSuffix(".segment") }
  }

  private func salvage(_ from: SimulatedDisk? = nil) throws -> (SalvageReport, EventStore) {
    let source = from ?? disk
    let before = try contents(source)
    let store = try EventStore.open(
      on: SimulatedDisk(seed: 50, faults: .none), CompactionScene.options(50))
    let report = try store.salvage(from: source.startProcess(readOnly: true))
    #expect(try contents(source) == before, "the damaged store is only read")
    #expect(try store.reader.verify().isIntact)
    return (report, store)
  }

  private func contents(_ disk: SimulatedDisk) throws -> [String: [UInt8]] {
    var contents: [String: [UInt8]] = [:]
    for directory in [FilePath.root, "segments"] {
      for entry in try disk.list(directory) where entry.kind == .regular {
        let path = directory.appending(entry.name)
        contents["\(path)"] = try OpenFile(path, .reading, on: disk).readAll(bytesMax: 1 << 22)
      }
    }
    return contents
  }

  private func saved(_ store: EventStore) throws -> [[UInt8]?] {
    try store.reader.events(in: Region(kind: .category(1)), limit: 1_000).events.map(\.bytes)
  }

  private func flip(_ name: String, _ offset: (_ size: UInt64) -> UInt64) throws {
    let file = try OpenFile(scene.path(name), .writing, on: disk)
    let place = offset(try file.size)
    let byte = try file.read(at: place, count: 1)[0]
    try file.write([byte ^ 4], at: place)
  }

  /// The offset of some text in a segment.
  private func place(of text: String, in name: String) throws -> UInt64 {
    let bytes = try OpenFile(scene.path(name), .reading, on: disk).readAll(bytesMax: 1 << 22)
    return UInt64(
      try #require(bytes.indices.first { bytes[$0...].starts(with: Array(text.utf8)) }))
  }

  @Test func `all of an intact store is saved, and nothing that was never shown`() throws {
    let (report, store) = try salvage()
    #expect(report.losses.isEmpty && report.lost == 0)
    #expect(report.saved == UInt64(events.count))
    #expect(report.hidden == 1)
    #expect(try saved(store) == events.map(\.bytes))
  }

  @Test func `a flipped bit costs one event, which is named with its place`() throws {
    let victim = try #require(events.first { $0.bytes == Array("payload 3 of user:7".utf8) })
    let name = names[0]
    let offset = try place(of: "payload 3 of", in: name)
    try flip(name) { _ in offset }
    let (report, store) = try salvage()
    let loss = try #require(report.losses.first)
    #expect(report.losses.count == 1 && report.lost == 1)
    #expect(loss.sequences == victim.header.sequence...victim.header.sequence)
    #expect(loss.file == scene.path(name))
    #expect(loss.offset < offset && offset - loss.offset < 400)
    #expect(try saved(store) == events.filter { $0 != victim }.map(\.bytes))
  }

  @Test func `every flipped bit costs no more than the event it hits`() throws {
    var generator = SeededGenerator(seed: 3)
    for _ in 0..<120 {
      let name = names[generator.below(names.count)]
      let file = try OpenFile(scene.path(name), .writing, on: disk)
      let place = UInt64(generator.below(Int(try file.size)))
      let byte = try file.read(at: place, count: 1)
      try file.write([byte[0] ^ 1 << UInt8(generator.below(8))], at: place)
      let (report, store) = try salvage()
      #expect(report.lost <= 1, "\(name) at \(place)")
      let kept = try saved(store)
      // A fence's record that is lost takes along the fence, and nothing else does.
      #expect(kept.count >= events.count - 1, "\(name) at \(place)")
      var rest = events.map(\.bytes)[...]
      for payload in kept {
        let at = try #require(rest.firstIndex(of: payload), "\(name) at \(place)")
        rest = rest[(at + 1)...]
      }
      try file.write(byte, at: place)
    }
  }

  @Test func `a missing segment is named by the events that were in it`() throws {
    let reader = try EventReader.open(on: disk.startProcess(readOnly: true))
    #expect(try reader.lastSequence > 0)
    let first = try #require(UInt64(names[1].prefix(16), radix: 16))
    let next = try #require(UInt64(names[2].prefix(16), radix: 16))
    try disk.remove(scene.path(names[1]))
    let (report, store) = try salvage()
    #expect(report.losses.map(\.sequences) == [first...next - 1])
    #expect(
      try saved(store)
        == events.filter { !(first..<next).contains($0.header.sequence) }.map(\.bytes))
  }

  @Test func `a damaged footer costs no event`() throws {
    try flip(names[1]) { $0 - 60 }
    let (report, store) = try salvage()
    #expect(report.losses.count == 1 && report.lost == 0)
    #expect(report.losses[0].fault.contains("footer"))
    #expect(try saved(store) == events.map(\.bytes))
  }

  @Test func `a damaged header or meta file costs no event`() throws {
    try flip(names[1]) { _ in 20 }
    let meta = try OpenFile("store.larder", .writing, on: disk)
    try meta.write([0], at: 30)
    let (report, store) = try salvage()
    #expect(report.losses.count == 1 && report.lost == 0)
    #expect(try saved(store) == events.map(\.bytes))
  }

  @Test func `a cut tail is counted by what the clean close knew of it`() throws {
    let name = try #require(names.last)
    let last = try #require(events.last)
    let file = try OpenFile(scene.path(name), .writing, on: disk)
    try file.truncate(to: try place(of: "payload 39", in: name) + 3)
    let (report, store) = try salvage()
    #expect(report.losses.last?.sequences == last.header.sequence...last.header.sequence + 1)
    #expect(report.lost == 2, "the event, and the record of the close")
    #expect(try saved(store) == events.dropLast().map(\.bytes))
  }

  @Test func `removed events are counted and not lost`() throws {
    let store = try EventStore.open(on: disk, CompactionScene.options(3))
    try store.compact(CompactionRequest(removing: .below(20, .everything)))
    try store.close()
    let (report, saved) = try salvage(disk.reopen())
    #expect(report.removed == UInt64(events.count { $0.header.sequence < 20 }))
    #expect(report.lost == 0)
    #expect(
      try self.saved(saved) == events.filter { $0.header.sequence >= 20 }.map(\.bytes))
  }

  @Test func `a store that holds events is no place to save to`() throws {
    let other = try CompactionScene(seed: 2)
    #expect(throws: StoreError.target("holds events already")) {
      try #require(other.store).salvage(from: disk)
    }
  }
}
