// `larder events prove` and `prove-growth`: proofs for someone who has no store. What they print is
// checked by `larder receipt verify` and `larder receipt growth`.

import Bytes
import Digests
import EventStore
import Flags

private let event = Argument(.text("EVENT"), "A sequence, or an id as it is printed.")
private let older = Argument(.path("OLD"), "The older checkpoint.")
private let checkpoint = Flag(
  "checkpoint", optional: .path("FILE"),
  "Lead to the root of this checkpoint and not to that of all events.")
private let target = Flag(
  "output", short: "o", optional: .path("FILE"), "Write the proof there, whole or not at all.")

/// Proves that an event is in the store.
let eventsProveCommand: Command<Action> = Command(
  "prove", "Prove that an event is among those of a checkpoint.",
  details: """
    The proof is printed in base64; with the event's receipt and the checkpoint it is checked by \
    'larder receipt verify', without the store.
    """,
  examples: [
    .init("larder events checkpoint store -o kept", "What a witness keeps."),
    .init("larder events prove store 7 --checkpoint kept -o proof.txt", "Lead from event 7 to it."),
  ],
  takes: [storeDirectory, event, checkpoint, target, eventsJSON], action: Action(prove))

/// Proves that a checkpoint is of the beginning of the store.
let eventsProveGrowthCommand: Command<Action> = Command(
  "prove-growth", "Prove that the store grew out of an older checkpoint.",
  details: """
    The proof is printed in base64; with both checkpoints it is checked by 'larder receipt growth', \
    without the store.
    """,
  takes: [storeDirectory, older, checkpoint, target, eventsJSON], action: Action(proveGrowth))

private func prove(_ invocation: Invocation, _ output: inout Output) throws(Failure) -> ExitCode {
  let reader = try openReader(invocation)
  let count = try invocation[checkpoint].map { name throws(Failure) in
    try keptCheckpoint(name).count
  }
  if let count { try expect(count, in: reader) }
  let found = try findEvent(invocation[event], reader)
  let (proof, root) = try storing { () throws(StoreError) in
    let proof = try reader.inclusionProof(of: found.header.sequence, count: count)
    return (proof, try reader.root(count: proof.count))
  }
  return try print(
    proof.encoded,
    [
      "sequence": JSONValue(proof.sequence), "count": JSONValue(proof.count),
      "root": .string("\(root)"), "commitment": .string("\(found.commitment)"),
      "siblings": .array(proof.siblings.map { .string("\($0)") }),
      "peaks": .array(proof.peaks.map { .string("\($0)") }),
    ], invocation, &output)
}

private func proveGrowth(
  _ invocation: Invocation, _ output: inout Output
) throws(Failure) -> ExitCode {
  let reader = try openReader(invocation)
  let old = try keptCheckpoint(invocation[older])
  let newer = try invocation[checkpoint].map { name throws(Failure) in
    try keptCheckpoint(name).count
  }
  for count in [old.count] + (newer.map { [$0] } ?? []) { try expect(count, in: reader) }
  let (proof, root) = try storing { () throws(StoreError) in
    let last = try reader.lastSequence
    let count = newer ?? last
    return (try reader.consistencyProof(from: old.count, to: count), try reader.root(count: count))
  }
  guard proof.holds(from: old.root, to: root) else {
    throw .ended(
      .broken, "the store did not grow out of that checkpoint: it was rewritten, or is another")
  }
  return try print(
    proof.encoded,
    [
      "from": JSONValue(proof.oldCount), "to": JSONValue(proof.newCount),
      "root": .string("\(root)"),
      "peaks": .array(proof.oldPeaks.map { .string("\($0)") }),
      "growth": .array(proof.growth.map { .string("\($0)") }),
    ], invocation, &output)
}

/// Refuses a checkpoint of more events than there are.
private func expect(_ count: UInt64, in reader: EventReader) throws(Failure) {
  let last = try storing { () throws(StoreError) in try reader.lastSequence }
  guard count > last else { return }
  throw .ended(
    .broken,
    "the store has \(last) events, and the checkpoint is of \(count): the store was cut or rolled "
      + "back, or is another")
}

private func print(
  _ proof: [UInt8], _ members: JSONObject, _ invocation: Invocation, _ output: inout Output
) throws(Failure) -> ExitCode {
  let text = base64(proof)
  if let file = invocation[target] { try deliver(Array((text + "\n").utf8), to: file) }
  if invocation[eventsJSON] {
    var object = members
    object["proof"] = .string(text)
    try output.print(json: .object(object))
  } else if invocation[target] == nil {
    try output.print(text)
  }
  return .done
}
