// Tables of heads answer what the segments would, whatever became of their files.

import Ambient
import Bytes
import Digests
import DiskSimulation
import DurableFiles
import Testing

@testable import EventStore

@Suite struct HeadTableTests {
  private static func options(_ seed: UInt64 = 1) -> StoreOptions {
    var options = StoreOptions()
    options.entropy = .seeded(seed)
    options.segmentBytes = 1_024
    options.preallocationBytes = 2_048
    options.maintenance = .inline
    return options
  }

  private static func event(_ number: Int) -> NewEvent {
    var random = SeededGenerator(seed: UInt64(number))
    // Some streams go on for ever, others end early, and each has events in few segments.
    var event = NewEvent.of("file:\(random.next() % UInt64(20 + number / 2))", "\(number)")
    event.lane = Lane(UInt32(random.next() % 4 == 0 ? 1 : 0))
    return event
  }

  private static func fill(_ disk: SimulatedDisk, _ events: Range<Int>) throws -> EventStore {
    let store = try EventStore.open(on: disk, options())
    for number in events { try store.append(event(number)) }
    return store
  }

  /// Compares what is found through the tables with what is found without any.
  private static func compare(_ store: EventStore, _ comment: Comment? = nil) throws {
    try compare(store.writer.catalog.current, comment)
  }

  private static func compare(_ catalog: Catalog, _ comment: Comment? = nil) throws {
    var bare = catalog
    bare.heads = []
    for number in 0..<100 {
      for lane in [Lane.main, Lane(1)] {
        let entity = Array("file:\(number)".utf8)
        let key = StreamKey(entity: entity, lane: lane)
        let found = try catalog.head(of: entity, lane: lane, key: key)
        #expect(found == (try bare.head(of: entity, lane: lane, key: key)), comment)
      }
    }
  }

  private static func files(_ disk: SimulatedDisk) throws -> Set<FilePath> {
    Set(try disk.list(StoreNames.heads).map { StoreNames.heads.appending($0.name) })
  }

  private static func files(_ tables: [HeadTable]) -> Set<FilePath> {
    Set(tables.map { StoreNames.heads($0.run.sequences) })
  }

  private static func keeper(_ disk: SimulatedDisk) -> HeadKeeper {
    HeadKeeper(
      disk: disk, entropy: .seeded(9), maintenance: .inline,
      log: Log(room: "event store", to: .none))
  }

  @Test func `heads are found through tables as each segment tells them`() throws {
    let disk = SimulatedDisk(seed: 1, faults: .none)
    let store = try Self.fill(disk, 0..<500)
    let tables = store.writer.catalog.current.heads
    #expect(tables.contains { $0.run.segments.count == 64 })
    #expect(tables.contains { $0.run.segments.count == 8 })
    #expect(try Self.files(disk) == Self.files(tables))
    try Self.compare(store)
    let asked = tables[0]
    let absent = (0..<1_000).count { number in
      asked.find(StreamKey(entity: Array("none:\(number)".utf8), lane: .main)) == .absent
    }
    #expect(absent == 1_000, "a stream that is nowhere is told to be nowhere")
    try store.close()
    let again = try EventStore.open(on: disk, Self.options(2))
    #expect(Self.files(again.writer.catalog.current.heads) == Self.files(tables))
    try Self.compare(again)
    #expect(try again.reader.verify().isIntact)
    try again.close()
  }

  @Test func `a table that is damaged anywhere hides no head and is made anew`() throws {
    let rows = HeadTable.blockBytes + 4
    let inHead = [0, 7, 8, 16, 24, 33, 36, 41, 73, 80, 84, 75 + 8 * 16]
    for place in inHead + [HeadTable.blockBytes, rows, rows + 9, -5, -1] {
      let disk = SimulatedDisk(seed: 1, faults: .none)
      try Self.fill(disk, 0..<80).close()
      let path = try #require(try Self.files(disk).min { "\($0)" < "\($1)" })
      let whole = try OpenFile(path, .reading, on: disk).readAll(bytesMax: 1 << 20)
      #expect(whole.count >= 2 * HeadTable.blockBytes)
      let place = place < 0 ? whole.count + place : place
      try OpenFile(path, .writing, on: disk).write([whole[place] ^ 0x41], at: UInt64(place))
      let store = try EventStore.open(on: disk, Self.options(3))
      try Self.compare(store, "byte \(place)")
      // The next segment that is sealed has every table made again.
      for number in 0..<10 { try store.append(Self.event(number)) }
      let tables = store.writer.catalog.current.heads
      #expect(tables.allSatisfy { !$0.isDamaged }, "byte \(place)")
      #expect(tables.first?.run.sequences.lowerBound == 1, "byte \(place)")
      #expect(try Self.files(disk) == Self.files(tables), "byte \(place)")
      try Self.compare(store, "byte \(place)")
      try store.close()
    }
  }

