// What a receipt says: the payload of an event of kind d.001, in canonical JSON, so that whoever has
// the values can write the same bytes again. It names its input and output by their digests alone;
// who holds a receipt need not be shown them, and who holds them can compare.

package import Bytes
package import Digests

/// What a receipt says of one operation.
package struct ReceiptBody: Hashable, Sendable {
  package var kind: ReceiptKind
  package var operation: String
  package var operationClass: OperationClass
  package var caller: Caller
  /// Why nothing was done; nil when it was.
  package var token: RefusalToken?
  /// The refusal in words; empty when there was none.
  package var reason: String
  /// The digest of the input in its canonical spelling; nil when it has none.
  package var input: Blake3Digest?
  /// The digest of the output; nil when there was none.
  package var output: Blake3Digest?
  /// The plan that was carried out, if there was one.
  package var plan: Blake3Digest?
  package var job: JobID?
  /// The controls that had been used when the receipt was written, in order.
  package var controls: [String]
  /// How many other events are in the receipt's batch.
  package var effects: Int

  private static let version: Int64 = 1

  /// The payload.
  package var bytes: [UInt8] {
    let value: JSONValue = .object([
      "caller": caller.json, "class": .string(operationClass.rawValue),
      "controls": .array(controls.map { .string($0) }), "effects": JSONValue(effects),
      "input": JSONValue(input.map { "\($0)" }), "job": JSONValue(job.map { "\($0)" }),
      "kind": .string(kind.rawValue), "operation": .string(operation),
      "output": JSONValue(output.map { "\($0)" }), "plan": JSONValue(plan.map { "\($0)" }),
      "reason": .string(reason), "token": JSONValue(token?.rawValue),
      "v": .integer(Self.version),
    ])
    return canonicalBytes(value)
  }

  /// Reads what `bytes` wrote; nil when it is anything else, another spelling of the same included.
  package init?(decoding payload: [UInt8]) {
    let value: JSONValue
    do throws(BytesError) {
      value = try JSONValue(parsing: payload)
    } catch {
      // What is no JSON is no receipt, and that is the answer.
      return nil
    }
    guard value["v"]?.integer == Self.version,
      let kind = value["kind"]?.string.flatMap(ReceiptKind.init(rawValue:)),
      let operation = value["operation"]?.string,
      let operationClass = value["class"]?.string.flatMap(OperationClass.init(rawValue:)),
      let caller = value["caller"].flatMap({ Caller($0) }),
      let reason = value["reason"]?.string,
      let effects = value["effects"]?.integer.flatMap(Int.init(exactly:)),
      let controls = value["controls"]?.array
    else { return nil }
    self.kind = kind
    self.operation = operation
    self.operationClass = operationClass
    self.caller = caller
    self.reason = reason
    self.effects = effects
    self.controls = controls.compactMap(\.string)
    token = value["token"]?.string.flatMap(RefusalToken.init(rawValue:))
    input = digest(value["input"])
    output = digest(value["output"])
    plan = digest(value["plan"])
    job = value["job"]?.string.flatMap { JobID(parsing: $0) }
    // Whatever a member said that was not understood is missing now, so the spelling differs.
    guard bytes == payload else { return nil }
  }

  init(
    _ kind: ReceiptKind, _ operation: String, _ operationClass: OperationClass, _ caller: Caller
  ) {
    self.kind = kind
    self.operation = operation
    self.operationClass = operationClass
    self.caller = caller
    token = nil
    reason = ""
    controls = []
    effects = 0
  }
}

/// The digest that a JSON value spells; nil for anything else.
func digest(_ value: JSONValue?) -> Blake3Digest? {
  guard let text = value?.string else { return nil }
  do throws(DigestsError) {
    return try Blake3Digest(hexadecimal: text)
  } catch {
    // Text that spells no digest names none.
    return nil
  }
}

/// The canonical spelling of a value of our own making, whose numbers are all in bounds.
func canonicalBytes(_ value: JSONValue) -> [UInt8] {
  do throws(BytesError) {
    return try value.canonical()
  } catch {
    preconditionFailure("the room's own values have a canonical spelling: \(error)")
  }
}

/// The digest of a value in its canonical spelling; nil when it has none.
package func canonicalDigest(_ value: JSONValue) -> Blake3Digest? {
  do throws(BytesError) {
    return Blake3.digest(of: try value.canonical())
  } catch {
    // Only numbers that JSON's readers disagree about have none; no receipt can name those.
    return nil
  }
}
