// Pages are held against a sorted array: in every order and direction, while rows come, go and
// change between two pages.

import Ambient
import DurableFiles
import EventStore
import Testing
import Views

@testable import Manifest

@Suite struct PageTests {
  /// A depot with a few dozen files in every state, all applied.
  private static func scene(seed: UInt64, steps: Int = 400) throws -> (Depot, Manifest) {
    let depot = try Depot(seed: seed, files: 60)
    let manifest = try depot.manifest(batchEventsMax: 500)
    try depot.appendAnything(steps)
    while try manifest.applyPending() {}
    return (depot, manifest)
  }

  /// The rows of the model in an order, as far as the order says.
  private static func sorted(_ depot: Depot, _ order: RowOrder) -> [FileRow] {
    let rows = depot.files.values.filter { order != .retry || $0.retryAt != nil }
    return rows.sorted { left, right in
      key(left, order).lexicographicallyPrecedes(key(right, order))
    }
  }

  private static func key(_ row: FileRow, _ order: RowOrder) -> [Int64] {
    switch order {
    case .path: row.path.bytes.map(Int64.init)
    case .size: [Int64(row.size)]
    case .accessed: [row.accessed.microseconds]
    case .state: [Int64(row.state.rawValue), row.changed.microseconds]
    case .retry: [row.retryAt?.microseconds ?? 0]
    case .directory:
      row.path.parent.bytes.map(Int64.init) + [-1] + row.path.name.map(Int64.init)
    }
  }

  @Test(arguments: RowOrder.allCases, [RowDirection.ascending, .descending])
  func `pages in any order are the sorted rows, each once`(
    _ order: RowOrder, _ direction: RowDirection
  ) throws {
    let (depot, manifest) = try Self.scene(seed: 2, steps: 900)
    for limit in [1, 3, 7, 1_000] {
      var rows: [FileRow] = []
      var place: RowPlace?
      repeat {
        let page = try manifest.page(RowQuery(order, direction, limit: limit), after: place)
        #expect(page.rows.count <= limit)
        rows += page.rows
        place = page.next
      } while place != nil
      if direction == .descending { rows.reverse() }
      let wanted = Self.sorted(depot, order)
      #expect(wanted.count > 2, "the order is tried on nothing")
      #expect(rows.map { Self.key($0, order) } == wanted.map { Self.key($0, order) })
      #expect(Set(rows) == Set(wanted))
    }
  }

  @Test(arguments: RowOrder.allCases, [RowDirection.ascending, .descending])
  func `a row that does not change is shown exactly once while others come, go and change`(
    _ order: RowOrder, _ direction: RowDirection
  ) throws {
    let (depot, manifest) = try Self.scene(seed: 6)
    let before = depot.files.values
    var rows: [FileRow] = []
    var place: RowPlace?
    repeat {
      let page = try manifest.page(RowQuery(order, direction, limit: 4), after: place)
      rows += page.rows
      place = page.next
      for _ in 0..<2 { try depot.append(depot.anything()) }
      while try manifest.applyPending() {}
    } while place != nil
    let still = before.filter { row in
      depot.files[row.path] == row && (order != .retry || row.retryAt != nil)
    }
    for row in still {
      #expect(rows.count { $0.path == row.path } == 1, "\(row.path)")
    }
    let keys = rows.map { Self.key($0, order) }
    let isInOrder = zip(keys, keys.dropFirst()).allSatisfy { left, right in
      direction == .ascending
        ? !right.lexicographicallyPrecedes(left) : !left.lexicographicallyPrecedes(right)
    }
    #expect(isInOrder)
  }

  @Test(arguments: ["", "art", "art/", "art/heroes/", "code/file-3", "zzz", "\u{7f}"])
  func `a prefix is all that begins so, in the order of paths`(_ prefix: String) throws {
    let (depot, manifest) = try Self.scene(seed: 4)
    let bytes = Array(prefix.utf8)
    let wanted = Self.sorted(depot, .path).filter { $0.path.bytes.starts(with: bytes) }
    for direction in [RowDirection.ascending, .descending] {
      var rows: [FileRow] = []
      var place: RowPlace?
      repeat {
        let page = try manifest.page(
          RowQuery(.path, direction, prefix: bytes, limit: 2), after: place)
        rows += page.rows
        place = page.next
      } while place != nil
      #expect(rows == (direction == .ascending ? wanted : wanted.reversed()))
    }
  }

  @Test(arguments: FileState.allCases) func `the files of one state are shown alone, by age`(
    _ state: FileState
  ) throws {
    let (depot, manifest) = try Self.scene(seed: 8, steps: 700)
    let wanted = Self.sorted(depot, .state).filter { $0.state == state }
    #expect(!wanted.isEmpty)
    for direction in [RowDirection.ascending, .descending] {
      var rows: [FileRow] = []
      var place: RowPlace?
      repeat {
        let page = try manifest.page(
          RowQuery(.state, direction, state: state, limit: 2), after: place)
        rows += page.rows
        place = page.next
      } while place != nil
      if direction == .descending { rows.reverse() }
      #expect(rows.map(\.changed) == wanted.map(\.changed) && Set(rows) == Set(wanted))
    }
  }

