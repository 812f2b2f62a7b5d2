// `larder events verify` and `checkpoint`: what an auditor runs. Both read only.

import Ambient
import Bytes
import Digests
import DurableFiles
import EventStore
import Flags

private let recompute = Flag(
  "recompute", "Compute every hash again, which is done unless --structure-only is given.")
private let quick = Flag(
  "structure-only", "Look at structure and seals, without computing every hash again.")
private let signatures = Flag("signatures", "Check the signature of every event too.")
private let witness = Flag(
  "witness", repeated: .path("FILE"), "A checkpoint that was kept outside; may be given again.")
private let target = Flag(
  "output", short: "o", optional: .path("FILE"), "Write the checkpoint there, whole or not at all.")
/// The key that signs, as every subcommand that signs has it.
let eventsSignKey = Flag(
  "sign-key", optional: .path("FILE"), "Sign with the key in this file; see 'larder receipt key'.")

/// Verifies a store.
let eventsVerifyCommand: Command<Action> = Command(
  "verify", "Compute a store's chain again and compare.",
  details: """
    Every payload and header is hashed again, every link followed, every root compared. A checkpoint \
    that was kept elsewhere also shows whether the store was cut, rolled back or rewritten. The exit \
    code is 4 when anything is wrong, and each finding names file, byte and fault.
    """,
  takes: [storeDirectory, recompute, quick, signatures, witness, eventsJSON], action: Action(verify)
)

/// Exports a checkpoint.
let eventsCheckpointCommand: Command<Action> = Command(
  "checkpoint", "Print the root over all events, for a witness to keep.",
  takes: [storeDirectory, target, eventsSignKey, eventsJSON], action: Action(checkpoint))

private func verify(_ invocation: Invocation, _ output: inout Output) throws(Failure) -> ExitCode {
  let disk = try storeDisk(invocation, readOnly: true)
  var options = VerifyOptions(
    recomputes: invocation[recompute] || !invocation[quick], signatures: invocation[signatures])
  for name in invocation[witness] {
    options.witnesses.append(try keptCheckpoint(name))
  }
  let meter = output.meter("verifying")
  options.progress = { done, total in meter.update(done: done, of: total) }
  let start = MonotonicClock.live.now()
  let report = try storing { () throws(StoreError) in
    try EventReader.verify(on: disk, options)
  }
  meter.end()
  if invocation[eventsJSON] {
    try output.print(json: report.object)
  } else {
    for finding in report.findings {
      try output.print("\(finding.file): byte \(finding.offset): it \(finding.fault)")
    }
    if report.findingsDropped > 0 { try output.print("and \(report.findingsDropped) more") }
    for removal in report.removals {
      try output.print(
        "removal \(removal.number): \(removal.count) events from \(removal.first) to "
          + "\(removal.last), \(removal.reason)")
    }
    let seconds = max((MonotonicClock.live.now() - start).inSeconds, 0.000_001)
    try output.print(
      "\(report.eventsChecked) events, \(report.removed) removed, \(report.shredded) shredded, "
        + "\(report.segmentsChecked) segments, "
        + "\(report.sealsChecked) seals, \(Int(Double(report.eventsChecked) / seconds)) events/s: "
        + (report.isIntact ? "intact" : "NOT INTACT"))
  }
  return report.isIntact ? .done : .broken
}

private func checkpoint(
  _ invocation: Invocation, _ output: inout Output
) throws(Failure) -> ExitCode {
  let reader = try openReader(invocation)
  let key = try invocation[eventsSignKey].map { name throws(Failure) in
    try SigningKeyFile.read(name)
  }
  let checkpoint = try storing { () throws(StoreError) in
    try reader.checkpoint(at: WallClock.live.now(), signedBy: key)
  }
  if let file = invocation[target] { try deliver(checkpoint.encoded, to: file) }
  let object: JSONValue = .object([
    "lineage": .string("\(checkpoint.lineage)"), "count": JSONValue(checkpoint.count),
    "root": .string("\(checkpoint.root)"), "time": .string("\(checkpoint.time)"),
    "signer": JSONValue(checkpoint.signature.map { hexadecimal($0.publicKey) }),
  ])
  if invocation[eventsJSON] {
    try output.print(json: object)
  } else {
    try output.print("\(checkpoint.count) events of \(checkpoint.lineage) have the root")
    try output.print("\(checkpoint.root)")
  }
  return .done
}

extension VerifyReport {
  fileprivate var object: JSONValue {
    .object([
      "intact": .bool(isIntact), "lineage": JSONValue(lineage?.description),
      "count": JSONValue(count), "root": JSONValue(root?.description),
      "events": JSONValue(eventsChecked), "removed": JSONValue(removed),
      "sealed": JSONValue(sealed), "shredded": JSONValue(shredded),
      "segments": JSONValue(segmentsChecked), "seals": JSONValue(sealsChecked),
      "mismatches": JSONValue(mismatches.count), "gaps": JSONValue(gaps.count),
      "dangling": JSONValue(dangling.count), "others": JSONValue(others.count),
      "removals": .array(removals.map(\.object)),
      "findings": .array(
        findings.map { finding in
          .object([
            "file": .string("\(finding.file)"), "offset": JSONValue(finding.offset),
            "fault": .string(finding.fault),
          ])
        }),
    ])
  }
}
