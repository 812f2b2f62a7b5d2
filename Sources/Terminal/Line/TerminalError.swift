// Why there is no screen.

/// Why a terminal could not be used for a screen.
package enum TerminalError: Error, Equatable, Sendable {
  /// Input or output is a file or a pipe.
  case notATerminal
  /// The terminal calls itself so, and no screen can be drawn on that kind.
  case unknownKind(String)
  /// The kernel keeps its modes to itself.
  case unusableLine
  /// No guard could be started.
  case noGuard
  /// No program of this name could be started on a terminal of ours.
  case notStarted(String)
}

extension TerminalError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .notATerminal:
      "this is no terminal: run it in one, or ask for one picture of a screen instead"
    case .unknownKind(let name) where name.isEmpty:
      "TERM is not set, so nothing is known of this terminal: set it, for instance to xterm-256color"
    case .unknownKind(let name):
      "no screen can be drawn on a terminal of the kind \(shown(name)): set TERM to one that is known, "
        + "for instance xterm-256color"
    case .unusableLine: "the modes of this terminal cannot be read or changed"
    case .notStarted(let program): "\(shown(program)) is not installed, or may not be run"
    case .noGuard: "no process could be started that restores the terminal after a sudden end"
    }
  }
}
