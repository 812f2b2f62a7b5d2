// What the executable tells whoever started it: the one list of exit codes.

/// How a command ended, as its exit code.
package enum ExitCode: Int32, CaseIterable, Sendable {
  case done = 0
  case failed = 1
  /// Wrong usage or a wrong configuration.
  case misused = 2
  /// Refused by capability, license or policy.
  case refused = 3
  /// Something is not what it was when it was stored or signed.
  case broken = 4
  /// Another engine holds the depot.
  case held = 5
}

extension ExitCode: CustomStringConvertible {
  package var description: String {
    switch self {
    case .done: "done"
    case .failed: "failed"
    case .misused: "wrong usage or configuration"
    case .refused: "refused by capability, license or policy"
    case .broken: "an integrity problem was found"
    case .held: "another engine holds the depot"
    }
  }
}
