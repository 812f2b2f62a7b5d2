// What a job is to do, and how it ended: the events that begin, steer and close one. All are in the
// job's own stream, in canonical JSON; its items are in chunks of their own, and what became of them
// in records of progress.

package import Bytes
package import Digests
internal import EventStore

/// What a job is to do: the payload of an event of kind d.002.
package struct JobIntent: Sendable {
  package let job: JobID
  package let operation: String
  package let operationClass: OperationClass
  package let caller: Caller
  /// What decides what is done, which the plan binds.
  package let input: JSONValue
  /// What the input says besides, such as why; it was given when the plan had been seen.
  package let remarks: JSONObject
  package let kind: String
  package let plan: Blake3Digest
  package let items: Int
  package let refused: Int
  /// Bytes of all items.
  package let bytes: UInt64
  /// How many chunks of the plan are in the job's stream.
  package let chunks: Int

  private static let version: Int64 = 1

  var payload: [UInt8] {
    canonicalBytes(
      .object([
        "bytes": JSONValue(bytes), "caller": caller.json, "chunks": JSONValue(chunks),
        "class": .string(operationClass.rawValue), "input": input, "items": JSONValue(items),
        "job": .string("\(job)"), "kind": .string(kind), "operation": .string(operation),
        "plan": .string("\(plan)"), "refused": JSONValue(refused), "remarks": .object(remarks),
        "v": .integer(Self.version),
      ]))
  }

  /// All that the operation was asked.
  package var asked: JSONValue {
    guard case .object(var object) = input else { return input }
    for member in remarks.members { object[member.key] = member.value }
    return .object(object)
  }

  init(
    job: JobID, operation: Operation, caller: Caller, kind: String, plan: Plan,
    remarks: JSONObject = [:]
  ) {
    self.job = job
    self.operation = operation.name
    operationClass = operation.operationClass
    self.caller = caller
    input = plan.input
    self.remarks = remarks
    self.kind = kind
    self.plan = plan.digest
    items = plan.itemCount
    refused = plan.refusalCount
    bytes = plan.bytes
    chunks = plan.chunks.count
  }

  /// What the table still knows of a job whose intent cannot be read any more.
  init(lostOf record: JobRecord) {
    job = record.job
    operation = record.operation
    operationClass = record.operationClass
    caller = record.caller
    input = .null
    remarks = [:]
    kind = record.kind
    plan = record.plan
    items = record.items
    refused = record.refused
    bytes = record.bytes
    chunks = record.chunks
  }

  /// Reads what `payload` wrote; nil when it is something else.
  init?(decoding payload: [UInt8]) {
    guard let value = object(payload), value["v"]?.integer == Self.version,
      let job = value["job"]?.string.flatMap({ JobID(parsing: $0) }),
      let operation = value["operation"]?.string,
      let operationClass = value["class"]?.string.flatMap(OperationClass.init(rawValue:)),
      let caller = value["caller"].flatMap({ Caller($0) }), let input = value["input"],
      let kind = value["kind"]?.string, let plan = digest(value["plan"]),
      let items = count(value["items"]), let refused = count(value["refused"]),
      let bytes = value["bytes"]?.integer.flatMap(UInt64.init(exactly:)),
      let chunks = count(value["chunks"]),
      case .object(let remarks) = value["remarks"] ?? .object([:])
    else { return nil }
    self.job = job
    self.operation = operation
    self.operationClass = operationClass
    self.caller = caller
    self.input = input
    self.remarks = remarks
    self.kind = kind
    self.plan = plan
    self.items = items
    self.refused = refused
    self.bytes = bytes
    self.chunks = chunks
  }
}

/// What somebody asked of a job while it was under way: the payload of an event of kind d.005.
package struct JobMark: Hashable, Sendable {
  package enum Wish: String, CaseIterable, Sendable {
    case pause, resume, cancel
  }

  package let job: JobID
  package let wish: Wish
  package let caller: Caller

  private static let version: Int64 = 1

  package init(_ wish: Wish, _ job: JobID, by caller: Caller) {
    self.job = job
    self.wish = wish
    self.caller = caller
  }

  var payload: [UInt8] {
    canonicalBytes(
      .object([
        "caller": caller.json, "job": .string("\(job)"), "v": .integer(Self.version),
        "wish": .string(wish.rawValue),
      ]))
  }

  init?(decoding payload: [UInt8]) {
    guard let value = object(payload), value["v"]?.integer == Self.version,
      let job = value["job"]?.string.flatMap({ JobID(parsing: $0) }),
      let wish = value["wish"]?.string.flatMap(Wish.init(rawValue:)),
      let caller = value["caller"].flatMap({ Caller($0) })
    else { return nil }
    self.init(wish, job, by: caller)
  }
}

