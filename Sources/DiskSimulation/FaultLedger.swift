// The rules in force and the account of what fired. One generator decides everything on a
// simulated machine, so that a run depends on its seed and on what it does, and on nothing else.

import Ambient
import DurableFiles

/// Decides which faults fire, and keeps the account.
struct FaultLedger {
  /// The most faults that are kept in detail; beyond that they are only counted.
  static let recordsMax = 10_000

  private struct Armed {
    let rule: FaultPlan.Rule
    var left: Int
  }

  var generator: SeededGenerator
  private var armed: [[Armed]] = []
  private(set) var counts: [Fault: Int] = [:]
  private(set) var records: [FiredFault] = []

  init(seed: UInt64, _ plan: FaultPlan) {
    generator = SeededGenerator(seed: seed)
    arm(plan)
  }

  /// Replaces the rules in force.
  mutating func arm(_ plan: FaultPlan) {
    armed = Fault.allCases.map { fault in
      plan.rules.filter { $0.fault == fault }.map { Armed(rule: $0, left: $0.timesMax) }
    }
  }

  /// Whether any rule names the fault, so that looking for an occasion is worth it.
  func isArmed(_ fault: Fault) -> Bool {
    !armed[fault.rawValue].isEmpty
  }

  /// Whether the fault fires at this occasion; one that does must be recorded.
  mutating func fires(_ fault: Fault, on path: FilePath, at operation: Int) -> Bool {
    let kind = fault.rawValue
    for index in armed[kind].indices where armed[kind][index].left > 0 {
      let rule = armed[kind][index].rule
      guard path.isWithin(rule.path) else { continue }
      let now =
        switch rule.trigger {
        case .oneIn(let occasions): generator.chance(oneIn: occasions)
        case .at(let first): operation >= first
        }
      if now {
        armed[kind][index].left -= 1
        return true
      }
    }
    return false
  }

  /// Enters a fault that fired into the account.
  mutating func record(
    _ fault: Fault, on path: FilePath, at operation: Int, _ detail: @autoclosure () -> String
  ) {
    counts[fault, default: 0] += 1
    guard records.count < Self.recordsMax else { return }
    records.append(
      FiredFault(fault: fault, operation: operation, path: path, detail: detail()))
  }
}