  @Test func `a search finds what passes, in the order, from page to page`() throws {
    let (depot, manifest) = try Self.scene(seed: 10)
    let now = depot.clock.wall.now()
    for text in ["state:dirty", "size>=2K !state:clean", "path:art/** or copy:cold", "zzz", ""] {
      let filter = try Filter(parsing: text, FileRow.vocabulary)
      let wanted = Self.sorted(depot, .path).filter { filter.matches(at: now, $0.value(of:)) }
      var rows: [FileRow] = []
      var place: RowPlace?
      repeat {
        let page = try manifest.search(RowQuery(limit: 3), filter, at: now, after: place)
        rows += page.rows
        place = page.next
      } while place != nil
      #expect(rows == wanted, "\(text)")
    }
  }

  @Test func `a search that is cancelled says how far it was, and goes on from there`() throws {
    let (depot, manifest) = try Self.scene(seed: 10)
    let filter = try Filter(parsing: "zzz", FileRow.vocabulary)
    let cancellation = Cancellation()
    cancellation.cancel()
    let page = try manifest.search(
      RowQuery(), filter, at: depot.clock.wall.now(), cancellation: cancellation)
    #expect(page.rows.isEmpty && page.next == nil)
    var seen = 0
    _ = try manifest.search(RowQuery(), filter, at: depot.clock.wall.now()) { seen = $0 }
    #expect(seen == depot.files.count)
  }

  @Test(arguments: [1, 2, 100]) func `a directory shows its directories, then its files`(
    _ limit: Int
  ) throws {
    let (depot, manifest) = try Self.scene(seed: 12)
    for directory in ["", "art", "art/heroes", "nowhere"] {
      let path = try FilePath(directory)
      var directories: [DirectoryRow] = []
      var files: [FileRow] = []
      var place: ChildPlace?
      repeat {
        let page = try manifest.children(of: path, after: place, limit: limit)
        #expect(page.directories.count + page.files.count <= limit)
        directories += page.directories
        files += page.files
        place = page.next
      } while place != nil
      let below = depot.files.values.filter { $0.path.isWithin(path) }
      #expect(files == below.filter { $0.path.parent == path }.sorted { $0.path < $1.path })
      let parents = Set(below.map(\.path.parent)).filter { $0 != path }
      let wanted = Set(parents.filter { $0.parent == path })
        .union(parents.contains("art/heroes") && directory.isEmpty ? ["art"] : [])
      #expect(directories.map(\.path) == wanted.sorted())
      for row in directories { #expect(row.below == depot.rollUp(row.path)) }
    }
  }

  @Test func `queues hold what is due, of the newest truth, in their order`() throws {
    let (depot, manifest) = try Self.scene(seed: 14)
    for step in 0..<60 {
      let event = try depot.anything()
      try manifest.accept(event, at: try depot.append(event))
      let now = depot.clock.wall.now()
      let queues: [(String, (FileRow) -> Bool, (QueuePlace?) throws -> QueuePage)] = [
        (
          "dirty", { $0.state == .dirty && $0.retryAt == nil },
          { try manifest.dirty(after: $0, limit: 5) }
        ),
        (
          "due", { row in row.state == .dirty && row.retryAt.map { $0 <= now } ?? false },
          { try manifest.due(by: now, after: $0, limit: 5) }
        ),
        (
          "evictable", { $0.state == .clean && $0.isHot && !$0.isPinned },
          { try manifest.evictable(after: $0, limit: 5) }
        ),
        ("failed", { $0.state == .failed }, { try manifest.failed(after: $0, limit: 5) }),
      ]
      for (name, isWanted, page) in queues {
        var found: [FileRow] = []
        var place: QueuePlace?
        repeat {
          let next = try page(place)
          found += next.rows
          place = next.next
        } while place != nil
        let wanted = depot.files.values.filter(isWanted)
        #expect(Set(found) == Set(wanted), "\(name), step \(step)")
        #expect(found.count == wanted.count, "\(name), step \(step): twice")
      }
      if step % 7 == 0 { try manifest.applyPending() }
    }
  }

  @Test func `the past of a file is told by the log`() throws {
    let (depot, manifest) = try Self.scene(seed: 16)
    let path = try #require(depot.files.keys.first)
    var entries: [HistoryEntry] = []
    var after: UInt64? = 0
    while let from = after {
      let page = try manifest.history(of: path, after: from, limit: 2, order: .oldestFirst)
      entries += page.entries
      after = page.next
    }
    #expect(entries.map(\.place.generation) == entries.indices.map { UInt64($0) + 1 })
    var row: FileRow?
    for (index, entry) in entries.enumerated() {
      row = FileRow.applying(entry.event, at: entry.place, to: row).row
      let isLastOfItsTime =
        index + 1 == entries.count || entries[index + 1].place.time > entry.place.time
      if isLastOfItsTime {
        #expect(try manifest.row(at: path, asOf: entry.place.time) == .row(row))
      }
    }
    #expect(try manifest.row(at: path, asOf: WallTime(seconds: 0)) == .row(nil))
  }
}
