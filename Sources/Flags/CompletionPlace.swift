// What a shell may offer, place by place. A place is the words that were typed so far, flags left
// out: `larder events append`. All three shells work from this list and differ in spelling only.

/// Where the cursor may stand, and what belongs there.
struct CompletionPlace {
  /// The words that lead there, joined by spaces.
  let path: String
  /// The commands below, with their sentences.
  let commands: [(name: String, summary: String)]
  let flags: [ParameterDeclaration]
  /// What words that are no flags are.
  let argument: Completion

  /// What bash and zsh offer as the value of each flag that takes one, as branches of a `case`.
  func valueCases(opening: String, offer: (Completion) -> String?) -> [String] {
    flags.filter { $0.valueNeed != .none }.map { flag in
      // A value that may be left out only ever stands behind `=`.
      let patterns =
        flag.valueNeed == .optional
        ? ["\"\(path) \(flag.title) 1\""]
        : flag.titles.map { "\"\(path) \($0) \"*" }
      let steps = offer(flag.completion).map { $0 + "; return" } ?? "return"
      return "    \(opening)\(patterns.joined(separator: " | "))) \(steps) ;;"
    }
  }
}

extension Command {
  /// Every place of the tree, this command's first.
  var completionPlaces: [CompletionPlace] {
    tree.flatMap { path, command in
      let declared = command.declared
      let place = CompletionPlace(
        path: path.joined(separator: " "),
        commands: command.subcommands.map { ($0.name, $0.summary) }, flags: declared.flags,
        argument: declared.arguments.last?.completion ?? .nothing)
      guard place.argument == .commands else { return [place] }
      // A command that is told the words of another offers them as that one would.
      return tree.filter { $0.path != path }.map { words, command in
        let inner = (path + words.dropFirst()).joined(separator: " ")
        return CompletionPlace(
          path: inner, commands: command.subcommands.map { ($0.name, $0.summary) },
          flags: inner == place.path ? place.flags : [], argument: .nothing)
      }
    }
  }
}

/// The shells that completions are written for.
package enum Shell: String, CaseIterable, Sendable {
  case bash, zsh, fish
}

extension Command {
  /// A script that teaches the shell to complete this executable's command lines.
  package func completions(for shell: Shell) -> String {
    switch shell {
    case .bash: bashCompletions
    case .zsh: zshCompletions
    case .fish: fishCompletions
    }
  }
}
