// A receipt that can be handed to anybody: what the operation did, and the event store's own receipt
// of the event that says so. It is checked with nothing but its own bytes, the input and output if
// their holder wants to compare them, and the signer's public key.

package import Bytes
internal import Digests
package import EventStore

/// The proof of one operation.
package struct OperationReceipt: Hashable, Sendable {
  package let body: ReceiptBody
  /// The store's receipt of the event whose payload is the body.
  package let proof: Receipt

  /// What it is found again by: the id of its event.
  package var id: String { "\(proof.id)" }

  package init(body: ReceiptBody, proof: Receipt) {
    self.body = body
    self.proof = proof
  }

  /// The receipt of an event; nil when the event is no operation's receipt.
  package init?(_ event: Event, _ proof: Receipt) {
    guard event.header.kind == EffectKind.receipt, let bytes = event.bytes,
      let body = ReceiptBody(decoding: bytes)
    else { return nil }
    self.init(body: body, proof: proof)
  }

  /// The receipt as a JSON value: the body as text, since its very bytes are what is signed, and the
  /// store's receipt in base64.
  package var json: JSONValue {
    .object([
      "body": .string(String(decoding: body.bytes, as: UTF8.self)),
      "receipt": .string(base64(proof.encoded)),
    ])
  }

  /// Reads what `json` wrote; nil when it is something else. Whether it holds is another question.
  package init?(_ json: JSONValue) {
    guard let text = json["body"]?.string, let body = ReceiptBody(decoding: Array(text.utf8)),
      let printed = json["receipt"]?.string
    else { return nil }
    let encoded: [UInt8]
    do throws(BytesError) {
      encoded = try bytes(fromBase64: printed)
    } catch {
      // Text that is no base64 is no receipt.
      return nil
    }
    guard let proof = Receipt(decoding: encoded) else { return nil }
    self.init(body: body, proof: proof)
  }

  /// Whether the receipt holds by itself, is of this input and output where they are given, and was
  /// signed by this key where one is.
  package func verify(
    input: JSONValue? = nil, output: JSONValue? = nil, publicKey: [UInt8]? = nil
  ) -> ReceiptVerdict {
    let verdict = proof.verify(publicKey: publicKey)
    guard verdict.isValid else { return verdict }
    guard proof.header.kind == EffectKind.receipt else {
      return .invalid(reason: "it is the receipt of an event, and of no operation")
    }
    if proof.header.sealing == nil {
      guard proof.digest.digest == Blake3.digest(of: body.bytes) else {
        return .invalid(reason: "what it says is not what was recorded")
      }
    } else {
      return .invalid(reason: "the store sealed what it says, so it can only be checked there")
    }
    if let input, body.input == nil || canonicalDigest(input) != body.input {
      return .invalid(reason: "it is not of this input")
    }
    if let output, body.output == nil || canonicalDigest(output) != body.output {
      return .invalid(reason: "it is not of this output")
    }
    return verdict
  }
}
