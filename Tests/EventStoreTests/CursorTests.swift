// What cursors promise: at least once, never silently elsewhere.

import Ambient
import DiskSimulation
import DurableFiles
import EventStore
import ScratchFiles
import Testing

@Suite struct CursorTests {
  private let scratch: Scratch
  private let region = Region(entityPrefix: "file")
  private let path: FilePath = "cursors/audit.cursor"

  init() throws {
    scratch = try Scratch()
  }

  /// A store with so many events in the region.
  private func store(_ events: Int = 10) throws -> EventStore {
    let store = try EventStore.open(on: scratch.disk)
    for number in 0..<events { try store.append(.of("file:\(number % 3)", "\(number)")) }
    return store
  }

  private func texts(_ page: Page) -> [String] {
    page.events.map { String(decoding: $0.bytes ?? [], as: UTF8.self) }
  }

  private func fault(_ body: () throws(StoreError) -> Void) throws -> CursorFault {
    do throws(StoreError) {
      try body()
    } catch {
      guard case .cursor("audit", let fault) = error else { throw error }
      return fault
    }
    throw Unrefused()
  }

  private struct Unrefused: Error {}

  private func opens(_ store: EventStore) throws(StoreError) {
    _ = try store.cursors.open("audit", in: region, of: store.reader)
  }

  @Test func `what was not committed is told again after a crash`() throws {
    let store = try store()
    do {
      var cursor = try store.cursors.open("audit", in: region, of: store.reader)
      #expect(texts(try cursor.next(limit: 4)) == ["0", "1", "2", "3"])
      try cursor.commit()
      #expect(texts(try cursor.next(limit: 4)) == ["4", "5", "6", "7"])
      // The reader dies here, after it dealt with them and before it said so.
    }
    var again = try store.cursors.open("audit", in: region, of: store.reader)
    #expect(texts(try again.next(limit: 4)) == ["4", "5", "6", "7"])
    again.rewind()
    #expect(texts(try again.next(limit: 2)) == ["4", "5"])
    try store.close()
  }

  @Test func `a place that nothing was committed at is not the place of the first event`() throws {
    let store = try EventStore.open(on: scratch.disk)
    do {
      let cursor = try store.cursors.open("audit", of: store.reader)
      #expect(cursor.position == 0)
    }
    do {
      var cursor = try store.cursors.open("audit", of: store.reader)
      #expect(try cursor.next(limit: 1).events.map(\.header.sequence) == [1])
      try cursor.commit()
      #expect(cursor.position == 1)
    }
    var cursor = try store.cursors.open("audit", of: store.reader)
    #expect(try cursor.next(limit: 1).events.isEmpty)
    try store.close()
  }

  @Test func `a reader keeps its cursor in a directory of its own, without the writer's lock`()
    throws
  {
    let store = try store()
    let elsewhere = try Scratch()
    let reader = try EventReader.open(on: try PosixDisk(root: scratch.path("."), readOnly: true))
    let shelf = CursorShelf(elsewhere.disk, directory: "mine")
    do {
      var cursor = try shelf.open("audit", in: region, of: reader)
      _ = try cursor.next(limit: 9)
      try cursor.commit()
    }
    try store.append(.of("file:1", "later"))
    var cursor = try shelf.open("audit", in: region, of: reader)
    #expect(texts(try cursor.next()) == ["9", "later"])
    #expect(try shelf.names() == ["audit"])
    #expect(try store.cursors.names().isEmpty)
    try store.close()
  }

