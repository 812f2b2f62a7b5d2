// What sort of thing an operation does, and what its declared effects may therefore be. The table is
// the whole of the rule; a row that disagrees with its class is refused when it is registered.
//
//              events    projections  events     receipts  controls  capabilities
//              read      queried      appended
//   inspect    may       may          never      never     never     may
//   compute    never     never        never      never     never     may
//   persist    may       may          must       must      may       must
//   emit       may       may          never      must      may       must
//   control    may       may          may        must      must      must

package import EventStore

/// What sort of thing an operation does.
package enum OperationClass: String, CaseIterable, Sendable {
  /// Looks at what is there.
  case inspect
  /// Makes its output out of its input alone.
  case compute
  /// Changes what the log records, files and objects by way of a job included.
  case persist
  /// Makes something for others to keep, and changes nothing of ours but for the receipt.
  case emit
  /// Changes what the running system does.
  case control

  /// Whether it changes or makes something, so that it has a dry run and leaves receipts.
  package var acts: Bool {
    switch self {
    case .inspect, .compute: false
    case .persist, .emit, .control: true
    }
  }

  /// What an effect row of the class holds.
  package var rules: EffectRules {
    switch self {
    case .inspect:
      EffectRules(
        eventsRead: .may, projectionsQueried: .may, eventsAppended: .never, receiptsEmitted: .never,
        hostControlsUsed: .never, capabilitiesRequired: .may)
    case .compute:
      EffectRules(
        eventsRead: .never, projectionsQueried: .never, eventsAppended: .never,
        receiptsEmitted: .never, hostControlsUsed: .never, capabilitiesRequired: .may)
    case .persist:
      EffectRules(
        eventsRead: .may, projectionsQueried: .may, eventsAppended: .must, receiptsEmitted: .must,
        hostControlsUsed: .may, capabilitiesRequired: .must)
    case .emit:
      EffectRules(
        eventsRead: .may, projectionsQueried: .may, eventsAppended: .never, receiptsEmitted: .must,
        hostControlsUsed: .may, capabilitiesRequired: .must)
    case .control:
      EffectRules(
        eventsRead: .may, projectionsQueried: .may, eventsAppended: .may, receiptsEmitted: .must,
        hostControlsUsed: .must, capabilitiesRequired: .must)
    }
  }
}

/// What a class says of one sort of effect.
package enum Allowance: String, Sendable {
  case never, may, must
}

/// What a class says of every sort of effect.
package struct EffectRules: Equatable, Sendable {
  package let eventsRead: Allowance
  package let projectionsQueried: Allowance
  package let eventsAppended: Allowance
  package let receiptsEmitted: Allowance
  package let hostControlsUsed: Allowance
  package let capabilitiesRequired: Allowance
}

/// What an operation may touch, declared before it is ever called. Its handle refuses all else.
package struct EffectRow: Equatable, Sendable {
  package var eventsRead: Set<KindFilter>
  package var eventsAppended: Set<EventKind>
  package var projectionsQueried: Set<String>
  package var receiptsEmitted: Set<ReceiptKind>
  package var hostControlsUsed: Set<String>
  package var capabilitiesRequired: Set<Capability>

  package init(
    eventsRead: Set<KindFilter> = [], eventsAppended: Set<EventKind> = [],
    projectionsQueried: Set<String> = [], receiptsEmitted: Set<ReceiptKind> = [],
    hostControlsUsed: Set<String> = [], capabilitiesRequired: Set<Capability> = []
  ) {
    self.eventsRead = eventsRead
    self.eventsAppended = eventsAppended
    self.projectionsQueried = projectionsQueried
    self.receiptsEmitted = receiptsEmitted
    self.hostControlsUsed = hostControlsUsed
    self.capabilitiesRequired = capabilitiesRequired
  }

  /// Whether events of these kinds may be read: each declared filter stands for itself and for all
  /// that is narrower.
  func reads(_ wanted: KindFilter) -> Bool {
    eventsRead.contains { declared in
      switch (declared, wanted) {
      case (.any, _): true
      case (.category(let declared), .category(let wanted)): declared == wanted
      case (.category(let declared), .exactly(let kind)): declared == kind.category
      case (.exactly(let declared), .exactly(let kind)): declared == kind
      default: false
      }
    }
  }

  /// The first sort of effect in which the row disagrees with a class, as the rest of a sentence.
  func disagreement(with operationClass: OperationClass) -> String? {
    let rules = operationClass.rules
    let sorts: [(String, Allowance, isEmpty: Bool)] = [
      ("events read", rules.eventsRead, eventsRead.isEmpty),
      ("projections queried", rules.projectionsQueried, projectionsQueried.isEmpty),
      ("events appended", rules.eventsAppended, eventsAppended.isEmpty),
      ("receipts emitted", rules.receiptsEmitted, receiptsEmitted.isEmpty),
      ("host controls used", rules.hostControlsUsed, hostControlsUsed.isEmpty),
      ("capabilities required", rules.capabilitiesRequired, capabilitiesRequired.isEmpty),
    ]
    for (name, allowance, isEmpty) in sorts {
      switch allowance {
      case .never where !isEmpty:
        return "declares \(name), which class \(operationClass.rawValue) never has"
      case .must where isEmpty:
        return "declares no \(name), which class \(operationClass.rawValue) must have"
      default: break
      }
    }
    return nil
  }
}
