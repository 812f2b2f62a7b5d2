// A job as the log has it. Everything here was durable before it was shown, so what a reader sees of
// a job's progress never goes backwards, whatever is killed in between.
//
//   running ──pause──▶ paused ──resume──▶ running ──all dealt with──▶ finished
//      └──────────cancel─┴──▶ cancelling ──nothing in hand any more──▶ cancelled

package import Ambient
package import Bytes
package import Digests

/// Where a job stands.
package enum JobPhase: String, CaseIterable, Sendable {
  case running, paused, cancelling, finished, cancelled

  /// Whether the job has ended.
  package var isClosed: Bool { self == .finished || self == .cancelled }

  /// Where a wish leads; nil when it is too late for it, or it asks for what is so already.
  func after(_ wish: JobMark.Wish) -> JobPhase? {
    switch (self, wish) {
    case (.running, .pause): .paused
    case (.paused, .resume): .running
    case (.running, .cancel), (.paused, .cancel): .cancelling
    default: nil
    }
  }
}

/// A job as the log has it.
package struct JobRecord: Hashable, Sendable {
  package let job: JobID
  package let operation: String
  package let operationClass: OperationClass
  package let kind: String
  package let caller: Caller
  package let plan: Blake3Digest
  /// How many items it has.
  package let items: Int
  package let refused: Int
  /// Bytes of all items.
  package let bytes: UInt64
  let chunks: Int
  /// Where its intent is.
  package let intent: UInt64
  package let began: WallTime
  package var phase = JobPhase.running
  package var counts = JobCounts()
  package var bytesDone: UInt64 = 0
  /// The items that are dealt with, in whatever way; empty once the job is closed.
  var settled = IndexRanges()
  /// How many items those are.
  package var settledCount = 0
  /// How many records of progress there are, and the digest over them.
  var records = 0
  var outcomes: Blake3Digest?
  /// The last event of the job; what changes whenever the job does.
  package var revision: UInt64
  package var changed: WallTime

  init(_ intent: JobIntent, at sequence: UInt64, _ time: WallTime) {
    job = intent.job
    operation = intent.operation
    operationClass = intent.operationClass
    kind = intent.kind
    caller = intent.caller
    plan = intent.plan
    items = intent.items
    refused = intent.refused
    bytes = intent.bytes
    chunks = intent.chunks
    self.intent = sequence
    began = time
    revision = sequence
    changed = time
  }

  /// Takes a record of progress in; false when it is not the next one, or reaches beyond the plan.
  mutating func take(_ progress: JobProgress, _ payload: [UInt8]) -> Bool {
    guard !phase.isClosed, progress.ordinal == records,
      progress.runs.allSatisfy({ $0.range.upperBound <= items })
    else { return false }
    for run in progress.runs {
      let fresh = settled.insert(run.range)
      counts.add(fresh, run.outcome)
    }
    settledCount = settled.count
    bytesDone += progress.bytesDone
    records += 1
    outcomes = JobProgress.digest(after: outcomes, of: payload)
    return true
  }

  mutating func close(_ closing: JobClosing) {
    phase = closing.isCancelled ? .cancelled : .finished
    settled = IndexRanges()
  }

  /// The job as operators are shown it.
  package var json: JSONValue {
    .object([
      "began": .string("\(began)"), "bytes": JSONValue(bytes), "bytesDone": JSONValue(bytesDone),
      "by": caller.json, "changed": .string("\(changed)"), "counts": counts.json,
      "items": JSONValue(items), "job": .string("\(job)"), "kind": .string(kind),
      "operation": .string(operation), "phase": .string(phase.rawValue),
      "plan": .string("\(plan)"), "refused": JSONValue(refused),
      "revision": .string("\(revision)"), "settled": JSONValue(settledCount),
    ])
  }
}

// The record as a part of a snapshot; unlike `json` it has everything.
extension JobRecord {
  var stored: JSONValue {
    .object([
      "began": .string("\(began.microseconds)"), "bytes": JSONValue(bytes),
      "bytesDone": JSONValue(bytesDone), "caller": caller.json,
      "changed": .string("\(changed.microseconds)"), "chunks": JSONValue(chunks),
      "class": .string(operationClass.rawValue), "counts": counts.json,
      "intent": .string("\(intent)"), "items": JSONValue(items), "job": .string("\(job)"),
      "kind": .string(kind), "operation": .string(operation),
      "outcomes": JSONValue(outcomes.map { "\($0)" }), "phase": .string(phase.rawValue),
      "plan": .string("\(plan)"), "records": JSONValue(records), "refused": JSONValue(refused),
      "revision": .string("\(revision)"),
      "settled": .array(
        settled.ranges.map { .array([JSONValue($0.lowerBound), JSONValue($0.upperBound)]) }),
      "settledCount": JSONValue(settledCount),
    ])
  }

  init?(stored value: JSONValue) {
    guard let job = value["job"]?.string.flatMap({ JobID(parsing: $0) }),
      let operation = value["operation"]?.string,
      let operationClass = value["class"]?.string.flatMap(OperationClass.init(rawValue:)),
      let kind = value["kind"]?.string, let plan = digest(value["plan"]),
      let caller = value["caller"].flatMap({ Caller($0) }),
      let items = count(value["items"]), let refused = count(value["refused"]),
      let bytes = count(value["bytes"]), let bytesDone = count(value["bytesDone"]),
      let chunks = count(value["chunks"]), let records = count(value["records"]),
      let intent = word(value["intent"]), let revision = word(value["revision"]),
      let began = word(value["began"]), let changed = word(value["changed"]),
      let counts = JobCounts(value["counts"]),
      let settledCount = count(value["settledCount"]),
      let phase = value["phase"]?.string.flatMap(JobPhase.init(rawValue:)),
      let ranges = value["settled"]?.array
    else { return nil }
    self.job = job
    self.operation = operation
    self.operationClass = operationClass
    self.kind = kind
    self.plan = plan
    self.caller = caller
    self.items = items
    self.refused = refused
    self.bytes = UInt64(bytes)
    self.bytesDone = UInt64(bytesDone)
    self.chunks = chunks
    self.records = records
    self.intent = intent
    self.revision = revision
    self.began = WallTime(microseconds: Int64(clamping: began))
    self.changed = WallTime(microseconds: Int64(clamping: changed))
    self.counts = counts
    self.settledCount = settledCount
    self.phase = phase
    outcomes = digest(value["outcomes"])
    for range in ranges {
      guard let ends = range.array, ends.count == 2, let low = count(ends[0]),
        let high = count(ends[1]), low < high
      else { return nil }
      settled.insert(low..<high)
    }
  }
}

/// A word of 64 bits that was written as text, since JSON's numbers have fewer.
private func word(_ value: JSONValue?) -> UInt64? {
  value?.string.flatMap { UInt64($0) }
}
