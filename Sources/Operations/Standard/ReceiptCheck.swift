// Checking a receipt from what its holder has: the receipt, the values it is said to be of, a proof and
// a checkpoint. Nothing is looked up, so whoever was handed these needs no store.

package import Bytes
package import EventStore

/// What the holder of a receipt has, and what it shows.
package struct ReceiptCheck: Sendable {
  /// What the receipt proves.
  package let operation: OperationReceipt?
  /// The event store's receipt.
  package let receipt: Receipt?
  package let verdict: ReceiptVerdict
  /// Why the event is not shown to be under the checkpoint; nil when it is, or nobody asked.
  package let exclusion: String?
  /// Whether a proof was to be checked, too.
  package let asksInclusion: Bool

  /// Checks what `receipt.verify` is given.
  package init(_ question: JSONValue) {
    let given = question["receipt"] ?? .null
    let key = question["key"]?.string.flatMap { bytes(fromHexadecimal: $0) }
    let receipt: Receipt?
    if case .object = given {
      operation = OperationReceipt(given)
      receipt = operation?.proof
    } else {
      operation = nil
      receipt = decoded(given).flatMap { Receipt(decoding: $0) }
    }
    self.receipt = receipt
    if let operation {
      verdict = operation.verify(
        input: question["input"], output: question["output"], publicKey: key)
    } else if question["input"] != nil || question["output"] != nil, receipt != nil {
      verdict = .invalid(reason: "it is the receipt of an event, which has no input and no output")
    } else {
      verdict =
        receipt?.verify(publicKey: key) ?? .invalid(reason: "it is not a receipt, or was changed")
    }
    let (proof, checkpoint) = (question["proof"], question["checkpoint"])
    asksInclusion = proof != nil || checkpoint != nil
    exclusion =
      asksInclusion && verdict.isValid
      ? Self.exclusion(of: receipt, proof, checkpoint, key) : nil
  }

  /// Whether everything holds that was asked.
  package var isValid: Bool { verdict.isValid && exclusion == nil }

  /// The verdict in words.
  package var words: String {
    let base =
      switch verdict {
      case .signed(let key): "valid, signed by \(hexadecimal(key))"
      case .unsigned: "valid, not signed"
      case .invalid(let reason): "not valid: \(reason)"
      }
    guard verdict.isValid, asksInclusion else { return base }
    return base + (exclusion.map { ", but \($0)" } ?? ", and in the checkpoint")
  }

  /// The output of `receipt.verify`.
  var answer: JSONValue {
    .object([
      "valid": .bool(isValid), "signed": .bool(verdict.isSigned),
      "included": asksInclusion && verdict.isValid ? .bool(exclusion == nil) : .null,
      "verdict": .string(words), "operation": JSONValue(operation?.body.operation),
      "outcome": JSONValue(operation.map { $0.body.token?.rawValue ?? "done" }),
    ])
  }

  private static func exclusion(
    of receipt: Receipt?, _ proof: JSONValue?, _ checkpoint: JSONValue?, _ key: [UInt8]?
  ) -> String? {
    guard let proof, let checkpoint else { return "a proof needs the checkpoint that it leads to" }
    guard let proof = decoded(proof).flatMap({ InclusionProof(decoding: $0) }) else {
      return "its proof is none, or was changed"
    }
    guard let bytes = decoded(checkpoint), let checkpoint = kept(bytes) else {
      return "the checkpoint is none, or was changed"
    }
    if case .invalid(let reason) = checkpoint.verify(publicKey: key) {
      return "the checkpoint is not valid: \(reason)"
    }
    guard let receipt, proof.sequence == receipt.sequence else {
      return "the proof is of another event"
    }
    return proof.count == checkpoint.count
      && proof.holds(for: receipt.commitment, under: checkpoint.root)
      ? nil : "the proof does not lead to the checkpoint"
  }

  private static func kept(_ bytes: [UInt8]) -> Checkpoint? {
    do throws(StoreError) {
      return try Checkpoint(decoding: bytes)
    } catch {
      // Why it is no checkpoint does not matter to whoever asks whether it is one.
      return nil
    }
  }
}

/// The bytes that a value spells in base64; nil when it spells none.
private func decoded(_ value: JSONValue) -> [UInt8]? {
  guard let text = value.string else { return nil }
  do throws(BytesError) {
    return try bytes(fromBase64: text)
  } catch {
    // Text that is no base64 spells no bytes, which is the answer.
    return nil
  }
}
