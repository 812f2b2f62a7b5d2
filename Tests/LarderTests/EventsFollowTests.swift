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
  case none, compaction, shredding

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

  /// How many keys are destroyed in a run with shredding.
  private static let shreds = 5
  /// Events that a reader sees: the opening, those of the parts, and with shredding an event for
  /// each key and the record of its end.
  private static func seen(_ disturbance: Disturbance) -> Int {
    1 + rounds * parts.map(\.seen).reduce(0, +) + (disturbance == .shredding ? 2 * shreds : 0)
  }

  @Test(arguments: Disturbance.allCases)
  func `two followers in other processes see the log whole, in order and without a gap`(
    _ disturbance: Disturbance
  ) throws {
    var options = StoreOptions()
    // No fence is ever due, so that every one ends as its owner wants it.
    options.monotonicClock = ManualClock().monotonic
    options.maintenance = .inline
    options.segmentBytes = 32_768
    if disturbance == .shredding {
      options.keys = StoreKeys(.key(KeyEncryptionKey(from: .live)), granularity: .entity)
    }
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
          let lines = try follow(disturbance)
          followed.withLock { $0.append(lines) }
        case writers + 2:
          try watchSeams(disturbance)
        default:
          try disturb(store, disturbance) {
            appending.wait(timeout: .milliseconds(5), until: { $0 == 0 ? true : nil }) != nil
          }
        }
      } catch {
        Issue.record("\(error)")
      }
    }
    let all = followed.withLock { $0 }
    #expect(all.count == 2)
    for lines in all { try check(lines, disturbance) }
    try store.close()
    #expect(try EventReader.verify(on: disk).isIntact)
  }

  /// Does what else happens, until the appenders are done.
  private func disturb(
    _ store: EventStore, _ disturbance: Disturbance, until isDone: () -> Bool
  ) throws {
    switch disturbance {
    case .none: return
    case .compaction: while !isDone() { try store.compact(CompactionRequest()) }
    case .shredding:
      for _ in 0..<Self.shreds {
        let doomed = try store.append(try event("doomed", "secret"))
        try store.shred(.entity("doomed"))
        // A fence of another thread may hide it for a while.
        try store.wait(for: .visible, until: doomed.sequence)
        #expect(try store.reader.event(doomed.sequence).payload == .shredded)
      }
    }
  }

  /// What the executable prints of the whole log.
  private func follow(_ disturbance: Disturbance) throws -> [JSONValue] {
    let words = [
      "events", "follow", scratch.path("store"), "--json", "--count",
      "\(Self.seen(disturbance))",
    ]
    let ended = try ChildProcess(builtProduct("larder"), words.map { Array($0.utf8) }).wait()
    #expect(ended.ending == .exited(0), "\(ended.errorText)")
    return try ended.output.split(separator: 0x0A).map { try JSONValue(parsing: Array($0)) }
  }

  /// Looks, whenever the log has grown, whether it ends inside a batch or a fence.
  private func watchSeams(_ disturbance: Disturbance) throws {
    let disk = try PosixDisk(root: scratch.path("store"), readOnly: true)
    let reader = try EventReader.open(on: disk)
    var position: UInt64 = 0
    var (seen, looks) = (0, 0)
    var open: [UInt64: Int] = [:]
    while seen < Self.seen(disturbance) {
      guard try reader.wait(after: position, timeout: .seconds(60)) else {
        Issue.record("the log never grew beyond \(position)")
        return
      }
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

  private func check(_ lines: [JSONValue], _ disturbance: Disturbance) throws {
    #expect(lines.count == Self.seen(disturbance))
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
