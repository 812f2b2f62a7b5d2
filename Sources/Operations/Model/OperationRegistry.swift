// The operations of a program, frozen when it starts. Whatever is wrong with one is found here and
// never when it is called: a row that disagrees with its class, a name that two modules claim, a
// capability or a control that does not exist.

internal import Bytes
internal import EventStore

/// What one part of the program registers.
package struct OperationModule: Sendable {
  package let name: String
  package let operations: [Operation]
  package let projections: [ProjectionDoor]
  package let controls: [HostControl]
  package let jobs: [JobKind]
  /// Whether its operations may append this room's own kinds of events.
  let isOwn: Bool

  package init(
    _ name: String, operations: [Operation], projections: [ProjectionDoor] = [],
    controls: [HostControl] = [], jobs: [JobKind] = []
  ) {
    self.init(
      name, operations: operations, projections: projections, controls: controls, jobs: jobs,
      isOwn: false)
  }

  init(
    _ name: String, operations: [Operation], projections: [ProjectionDoor],
    controls: [HostControl], jobs: [JobKind], isOwn: Bool
  ) {
    self.name = name
    self.operations = operations
    self.projections = projections
    self.controls = controls
    self.jobs = jobs
    self.isOwn = isOwn
  }
}

/// Why something cannot be registered.
package enum RegistrationFault: Error, Equatable, Sendable {
  /// A module, and what it has too many of.
  case tooMany(String, countMax: Int)
  /// What kind of thing has which name, and what is wrong with that.
  case badName(String, name: String, fault: String)
  case badTitle(operation: String, fault: String)
  /// Two modules, or one module twice, claim a name.
  case claimedTwice(String, name: String, first: String, second: String)
  case unknownCapability(operation: String, Capability)
  /// The row, the receipt or the work of an operation do not go with its class, or with each other.
  case disagreement(operation: String, fault: String)
  case badSchema(operation: String, fault: String)
  /// An operation names a projection, a control or a kind of job that nobody registered.
  case unknown(String, name: String, operation: String)
}

extension RegistrationFault: CustomStringConvertible {
  package var description: String {
    switch self {
    case .tooMany(let what, let countMax): "there are more than \(countMax) \(what)"
    case .badName(let what, let name, let fault): "the \(what) '\(escaped(name))' \(fault)"
    case .badTitle(let operation, let fault): "the title of '\(operation)' \(fault)"
    case .claimedTwice(let what, let name, let first, let second):
      first == second
        ? "the module '\(first)' claims the \(what) '\(name)' twice"
        : "the \(what) '\(name)' is claimed by the modules '\(first)' and '\(second)'"
    case .unknownCapability(let operation, let capability):
      "'\(operation)' requires '\(escaped(capability.name))', which is no capability"
    case .disagreement(let operation, let fault): "'\(operation)' \(fault)"
    case .badSchema(let operation, let fault): "a schema of '\(operation)' \(fault)"
    case .unknown(let what, let name, let operation):
      "'\(operation)' names the \(what) '\(escaped(name))', which nobody registered"
    }
  }
}

