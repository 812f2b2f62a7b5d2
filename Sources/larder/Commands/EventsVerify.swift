// `larder events verify` and `checkpoint`, and `larder receipt verify`: what an auditor runs. All of
// them read only, and the last needs no store at all.

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
private let receiptFile = Argument(.path("FILE"), "The receipt, in base64 as it was printed.")
private let publicKey = Flag(
  "key", optional: .text("HEX"), "Also insist that this public key signed it.")
private let receiptJSON = Flag("json", "Print a JSON object.")

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
  takes: [storeDirectory, target, eventsJSON], action: Action(checkpoint))

/// Verifies receipts without a store.
let receiptCommand: Command<Action> = Command(
  "receipt", "Check receipts, without the store that gave them.",
  commands: [
    Command(
      "verify", "Check one receipt.",
      details: """
        A receipt holds when its commitment follows from its header and digest and, if it is signed, the \
        signature is over that. The exit code is 4 when it does not hold.
        """,
      examples: [.init("larder receipt verify receipt.txt --key 3b6a…", "Check who signed it.")],
      takes: [receiptFile, publicKey, receiptJSON], action: Action(verifyReceipt))
  ])

/// The largest file that is taken for a checkpoint or a receipt.
private let smallBytesMax = 65_536

private func verify(_ invocation: Invocation, _ output: inout Output) throws(Failure) -> ExitCode {
  let disk = try storeDisk(invocation, readOnly: true)
  var options = VerifyOptions(
    recomputes: invocation[recompute] || !invocation[quick], signatures: invocation[signatures])
  for name in invocation[witness] {
    let bytes = try wholeFile(name)
    options.witnesses.append(
      try storing { () throws(StoreError) in try Checkpoint(decoding: bytes) })
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
  let checkpoint = try storing { () throws(StoreError) in
    try reader.checkpoint(at: WallClock.live.now())
  }
  if let file = invocation[target] { try deliver(checkpoint.encoded, to: file) }
  let object: JSONValue = .object([
    "lineage": .string("\(checkpoint.lineage)"), "count": JSONValue(checkpoint.count),
    "root": .string("\(checkpoint.root)"), "time": .string("\(checkpoint.time)"),
  ])
  if invocation[eventsJSON] {
    try output.print(json: object)
  } else {
    try output.print("\(checkpoint.count) events of \(checkpoint.lineage) have the root")
    try output.print("\(checkpoint.root)")
  }
  return .done
}

private func verifyReceipt(
  _ invocation: Invocation, _ output: inout Output
) throws(Failure) -> ExitCode {
  let text = String(decoding: try wholeFile(invocation[receiptFile]), as: UTF8.self)
  let key: [UInt8]?
  if let digits = invocation[publicKey] {
    guard let bytes = bytes(fromHexadecimal: digits), bytes.count == 32 else {
      throw .ended(.misused, "--key wants 64 hexadecimal digits")
    }
    key = bytes
  } else {
    key = nil
  }
  let verdict: ReceiptVerdict
  let receipt = decoded(text)
  if let receipt {
    verdict = receipt.verify(publicKey: key)
  } else {
    verdict = .invalid(reason: "it is not a receipt, or was changed")
  }
  let words: String
  switch verdict {
  case .signed(let key): words = "valid, signed by \(hexadecimal(key))"
  case .unsigned: words = "valid, not signed"
  case .invalid(let reason): words = "not valid: \(reason)"
  }
  if invocation[receiptJSON] {
    try output.print(
      json: .object([
        "valid": .bool(verdict.isValid), "signed": .bool(verdict.isSigned),
        "id": JSONValue(receipt.map { "\($0.id)" }), "verdict": .string(words),
      ]))
  } else {
    try output.print(receipt.map { "\($0.id): \(words)" } ?? words)
  }
  return verdict.isValid ? .done : .broken
}

private func decoded(_ text: String) -> Receipt? {
  do throws(BytesError) {
    let line = text.split(whereSeparator: \.isWhitespace).joined()
    return Receipt(decoding: try bytes(fromBase64: line))
  } catch {
    // Text that is no base64 is no receipt, which is the answer.
    return nil
  }
}

private func wholeFile(_ name: [UInt8]) throws(Failure) -> [UInt8] {
  do throws(DiskError) {
    var file = try UserFile(bytes: name)
    return try file.readAll(bytesMax: smallBytesMax)
  } catch {
    throw .ended(.failed, "\(error)")
  }
}

extension VerifyReport {
  fileprivate var object: JSONValue {
    .object([
      "intact": .bool(isIntact), "events": JSONValue(eventsChecked), "removed": JSONValue(removed),
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
