// At every moment the manifest answers what the transitions so far have made, however much of them
// is in memory, in the tables or only in the log.

import Ambient
import DurableFiles
import EventStore
import Testing

@testable import Manifest

@Suite struct TruthTests {
  @Test(arguments: 1...6 as ClosedRange<UInt64>)
  func `every answer is the newest truth, applied or not`(seed: UInt64) throws {
    let depot = try Depot(seed: seed)
    // Before anything of it is known to the manifest.
    try depot.appendAnything(depot.random.below(40))
    let manifest = try depot.manifest()
    for step in 0..<300 {
      let event = try depot.anything()
      let before = depot.files[event.path]
      let place = try depot.append(event)
      // Sometimes the applier is there before the event is accepted.
      if depot.random.chance(oneIn: 5) { try manifest.applyPending() }
      let applied = try manifest.accept(event, at: place)
      #expect(applied.row == depot.files[event.path], "seed \(seed), step \(step), was \(before)")
      if depot.random.chance(oneIn: 3) { try manifest.applyPending() }
      if step % 10 == 0 { try expectTruth(manifest, depot, "seed \(seed), step \(step)") }
    }
    while try manifest.applyPending() {}
    try expectTruth(manifest, depot, "seed \(seed), at the end")
    #expect(manifest.counts() == depot.counts())
    try expectTables(manifest, depot, "seed \(seed)")
    try manifest.close()
  }

  @Test func `counts are of the newest truth once the log's tail is applied`() throws {
    let depot = try Depot(seed: 3)
    let manifest = try depot.manifest()
    for _ in 0..<200 {
      let event = try depot.anything()
      try manifest.accept(event, at: try depot.append(event))
      #expect(manifest.counts() == depot.counts())
      if depot.random.chance(oneIn: 4) {
        try manifest.applyPending()
        #expect(manifest.counts() == depot.counts())
      }
    }
  }

  @Test func `accepting twice is accepting once, before and after it is applied`() throws {
    let depot = try Depot(seed: 1)
    let manifest = try depot.manifest()
    let event = FileEvent(Sample.path, .written(Sample.hot(), .closed))
    let place = try depot.append(event)
    for _ in 0..<2 { try manifest.accept(event, at: place) }
    #expect(manifest.counts() == depot.counts())
    try manifest.applyPending()
    try manifest.accept(event, at: place)
    #expect(manifest.counts() == depot.counts())
    #expect(try manifest.lag().files == 0)
  }

  @Test func `a caller whose event finds no room applies what is pending first`() throws {
    let depot = try Depot(seed: 5)
    let manifest = try depot.manifest(overlayFilesMax: 3)
    for _ in 0..<100 {
      let event = try depot.anything()
      try manifest.accept(event, at: try depot.append(event))
      #expect(try manifest.lag().files <= 3)
    }
    try expectTruth(manifest, depot, "with little room")
  }

  @Test func `a file that was read is remembered as read, at once and after it is written`() throws
  {
    let depot = try Depot(seed: 1)
    let manifest = try depot.manifest()
    let event = FileEvent(Sample.path, .written(Sample.hot(), .closed))
    try manifest.accept(event, at: try depot.append(event))
    let later = depot.clock.wall.now() + .seconds(60)
    manifest.touch(Sample.path, at: later)
    manifest.touch(Sample.path, at: later + .seconds(-30))
    #expect(try manifest.row(at: Sample.path)?.accessed == later)
    while try manifest.applyPending() {}
    #expect(try manifest.row(at: Sample.path)?.accessed == later)
    let second = later + .seconds(1)
    manifest.touch(Sample.path, at: second)
    while try manifest.applyPending() {}
    #expect(try manifest.row(at: Sample.path)?.accessed == second)
    #expect(try manifest.page(RowQuery(.accessed)).rows.map(\.accessed) == [second])
  }

  @Test func `the worker applies what is accepted without being asked`() throws {
    let depot = try Depot(seed: 9)
    try depot.appendAnything(50)
    let manifest = try Manifest.open(
      .memory, log: depot.store.reader,
      ManifestOptions(overlayFilesMax: 2, gathering: .milliseconds(1)))
    for _ in 0..<100 {
      let event = try depot.anything()
      try manifest.accept(event, at: try depot.append(event))
    }
    try manifest.close()
    #expect(try manifest.lag().events == 0)
    try expectTruth(manifest, depot, "by the worker")
    try expectTables(manifest, depot, "by the worker")
  }
}

/// Holds every file's row against the model.
func expectTruth(_ manifest: Manifest, _ depot: Depot, _ when: String) throws {
  for path in Set(depot.files.keys).union([Sample.path]) {
    let row = try manifest.row(at: path)
    #expect(row == depot.files[path], "\(when): \(path)")
  }
}

/// Holds all that the tables keep against the model; everything must be applied.
func expectTables(_ manifest: Manifest, _ depot: Depot, _ when: String) throws {
  let rows = try manifest.page(RowQuery(limit: 1_000)).rows
  #expect(rows == depot.files.values.sorted { $0.path < $1.path }, "\(when): rows")
  let (kept, counted) = try manifest.recount()
  #expect(kept == counted && kept == depot.counts(), "\(when): counts")
  #expect(
    try manifest.orphans(due: .init(seconds: 9_000_000_000), limit: 1_000).map(\.copy)
      == depot.orphans, "\(when): orphans")
  #expect(try manifest.oddities().count == depot.oddities, "\(when): oddities")
  for directory in ["", "art", "art/heroes", "code", "art-old"] {
    let path = try FilePath(directory)
    let found = try manifest.databases.read { (connection) in
      try DirectoryTable.find(path, in: connection)?.rollUp
    }
    let wanted = depot.rollUp(path)
    #expect(found == wanted || found == nil && wanted == RollUp(), "\(when): \(path)")
  }
}
