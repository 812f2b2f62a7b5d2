// Pages of regions, against every event looked at one by one: whatever tables a region is answered
// from, dense or rare, in footers, beside the tail or in memory, and in both orders.

import Ambient
import DurableFiles
import ScratchFiles
import Testing

@testable import EventStore

@Suite struct RegionPageTests {
  private static let regions: [Region] = [
    .everything,
    Region(entityPrefix: "hot"), Region(entityPrefix: "group:1"), Region(entityPrefix: "group"),
    Region(entityPrefix: "group:1:file:3"), Region(entityPrefix: "nobody"),
    Region(scope: "often"), Region(scope: "rarely"), Region(scope: "never"),
    Region(kind: .exactly(EventKind(rawValue: 0x1001))),
    Region(kind: .exactly(EventKind(rawValue: 0x2002))), Region(kind: .category(1)),
    Region(kind: .category(2)), Region(kind: .category(9)),
    Region(entityPrefix: "hot", scope: "often", kind: .exactly(EventKind(rawValue: 0x1001))),
    Region(scope: "rarely", lane: Lane(1)), Region(lane: Lane(1)),
    Region(scope: "often", sequences: 200...260),
  ]

  /// A store whose events lie in sealed segments, in the tables of a clean close, and in memory.
  private func store(_ scratch: Scratch) throws -> EventStore {
    var options = StoreOptions()
    options.segmentBytes = 30_000
    var random = SeededGenerator(seed: 4)
    func event(_ number: Int) -> NewEvent {
      let hot = random.next() % 2 == 0
      var event = NewEvent.of(
        hot ? "hot" : "group:\(random.next() % 3):file:\(random.next() % 20)", "\(number)",
        scope: number % 90 == 7 ? "rarely" : "often",
        kind: EventKind(rawValue: number % 50 == 3 ? 0x2002 : number % 3 == 0 ? 0x1002 : 0x1001))
      event.lane = random.next() % 10 == 0 ? Lane(1) : .main
      return event
    }
    let first = try EventStore.open(on: scratch.disk, options)
    for batch in 0..<40 { _ = try first.append(batch: (0..<17).map { event(batch * 17 + $0) }) }
    try first.close()
    let second = try EventStore.open(on: scratch.disk, options)
    for number in 700..<760 { try second.append(event(number)) }
    return second
  }

  @Test(arguments: regions.indices)
  func `a region's pages hold its events, all of them and in order`(_ index: Int) throws {
    let region = Self.regions[index]
    let scratch = try Scratch()
    let store = try store(scratch)
    let reader = store.reader
    #expect(try reader.stats().segments > 2)
    var expected: [UInt64] = []
    for sequence in 1...(try reader.lastSequence) {
      let header = try reader.event(sequence).header
      let entity = header.coordinate.entityBytes
      if region.kind.matches(header.kind), region.lane == nil || region.lane == header.lane,
        region.scope == nil || region.scope == header.coordinate.scope,
        region.sequences?.contains(sequence) ?? true,
        region.entityPrefix.map({ isDescendant(entity.span, of: Array($0.utf8)) }) ?? true
      {
        expected.append(sequence)
      }
    }
    for limit in [1, 7, 100] {
      #expect(try sequences(reader, region, limit, .oldestFirst) == expected)
      #expect(try sequences(reader, region, limit, .newestFirst) == expected.reversed())
    }
    try store.close()
  }

  private func sequences(
    _ reader: EventReader, _ region: Region, _ limit: Int, _ order: PageOrder
  ) throws -> [UInt64] {
    var found: [UInt64] = []
    var position: UInt64 = 0
    while true {
      let page = try reader.events(in: region, after: position, limit: limit, order: order)
      found += page.events.map(\.header.sequence)
      if page.isEnd { return found }
      // A page that neither ends nor moves would be read for ever.
      guard page.position != position else { return found }
      position = page.position
      if order == .newestFirst && position <= 1 { return found }
    }
  }

  @Test(
    arguments: [
      ("", "is empty"), ("a\u{1}", "has a control character"), ("a|b", "has a '|' or '='"),
      ("a=b", "has a '|' or '='"), ("..", "has '..' as a component"),
      ("a/..", "has '..' as a component"), ("../a", "has '..' as a component"),
      ("a/../b", "has '..' as a component"), ("...", nil), ("a..", nil), ("..a", nil),
      ("a/.../b", nil), ("./a", nil), ("a//b", nil), ("gr\u{F6}\u{DF}e", nil), ("a:b", nil),
    ] as [(String, String?)])
  func `a name is refused for what is wrong with it`(_ name: String, _ fault: String?) {
    #expect(Coordinate.fault(in: Array(name.utf8)) == fault)
  }

  @Test func `a name that is not UTF-8 is refused`() {
    #expect(Coordinate.fault(in: [0x61, 0xFF]) == "is not UTF-8")
    #expect(Coordinate.fault(in: [0xC3]) == "is not UTF-8")
  }
}
