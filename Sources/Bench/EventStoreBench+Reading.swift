// The figures of opening, verifying and reading, over stores that are made once.

import Ambient
import Bytes
import Digests
import DurableFiles
import EventStore

extension EventStoreBench {
  // MARK: - Opening

  var opened: [Contest] {
    let ours = Shared { (stopwatch) throws(BenchFailure) in
      try openTime(stopwatch, try workspace.large())
    }
    return [
      Contest(
        "open after a clean close", .seconds, bar: .value(0.3), measure: ours.first),
      Contest(
        "the same, beside a tenth of the events", .seconds, bar: .either(ratio: 1.3, value: 0.02),
        against: .init("a tenth of the events") { (stopwatch, _) throws(RivalMissing) in
          do throws(BenchFailure) {
            return try openTime(stopwatch, try workspace.small())
          } catch {
            throw RivalMissing(error.reason)
          }
        }, measure: ours.again),
    ]
  }

  private func openTime(_ stopwatch: Stopwatch, _ path: String) throws(BenchFailure) -> Double {
    try workspace.closeLarge()
    var store: EventStore?
    let seconds = try stopwatch.once { () throws(BenchFailure) in
      store = try workspace.opening(path)
    }
    if let store { try workspace.closed(store) }
    return seconds
  }

  var killed: Contest {
    Contest("open after a kill", .seconds, bar: .value(2)) { (stopwatch) throws(BenchFailure) in
      let path = try workspace.directory.copy(of: try workspace.killed())
      let seconds = try openTime(stopwatch, path)
      try workspace.directory.discard(path)
      return seconds
    }
  }

  // MARK: - Verifying

  var verify: Contest {
    Contest(
      "verify, every hash computed again", .perSecond, bar: .both(ratio: 0.4, value: 500_000),
      against: .init("the same bytes, one by one") { (stopwatch, _) throws(RivalMissing) in
        do throws(BenchFailure) {
          return try hashRate(stopwatch)
        } catch {
          throw RivalMissing(error.reason)
        }
      }
    ) { (stopwatch) throws(BenchFailure) in
      let reader = try workspace.openLarge().reader
      var report: VerifyReport?
      let seconds = try stopwatch.once { () throws(BenchFailure) in
        report = try storing { () throws(StoreError) in try reader.verify() }
      }
      guard let report, report.isIntact else {
        throw BenchFailure("a store of the bench does not verify")
      }
      return Double(report.eventsChecked) / seconds
    }
  }

  /// How many events a second could be hashed if nothing else were to be done: payload, header with
  /// the payload's digest, and one node of the accumulator each.
  private func hashRate(_ stopwatch: Stopwatch) throws(BenchFailure) -> Double {
    let reader = try workspace.openLarge().reader
    let count = min(events, 4_096)
    var strings: [[UInt8]] = []
    for sequence in 1...UInt64(count) {
      let (event, receipt) = try storing { () throws(StoreError) in
        (try reader.event(sequence), try reader.receipt(sequence))
      }
      strings.append(event.bytes ?? [])
      strings.append(receipt.committedBytes)
      strings.append([UInt8](repeating: UInt8(truncatingIfNeeded: sequence), count: 64))
    }
    let seconds = stopwatch.seconds {
      for string in strings { keep(Blake3.digest(of: string.span)) }
    }
    return Double(count) / seconds
  }

  // MARK: - Reading

  var pages: [Contest] {
    let regions: [(String, Region)] = [
      ("all", .everything),
      ("entity", Region(entityPrefix: "group:12:file:123")),
      ("prefix", Region(entityPrefix: "group:12")),
      ("scope", Region(scope: "scope-3")),
      ("kind", Region(kind: .exactly(BenchEvents.other))),
      ("rare kind", Region(kind: .exactly(BenchEvents.rare))),
    ]
    return regions.map { name, region in
      let places = SeededPlaces(below: UInt64(events))
      return Contest(
        "page of 100, \(name), anywhere", .seconds, bar: .both(ratio: 2, value: 0.001),
        against: .init("at the end") { (stopwatch, _) throws(RivalMissing) in
          do throws(BenchFailure) {
            return try pageTime(stopwatch, region, after: { 0 }, .newestFirst)
          } catch {
            throw RivalMissing(error.reason)
          }
        }
      ) { (stopwatch) throws(BenchFailure) in
        try pageTime(stopwatch, region, after: { places.next() }, .oldestFirst)
      }
    }
  }

