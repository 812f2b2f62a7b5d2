// What can go wrong on a simulated disk, and the plan of what does. A plan is a list of rules:
// which fault, how often or when, and below which path. Every fault that fires is counted and
// recorded with the number of the operation it hit, so a test can prove that it reached its fault.

package import DurableFiles

/// A way in which a simulated disk fails.
package enum Fault: Int, CaseIterable, Sendable {
  // In the middle of calls.
  /// A read returns fewer bytes than there are.
  case shortRead
  /// A write takes fewer bytes than it was given.
  case shortWrite
  /// A call ends before it did anything: `.interrupted`.
  case interrupted
  /// The device cannot read: `.io`.
  case readFails
  /// The device cannot write: `.io`, with some first part of the bytes written or none.
  case writeFails
  /// No space is left: `.full`.
  case full
  /// A sync fails: `.io`. Some pages landed and the others never will, though they still read well.
  case syncFails
  /// A sync reports success and does nothing.
  case syncDropped
  /// A bit of what lies on the device is flipped, and read so.
  case bitRot
  /// A synced page lands at another page's place, where it destroys what was there.
  case misdirectedWrite
  /// Civil time jumps, by up to two hours in either direction.
  case clockJump
  /// The power fails, before the call has any effect or after it had all of it.
  case crash
  /// The process is killed, before the call has any effect or after it had all of it; what it wrote
  /// is still in memory.
  case killed

  // When the power has failed, each decided alone for everything that was not synced.
  /// A page is as it was at its last sync, or at some moment since.
  case pageLost
  /// A page has some sectors of the last moment and some of the one before.
  case sectorTorn
  /// The file is as long as at its last sync, or at some moment since.
  case sizeLost
  /// Mode, owner, times and extended attributes are as they were at the last full sync.
  case attributesLost
  /// A name was not made, moved or removed after all, nor was what was built on that.
  case nameLost
}

/// Which faults are armed, how often, and where.
package struct FaultPlan: Sendable {
  /// When an armed fault fires.
  package enum Trigger: Equatable, Sendable {
    /// At one in so many occasions on average.
    case oneIn(Int)
    /// At the first occasion that is not before the operation of this number, and once.
    case at(operation: Int)
  }

  /// One armed fault.
  package struct Rule: Sendable {
    package let fault: Fault
    package let trigger: Trigger
    /// Only this file, or files below this directory.
    package let path: FilePath
    package let timesMax: Int
  }

  package private(set) var rules: [Rule]

  /// Nothing fails, and a power failure loses nothing: the disk of a perfect world.
  package static let none = FaultPlan(rules: [])

  /// Nothing fails, but a power failure loses what was not synced: what every program must survive.
  package static let honest = FaultPlan.none
    .arming(.pageLost, oneIn: 2).arming(.sectorTorn, oneIn: 3).arming(.sizeLost, oneIn: 2)
    .arming(.attributesLost, oneIn: 2).arming(.nameLost, oneIn: 2)

  /// This plan, and the fault at one in so many occasions, at most `timesMax` times.
  package func arming(
    _ fault: Fault, oneIn: Int, below path: FilePath = .root, timesMax: Int = .max
  ) -> FaultPlan {
    precondition(oneIn > 0, "one in none is never")
    return adding(Rule(fault: fault, trigger: .oneIn(oneIn), path: path, timesMax: timesMax))
  }

  /// This plan, and the fault once, at the first occasion not before an operation.
  package func arming(
    _ fault: Fault, at operation: Int, below path: FilePath = .root
  ) -> FaultPlan {
    adding(Rule(fault: fault, trigger: .at(operation: operation), path: path, timesMax: 1))
  }

  private func adding(_ rule: Rule) -> FaultPlan {
    FaultPlan(rules: rules + [rule])
  }
}

/// A fault that fired.
package struct FiredFault: Equatable, Sendable {
  package let fault: Fault
  /// The number of the operation that it hit.
  package let operation: Int
  package let path: FilePath
  /// What exactly became of what, where that is not plain.
  package let detail: String
}

extension FiredFault: CustomStringConvertible {
  /// `sectorTorn on a/b at operation 17: page 3`.
  package var description: String {
    "\(fault) on \(path) at operation \(operation)" + (detail.isEmpty ? "" : ": \(detail)")
  }
}
