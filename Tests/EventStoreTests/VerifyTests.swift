// What verification promises: an intact store is found intact, and nothing that was changed behind
// the store's back stays unnoticed.

import Ambient
import DurableFiles
import EventStore
import ScratchFiles
import Testing

@Suite struct VerifyTests {
  /// A closed store of a few segments.
  private func store(_ scratch: Scratch, events: Int = 60) throws {
    var options = StoreOptions()
    options.segmentBytes = 4_096
    let store = try EventStore.open(on: scratch.disk, options)
    for number in 0..<events {
      try store.append(.of("file:\(number % 4)", "payload \(number)"))
    }
    try store.close()
  }

  @Test func `an intact store has no findings`() throws {
    let scratch = try Scratch()
    try store(scratch)
    let report = try EventReader.verify(on: scratch.disk)
    #expect(report.isIntact, "\(report.findings)")
    #expect(report.eventsChecked == 62)
    #expect(report.segmentsChecked >= 3)
  }

  @Test func `an index that points to another event serves an error and not that event`() throws {
    let scratch = try Scratch()
    try store(scratch)
    let path: FilePath = "segments/0000000000000001-00000000.segment"
    let file = try OpenFile(path, .writing, on: scratch.disk)
    let bytes = try file.read(at: 0, count: Int(file.size))
    // The offsets are the second table of the footer, whose envelope is found by its name.
    let footer = try #require(
      bytes.indices.first { bytes[$0...].starts(with: Array("LARDFIL".utf8)) })
    let header = footer + 24 + 208 + 16
    let start = bytes[header..<header + 8].reversed().reduce(0) { $0 << 8 | Int($1) }
    let table = footer + 24 + start
    try file.write(Array(bytes[table..<table + 4]), at: UInt64(table + 4))
    let reader = try EventReader.open(on: scratch.disk)
    #expect(throws: StoreError.self) { try reader.event(2) }
    #expect(throws: StoreError.self) { try reader.receipt(2) }
    #expect(throws: StoreError.self) { try reader.events(in: .everything) }
    #expect(try reader.event(1).header.sequence == 1)
  }

  @Test func `any flipped bit is found`() throws {
    let scratch = try Scratch()
    try store(scratch, events: 30)
    var flips = 0
    var generator = SeededGenerator(seed: 7)
    for directory in [FilePath.root, "segments"] {
      for entry in try scratch.disk.list(directory)
      where entry.kind == .regular && entry.name != Array("writer.lock".utf8) {
        let path = directory.appending(entry.name)
        let file = try OpenFile(path, .writing, on: scratch.disk)
        let size = Int(try file.size)
        for offset in stride(from: 0, to: size, by: 1 + generator.below(40)) {
          let byte = try file.read(at: UInt64(offset), count: 1)[0]
          try file.write([byte ^ 1 << UInt8(generator.below(8))], at: UInt64(offset))
          let isFound: Bool
          do throws(StoreError) {
            isFound = try !EventReader.verify(on: scratch.disk).isIntact
          } catch {
            isFound = true
          }
          #expect(isFound, "\(path) at \(offset) of \(size)")
          try file.write([byte], at: UInt64(offset))
          flips += 1
        }
      }
    }
    #expect(flips > 100)
    #expect(try EventReader.verify(on: scratch.disk).isIntact)
  }
}
