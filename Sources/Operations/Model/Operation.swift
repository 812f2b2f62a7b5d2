// An operation as a value: what it is called, what it may touch, and the closures that do it. Nothing
// else in the product changes anything, so the list of operations is the list of all that can happen.

package import Ambient
package import Bytes

/// One thing that can be asked for.
package struct Operation: Sendable {
  /// Makes an output out of an input, touching only what its handle offers.
  package typealias Answer =
    @Sendable (_ input: JSONValue, _ handle: OperationHandle) throws(OperationFault) -> JSONValue
  /// Says what would be done, and does nothing.
  package typealias Planner =
    @Sendable (_ input: JSONValue, _ handle: OperationHandle, _ draft: inout PlanDraft)
    throws(OperationFault) -> Void

  /// What there is to do.
  package enum Work: Sendable {
    /// Answers a question.
    case answer(Answer)
    /// Acts within the call: what it stages is committed together with its receipt.
    case act(plan: Planner, act: Answer)
    /// Acts on items by way of a job of this kind, which begins with the call's receipt.
    case job(kind: String, plan: Planner)
  }

  package let name: String
  /// One line that says what it does.
  package let title: String
  package let operationClass: OperationClass
  package let input: Schema
  package let output: Schema
  /// What its receipt proves; nil for those that leave none.
  package let receipt: ReceiptKind?
  package let effects: EffectRow
  /// Whether what it did can be done back; a console asks twice before it cannot.
  package let isReversible: Bool
  package let guards: [Guard]
  package let work: Work

  package init(
    _ name: String, _ title: String, _ operationClass: OperationClass, input: Schema,
    output: Schema, receipt: ReceiptKind? = nil, effects: EffectRow, isReversible: Bool = true,
    guards: [Guard] = [], work: Work
  ) {
    self.name = name
    self.title = title
    self.operationClass = operationClass
    self.input = input
    self.output = output
    self.receipt = receipt
    self.effects = effects
    self.isReversible = isReversible
    self.guards = guards
    self.work = work
  }

  /// What an operation answers whose work is a job.
  package static let jobOutput = Schema.object([
    SchemaField("job", .text(bytesMax: 64), "The job's name."),
    SchemaField("plan", .digest, "The plan that it carries out."),
    SchemaField(
      "items", .integer(0...Int64(OperationsLimits.planItemsMax)), "How many it is about."),
    SchemaField("bytes", .integer(0...1 << 53), "How many bytes those have."),
    SchemaField(
      "refused", .integer(0...Int64(OperationsLimits.planItemsMax)), "How many the plan refused."),
  ])

  /// The members of an acting operation's input that every one of them takes.
  static let reservedFields = ["dryRun", "plan"]

  /// The members of its input that say why, and decide nothing of what is done.
  var remarks: [String] {
    guard case .object(let fields) = input else { return [] }
    return fields.filter(\.isRemark).map(\.name)
  }

  /// The part of an input that decides what is done, which a plan binds: whoever has seen the plan says
  /// why only then.
  func deciding(_ input: JSONValue) -> JSONValue {
    guard case .object(var object) = input else { return input }
    for name in remarks { object[name] = nil }
    return .object(object)
  }

  /// The rest of an input: what says why.
  func remarks(in input: JSONValue) -> JSONObject {
    var found = JSONObject()
    for name in remarks { found[name] = input[name] }
    return found
  }

  /// The operation as a JSON value, for those who cannot see the code.
  package var json: JSONValue {
    .object([
      "name": .string(name), "title": .string(title), "class": .string(operationClass.rawValue),
      "capabilities": .array(
        Capability.known.filter(effects.capabilitiesRequired.contains).map { .string($0.name) }),
      "input": input.json, "output": output.json, "receipt": JSONValue(receipt?.rawValue),
      "reversible": .bool(isReversible), "dryRun": .bool(operationClass.acts),
    ])
  }
}

/// What a guard is asked.
package struct GuardQuestion: Sendable {
  package let operation: String
  package let input: JSONValue
  package let caller: Caller
  /// Looks at what the operation may look at; changes nothing.
  package let handle: OperationHandle
}

/// A named policy over one operation's calls, such as that dirty files are not shredded.
package struct Guard: Sendable {
  package let name: String
  let objection: @Sendable (GuardQuestion) throws(OperationFault) -> String?

  /// A guard; `objection` returns why the call may not go on, and nil when it may. One that fails
  /// objects.
  package init(
    _ name: String,
    _ objection: @escaping @Sendable (GuardQuestion) throws(OperationFault) -> String?
  ) {
    self.name = name
    self.objection = objection
  }
}

/// A named answer of a projection, as modules lend it to operations.
package struct ProjectionDoor: Sendable {
  package let name: String
  let query: @Sendable (JSONValue) throws(OperationFault) -> JSONValue

  package init(
    _ name: String, _ query: @escaping @Sendable (JSONValue) throws(OperationFault) -> JSONValue
  ) {
    self.name = name
    self.query = query
  }
}

/// When a host control takes effect.
package enum ControlTiming: String, Sendable {
  /// As soon as the handler uses it, and its answer may go into the output: for what only looks, or
  /// does no harm when its receipt cannot be kept.
  case atOnce
  /// When the receipt is durable.
  case staged
  /// As `staged`; and its newest input is given to it again whenever the gate is opened, so that the
  /// log says what it is set to.
  case standing
}

/// Something of the running system that operations may turn, as modules lend it to them.
package struct HostControl: Sendable {
  package let name: String
  package let timing: ControlTiming
  let turn: @Sendable (JSONValue, Cancellation) throws(OperationFault) -> JSONValue

  package init(
    _ name: String, _ timing: ControlTiming,
    _ turn: @escaping @Sendable (JSONValue) throws(OperationFault) -> JSONValue
  ) {
    self.init(name, timing) { (input, _) throws(OperationFault) in try turn(input) }
  }

  /// A control that may take long, and is told when nobody wants it any more; it throws `.cancelled`
  /// then, unless it is done already.
  package init(
    _ name: String, _ timing: ControlTiming,
    _ turn: @escaping @Sendable (JSONValue, Cancellation) throws(OperationFault) -> JSONValue
  ) {
    self.name = name
    self.timing = timing
    self.turn = turn
  }
}
