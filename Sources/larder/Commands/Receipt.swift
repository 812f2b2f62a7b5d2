// `larder receipt …`: what is done with receipts and proofs without any store, and the keys that sign
// them. Whoever was handed a receipt, a proof and a checkpoint needs no more than these commands.

import Ambient
import Bytes
import Digests
import DurableFiles
import EventStore
import Flags
import Operations

private let receiptFile = Argument(
  .path("FILE"), "The receipt as it was printed: of an event in base64, of an operation as JSON.")
private let inputFile = Flag(
  "input", optional: .path("FILE"),
  "Also check that the operation was given this input, in JSON of whatever spelling.")
private let outputFile = Flag(
  "output", optional: .path("FILE"),
  "Also check that the operation gave this output, in JSON of whatever spelling.")
private let publicKey = Flag(
  "key", optional: .text("HEX"), "Also insist that this public key signed it.")
private let proofFile = Flag(
  "proof", optional: .path("FILE"),
  "Also check that the event is among those of a checkpoint, by this proof.")
private let checkpointFile = Flag(
  "checkpoint", optional: .path("FILE"), "The checkpoint that the proof leads to.")
private let json = Flag("json", "Print a JSON object.")
private let oldCheckpoint = Argument(.path("OLD"), "The older checkpoint.")
private let newCheckpoint = Argument(.path("NEW"), "The newer one.")
private let growthProof = Argument(
  .path("PROOF"), "The proof, as 'larder events prove-growth' printed it.")
private let keyFile = Argument(.path("FILE"), "The file of the key.")

/// Verifies receipts without a store.
let receiptCommand: Command<Action> = Command(
  "receipt", "Check receipts and proofs, without the store that gave them.",
  commands: [
    Command(
      "verify", "Check one receipt.",
      details: """
        A receipt holds when its commitment follows from its header and digest and, if it is signed, the \
        signature is over that. That of an operation also says who asked for what and what came of it, \
        and binds input and output by their digests. With a proof and a checkpoint it is also checked that the event is among \
        those that the checkpoint covers. The exit code is 4 when anything does not hold.
        """,
      examples: [
        .init("larder receipt verify receipt.txt --key 3b6a…", "Check who signed it."),
        .init(
          "larder receipt verify receipt.txt --proof proof.txt --checkpoint kept",
          "Check that the event is in the store that a witness saw."),
        .init(
          "larder receipt verify receipt.json --input input.json",
          "Check what an operation was asked."),
      ],
      takes: [
        receiptFile, publicKey, proofFile, checkpointFile, inputFile, outputFile, json,
      ],
      action: Action(verifyReceipt)),
    Command(
      "growth", "Check that a checkpoint grew out of an older one.",
      details: """
        Holds when the events that the older checkpoint covers are the first of those that the newer \
        covers, so that nothing in between was rewritten. The exit code is 4 when it does not.
        """,
      takes: [oldCheckpoint, newCheckpoint, growthProof, publicKey, json],
      action: Action(verifyGrowth)),
    Command(
      "key", "Make and show keys that sign.",
      commands: [
        Command(
          "new", "Make a key in a new file, and print its public half.",
          details: "Only its owner may read the file, and it must never be lost or shown.",
          takes: [keyFile, json], action: Action(makeKey)),
        Command(
          "show", "Print the public half of a key.", takes: [keyFile, json],
          action: Action(showKey)),
      ]),
  ])

/// The largest file that is taken for a checkpoint, a receipt or a proof.
let smallBytesMax = 65_536

// MARK: - Checking

