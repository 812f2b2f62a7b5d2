// `larder bench operations`: what the gate costs. An inspect operation is measured against its own
// handler, an acting one against the append of the same events without the gate, and a job by the
// items that it gets through when their work is nothing.

package import Ambient
import Bytes
import DurableFiles
import EventStore
import Operations

/// The figures of the gate.
package struct OperationsBench {
  private let rounds: Int
  private let items: Int
  private let directory: BenchDirectory

  /// The most that the way through the gate may take beyond an inspect operation's handler.
  private static let overheadMax = 0.000_020

  /// A bench in a new directory below `directory`, whose jobs have so many items.
  package init(directory: String, items: Int, rounds: Int) throws(BenchFailure) {
    self.rounds = rounds
    self.items = items
    self.directory = try BenchDirectory(below: directory)
  }

  /// How many measurements it takes.
  package var measurements: Int { 3 * rounds }

  /// Measures; `progress` is told how many measurements are behind. The directory is gone afterwards.
  package func report(
    clock: MonotonicClock, wall: WallClock, progress: (_ done: Int) -> Void
  ) throws(BenchFailure) -> BenchReport {
    let machine = Machine.current()
    let figures: [Figure]
    do throws(BenchFailure) {
      let scene = try GateScene(try directory.freshDisk().disk)
      figures = try hold(
        contests(scene), rounds: rounds, Stopwatch(clock), progress: progress)
      try scene.end()
    } catch {
      try directory.remove()
      throw error
    }
    try directory.remove()
    return BenchReport(
      bench: "operations", time: wall.now(), machine: machine, rounds: rounds, figures: figures,
      notes: ["a job has \(items) items, whose work is nothing"])
  }

  private func contests(_ scene: GateScene) -> [Contest] {
    [
      Contest("inspect, over its handler", .seconds, bar: .value(Self.overheadMax)) { stopwatch in
        stopwatch.seconds { scene.look() } - stopwatch.seconds { scene.lookWithoutGate() }
      },
      Contest(
        "act, 1 caller", .perSecond, bar: .ratio(0.85),
        against: Contest.Contender("the same batch, appended") { stopwatch, _ in
          1 / stopwatch.seconds { scene.append() }
        }
      ) { stopwatch in 1 / stopwatch.seconds { scene.act() } },
      Contest("items of a job, 1 thread", .perSecond) { stopwatch throws(BenchFailure) in
        Double(items) / stopwatch.once { scene.work(items) }
      },
    ]
  }
}

/// A gate over a store of its own, with operations that do next to nothing.
private final class GateScene: Sendable {
  private static let note = EventKind(rawValue: 0x1001)
  private static let caller = Caller(uid: 1_000, name: "bench", from: .console)
  private static let page: JSONValue = ["after": 0, "filter": "state:dirty", "limit": 100]
  private static let payload = [UInt8](repeating: 0x5A, count: 256)

  private let store: EventStore
  private let gate: Dispatcher
  private let coordinate: Coordinate
  /// As large as the receipt of `act`, which stands beside its event.
  private let receiptPayload: [UInt8]

  init(_ disk: any Disk) throws(BenchFailure) {
    do throws(StoreError) {
      store = try EventStore.open(on: disk)
      coordinate = try Coordinate(entity: "bench:1", scope: "bench")
      var options = DispatchOptions()
      options.jobs = JobOptions(workers: 1)
      gate = try Dispatcher.live(
        store, Self.registry(coordinate), grants: Grants(owner: 1_000), options)
    } catch {
      throw BenchFailure("the bench's store failed: \(error)")
    }
    do throws(Refusal) {
      let reply = try gate.call("note.write", [:], by: Self.caller)
      receiptPayload = reply.receipt?.body.bytes ?? []
    } catch {
      throw BenchFailure("the gate refuses the bench: \(error)")
    }
  }

  func end() throws(BenchFailure) {
    gate.shutDown()
    do throws(StoreError) { try store.close() } catch {
      throw BenchFailure("the bench's store failed: \(error)")
    }
  }

  func look() {
    keep(call("note.page", Self.page))
  }

  func lookWithoutGate() {
    keep(Self.answer(Self.page))
  }

  func act() {
    keep(call("note.write", [:]))
  }

  func append() {
    let events = [
      NewEvent(coordinate, kind: Self.note, payload: Self.payload),
      NewEvent(coordinate, kind: Self.note, payload: receiptPayload),
    ]
    do throws(StoreError) {
      keep(try store.append(batch: events))
    } catch {
      preconditionFailure("the bench's store failed: \(error)")
    }
  }

  func work(_ items: Int) {
    guard let job = call("note.sweep", ["items": JSONValue(items)]).job else {
      preconditionFailure("an operation that works as a job begins one")
    }
    precondition(gate.wait(for: job), "the bench's job stalled")
  }

  private func call(_ name: String, _ input: JSONValue) -> Reply {
    do throws(Refusal) {
      return try gate.call(name, input, by: Self.caller)
    } catch {
      preconditionFailure("the gate refuses the bench: \(error)")
    }
  }

  @inline(never) private static func answer(_ input: JSONValue) -> JSONValue {
    ["isEnd": true, "position": input["after"] ?? 0]
  }

  private static func registry(_ coordinate: Coordinate) -> OperationRegistry {
    let page = Operation(
      "note.page", "Page through nothing", .inspect,
      input: .object([
        SchemaField("after", .integer(0...1 << 53), "Where to begin."),
        SchemaField("filter", .text(bytesMax: 1_024), "Which."),
        SchemaField("limit", .integer(1...1_000), "How many."),
      ]),
      output: .object([
        SchemaField("isEnd", .flag, "Whether there are no more."),
        SchemaField("position", .integer(0...1 << 53), "Where to go on."),
      ]),
      effects: EffectRow(eventsRead: [.exactly(note)]),
      work: .answer { (input, _) throws(OperationFault) in answer(input) })
    let write = Operation(
      "note.write", "Write a note down", .persist, input: .nothing, output: .nothing, receipt: .act,
      effects: EffectRow(
        eventsAppended: [note], receiptsEmitted: [.act], capabilitiesRequired: [.cacheWrite]),
      work: .act(
        plan: { (_, _, _) throws(OperationFault) in },
        act: { (_, handle) throws(OperationFault) in
          try handle.append(NewEvent(coordinate, kind: note, payload: payload))
          return .object([:])
        }))
    let sweep = Operation(
      "note.sweep", "Do nothing to items", .persist,
      input: .object([SchemaField("items", .integer(1...4_000_000), "How many.")]),
      output: Operation.jobOutput, receipt: .intent,
      effects: EffectRow(
        eventsAppended: EffectKind.job, receiptsEmitted: [.intent, .closing],
        capabilitiesRequired: [.cacheWrite]),
      work: .job(kind: "nothing") { (input, _, draft) throws(OperationFault) in
        for index in 0..<(input["items"]?.integer ?? 0) {
          try draft.add(
            PlanItem(identity: Array("art/file-\(index).uasset".utf8), generation: 1, bytes: 1))
        }
      })
    let nothing = JobKind("nothing") { (_) throws(OperationFault) in .done }
    do throws(RegistrationFault) {
      return try OperationRegistry([
        OperationModule("bench", operations: [page, write, sweep], jobs: [nothing])
      ])
    } catch {
      preconditionFailure("the bench's operations are well formed: \(error)")
    }
  }
}
