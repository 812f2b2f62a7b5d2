// Events between stores: what is exported says all that it must, what is imported is all of it and
// once, and a stream that was changed is refused.

import Ambient
import Bytes
import DiskSimulation
import DurableFiles
import EventStore
import Testing

@Suite struct MovingTests {
  private func lines(
    _ reader: EventReader, _ region: Region = .everything
  ) throws(StoreError) -> [[UInt8]] {
    var exporter = try EventExporter(reader, region: region)
    var lines: [[UInt8]] = []
    while let line = try exporter.next() { lines.append(Array(line.dropLast())) }
    return lines
  }

  @discardableResult
  private func take(_ lines: [[UInt8]], _ store: EventStore) throws(StoreError) -> ImportReport {
    var importer = EventImporter(into: store)
    for line in lines { try importer.take(line) }
    return try importer.finish()
  }

  private func target(_ seed: UInt64 = 20) throws -> EventStore {
    try EventStore.open(
      on: SimulatedDisk(seed: seed, faults: .none), CompactionScene.options(seed))
  }

  private func contents(_ store: EventStore) throws -> [Event] {
    try store.reader.events(in: Region(kind: .category(1)), limit: 1_000).events
  }

  @Test func `an export is the same bytes every time, in any process`() throws {
    let scene = try CompactionScene()
    let store = try #require(scene.store)
    let once = try lines(store.reader)
    #expect(try lines(store.reader) == once)
    let other = try EventReader.open(on: scene.disk.startProcess(readOnly: true))
    #expect(try lines(other) == once)
    #expect(once.count == scene.receipts.count + 2)
  }

  @Test func `an import keeps order, batches, payloads and where an event came from`() throws {
    let scene = try CompactionScene()
    let store = try #require(scene.store)
    try store.append(.of("file:1", "\u{0}\u{1F} \" \\ \u{2028} \r\n é e\u{301} 🙂"))
    var binary = NewEvent.of("file:2", "")
    binary.payload = [0xFF, 0xFE, 0, 1]
    binary.extensions = [try EventExtension("app.note", [0, 255])]
    try store.append(binary)
    let copy = try target()
    let report = try take(lines(store.reader), copy)
    let (before, after) = (try contents(store), try contents(copy))
    #expect(report.appended == UInt64(before.count))
    #expect(before.map(\.bytes) == after.map(\.bytes))
    #expect(before.map(\.header.coordinate) == after.map(\.header.coordinate))
    #expect(before.map(\.header.batch?.index) == after.map(\.header.batch?.index))
    #expect(before.map(\.header.lane) == after.map(\.header.lane))
    for (old, new) in zip(before, after) {
      let note = try #require(new.header.extensions.first { $0.name == "larder.import" })
      let words = String(decoding: note.value, as: UTF8.self).split(separator: " ")
      #expect(words[0] == store.lineage.description && words[1] == old.header.id.description)
      #expect(words[4] == old.commitment.description)
      let key = new.header.extensions.first { $0.name == "larder.key" }?.value
      #expect(key == old.header.key?.bytes)
    }
    #expect(after.last?.header.extensions.first?.name == "app.note")
    #expect(try copy.reader.verify().isIntact)
  }