private func verifyReceipt(
  _ invocation: Invocation, _ output: inout Output
) throws(Failure) -> ExitCode {
  let text = try wholeFile(invocation[receiptFile])
  let operation = operationReceipt(text)
  let receipt = operation?.proof ?? bytes(printed: text).flatMap { Receipt(decoding: $0) }
  let verdict = try verdict(on: receipt, operation, invocation)
  var words: String
  switch verdict {
  case .signed(let key): words = "valid, signed by \(hexadecimal(key))"
  case .unsigned: words = "valid, not signed"
  case .invalid(let reason): words = "not valid: \(reason)"
  }
  var fault: String?
  if let receipt, verdict.isValid { fault = try exclusion(of: receipt, invocation) }
  let isIncluded = verdict.isValid && invocation[proofFile] != nil ? fault == nil : nil
  if let isIncluded { words += isIncluded ? ", and in the checkpoint" : ", but \(fault ?? "")" }
  if invocation[json] {
    try output.print(
      json: .object([
        "valid": .bool(verdict.isValid), "signed": .bool(verdict.isSigned),
        "included": isIncluded.map { .bool($0) } ?? .null,
        "id": JSONValue(receipt.map { "\($0.id)" }), "verdict": .string(words),
        "operation": JSONValue(operation?.body.operation),
        "outcome": JSONValue(operation?.outcome),
      ]))
  } else {
    try output.print(receipt.map { "\($0.id): \(words)" } ?? words)
    if let operation { try output.print(operation.account) }
  }
  return verdict.isValid && isIncluded != false ? .done : .broken
}

/// What is to be said of a receipt, of an operation or of an event alone.
private func verdict(
  on receipt: Receipt?, _ operation: OperationReceipt?, _ invocation: Invocation
) throws(Failure) -> ReceiptVerdict {
  let wanted = try key(invocation)
  let input = try invocation[inputFile].map { name throws(Failure) in try value(name) }
  let given = try invocation[outputFile].map { name throws(Failure) in try value(name) }
  if let operation {
    return operation.verify(input: input, output: given, publicKey: wanted)
  }
  if receipt != nil, input != nil || given != nil {
    return .invalid(reason: "it is the receipt of an event, which has no input and no output")
  }
  return receipt?.verify(publicKey: wanted)
    ?? .invalid(reason: "it is not a receipt, or was changed")
}

/// The receipt of an operation, when the text is one; whether it holds is another question.
private func operationReceipt(_ text: [UInt8]) -> OperationReceipt? {
  do throws(BytesError) {
    return OperationReceipt(try JSONValue(parsing: text))
  } catch {
    // What is no JSON may still be the receipt of an event.
    return nil
  }
}

/// The JSON value in a file that a person named.
private func value(_ name: [UInt8]) throws(Failure) -> JSONValue {
  let text = try wholeFile(name, bytesMax: 2 * OperationsLimits.inputBytesMax)
  do throws(BytesError) {
    return try JSONValue(parsing: text)
  } catch {
    throw .ended(.failed, "\(escaped(name)): \(error)")
  }
}

extension OperationReceipt {
  fileprivate var outcome: String { body.token?.rawValue ?? "done" }

  /// What it says, in one line.
  fileprivate var account: String {
    "\(body.operation) of \(proof.header.time) for \(body.caller): \(outcome)"
      + (body.reason.isEmpty ? "" : ", \(escaped(body.reason))")
  }
}

/// Why a receipt's event is not shown to be under the checkpoint that was given; nil when it is, or
/// when nobody asked.
private func exclusion(
  of receipt: Receipt, _ invocation: Invocation
) throws(Failure) -> String? {
  guard let proofFile = invocation[proofFile] else {
    guard invocation[checkpointFile] == nil else {
      throw .ended(.misused, "--checkpoint needs the --proof that leads to it")
    }
    return nil
  }
  guard let checkpointFile = invocation[checkpointFile] else {
    throw .ended(.misused, "--proof needs the --checkpoint that it leads to")
  }
  let checkpoint = try keptCheckpoint(checkpointFile)
  guard
    let proof = bytes(printed: try wholeFile(proofFile)).flatMap({
      InclusionProof(decoding: $0)
    })
  else { return "its proof is none, or was changed" }
  if case .invalid(let reason) = checkpoint.verify(publicKey: try key(invocation)) {
    return "the checkpoint is not valid: \(reason)"
  }
  guard proof.sequence == receipt.sequence else { return "the proof is of another event" }
  guard proof.count == checkpoint.count,
    proof.holds(for: receipt.commitment, under: checkpoint.root)
  else { return "the proof does not lead to the checkpoint" }
  return nil
}