  @Test func `a table of another log, or one that is cut, is not believed`() throws {
    let disk = SimulatedDisk(seed: 1, faults: .none)
    let store = try Self.fill(disk, 0..<80)
    let segments = store.writer.catalog.current.segments
    let other = SimulatedDisk(seed: 2, faults: .none)
    try Self.fill(other, 100..<180).close()
    let keeper = Self.keeper(disk)
    let own = try #require(try Self.files(disk).min { "\($0)" < "\($1)" })
    #expect(Self.files(keeper.open(over: segments)).contains(own))
    let file = try OpenFile(own, .writing, on: disk)
    try file.truncate(to: try file.size - 1)
    for path in try Self.files(other) where path != own {
      let bytes = try OpenFile(path, .reading, on: other).readAll(bytesMax: 1 << 20)
      try AtomicReplace.write(
        bytes, to: path, mode: 0o600, replacing: true, on: disk, entropy: .seeded(4))
    }
    #expect(try !Self.files(disk).isEmpty)
    #expect(keeper.open(over: segments).isEmpty)
    #expect(try Self.files(disk).isEmpty)
  }

  @Test func `a table under another name than its own is not in force`() throws {
    for name in [".larder-00000000000000ab.tmp", "0000000000000001-0000000000000002.heads", "x"] {
      let disk = SimulatedDisk(seed: 1, faults: .none)
      let store = try Self.fill(disk, 0..<80)
      let segments = store.writer.catalog.current.segments
      let own = try #require(try Self.files(disk).min { "\($0)" < "\($1)" })
      // As a crash between the last sync of the file and its rename leaves it.
      try disk.rename(own, to: StoreNames.heads.appending(name), replacing: true)
      let tables = Self.keeper(disk).open(over: segments)
      #expect(!Self.files(tables).contains(own), "\(name)")
      #expect(try Self.files(disk) == Self.files(tables), "\(name)")
    }
  }

  @Test func `a key that another stream shares a row with is looked for in every segment`() throws {
    let disk = SimulatedDisk(seed: 1, faults: .none)
    let store = try Self.fill(disk, 0..<80)
    var catalog = store.writer.catalog.current
    let table = try #require(catalog.heads.first)
    let bare = HeadRowSource(table, number: 0)
    var (rows, source) = ([HeadRow](), bare)
    while let row = try source.next() { rows.append(row) }
    let newest = UInt32(table.run.segments.count - 1)
    #expect(rows.contains { $0.segment < newest })
    let path = StoreNames.heads.appending("shared")
    try HeadTableWriter(path: path, disk: disk, entropy: .seeded(1)).write(
      table.run, [HeadRowSource(rows.map { HeadRow(key: $0.key, segment: newest) })])
    let file = try OpenFile(path, .reading, on: disk)
    catalog.heads[0] = try HeadTable(try file.map(count: Int(try file.size)))
    try Self.compare(catalog)
  }

  @Test func `the keys of a footer come in order, in slices of any size`() throws {
    let disk = SimulatedDisk(seed: 1, faults: .none)
    var options = Self.options()
    options.segmentBytes = 16_384
    let store = try EventStore.open(on: disk, options)
    for number in 0..<300 { try store.append(Self.event(number)) }
    let footer = try #require(store.writer.catalog.current.segments[0].footer)
    #expect(footer.streamCount > 50)
    func rows(_ sliceRows: Int) throws -> [HeadRow] {
      var source = HeadRowSource(footer, number: 3, sliceRows: sliceRows)
      var rows: [HeadRow] = []
      while let row = try source.next() { rows.append(row) }
      return rows
    }
    let whole = try rows(1 << 20)
    #expect(whole.count == footer.streamCount)
    #expect(whole.allSatisfy { $0.segment == 3 })
    #expect(whole.map(\.key) == whole.map(\.key).sorted())
    for sliceRows in [1, 7, 50, 100_000] { #expect(try rows(sliceRows) == whole) }
  }

  @Test func `a table that is given up leaves no file`() throws {
    let disk = SimulatedDisk(seed: 1, faults: .none)
    try disk.makeDirectory(StoreNames.heads, mode: 0o700)
    let run = HeadRun(
      sequences: 1...9, root: .zeros, segments: [SegmentName(first: 1, generation: 0)])
    let writer = HeadTableWriter(
      path: StoreNames.heads(run.sequences), disk: disk, entropy: .seeded(1), isStopping: { true })
    #expect(throws: StoreError.closed) {
      try writer.write(run, [HeadRowSource([HeadRow(key: 7, segment: 0)])])
    }
    #expect(try Self.files(disk).isEmpty)
  }

  @Test func `tables that a thread makes beside appends and compaction hide no head`() throws {
    let disk = SimulatedDisk(seed: 1, faults: .none)
    var options = Self.options()
    options.maintenance = .worker
    for life in 0..<3 {
      options.entropy = .seeded(UInt64(life))
      let store = try EventStore.open(on: disk, options)
      let compacting = Worker("compacting") {
        do throws(StoreError) {
          for _ in 0..<4 { _ = try store.compact(CompactionRequest(mergedBytesMax: 4_096)) }
        } catch {
          Issue.record("\(error)")
        }
      }
      for number in life * 100..<life * 100 + 100 { try store.append(Self.event(number)) }
      compacting.join()
      try Self.compare(store)
      try store.close()
    }
    // Whoever opens next without a thread makes at once what was given up.
    let store = try EventStore.open(on: disk, Self.options(7))
    let tables = store.writer.catalog.current.heads
    #expect(!tables.isEmpty)
    #expect(try Self.files(disk) == Self.files(tables))
    try Self.compare(store)
    #expect(try store.reader.verify().isIntact)
  }