/// All operations of a program.
package struct OperationRegistry: Sendable {
  /// An operation with what is looked up once for every call of it.
  struct Entry: Sendable {
    let operation: Operation
    let module: String
    let required: CapabilitySet
  }

  let entries: [String: Entry]
  let projections: [String: ProjectionDoor]
  let controls: [String: HostControl]
  let jobs: [String: JobKind]

  /// Freezes what this room and the modules register, or throws the first thing that is wrong with
  /// it.
  package init(_ others: [OperationModule]) throws(RegistrationFault) {
    let modules = [.own] + others
    projections = try Self.named("projection", modules, \.projections, \.name)
    controls = try Self.named("control", modules, \.controls, \.name)
    jobs = try Self.named("kind of job", modules, \.jobs, \.name)
    let operations = try Self.named("operation", modules, \.operations, \.name)
    var entries: [String: Entry] = [:]
    for module in modules {
      for operation in module.operations where entries[operation.name] == nil {
        entries[operation.name] = Entry(
          operation: operation, module: module.name,
          required: CapabilitySet(operation.effects.capabilitiesRequired))
      }
    }
    precondition(entries.count == operations.count, "each operation has one entry")
    self.entries = entries
    for module in modules {
      for operation in module.operations { try check(operation, of: module) }
    }
  }

  /// The operations, by name.
  package var operations: [Operation] {
    entries.values.map(\.operation).sorted { $0.name < $1.name }
  }

  /// The operation of a name.
  package func operation(_ name: String) -> Operation? { entries[name]?.operation }

  private static func named<Thing>(
    _ what: String, _ modules: [OperationModule],
    _ things: (OperationModule) -> [Thing], _ name: (Thing) -> String
  ) throws(RegistrationFault) -> [String: Thing] {
    var found: [String: (thing: Thing, module: String)] = [:]
    for module in modules {
      for thing in things(module) {
        let name = name(thing)
        if let fault = faultInName(name) { throw .badName(what, name: name, fault: fault) }
        if let first = found[name] {
          throw .claimedTwice(what, name: name, first: first.module, second: module.name)
        }
        found[name] = (thing, module.name)
        guard found.count <= OperationsLimits.operationsMax else {
          throw .tooMany("\(what)s", countMax: OperationsLimits.operationsMax)
        }
      }
    }
    return found.mapValues(\.thing)
  }

  // MARK: - One operation

  private func check(
    _ operation: Operation, of module: OperationModule
  ) throws(RegistrationFault) {
    let name = operation.name
    let row = operation.effects
    if let fault = faultInTitle(operation.title) { throw .badTitle(operation: name, fault: fault) }
    for capability in row.capabilitiesRequired.sorted(by: { $0.name < $1.name })
    where !Capability.known.contains(capability) {
      throw .unknownCapability(operation: name, capability)
    }
    if let fault = row.disagreement(with: operation.operationClass) ?? Self.misfit(operation)
      ?? Self.stray(row, operation, module)
    {
      throw .disagreement(operation: name, fault: fault)
    }
    try checkSchemas(operation)
    for projection in row.projectionsQueried where projections[projection] == nil {
      throw .unknown("projection", name: projection, operation: name)
    }
    for control in row.hostControlsUsed where controls[control] == nil {
      throw .unknown("control", name: control, operation: name)
    }
    if case .job(let kind, _) = operation.work, jobs[kind] == nil {
      throw .unknown("kind of job", name: kind, operation: name)
    }
  }

  /// How work, receipt and class of an operation disagree.
  private static func misfit(_ operation: Operation) -> String? {
    let row = operation.effects
    let wanted: (ReceiptKind?, Set<ReceiptKind>)
    switch operation.work {
    case .answer:
      if operation.operationClass.acts {
        return "only answers, which class \(operation.operationClass.rawValue) does not"
      }
      wanted = (nil, [])
    case .act, .job:
      if !operation.operationClass.acts {
        return "acts, which class \(operation.operationClass.rawValue) never does"
      }
      if case .job = operation.work {
        wanted = (.intent, [.intent, .closing])
      } else {
        wanted = (.act, [.act])
      }
    }
    if operation.receipt != wanted.0 || row.receiptsEmitted != wanted.1 {
      let kinds = wanted.1.map(\.rawValue).sorted().joined(separator: " and ")
      return "must emit \(kinds.isEmpty ? "no receipts" : "receipts of kind \(kinds)"), by its work"
    }
    if case .job = operation.work, !EffectKind.job.isSubset(of: row.eventsAppended) {
      return "works as a job and does not declare the events of one"
    }
    return operation.guards.count <= OperationsLimits.guardsMax
      ? nil : "has more than \(OperationsLimits.guardsMax) guards"
  }

  /// A kind of event that the operation may not append.
  private static func stray(
    _ row: EffectRow, _ operation: Operation, _ module: OperationModule
  ) -> String? {
    var allowed: Set<EventKind> = []
    if case .job = operation.work { allowed = EffectKind.job }
    for kind in row.eventsAppended.sorted(by: { $0.rawValue < $1.rawValue }) {
      let isForbidden =
        kind.category == EventKind.systemCategory
        || EffectKind.isOwn(kind) && !allowed.contains(kind) && !module.isOwn
      if isForbidden { return "declares events of kind \(kind), which are not its to append" }
    }
    return nil
  }

  private func checkSchemas(_ operation: Operation) throws(RegistrationFault) {
    let name = operation.name
    guard case .object(let fields) = operation.input else {
      throw .badSchema(operation: name, fault: "is no object, and an input is one")
    }
    for schema in [operation.input, operation.output] {
      if let fault = schema.fault() { throw .badSchema(operation: name, fault: fault) }
    }
    if operation.operationClass.acts,
      let taken = fields.first(where: { Operation.reservedFields.contains($0.name) })
    {
      throw .badSchema(
        operation: name, fault: "has a field '\(taken.name)', which every acting operation has")
    }
    if case .job = operation.work, operation.output != Operation.jobOutput {
      throw .badSchema(operation: name, fault: "has another output than that of a job")
    }
  }
}
