// What flags and arguments have in common: a declaration without types, which parsing, help and
// completions work from, and a resolution with types, which the command asks when it runs. Both
// come from one initializer, so that they cannot disagree.

/// Something that a command takes: a `Flag` or an `Argument`.
package protocol Parameter: Sendable {
  var declaration: ParameterDeclaration { get }
}

/// What is known of a parameter without knowing its type.
package struct ParameterDeclaration: Sendable {
  /// How a parameter is given.
  package enum Role: Equatable, Sendable {
    /// By its name; `--name`, or `-x` as well.
    case flag(short: Character?)
    /// By its place among the words that are no flags.
    case argument
  }

  /// Whether a value goes with it.
  package enum ValueNeed: Equatable, Sendable {
    case none
    /// The flag may stand alone; a value is only ever given behind `=`.
    case optional
    case required
  }

  package let role: Role
  /// A flag's name without dashes, or an argument's placeholder.
  package let name: String
  /// One sentence for the help.
  package let summary: String
  package let valueNeed: ValueNeed
  /// What stands for the value: `N`.
  package let placeholder: String
  /// What is wanted as a value: `a whole number from 1 to 64`.
  package let wanted: String
  package let completion: Completion
  /// The default as it would be typed; nil when there is none worth showing.
  package let defaultText: String?
  /// How often it is given, at least and at most.
  package let counts: ClosedRange<Int>
  /// Checks what was given, without keeping it.
  let check: @Sendable ([Given]) throws(UsageFault) -> Void

  /// What a person calls it: `--threads` or `FILE`.
  package var title: String {
    role == .argument ? name : "--" + name
  }
}

/// One appearance of a parameter among the words.
package enum Given: Equatable, Sendable {
  case alone
  case value([UInt8])
}

/// The most often that one flag is repeated, unless it says otherwise.
package let repetitionsMax = 1_000
