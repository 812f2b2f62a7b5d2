// A command as a value: its name, what it says of itself, what it takes, and either what it does or
// the commands below it. The whole tree is one value; whoever parses, prints help or completes
// walks it. What a command does is of a type that this room does not know.
//
// What a command takes is declared when somebody asks for it: a run asks one command, and some take a
// flag for every setting that there is, which would be declared in vain for all the others.

/// A command, or a group of commands below a common word.
package struct Command<Action: Sendable>: Sendable {
  package let name: String
  /// One sentence.
  package let summary: String
  /// Paragraphs, separated by empty lines; nothing is added to the summary when empty.
  package let details: String
  package let examples: [Example]
  package let subcommands: [Command]
  /// What the command does; nil for a group that wants one of its commands.
  package let action: Action?
  private let parameters: @Sendable () -> [any Parameter]
  private let exclusions: @Sendable () -> [[any Parameter]]

  /// What a command takes besides its commands.
  package struct Declared: Sendable {
    package let flags: [ParameterDeclaration]
    package let arguments: [ParameterDeclaration]
    /// Sets of titles of which at most one may be given.
    package let exclusions: [[String]]
  }

  /// A command line that is shown in the help, and what it does.
  package struct Example: Equatable, Sendable {
    package let line: String
    package let summary: String

    package init(_ line: String, _ summary: String) {
      self.line = line
      self.summary = summary
    }
  }

  /// A command that does something.
  package init(
    _ name: String, _ summary: String, details: String = "", examples: [Example] = [],
    takes parameters: @autoclosure @escaping @Sendable () -> [any Parameter] = [],
    excluding exclusions: @autoclosure @escaping @Sendable () -> [[any Parameter]] = [],
    action: Action
  ) {
    self.init(
      name, summary, details: details, examples: examples, parameters: parameters,
      exclusions: exclusions, subcommands: [], action: action)
  }

  /// A group of commands; with an action, it does something by itself as well.
  package init(
    _ name: String, _ summary: String, details: String = "", examples: [Example] = [],
    takes parameters: @autoclosure @escaping @Sendable () -> [any Parameter] = [],
    commands: [Command], action: Action? = nil
  ) {
    self.init(
      name, summary, details: details, examples: examples, parameters: parameters,
      exclusions: { [] }, subcommands: commands, action: action)
  }

  private init(
    _ name: String, _ summary: String, details: String, examples: [Example],
    parameters: @escaping @Sendable () -> [any Parameter],
    exclusions: @escaping @Sendable () -> [[any Parameter]], subcommands: [Command],
    action: Action?
  ) {
    self.name = name
    self.summary = summary
    self.details = details
    self.examples = examples
    self.parameters = parameters
    self.exclusions = exclusions
    self.subcommands = subcommands
    self.action = action
  }

  /// What the command takes, declared anew for each who asks. A declaration that could not be parsed
  /// is a wrong program, found by the first who asks.
  package var declared: Declared {
    let declarations = parameters().map(\.declaration) + [helpFlag.declaration]
    let declared = Declared(
      flags: declarations.filter { $0.role != .argument },
      arguments: declarations.filter { $0.role == .argument },
      exclusions: exclusions().map { $0.map(\.declaration.title) })
    check(declared)
    return declared
  }

  private func check(_ declared: Declared) {
    let (flags, arguments) = (declared.flags, declared.arguments)
    let names = subcommands.map(\.name) + flags.map(\.title) + arguments.map(\.title)
    precondition(Set(names).count == names.count, "\(name) declares a name twice")
    let shorts = flags.compactMap(\.short)
    precondition(Set(shorts).count == shorts.count, "\(name) declares a letter twice")
    for argument in arguments.dropLast() {
      precondition(
        argument.counts == 1...1, "only the last argument of \(name) may be optional or repeated")
    }
    precondition(
      arguments.isEmpty || subcommands.isEmpty, "\(name) cannot take arguments and commands")
    for text in [summary] + (flags + arguments).map(\.summary) {
      precondition(text.hasSuffix("."), "'\(text)' in \(name) is no sentence")
    }
    for title in declared.exclusions.joined() {
      precondition(names.contains(title), "\(name) excludes \(title), which it does not take")
    }
  }

  /// The command below this one of that name.
  package func subcommand(_ name: String) -> Command? {
    subcommands.first { $0.name == name }
  }

  /// Every command of the tree, this one first, each with the words that lead to it.
  package var tree: [(path: [String], command: Command)] {
    [([name], self)] + subcommands.flatMap(\.tree).map { ([name] + $0.path, $0.command) }
  }
}

/// The flag that every command takes.
private let helpFlag = Flag("help", short: "h", "Show this help.")

extension ParameterDeclaration {
  /// A flag's letter.
  package var short: Character? {
    guard case .flag(let short) = role else { return nil }
    return short
  }
}
