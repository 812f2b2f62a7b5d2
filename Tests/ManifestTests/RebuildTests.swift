// Whatever becomes of the tables, the log makes them again, by itself, and no answer is wrong in
// between.

import Ambient
import DurableFiles
import EventStore
import SQLite
import ScratchFiles
import Testing

@testable import Manifest

@Suite struct RebuildTests {
  private let scratch: Scratch
  private static let database: FilePath = "manifest.sqlite"

  init() throws { scratch = try Scratch() }

  private var place: ManifestPlace {
    let path = Array(scratch.path("").utf8.dropLast())
    return .directory(scratch.disk, path: path)
  }

  private func open(_ depot: Depot, _ adjust: (inout ManifestOptions) -> Void = { _ in }) throws
    -> Manifest
  {
    var options = ManifestOptions(applying: .inline, batchEventsMax: 50)
    adjust(&options)
    return try Manifest.open(place, log: depot.store.reader, options)
  }

  /// A manifest on the scratch disk with everything applied, closed.
  private func make(_ depot: Depot, _ transitions: Int = 300) throws {
    try depot.appendAnything(transitions)
    let manifest = try open(depot)
    while try manifest.applyPending() {}
    try manifest.close()
  }

  private func bytes(of name: FilePath) throws -> [UInt8] {
    try OpenFile(name, .reading, on: scratch.disk).readAll(bytesMax: 1 << 30)
  }

  private func put(_ bytes: [UInt8], at name: FilePath) throws {
    // What SQLite shares between connections is of the file that goes.
    for old in [name, "manifest.sqlite-shm"] where try scratch.disk.status(at: old) != nil {
      try scratch.disk.remove(old)
    }
    try OpenFile(name, .creating(mode: 0o600), on: scratch.disk).write(bytes, at: 0)
  }

  @Test(arguments: [UInt64(1_000_000), 40]) func `tables built at once are those of batches`(
    _ partEvents: UInt64
  ) throws {
    let depot = try Depot(seed: 21, files: 40)
    try depot.appendAnything(700)
    let manifest = try open(depot) { options in
      options.bulkEventsMin = 100
      options.partEvents = partEvents
    }
    try expectTruth(manifest, depot, "before the build")
    // What is accepted during a build lies over the tables that come of it.
    let event = try depot.anything()
    try manifest.accept(event, at: try depot.append(event))
    #expect(try manifest.applyPending())
    #expect(try manifest.lag().events <= 1, "it was built at once")
    #expect(try manifest.lag().building == nil)
    #expect(manifest.counts() == depot.counts())
    try expectTruth(manifest, depot, "after the build")
    while try manifest.applyPending() {}
    try expectTables(manifest, depot, "after the build")
    #expect(try manifest.verify() == [])
    #expect(try scratch.disk.status(at: TableBuilder.directory) == nil)
    for _ in 0..<50 {
      let event = try depot.anything()
      try manifest.accept(event, at: try depot.append(event))
    }
    try manifest.close()
    try expectTables(manifest, depot, "in batches after the build")
  }

  @Test(arguments: [0, 1, 100, 4_096, 20_000]) func `a manifest that was cut is made again`(
    _ size: Int
  ) throws {
    let depot = try Depot(seed: 22)
    try make(depot)
    try put(Array(bytes(of: Self.database).prefix(size)), at: Self.database)
    let manifest = try open(depot)
    if try manifest.verify() != [] { try manifest.applyPending() }
    while try manifest.applyPending() {}
    try expectTruth(manifest, depot, "cut to \(size)")
    try expectTables(manifest, depot, "cut to \(size)")
    try manifest.close()
  }

  @Test func `a row that changed by itself is answered from the log and never believed`() throws {
    let depot = try Depot(seed: 24)
    try make(depot)
    let path = try #require(depot.files.keys.first)
    let connection = try Connection(.file(scratch.path("manifest.sqlite")))
    // One bit of the state, with nothing else wrong.
    try connection.run(
      "UPDATE file SET record = CAST(?1 || substr(record, 2) AS BLOB) WHERE path = ?2",
      [
        .blob([depot.files[path]?.state == .clean ? 1 : 3]), .blob(path.bytes),
      ])
    let manifest = try open(depot)
    while try manifest.applyPending() {}
    try expectTruth(manifest, depot, "with a changed row")
    while try manifest.applyPending() {}
    try expectTables(manifest, depot, "made again")
    try manifest.close()
  }