  private func pageTime(
    _ stopwatch: Stopwatch, _ region: Region, after place: () -> UInt64, _ order: PageOrder
  ) throws(BenchFailure) -> Double {
    let reader = try workspace.openLarge().reader
    var failed: StoreError?
    let seconds = stopwatch.seconds {
      do throws(StoreError) {
        keep(try reader.events(in: region, after: place(), limit: 100, order: order))
      } catch {
        failed = error
      }
    }
    if let failed { throw BenchFailure("\(failed)") }
    return seconds
  }

  var reads: Contest {
    let places = SeededPlaces(below: UInt64(events))
    return Contest("random reads of one event", .perSecond, bar: .value(400_000)) {
      (stopwatch) throws(BenchFailure) in
      let reader = try workspace.openLarge().reader
      var failed: StoreError?
      let seconds = stopwatch.seconds {
        do throws(StoreError) {
          keep(try reader.event(places.next() + 1))
        } catch {
          failed = error
        }
      }
      if let failed { throw BenchFailure("\(failed)") }
      return 1 / seconds
    }
  }

  // MARK: - Size and memory

  var size: Contest {
    Contest("bytes on disk, an event", .bytes, bar: .value(480)) {
      (_) throws(BenchFailure) in
      let path = try workspace.large()
      try workspace.closeLarge()
      let disk = try workspace.directory.disk(at: path)
      do throws(DiskError) {
        return Double(try BenchDirectory.bytes(of: disk)) / Double(events)
      } catch {
        throw BenchFailure("\(error)")
      }
    }
  }

  var memory: Contest {
    Contest("memory, ten times the events, open and paged", .bytes, bar: .value(150e6)) {
      (_) throws(BenchFailure) in
      try pagedMemory(try workspace.vast())
    }
  }

  var killedMemory: Contest {
    Contest("memory, the same, opened after a kill", .bytes, bar: .value(150e6)) {
      (_) throws(BenchFailure) in
      let path = try workspace.directory.copy(of: try workspace.killedVast())
      let bytes = try pagedMemory(path)
      try workspace.directory.discard(path)
      return bytes
    }
  }

  /// The anonymous memory of a process that opens a store and pages through it.
  private func pagedMemory(_ path: String) throws(BenchFailure) -> Double {
    let answer: Subprocess
    do throws(SubprocessError) {
      answer = try Subprocess.run(
        program, ["bench", "paging", "--json", path], timeout: .seconds(120))
    } catch {
      throw BenchFailure("\(error)")
    }
    do throws(BytesError) {
      let report = try JSONValue(parsing: answer.output)
      if answer.exitCode == 0, let bytes = report["anonymousBytes"]?.number { return bytes }
    } catch {
      // What it said instead is told below.
    }
    throw BenchFailure("the process that pages answered: \(answer.text)")
  }

  // MARK: - Beginning streams

  /// How long one append takes that begins a stream, and one that begins a stream in an empty store.
  var newStreams: [Contest] {
    let count = max(events / 100, 10)
    let places = SeededPlaces(below: 1 << 40)
    let name = "first append of a stream, among ten times the events"
    return [
      Contest(
        name, .seconds,
        against: .init("in an empty store") { (stopwatch, _) throws(RivalMissing) in
          do throws(BenchFailure) {
            return try workspace.fresh { (store) throws(BenchFailure) in
              try beginningTime(stopwatch, store, count, places)
            }
          } catch {
            throw RivalMissing(error.reason)
          }
        }
      ) { (stopwatch) throws(BenchFailure) in
        let store = try workspace.opening(try workspace.wide())
        let seconds = try beginningTime(stopwatch, store, count, places)
        try workspace.closed(store)
        return seconds
      }
    ]
  }

  private func beginningTime(
    _ stopwatch: Stopwatch, _ store: EventStore, _ count: Int, _ places: SeededPlaces
  ) throws(BenchFailure) -> Double {
    var fresh: [NewEvent] = []
    let events = try storing { () throws(StoreError) in try BenchEvents() }
    for index in 0..<count {
      let coordinate = try storing { () throws(StoreError) in
        try Coordinate(entity: "begun:\(places.next())", scope: "scope-3")
      }
      fresh.append(events.event(index, at: coordinate))
    }
    let begun = fresh
    let seconds = try stopwatch.once { () throws(BenchFailure) in
      try storing { () throws(StoreError) in
        for event in begun { try store.append(event, EventStoreWorkspace.buffered) }
      }
    }
    return seconds / Double(count)
  }
}

/// Places in a log, without order and the same in every run.
private final class SeededPlaces {
  private var generator = SeededGenerator(seed: 11)
  private let bound: UInt64

  init(below bound: UInt64) {
    self.bound = bound
  }

  func next() -> UInt64 { generator.next() % bound }
}
