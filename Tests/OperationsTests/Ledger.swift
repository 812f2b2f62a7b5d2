// Something that jobs of the tests change: items that are done once or not at all, outside the store,
// as files would be. It outlives whatever is killed, and counts how often each item was really done.

import Bytes
import EventStore
import Synchronization

@testable import Operations

final class Ledger: Sendable {
  private struct State {
    var doings: [String: Int] = [:]
    var generations: [String: UInt64] = [:]
    var begun = 0
  }
  private let state = Mutex(State())
  /// Called before each item, outside the lock.
  let before: @Sendable (JobItem) throws(OperationFault) -> Void

  init(before: @escaping @Sendable (JobItem) throws(OperationFault) -> Void = { _ in }) {
    self.before = before
  }

  /// How often each item was done.
  var doings: [String: Int] { state.withLock { $0.doings } }
  /// How often work on any item was begun.
  var begun: Int { state.withLock { $0.begun } }

  /// Makes an item another one than the plan saw.
  func change(_ item: String) {
    state.withLock { $0.generations[item] = 2 }
  }

  func kind(_ name: String = "stamp", itemsAtOnceMax: Int = 1) -> JobKind {
    JobKind(name, itemsAtOnceMax: itemsAtOnceMax) { [self] (work) throws(OperationFault) in
      state.withLock { $0.begun += 1 }
      try before(work)
      let name = String(decoding: work.item.identity, as: UTF8.self)
      return state.withLock { state -> ItemOutcome in
        if state.generations[name] ?? 1 != work.item.generation {
          return .changed("it has another generation")
        }
        if state.doings[name] != nil { return .alreadyDone }
        state.doings[name] = 1
        return .done
      }
    }
  }

  /// An operation that does so many items, and refuses one.
  func stamp(kind: String = "stamp") -> Operation {
    Operation(
      "item.stamp", "Stamp items", .persist,
      input: .object([
        SchemaField("count", .integer(0...1_000_000), "How many."),
        SchemaField("why", .text(bytesMax: 100), required: false, isRemark: true, "Why."),
      ]),
      output: Operation.jobOutput, receipt: .intent,
      effects: EffectRow(
        eventsAppended: EffectKind.job, receiptsEmitted: [.intent, .closing],
        capabilitiesRequired: [.cacheWrite]),
      work: .job(kind: kind) { [self] (input, _, draft) throws(OperationFault) in
        for index in 0..<(input["count"]?.integer ?? 0) {
          let name = "item:\(index)"
          let generation = state.withLock { $0.generations[name] ?? 1 }
          try draft.add(
            PlanItem(identity: Array(name.utf8), generation: generation, bytes: 10))
        }
        try draft.refuse(
          PlanRefusal(identity: Array("item:dirty".utf8), bytes: 5, reason: "it is dirty"))
        draft.estimate = .seconds(3)
        draft.after["bytesFree"] = 7
      })
  }

  func module(itemsAtOnceMax: Int = 1) -> OperationModule {
    OperationModule(
      "test", operations: [stamp()], jobs: [kind(itemsAtOnceMax: itemsAtOnceMax)])
  }
}

extension Scene {
  /// A job of the gate's table, which must be there.
  func job(_ name: JSONValue?) throws -> JobRecord? {
    gate.jobTable.jobs.values.first { "\($0.job)" == name?.string }
  }

  /// Everything that became of a job's items, by the records in the log.
  func outcomes(_ job: JobID) throws -> [Int: ItemOutcome] {
    var found: [Int: ItemOutcome] = [:]
    let region = Region(entityPrefix: "\(job)", kind: .exactly(EffectKind.progress))
    for event in try store.reader.events(in: region, limit: 10_000).events {
      guard let progress = event.bytes.flatMap({ JobProgress(decoding: $0) }) else { continue }
      for run in progress.runs {
        for index in run.range {
          precondition(found.updateValue(run.outcome, forKey: index) == nil, "an item stands twice")
        }
      }
    }
    return found
  }
}