private func verifyGrowth(
  _ invocation: Invocation, _ output: inout Output
) throws(Failure) -> ExitCode {
  let old = try keptCheckpoint(invocation[oldCheckpoint])
  let new = try keptCheckpoint(invocation[newCheckpoint])
  let proof = bytes(printed: try wholeFile(invocation[growthProof])).flatMap {
    ConsistencyProof(decoding: $0)
  }
  var fault: String?
  for checkpoint in [old, new] {
    if case .invalid(let reason) = checkpoint.verify(publicKey: try key(invocation)) {
      fault = "a checkpoint is not valid: \(reason)"
    }
  }
  if old.lineage != new.lineage {
    fault =
      "they are of different stores; a fork has checkpoints of its own, so take the old one from it "
      + "(checkpoint FORK), or compare the parent's with a newer one of the parent"
  } else if let proof {
    if proof.oldCount != old.count || proof.newCount != new.count
      || !proof.holds(from: old.root, to: new.root)
    {
      fault = fault ?? "the proof does not lead from one to the other"
    }
  } else {
    fault = "the proof is none, or was changed"
  }
  if invocation[json] {
    try output.print(
      json: .object([
        "valid": .bool(fault == nil), "from": JSONValue(old.count), "to": JSONValue(new.count),
        "fault": JSONValue(fault),
      ]))
  } else {
    try output.print(
      fault.map { "not valid: \($0)" }
        ?? "valid: \(old.count) events grew to \(new.count), and none of them changed")
  }
  return fault == nil ? .done : .broken
}

// MARK: - Keys

private func makeKey(_ invocation: Invocation, _ output: inout Output) throws(Failure) -> ExitCode {
  try print(SigningKeyFile.make(invocation[keyFile]), invocation, &output)
}

private func showKey(_ invocation: Invocation, _ output: inout Output) throws(Failure) -> ExitCode {
  try print(SigningKeyFile.read(invocation[keyFile]), invocation, &output)
}

private func print(
  _ key: SigningKey, _ invocation: Invocation, _ output: inout Output
) throws(Failure) -> ExitCode {
  let text = hexadecimal(key.publicKey)
  if invocation[json] {
    try output.print(json: .object(["public": .string(text)]))
  } else {
    try output.print(text)
  }
  return .done
}

// MARK: - What is read

private func key(_ invocation: Invocation) throws(Failure) -> [UInt8]? {
  guard let digits = invocation[publicKey] else { return nil }
  guard let bytes = bytes(fromHexadecimal: digits), bytes.count == 32 else {
    throw .ended(.misused, "--key wants 64 hexadecimal digits")
  }
  return bytes
}

/// Reads a checkpoint that a person named.
func keptCheckpoint(_ name: [UInt8]) throws(Failure) -> Checkpoint {
  let bytes = try wholeFile(name)
  return try storing { () throws(StoreError) in try Checkpoint(decoding: bytes) }
}

/// The bytes that were printed as base64, on one line or several; nil when they were not.
private func bytes(printed text: [UInt8]) -> [UInt8]? {
  do throws(BytesError) {
    let line = String(decoding: text, as: UTF8.self).split(whereSeparator: \.isWhitespace).joined()
    return try bytes(fromBase64: line)
  } catch {
    // Text that is no base64 is nothing of ours, which is the answer.
    return nil
  }
}

/// Reads a small file that a person named.
func wholeFile(
  _ name: [UInt8], bytesMax: Int = smallBytesMax
) throws(Failure) -> [UInt8] {
  do throws(DiskError) {
    var file = try UserFile(bytes: name)
    return try file.readAll(bytesMax: bytesMax)
  } catch {
    throw .ended(.failed, "\(error)")
  }
}