  @Test func `a cursor is refused for another region`() throws {
    let store = try store()
    try opens(store)
    for other in [
      Region(entityPrefix: "file:1"), .everything, Region(entityPrefix: "file", scope: "test"),
      Region(entityPrefix: "file", kind: .category(1)), Region(entityPrefix: "file", lane: .main),
      Region(entityPrefix: "file", sequences: 1...9),
    ] {
      #expect(throws: StoreError.otherRegion("audit")) {
        _ = try store.cursors.open("audit", in: other, of: store.reader)
      }
    }
    try opens(store)
    try store.close()
  }

  @Test func `a cursor is refused by another store`() throws {
    let store = try store()
    try opens(store)
    let other = try Scratch()
    let stranger = try EventStore.open(on: other.disk)
    #expect(
      try fault { () throws(StoreError) in
        _ = try store.cursors.open("audit", in: region, of: stranger.reader)
      } == .otherStore)
    try store.close()
    try stranger.close()
  }

  @Test func `a cursor is held by one reader at a time`() throws {
    let store = try store()
    let cursor = try store.cursors.open("audit", in: region, of: store.reader)
    guard case .held = try fault({ () throws(StoreError) in try opens(store) }) else {
      return #expect(Bool(false))
    }
    guard case .held = try fault({ () throws(StoreError) in try store.cursors.reset("audit") })
    else { return #expect(Bool(false)) }
    _ = consume cursor
    try opens(store)
    try store.close()
  }

  @Test func `every damaged byte is refused or harmless, and never the beginning again`() throws {
    let store = try store()
    do {
      var cursor = try store.cursors.open("audit", in: region, of: store.reader)
      for _ in 0..<3 {
        _ = try cursor.next(limit: 2)
        try cursor.commit()
      }
    }
    let file = try OpenFile(path, .writing, on: scratch.disk)
    let size = Int(try file.size)
    var refused = 0
    for offset in 0..<size where offset < 200 || offset > 4_090 && offset < 4_190 || offset > 8_180
    {
      let byte = try file.read(at: UInt64(offset), count: 1)
      try file.write([byte[0] ^ 1], at: UInt64(offset))
      do throws(StoreError) {
        // The slot before the newest is two events behind, and nothing else may be told.
        let cursor = try store.cursors.open("audit", in: region, of: store.reader)
        #expect([5, 7].contains(cursor.position), "byte \(offset)")
      } catch {
        switch error {
        case .cursor("audit", .damaged): #expect("\(error)".contains("reset it"))
        case .newerFormat: break
        default: throw error
        }
        refused += 1
      }
      try file.write(byte, at: UInt64(offset))
    }
    #expect(refused > 150)
    for size in [0, 100, 4_096, size - 1] {
      try file.truncate(to: UInt64(size))
      guard case .damaged = try fault({ () throws(StoreError) in try opens(store) }) else {
        return #expect(Bool(false))
      }
    }
    try store.cursors.reset("audit")
    let cursor = try store.cursors.open("audit", in: region, of: store.reader)
    #expect(cursor.position == 0)
    try store.close()
  }

  @Test(arguments: [1, 2, 3] as [UInt64])
  func `a place that was committed outlives a power cut, whenever its maker was killed`(
    _ seed: UInt64
  ) throws {
    var isMade = false
    var kills = 0
    while !isMade {
      var disk = SimulatedDisk(seed: seed, faults: .honest)
      let events = try EventStore.open(on: disk, .still)
      for number in 0..<10 { try events.append(.of("file:\(number % 3)", "\(number)")) }
      try events.close()
      disk.arm(.honest.arming(.killed, at: disk.operations + 1 + kills))
      do throws(StoreError) {
        let reader = try EventReader.open(on: disk)
        _ = try CursorShelf(inStore: disk).open("audit", in: region, of: reader)
        isMade = true
      } catch {
        #expect(disk.faultCounts[.killed] == 1)
      }
      // Another process of the machine goes on at the cursor, and what it commits is durable.
      disk = disk.reopen()
      let plan = FaultPlan.honest.arming(.nameLost, oneIn: 1)
      disk.arm(plan)
      let position: UInt64
      do {
        let reader = try EventReader.open(on: disk)
        var cursor = try CursorShelf(inStore: disk).open("audit", in: region, of: reader)
        _ = try cursor.next(limit: 4)
        try cursor.commit()
        position = cursor.position
      }
      disk.crash()
      disk = disk.reopen()
      let reader = try EventReader.open(on: disk)
      let cursor = try CursorShelf(inStore: disk).open("audit", in: region, of: reader)
      #expect(cursor.position == position, "killed at operation \(kills)")
      kills += 1
    }
    #expect(kills > 20)
  }

  @Test func `a place behind the end of a restored log is refused`() throws {
    let elsewhere = try Scratch()
    let shelf = CursorShelf(elsewhere.disk, directory: "mine")
    let old = try Scratch()
    var store = try store()
    try store.close()
    try copy(scratch.disk, to: old.disk)

    store = try EventStore.open(on: scratch.disk)
    for number in 0..<5 { try store.append(.of("file:9", "new \(number)")) }
    do {
      var cursor = try shelf.open("audit", in: region, of: store.reader)
      _ = try cursor.next()
      try cursor.commit()
    }
    try store.close()

    let restored = try EventReader.open(on: old.disk)
    guard
      case .ahead = try fault({ () throws(StoreError) in
        _ = try shelf.open("audit", in: region, of: restored)
      })
    else { return #expect(Bool(false)) }

    // Grown past the place, the old copy has another event there.
    let grown = try EventStore.open(on: old.disk)
    for number in 0..<20 { try grown.append(.of("file:9", "other \(number)")) }
    guard
      case .rewritten = try fault({ () throws(StoreError) in
        _ = try shelf.open("audit", in: region, of: grown.reader)
      })
    else { return #expect(Bool(false)) }
    try grown.close()
  }

  @Test(arguments: ["", ".hidden", "a/b", "a b", "..", "ä", String(repeating: "n", count: 65)])
  func `a name that is no file's name is refused`(_ name: String) throws {
    let store = try store(0)
    do throws(StoreError) {
      _ = try store.cursors.open(name, of: store.reader)
      #expect(Bool(false), "'\(name)' was taken")
    } catch {
      guard case .badName = error else { throw error }
    }
    try store.close()
  }

  private func copy(_ from: PosixDisk, to: PosixDisk) throws {
    try to.makeDirectory("segments", mode: 0o700)
    for directory in [FilePath.root, "segments"] {
      for entry in try from.list(directory) where entry.kind == .regular {
        let path = directory.appending(entry.name)
        let bytes = try OpenFile(path, .reading, on: from).readAll(bytesMax: 1 << 26)
        try OpenFile(path, .creating(mode: 0o600), on: to).write(bytes, at: 0)
      }
    }
  }
}