  @Test func `compaction takes the tables over what it replaces away`() throws {
    let disk = SimulatedDisk(seed: 1, faults: .none)
    let store = try Self.fill(disk, 0..<300)
    #expect(store.writer.catalog.current.heads.count > 1)
    _ = try store.compact(
      CompactionRequest(removing: .below(60, .everything), mergedBytesMax: 4_096))
    let tables = store.writer.catalog.current.heads
    #expect(try Self.files(disk) == Self.files(tables))
    let names = Set(store.writer.catalog.current.segments.map(\.name))
    #expect(tables.allSatisfy { $0.run.segments.allSatisfy(names.contains) })
    try Self.compare(store)
    for number in 300..<400 { try store.append(Self.event(number)) }
    try Self.compare(store)
    try store.close()
    let again = try EventStore.open(on: disk, Self.options(2))
    try Self.compare(again)
    #expect(try again.reader.verify().isIntact)
  }

  @Test func `a crash at any operation while tables are made leaves every head to be found`() throws
  {
    let calm = SimulatedDisk(seed: 3, faults: .none)
    let store = try Self.fill(calm, 0..<50)
    let before = store.writer.catalog.current.heads.count
    let first = calm.operations
    for number in 50..<62 { try store.append(Self.event(number)) }
    #expect(store.writer.catalog.current.heads.count > before, "a table is made in between")
    for operation in first + 1...calm.operations {
      let disk = SimulatedDisk(seed: 3, faults: .none)
      let store = try Self.fill(disk, 0..<50)
      disk.arm(.honest.arming(.crash, at: operation))
      do throws(StoreError) {
        for number in 50..<62 { try store.append(Self.event(number)) }
      } catch {
        switch error {
        case .disk(.crashed), .unknown, .latched: break
        default: throw error
        }
      }
      let next = disk.reopen()
      next.arm(.honest)
      let again = try EventStore.open(on: next, Self.options(7))
      try Self.compare(again, "crashed at \(operation)")
      for number in 62..<75 { try again.append(Self.event(number)) }
      try Self.compare(again, "crashed at \(operation)")
      try again.close()
      // What could not be removed before is removed by whoever opens next.
      next.arm(.none)
      let last = try EventStore.open(on: next, Self.options(8))
      let tables = Self.files(last.writer.catalog.current.heads)
      #expect(try Self.files(next) == tables, "crashed at \(operation)")
      try last.close()
    }
  }

  @Test func `a disk on which no table can be made takes appends all the same`() throws {
    let disk = SimulatedDisk(seed: 1, faults: .none)
    let store = try Self.fill(disk, 0..<20)
    try disk.plant(.other, at: StoreNames.heads)
    for number in 20..<150 { try store.append(Self.event(number)) }
    #expect(store.writer.catalog.current.heads.isEmpty)
    try Self.compare(store)
    try store.close()
    try Self.compare(try EventStore.open(on: disk, Self.options(2)))
  }

  @Test func `many rows are spread over buckets, and each is found`() throws {
    let disk = SimulatedDisk(seed: 1, faults: .none)
    try disk.makeDirectory(StoreNames.heads, mode: 0o700)
    var random = SeededGenerator(seed: 5)
    var expected: [UInt64: UInt32] = [:]
    var sources: [[HeadRow]] = []
    for segment in 0..<3 as Range<UInt32> {
      var keys = Set((0..<20_000).map { _ in random.next() })
      keys.formUnion(expected.keys.prefix(5_000))
      for key in keys { expected[key] = segment }
      sources.append(keys.sorted().map { HeadRow(key: $0, segment: segment) })
    }
    let run = HeadRun(
      sequences: 1...30, root: .zeros,
      segments: (0..<3).map { SegmentName(first: $0 * 10 + 1, generation: 0) })
    let path = StoreNames.heads(run.sequences)
    try HeadTableWriter(path: path, disk: disk, entropy: .seeded(1))
      .write(run, sources.map { HeadRowSource($0) })
    let file = try OpenFile(path, .reading, on: disk)
    let table = try HeadTable(try file.map(count: Int(try file.size)))
    #expect(table.rows == UInt64(expected.count) && table.buckets > 100)
    for (key, segment) in expected {
      #expect(table.find(StreamKey(high: key, low: 0)) == .segment(Int(segment)))
    }
    for _ in 0..<1_000 {
      let key = random.next()
      guard expected[key] == nil else { continue }
      #expect(table.find(StreamKey(high: key, low: 0)) == .absent)
    }
  }
}