  @Test func `a second import appends nothing, even where keys are forgotten`() throws {
    let scene = try CompactionScene()
    let stream = try lines(#require(scene.store).reader)
    var options = CompactionScene.options(30)
    options.idempotency = IdempotencyWindow(sequencesMax: 2, keysMax: 2)
    let copy = try EventStore.open(on: SimulatedDisk(seed: 30, faults: .none), options)
    let first = try take(stream, copy)
    let last = try copy.reader.lastSequence
    let second = try take(stream, copy)
    #expect(second.appended == 0 && second.known == first.appended)
    #expect(try copy.reader.lastSequence == last)
    // And through a store between them the events are others, of another store.
    let third = try target(31)
    try take(lines(copy.reader), third)
    let origins = try contents(third).compactMap { event in
      event.header.extensions.first { $0.name == "larder.origin" }
    }
    #expect(origins.count == Int(first.appended))
  }

  @Test func `an import brings a removed event back once its key is forgotten, and not before`()
    throws
  {
    let stream = try lines(#require(CompactionScene().store).reader)
    for window in [IdempotencyWindow(), IdempotencyWindow(sequencesMax: 2, keysMax: 2)] {
      var options = CompactionScene.options(30)
      options.idempotency = window
      let copy = try EventStore.open(on: SimulatedDisk(seed: 30, faults: .none), options)
      let first = try take(stream, copy)
      try copy.compact(CompactionRequest(removing: .below(20, .everything)))
      let left = UInt64(try contents(copy).count)
      #expect(left < first.appended)
      let isForgotten = window.keysMax == 2
      let second = try take(stream, copy)
      #expect((second.appended > 0) == isForgotten)
      #expect(UInt64(try contents(copy).count) == left + second.appended)
    }
  }

  @Test func `an export says whether removed events would be named in it`() throws {
    let scene = try CompactionScene()
    let store = try #require(scene.store)
    try store.compact(CompactionRequest(removing: .below(20, .everything)))
    func says(_ region: Region) throws -> (named: Bool?, removed: Int64?) {
      let lines = try lines(store.reader, region)
      return (
        try JSONValue(parsing: lines[0])["removedNamed"]?.bool,
        try JSONValue(parsing: lines[lines.count - 1])["removed"]?.integer
      )
    }
    let all = try says(.everything)
    #expect(all.named == true && (all.removed ?? 0) > 0)
    let some = try says(Region(entityPrefix: "file:1"))
    #expect(some.named == false && some.removed == 0)
  }

  @Test func `an import that was cut short is finished by the next`() throws {
    let scene = try CompactionScene()
    let stream = try lines(#require(scene.store).reader)
    let copy = try target()
    #expect(throws: StoreError.stream("ends before its last line")) {
      try take(Array(stream.prefix(stream.count / 2)), copy)
    }
    #expect(try !contents(copy).isEmpty)
    try take(stream, copy)
    #expect(try contents(copy).count == scene.receipts.count)
    #expect(try contents(copy).map(\.bytes) == contents(#require(scene.store)).map(\.bytes))
  }

  @Test func `removed events are named and never made up`() throws {
    let scene = try CompactionScene()
    let store = try #require(scene.store)
    try store.compact(CompactionRequest(removing: .below(20, .everything)))
    let removed = try scene.check(store)
    let stream = try lines(store.reader)
    let named = stream.filter { String(decoding: $0, as: UTF8.self).contains(#""line":"removed""#) }
    #expect(named.count == removed.count)
    let copy = try target()
    #expect(try take(stream, copy).removed == UInt64(removed.count))
    #expect(try contents(copy).count == contents(store).count)
    let part = try lines(store.reader, Region(entityPrefix: "user"))
    #expect(part.count < stream.count)
    #expect(try take(part, target(22)).appended > 0)
  }

  @Test func `a line that was changed, left out, moved or added is refused`() throws {
    let scene = try CompactionScene()
    let stream = try lines(#require(scene.store).reader)
    var generator = SeededGenerator(seed: 5)
    var changed = 0
    for _ in 0..<200 {
      var lines = stream
      let at = 1 + generator.below(stream.count - 2)
      switch generator.below(4) {
      case 0: lines.remove(at: at)
      case 1: lines.insert(lines[at], at: at)
      case 2: lines.swapAt(at, 1 + (at % (stream.count - 2)))
      default:
        let byte = generator.below(lines[at].count)
        lines[at][byte] ^= 1 << UInt8(generator.below(7))
      }
      if lines == stream { continue }
      changed += 1
      let copy = try target(40)
      #expect(throws: StoreError.self) { try take(lines, copy) }
      #expect(try copy.reader.verify().isIntact)
    }
    #expect(changed > 100)
  }

  @Test func `an import keeps the version of a payload, which the registry there reads`() throws {
    let kind = EventKind(category: 1, type: 1)!
    func type(_ version: UInt16, _ upcasts: [Upcast]) -> PayloadType<String> {
      PayloadType(
        kind, version: version, upcasts: upcasts,
        encode: { (text: String) throws(PayloadFault) in Array(text.utf8) },
        decode: { (bytes) throws(PayloadFault) in String(decoding: bytes, as: UTF8.self) })
    }
    var options = CompactionScene.options(3)
    options.payloads.register(type(1, []))
    let store = try EventStore.open(on: SimulatedDisk(seed: 3, faults: .none), options)
    var event = NewEvent.of("file:1", "typed")
    event.payloadVersion = 1
    try store.append(event)
    let newer = type(
      2, [Upcast(from: 1) { (bytes) throws(PayloadFault) in bytes + Array(" and newer".utf8) }])
    var there = CompactionScene.options(4)
    there.payloads.register(newer)
    let copy = try EventStore.open(on: SimulatedDisk(seed: 4, faults: .none), there)
    #expect(try take(lines(store.reader), copy).appended == 1)
    let found = try #require(try contents(copy).first)
    #expect(found.header.payloadVersion == 1)
    #expect(try newer.value(of: try #require(found.bytes), version: 1) == "typed and newer")
    // What it could not append itself any more it takes from elsewhere all the same.
    #expect(throws: StoreError.unregistered(kind, version: 1)) { try copy.append(event) }
  }
}
