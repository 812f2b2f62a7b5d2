// What is counted beside the states: pinned files, files that wait, and since when the oldest one has not
// been stored.

import Ambient
import DurableFiles
import SQLite
import ScratchFiles
import Testing

@testable import Manifest

@Suite struct TraitTests {
  private let scratch: Scratch

  init() throws { scratch = try Scratch() }

  private var path: [UInt8] { Array(scratch.path("").utf8.dropLast()) }

  /// Files of which two are clean, hot and pinned and one waits.
  private func depot() throws -> Depot {
    let depot = try Depot(seed: 5)
    for (name, size) in [("a", 10), ("b", 20), ("c", 40)] {
      let file = try FilePath(name)
      let place = try depot.append(
        FileEvent(file, .written(Sample.hot(size: UInt64(size)), .closed)))
      var copy = try Sample.stored(key: name)
      copy.details.size = UInt64(size)
      try depot.append(FileEvent(file, .stored(copy, of: place.generation)))
    }
    try depot.append(FileEvent("a", .pinned))
    try depot.append(FileEvent("b", .pinned))
    try depot.append(FileEvent("late", .written(Sample.hot(size: 3), .closed)))
    try depot.append(
      FileEvent(
        "late",
        .deferred(attempts: 1, until: WallTime(seconds: 1 << 32), fault: "no route")))
    return depot
  }

  private let pinned = Amount(files: 2, bytes: 30)
  private let waiting = Amount(files: 1, bytes: 3)

  @Test func `pinned and waiting files are counted, and no more when they are it no more`() throws {
    let depot = try depot()
    let manifest = try depot.manifest()
    while try manifest.applyPending() {}
    #expect(manifest.counts().pinned == pinned && manifest.counts().waiting == waiting)
    #expect(manifest.counts().evictable == Amount(files: 1, bytes: 40))
    #expect(try manifest.recount().counted == manifest.counts())
    for event in [FileEvent("a", .unpinned), FileEvent("b", .evicted), FileEvent("late", .retried)]
    {
      try manifest.accept(event, at: depot.append(event))
    }
    // Before they are applied, and afterwards.
    for _ in 0..<2 {
      #expect(manifest.counts().pinned == .none && manifest.counts().waiting == .none)
      while try manifest.applyPending() {}
    }
    #expect(try manifest.recount().counted == manifest.recount().kept)
    try manifest.close()
  }

  @Test func `a database of before they were counted counts them once when it is opened`() throws {
    let depot = try depot()
    let place = ManifestPlace.directory(scratch.disk, path: path)
    let manifest = try depot.manifest(at: place)
    while try manifest.applyPending() {}
    try manifest.close()
    do {
      let connection = try Connection(.file(path + Array("/manifest.sqlite".utf8)))
      try connection.execute("DROP TABLE trait; PRAGMA user_version = 1;")
    }
    let again = try depot.manifest(at: place)
    #expect(again.counts().pinned == pinned && again.counts().waiting == waiting)
    #expect(again.counts().total.files == 4)
    #expect(try scratch.disk.status(at: "manifest.sqlite.damaged") == nil)
    try again.close()
  }

  @Test func `the oldest file that is not stored is the one that waits longest`() throws {
    let depot = try Depot(seed: 6)
    let manifest = try depot.manifest()
    #expect(try manifest.oldestAtRisk() == nil)
    var times: [WallTime] = []
    for name in ["x", "y", "z"] {
      depot.clock.advance(by: .seconds(10))
      let event = FileEvent(try FilePath(name), .written(Sample.hot(size: 1), .closed))
      let place = try depot.append(event)
      try manifest.accept(event, at: place)
      times.append(place.time)
    }
    for _ in 0..<2 {
      #expect(try manifest.oldestAtRisk() == times[0])
      while try manifest.applyPending() {}
    }
    // What failed is still at risk; what was stored is not, applied or not.
    let failed = FileEvent("x", .failed(attempts: 3, fault: "gave up"))
    let place = try depot.append(failed)
    try manifest.accept(failed, at: place)
    #expect(try manifest.oldestAtRisk() == times[1])
    for name in ["y", "z"] {
      let event = FileEvent(
        try FilePath(name),
        .stored(try Sample.stored(key: name), of: depot.files[try FilePath(name)]?.generation ?? 0))
      try manifest.accept(event, at: depot.append(event))
    }
    #expect(try manifest.oldestAtRisk() == place.time)
    try manifest.close()
  }
}
