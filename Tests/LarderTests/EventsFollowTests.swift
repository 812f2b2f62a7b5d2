// Readers in processes of their own, beside a writer at full speed: whatever they see, it is the log
// in order, with every batch and every fence whole, and nothing that was cancelled.

import Ambient
import Bytes
import ChildProcesses
import DurableFiles
import EventStore
import ScratchFiles
import Synchronization
import Testing

/// What else happens to the store while it is written and followed.
enum Disturbance: String, CaseIterable, CustomTestStringConvertible {
  case none, compaction

  var testDescription: String { rawValue }
}

@Suite struct EventsFollowTests {
  private static let kind = EventKind(category: 1, type: 1)!
  /// How often each appender does its part.
  private static let rounds = 40
  private static let batchEvents = 12

  private let scratch: Scratch

  init() throws {
    scratch = try Scratch()
    try scratch.disk.makeDirectory("store", mode: 0o700)
  }

  private func event(_ entity: String, _ text: String) throws -> NewEvent {
    NewEvent(
      try Coordinate(entity: entity, scope: "test"), kind: Self.kind, payload: Array(text.utf8))
  }

  /// What one of the writer's threads appends in a round, and how many events of it are seen.
  private static let parts:
    [(seen: Int, append: @Sendable (EventsFollowTests, EventStore, Int) throws -> Void)] =
      [
        (
          batchEvents,
          { test, store, round in
            _ = try store.append(
              batch: (0..<batchEvents).map { try test.event("batch:\(round % 3)", "member \($0)") })
          }
        ),
        (
          3,
          { test, store, round in
            for number in 0..<3 { try store.append(try test.event("single", "\(round) \(number)")) }
          }
        ),
        (
          5,
          { test, store, round in
            let fence = try store.openFence()
            for number in 0..<4 { try fence.append(try test.event("fenced", "\(number)")) }
            try fence.commit()
          }
        ),
        (
          1,
          { test, store, round in
            let fence = try store.openFence()
            for _ in 0..<2 { try fence.append(try test.event("never", "cancelled")) }
            try fence.cancel()
          }
        ),
      ]

  /// Events that a reader sees: those of the parts, and the opening.
  private static let seen = 1 + rounds * parts.map(\.seen).reduce(0, +)

  @Test(arguments: Disturbance.allCases)
  func `two followers in other processes see the log whole, in order and without a gap`(
    _ disturbance: Disturbance
  ) throws {
    var options = StoreOptions()
    // No fence is ever due, so that every one ends as its owner wants it.
    options.monotonicClock = ManualClock().monotonic
    options.maintenance = .inline
    options.segmentBytes = 32_768
    let disk = try PosixDisk(root: scratch.path("store"))
    let store = try EventStore.open(on: disk, options)
    let appending = Monitor(Self.parts.count)
    let followed = Mutex<[[JSONValue]]>([])
    let writers = Self.parts.count
    Worker.each(writers + 4, named: "follow") { index in
      do {
        switch index {
        case ..<writers:
          defer { appending.change { $0 -= 1 } }
          for round in 0..<Self.rounds { try Self.parts[index].append(self, store, round) }
        case writers, writers + 1:
          let lines = try follow()
          followed.withLock { $0.append(lines) }
        case writers + 2:
          try watchSeams()
        default:
          while disturbance == .compaction,
            appending.wait(timeout: .milliseconds(5), until: { $0 == 0 ? true : nil }) == nil
          {
            _ = try store.compact(CompactionRequest(removing: nil))
          }
        }
      } catch {
        Issue.record("\(error)")
      }
    }
    let all = followed.withLock { $0 }
    #expect(all.count == 2)
    for lines in all { try check(lines, store.reader) }
    try store.close()
    #expect(try EventReader.verify(on: disk).isIntact)
  }

  /// What the executable prints of the whole log.
  private func follow() throws -> [JSONValue] {
    let words = [
      "events", "follow", scratch.path("store"), "--json", "--count", "\(Self.seen)",
    ]
    let ended = try ChildProcess(builtProduct("larder"), words.map { Array($0.utf8) }).wait()
    #expect(ended.ending == .exited(0), "\(ended.errorText)")
    return try ended.output.split(separator: 0x0A).map { try JSONValue(parsing: Array($0)) }
  }

  /// Looks, whenever the log has grown, whether it ends inside a batch or a fence.
  private func watchSeams() throws {
    let disk = try PosixDisk(root: scratch.path("store"), readOnly: true)
    let reader = try EventReader.open(on: disk)
    var position: UInt64 = 0
    var (seen, looks) = (0, 0)
    var open: [UInt64: Int] = [:]
    while seen < Self.seen {
      try reader.wait(after: position)
      let last = try reader.lastSequence
      looks += 1
      while position < last {
        let page = try reader.events(in: Region(sequences: 1...last), after: position, limit: 1_000)
        for event in page.events {
          if let batch = event.header.batch { open[batch.id, default: Int(batch.count)] -= 1 }
          if let fence = event.header.fence { open[fence, default: 4] -= 1 }
        }
        seen += page.events.count
        position = page.isEnd ? last : page.position
      }
      let halves = open.filter { $0.value != 0 }
      #expect(halves.isEmpty, "at \(last) a part of \(halves.keys.sorted()) is missing")
    }
    #expect(looks > 3, "the log was never looked at while it grew")
  }

  private func check(_ lines: [JSONValue], _ reader: EventReader) throws {
    #expect(lines.count == Self.seen)
    let sequences = lines.compactMap { $0["sequence"]?.integer }
    #expect(zip(sequences, sequences.dropFirst()).allSatisfy { $0 < $1 }, "order or duplicate")
    #expect(!lines.contains { $0["entity"]?.string == "never" }, "a cancelled event was seen")
    // What is missing between the first and the last is the cancelled members, and nothing else.
    let missing = Set(1...(sequences.last ?? 1)).subtracting(sequences)
    let cancelled = Self.rounds * 2
    #expect(missing.count <= cancelled && missing.count >= cancelled - 2)
    for (entity, events) in Dictionary(grouping: lines, by: { $0["entity"]?.string ?? "" }) {
      let stream = events.compactMap { $0["stream"]?.integer }
      #expect(stream == Array(1...Int64(stream.count)), "\(entity) has a gap")
    }
    for (_, members) in Dictionary(grouping: lines, by: { $0["batch"]?.integer ?? 0 })
    where members[0]["batch"] != nil {
      #expect(members.count == Self.batchEvents)
    }
    for (_, members) in Dictionary(grouping: lines, by: { $0["fence"]?.integer ?? 0 })
    where members[0]["fence"] != nil {
      #expect(members.count == 4)
    }
  }
}
