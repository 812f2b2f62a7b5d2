// A gate over a store on a simulated disk, and small operations to put through it.

import Ambient
import Bytes
import DiskSimulation
import EventStore
import Synchronization

@testable import Operations

/// Kinds and operations of the tests.
enum Sample {
  static let note = EventKind(category: 2, type: 1)!
  static let other = EventKind(category: 2, type: 2)!

  static let anna = Caller(uid: 1_000, name: "anna", from: .console)
  static let stranger = Caller(uid: 4_711, name: "mallory", from: .socket)

  static func event(_ text: String, kind: EventKind = note) -> NewEvent {
    do throws(StoreError) {
      return NewEvent(
        try Coordinate(entity: "note:1", scope: "test"), kind: kind, payload: Array(text.utf8))
    } catch {
      preconditionFailure("\(error)")
    }
  }

  static let text = SchemaField("text", .text(bytesMax: 100), "What to write down.")

  /// Writes its text down as an event.
  static func write(
    _ name: String = "note.write", row: EffectRow = writeRow, guards: [Guard] = [],
    act: @escaping Operation.Answer = { (input, handle) throws(OperationFault) in
      try handle.append(event(input["text"]?.string ?? ""))
      return ["written": true]
    }
  ) -> Operation {
    Operation(
      name, "Write a note down", .persist, input: .object([text]),
      output: .object([SchemaField("written", .flag, "Whether it was.")]), receipt: .act,
      effects: row, guards: guards,
      work: .act(
        plan: { (input, _, draft) throws(OperationFault) in
          let text = input["text"]?.string ?? ""
          try draft.add(
            PlanItem(identity: Array(text.utf8), generation: 1, bytes: UInt64(text.utf8.count)))
        }, act: act))
  }

  static let writeRow = EffectRow(
    eventsAppended: [note], receiptsEmitted: [.act], capabilitiesRequired: [.cacheWrite])

  /// Counts the notes.
  static let count = Operation(
    "note.count", "Count the notes", .inspect, input: .nothing,
    output: .object([SchemaField("count", .integer(0...1_000), "How many.")]),
    effects: EffectRow(eventsRead: [.exactly(note)]),
    work: .answer { (_, handle) throws(OperationFault) in
      ["count": JSONValue(try handle.events(in: Region(kind: .exactly(note))).events.count)]
    })

  static func module(_ operations: [Operation], controls: [HostControl] = []) -> OperationModule {
    OperationModule("test", operations: operations, controls: controls)
  }
}

/// What a control was told.
final class Switchboard: Sendable {
  private let turns = Mutex<[String]>([])

  var all: [String] { turns.withLock { $0 } }

  func control(
    _ name: String, _ timing: ControlTiming, failing: Bool = false
  ) -> HostControl {
    HostControl(name, timing) { [self] (input) throws(OperationFault) in
      turns.withLock { $0.append("\(name) \(input.text())") }
      if failing { throw .failed("it is stuck") }
      return ["turned": .string(name)]
    }
  }
}

/// A gate over a store of its own.
struct Scene {
  let disk: SimulatedDisk
  let store: EventStore
  let gate: Dispatcher

  init(
    _ modules: [OperationModule], on disk: SimulatedDisk = SimulatedDisk(seed: 1, threads: .many),
    grants: Grants = Grants(owner: 1_000), sink: ((EventStore) -> ReceiptSink)? = nil,
    adjusting adjust: (inout DispatchOptions) -> Void = { _ in }
  ) throws {
    self.disk = disk
    store = try EventStore.open(on: disk, Self.storeOptions(disk))
    var options = Self.options(disk)
    adjust(&options)
    gate = try Dispatcher.live(
      store, try OperationRegistry(modules), grants: grants, options, sink: sink?(store))
  }

  static func storeOptions(_ disk: SimulatedDisk) -> StoreOptions {
    var options = StoreOptions()
    options.wallClock = disk.clock.wall
    options.monotonicClock = disk.clock.monotonic
    options.entropy = .seeded(7)
    options.maintenance = .inline
    // Zeros that no test reads only cost time.
    options.preallocationBytes = 65_536
    return options
  }

  static func options(_ disk: SimulatedDisk) -> DispatchOptions {
    var options = DispatchOptions()
    options.wallClock = disk.clock.wall
    options.monotonicClock = disk.clock.monotonic
    options.entropy = .seeded(11)
    options.jobs.workers = 0
    return options
  }

  /// The receipts in the log, in order.
  func receipts() throws -> [ReceiptBody] {
    try store.reader.events(in: Region(kind: .exactly(EffectKind.receipt)), limit: 1_000).events
      .compactMap { $0.bytes.flatMap { ReceiptBody(decoding: $0) } }
  }

  /// How many notes are in the log.
  func noteCount() throws -> Int {
    try store.reader.events(in: Region(kind: .exactly(Sample.note)), limit: 1_000).events.count
  }

  /// Calls, and expects to be refused.
  func refusal(
    _ name: String, _ input: JSONValue, by caller: Caller = Sample.anna
  ) -> Refusal? {
    do throws(Refusal) {
      _ = try gate.call(name, input, by: caller)
      return nil
    } catch {
      return error
    }
  }
}
