// `larder events compact`: makes a store smaller. What is to go is said in full, for a region alone
// removes nothing; `--dry-run` says what would go and changes nothing.

import Ambient
import Bytes
import EventStore
import Flags

private let merges = Flag(
  "merge", "Write neighbouring segments as one; done when nothing is to be removed.")
private let retainFrom = Flag(
  "retain-from", optional: .integer(1...Int.max), "Remove events before this sequence.")
private let olderThan = Flag(
  "older-than", optional: .duration(), "Remove events that are older than this.")
private let named = Flag(
  "event", repeated: .integer(1...Int.max), "Remove the event with this sequence.")
private let all = Flag(
  "all", "Remove all events of the region that --entity, --scope or --kind name.")
private let dryRun = Flag("dry-run", "Say what would be done, and do nothing.")

/// The most events that are named in one command.
private let namedMax = 100_000

/// Compacts a store.
let eventsCompactCommand: Command<Action> = Command(
  "compact", "Merge segments, and remove events that may go.",
  details: """
    No event is ever changed. A removed event leaves its commitment, so that the chain, proofs and the \
    receipts that are out go on holding; the removal itself is an event, and verify names it. The last \
    event of a lane and keys that a retry may still name keep their receipts too. Appends in other \
    threads and readers in other processes go on meanwhile; a command that is cut short leaves the \
    store as it was or as it should be.
    """,
  examples: [
    .init("larder events compact store", "Merge small segments."),
    .init(
      "larder events compact store --older-than 90d --kind 1 --dry-run",
      "What would go if events of category 1 were kept for 90 days."),
    .init("larder events compact store --entity user:17 --all", "Remove an entity."),
  ],
  takes: [
    storeDirectory, merges, retainFrom, olderThan, named, all, regionEntity, regionScope,
    regionKind, dryRun, eventsJSON,
  ] + keyFlags, action: Action(compact))

private func compact(_ invocation: Invocation, _ output: inout Output) throws(Failure) -> ExitCode {
  let request = try request(invocation)
  if invocation[dryRun] {
    let reader = try openReader(invocation)
    let plan = try storing { () throws(StoreError) in try reader.plan(request) }
    try tell(plan, invocation, &output)
    return .done
  }
  let keys = try storeKeys(invocation)
  let disk = try storeDisk(invocation, readOnly: false)
  let store = try storing { () throws(StoreError) in
    try EventStore.open(on: disk, creating: false, StoreOptions(keys: keys))
  }
  let meter = output.meter("compacting")
  let result = attempt { () throws(StoreError) in
    try store.compact(
      request,
      CompactionOptions(progress: { done, total in meter.update(done: done, of: total) }))
  }
  meter.end()
  try storing { () throws(StoreError) in try store.close() }
  try tell(try storing { () throws(StoreError) in try result.get() }, invocation, &output)
  return .done
}

private func request(_ invocation: Invocation) throws(Failure) -> CompactionRequest {
  let region = try region(invocation)
  var rules: [RemovalRule] = []
  if let sequence = invocation[retainFrom] { rules.append(.below(UInt64(sequence), region)) }
  if let age = invocation[olderThan] {
    rules.append(.olderThan(WallClock.live.now() + (.zero - age), region))
  }
  let events = invocation[named]
  if !events.isEmpty { rules.append(.events(Set(events.map(UInt64.init)))) }
  if invocation[all] {
    guard region != .everything else {
      throw .ended(.misused, "--all wants a region: give --entity, --scope or --kind with it")
    }
    rules.append(.region(region))
  }
  guard rules.count <= 1 else {
    throw .ended(
      .misused, "give one of --retain-from, --older-than, --event and --all at a time")
  }
  guard !rules.isEmpty || region == .everything else {
    throw .ended(
      .misused,
      "a region alone removes nothing: add --all, or --retain-from or --older-than for a part of it"
    )
  }
  guard events.isEmpty || region == .everything, events.count <= namedMax else {
    throw .ended(
      .misused, "--event names single events, at most \(namedMax), and takes no region")
  }
  return CompactionRequest(
    removing: rules.first, merges: invocation[merges] || rules.isEmpty)
}

private func tell(
  _ plan: CompactionPlan, _ invocation: Invocation, _ output: inout Output
) throws(Failure) {
  if invocation[eventsJSON] {
    return try output.print(
      json: .object([
        "dryRun": .bool(true), "removed": JSONValue(plan.eventsRemoved),
        "segmentsBefore": JSONValue(plan.segmentsBefore),
        "segmentsAfter": JSONValue(plan.segmentsAfter),
        "bytesBefore": JSONValue(plan.bytesBefore.bytes),
        "bytesAfter": JSONValue(plan.bytesAfter.bytes),
      ]))
  }
  guard !plan.isEmpty else { return try output.print("nothing is to be done") }
  try output.print(
    "\(plan.eventsRemoved) events would be removed, \(plan.segmentsBefore) segments would become "
      + "\(plan.segmentsAfter), and \(plan.bytesBefore) about \(plan.bytesAfter)")
}

private func tell(
  _ report: CompactionReport, _ invocation: Invocation, _ output: inout Output
) throws(Failure) {
  if invocation[eventsJSON] {
    return try output.print(
      json: .object([
        "dryRun": .bool(false), "removed": JSONValue(report.eventsRemoved),
        "segmentsBefore": JSONValue(report.segmentsBefore),
        "segmentsAfter": JSONValue(report.segmentsAfter),
        "bytesBefore": JSONValue(report.bytesBefore.bytes),
        "bytesAfter": JSONValue(report.bytesAfter.bytes),
        "removals": .array(report.removals.map(\.object)),
        "leftovers": .array(report.leftovers.map { .string("\($0)") }),
      ]))
  }
  guard report.segmentsBefore > 0 else { return try output.print("nothing was to be done") }
  let reclaimed = ByteCount(
    report.bytesBefore.bytes - min(report.bytesBefore.bytes, report.bytesAfter.bytes))
  try output.print(
    "\(report.eventsRemoved) events removed, \(report.segmentsBefore) segments became "
      + "\(report.segmentsAfter), \(reclaimed) reclaimed")
  if !report.leftovers.isEmpty {
    output.say("\(report.leftovers.count) old files are left; the next open removes them")
  }
}

extension Removal {
  /// The removal as JSON.
  var object: JSONValue {
    .object([
      "number": JSONValue(number), "first": JSONValue(first), "last": JSONValue(last),
      "count": JSONValue(count), "hash": .string("\(hash)"), "reason": .string(reason),
    ])
  }
}