  @Test func `yesterday's manifest is brought after today's log`() throws {
    let depot = try Depot(seed: 25)
    try make(depot)
    let yesterday = try bytes(of: Self.database)
    try make(depot)
    try put(yesterday, at: Self.database)
    let manifest = try open(depot)
    #expect(try manifest.lag().events > 0)
    try expectTruth(manifest, depot, "yesterday's")
    while try manifest.applyPending() {}
    try expectTables(manifest, depot, "yesterday's")
    try manifest.close()
  }

  @Test func `a manifest of another log, or of another past, is not believed`() throws {
    let other = try Depot(seed: 26)
    try make(other)
    let depot = try Depot(seed: 27)
    try depot.appendAnything(200)
    let manifest = try open(depot)
    try expectTruth(manifest, depot, "another log's")
    while try manifest.applyPending() {}
    try expectTables(manifest, depot, "another log's")
    #expect(try scratch.disk.status(at: "manifest.sqlite.damaged") != nil)
    let log = depot.store.reader
    let good = manifest.state.withLock { $0.standing }
    #expect(try OpenedTables.doubt(good, log) == nil)
    var ahead = good
    ahead.watermark = try log.lastSequence + 1
    #expect(try OpenedTables.doubt(ahead, log) != nil)
    var strange = good
    strange.watermark -= 1
    #expect(try OpenedTables.doubt(strange, log) != nil)
    try manifest.close()
  }

  @Test func `a newer program's manifest and another program's file are refused and kept`() throws {
    let depot = try Depot(seed: 28)
    try make(depot)
    for setting in ["user_version", "application_id"] {
      let connection = try Connection(.file(scratch.path("manifest.sqlite")))
      try connection.execute("PRAGMA \(setting) = 9999")
      #expect(throws: ManifestError.self) { try open(depot) }
      #expect(try connection.integerSetting(setting) == 9_999)
      #expect(try scratch.disk.status(at: "manifest.sqlite.damaged") == nil)
    }
  }

  @Test(arguments: 1...6 as ClosedRange<UInt64>)
  func `what a crash leaves between two steps, or cut short, becomes right again`(
    seed: UInt64
  ) throws {
    let depot = try Depot(seed: seed)
    let manifest = try open(depot) { $0.batchEventsMax = 9 }
    var left: [(database: [UInt8], log: [UInt8])] = []
    for _ in 0..<60 {
      let event = try depot.anything()
      try manifest.accept(event, at: try depot.append(event))
      if depot.random.chance(oneIn: 3) { try manifest.applyPending() }
      if depot.random.chance(oneIn: 15) {
        let log = try bytes(of: "manifest.sqlite-wal")
        let cut = depot.random.chance(oneIn: 2) ? log.count : depot.random.below(log.count + 1)
        left.append((try bytes(of: Self.database), Array(log.prefix(cut))))
      }
    }
    try manifest.close()
    #expect(!left.isEmpty)
    for (number, image) in left.enumerated() {
      try put(image.database, at: Self.database)
      try put(image.log, at: "manifest.sqlite-wal")
      let again = try open(depot)
      try expectTruth(again, depot, "seed \(seed), crash \(number)")
      while try again.applyPending() {}
      try expectTables(again, depot, "seed \(seed), crash \(number)")
      #expect(try again.verify() == [])
      try again.close()
    }
  }

  @Test(arguments: [true, false]) func `looking at a manifest changes not one byte beside it`(
    _ isClosed: Bool
  ) throws {
    let depot = try Depot(seed: 30)
    let writer = try open(depot)
    try depot.appendAnything(200)
    while try writer.applyPending() {}
    if isClosed { try writer.close() }
    let before = try listing()
    let aside = try Scratch()
    let manifest = try Manifest.openFrozen(
      on: scratch.disk, path: Array(scratch.path("").utf8.dropLast()), log: depot.store.reader,
      scratch: (aside.disk, Array(aside.path("").utf8.dropLast())))
    try expectTruth(manifest, depot, "frozen")
    try expectTables(manifest, depot, "frozen")
    #expect(manifest.counts() == depot.counts())
    try manifest.close()
    #expect(try listing() == before)
    #expect(try aside.disk.list(.root).isEmpty == isClosed)
    if !isClosed { try writer.close() }
  }

  private func listing() throws -> [String] {
    try scratch.disk.list(.root).map { entry in
      let status = try scratch.disk.status(at: FilePath.root.appending(entry.name))
      return "\(entry.name) \(String(describing: status))"
    }.sorted()
  }
}
