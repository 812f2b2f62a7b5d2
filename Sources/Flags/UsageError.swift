// What can be wrong with a command line. Every message names the word, says what was wanted, guesses
// what was meant, and ends with where to read more; words are shown escaped.

/// A command line that cannot be run, and the command it was meant for.
package struct UsageError: Error, Equatable, Sendable {
  /// The command as far as it was understood: `larder events append`.
  package let command: String
  package let fault: UsageFault

  package init(command: String, fault: UsageFault) {
    self.command = command
    self.fault = fault
  }
}

/// What is wrong with a command line; texts are safe to show.
package enum UsageFault: Error, Equatable, Sendable {
  case unknownCommand(String, nearest: String?)
  /// A group of commands was named, and none of them.
  case missingCommand([String])
  case unknownFlag(String, nearest: String?)
  /// A flag that stands before the command it is meant for.
  case earlyFlag(String, command: String)
  /// A flag or argument that must be given is not.
  case missing(String)
  case missingValue(String, wanted: String)
  /// A value behind `=` for a flag that takes none.
  case needlessValue(String)
  case badValue(String, given: String, wanted: String, nearest: String?)
  case tooFew(String, countMin: Int)
  case tooMany(String, countMax: Int)
  case surplusWord(String)
  /// Two flags that exclude each other.
  case excluding(String, String)
}

extension UsageError: CustomStringConvertible {
  package var description: String {
    let words = command.split(separator: " ").dropFirst()
    let help = (["help"] + words).joined(separator: " ")
    let program = command.prefix { $0 != " " }
    return "\(fault); see '\(program) \(help)'"
  }
}

extension UsageFault: CustomStringConvertible {
  package var description: String {
    switch self {
    case .unknownCommand(let word, let nearest):
      "there is no command '\(word)'" + guess(nearest)
    case .missingCommand(let names): "a command is missing: \(alternatives(names))"
    case .unknownFlag(let word, let nearest): "there is no flag '\(word)'" + guess(nearest)
    case .earlyFlag(let title, let command):
      "\(title) stands before its command; write '\(command)' in front of it"
    case .missing(let title): "\(title) is missing"
    case .missingValue(let title, let wanted): "\(title) wants \(wanted)"
    case .needlessValue(let title): "\(title) takes no value"
    case .badValue(let title, let given, let wanted, let nearest):
      "\(title) wants \(wanted), not '\(given)'" + guess(nearest)
    case .tooFew(let title, let countMin): "\(title) is wanted at least \(times(countMin))"
    case .tooMany(let title, let countMax): "\(title) may be given \(times(countMax)) at most"
    case .surplusWord(let word): "'\(word)' is one word too many"
    case .excluding(let first, let second): "\(first) and \(second) exclude each other"
    }
  }

  private func guess(_ nearest: String?) -> String {
    nearest.map { " (did you mean '\($0)'?)" } ?? ""
  }

  private func times(_ count: Int) -> String {
    count == 1 ? "once" : "\(count) times"
  }
}