/// How many items came to what.
package struct JobCounts: Hashable, Sendable {
  package private(set) var done = 0
  package private(set) var alreadyDone = 0
  package private(set) var changed = 0
  package private(set) var refused = 0
  package private(set) var failed = 0
  package private(set) var untouched = 0

  package init() {}

  mutating func add(_ count: Int, _ outcome: ItemOutcome) {
    switch outcome {
    case .done: done += count
    case .alreadyDone: alreadyDone += count
    case .changed: changed += count
    case .refused: refused += count
    case .failed: failed += count
    case .untouched: untouched += count
    }
  }

  package var json: JSONValue {
    .object([
      "alreadyDone": JSONValue(alreadyDone), "changed": JSONValue(changed), "done": JSONValue(done),
      "failed": JSONValue(failed), "refused": JSONValue(refused), "untouched": JSONValue(untouched),
    ])
  }

  init?(_ json: JSONValue?) {
    guard let json, let done = count(json["done"]),
      let alreadyDone = count(json["alreadyDone"]), let changed = count(json["changed"]),
      let refused = count(json["refused"]), let failed = count(json["failed"]),
      let untouched = count(json["untouched"])
    else { return nil }
    (self.done, self.alreadyDone, self.changed) = (done, alreadyDone, changed)
    (self.refused, self.failed, self.untouched) = (refused, failed, untouched)
  }
}

/// How a job ended: the payload of an event of kind d.006, and the output that its closing receipt
/// binds.
package struct JobClosing: Hashable, Sendable {
  package let job: JobID
  /// Whether somebody cancelled it; otherwise every item was dealt with.
  package let isCancelled: Bool
  package let counts: JobCounts
  package let bytesDone: UInt64
  /// How many records of progress say what became of each item, and the digest over them.
  package let records: Int
  package let outcomes: Blake3Digest?

  private static let version: Int64 = 1

  package var json: JSONValue {
    .object([
      "bytesDone": JSONValue(bytesDone), "cancelled": .bool(isCancelled), "counts": counts.json,
      "job": .string("\(job)"), "outcomes": JSONValue(outcomes.map { "\($0)" }),
      "records": JSONValue(records), "v": .integer(Self.version),
    ])
  }

  var payload: [UInt8] { canonicalBytes(json) }

  init(
    job: JobID, isCancelled: Bool, counts: JobCounts, bytesDone: UInt64, records: Int,
    outcomes: Blake3Digest?
  ) {
    self.job = job
    self.isCancelled = isCancelled
    self.counts = counts
    self.bytesDone = bytesDone
    self.records = records
    self.outcomes = outcomes
  }

  package init?(decoding payload: [UInt8]) {
    guard let value = object(payload), value["v"]?.integer == Self.version,
      let job = value["job"]?.string.flatMap({ JobID(parsing: $0) }),
      let isCancelled = value["cancelled"]?.bool,
      let counts = JobCounts(value["counts"]),
      let bytesDone = value["bytesDone"]?.integer.flatMap(UInt64.init(exactly:)),
      let records = count(value["records"])
    else { return nil }
    self.init(
      job: job, isCancelled: isCancelled, counts: counts, bytesDone: bytesDone, records: records,
      outcomes: digest(value["outcomes"]))
  }
}

/// A control that was set for good: the payload of an event of kind d.007.
struct StandingOrder: Sendable {
  let control: String
  let input: JSONValue

  private static let version: Int64 = 1

  init(control: String, input: JSONValue) {
    self.control = control
    self.input = input
  }

  var payload: [UInt8] {
    canonicalBytes(
      .object(["control": .string(control), "input": input, "v": .integer(Self.version)]))
  }

  init?(decoding payload: [UInt8]) {
    guard let value = object(payload), value["v"]?.integer == Self.version,
      let control = value["control"]?.string, let input = value["input"]
    else { return nil }
    self.init(control: control, input: input)
  }
}

/// The JSON that a payload spells; nil when it spells none.
private func object(_ payload: [UInt8]) -> JSONValue? {
  do throws(BytesError) {
    // An input that an intent or an order quotes stands deeper than it did by itself.
    return try JSONValue(parsing: payload, depthMax: jsonDepthMax + 4)
  } catch {
    // What is no JSON is none of these payloads, and that is the answer.
    return nil
  }
}

/// A count that a JSON value spells.
func count(_ value: JSONValue?) -> Int? {
  value?.integer.flatMap { $0 >= 0 ? Int(exactly: $0) : nil }
}
