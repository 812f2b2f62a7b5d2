// What an open store takes of memory, seen in a process that does nothing else: it opens the store as
// its writer does, turns pages in several regions at places all over the log, begins a few streams,
// and then reads what the kernel counts as its own anonymous memory.

import Ambient
package import Bytes
import DurableFiles
import EventStore

/// The memory of a process that has a store open.
package struct PagingProbe: Equatable, Sendable {
  package let events: UInt64
  package let segments: Int
  package let pages: Int
  /// Events that the pages held.
  package let read: Int
  /// The kernel's `RssAnon`.
  package let anonymousBytes: Int64
  /// The kernel's `VmRSS`, with everything that is mapped from files.
  package let residentBytes: Int64

  /// The most pages of each region; a small store is given fewer.
  private static let pagesOfEachMax = 500

  /// Opens the store in a directory, pages through it, and closes it.
  package static func run(_ path: String) throws(BenchFailure) -> PagingProbe {
    let disk: PosixDisk
    do throws(DiskError) { disk = try PosixDisk(root: path) } catch {
      throw BenchFailure("\(error)")
    }
    let probe = try storing { () throws(StoreError) in
      let store = try EventStore.open(on: disk, creating: false)
      let last = try store.reader.lastSequence
      var generator = SeededGenerator(seed: 5)
      var (pages, read) = (0, 0)
      for _ in 0..<max(5, min(pagesOfEachMax, Int(last / 2_000))) {
        let place = generator.next() % max(last, 1)
        let entity = try store.reader.event(place + 1).header.coordinate.entity
        for region in [
          .everything, Region(entityPrefix: entity), Region(kind: .exactly(BenchEvents.other)),
          Region(scope: "scope-3"),
        ] {
          read += try store.reader.events(in: region, after: place).events.count
          pages += 1
        }
        _ = try store.reader.latest(entity)
      }
      let events = try BenchEvents()
      for index in 0..<100 {
        let coordinate = try Coordinate(entity: "begun:\(last):\(index)", scope: "scope-3")
        try store.append(
          events.event(index, at: coordinate), .buffered(eventsMax: 1_000, timeMax: .seconds(1)))
      }
      let segments = try store.reader.stats().segments
      let memory = (Machine.ownMemory("RssAnon"), Machine.ownMemory("VmRSS"))
      try store.close()
      guard case (let anonymous?, let resident?) = memory else { return nil as PagingProbe? }
      return PagingProbe(
        events: last, segments: segments, pages: pages, read: read, anonymousBytes: anonymous,
        residentBytes: resident)
    }
    guard let probe else { throw BenchFailure("the kernel does not say what memory a process has") }
    return probe
  }

  package var json: JSONValue {
    [
      "events": JSONValue(events), "segments": JSONValue(segments), "pages": JSONValue(pages),
      "read": JSONValue(read), "anonymousBytes": JSONValue(anonymousBytes),
      "residentBytes": JSONValue(residentBytes),
    ]
  }
}
