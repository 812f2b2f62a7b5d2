// Which keys mean which command. It begins with what the table says, a preset changes that, and the
// person's own file has the last word; what cannot be had both ways is told with both names, and the
// one that was bound first stays.

package import Terminal

/// Keys by what they do.
package struct Keymap: Sendable {
  /// One way to give a command.
  package struct Binding: Hashable, Sendable {
    package let sequence: KeySequence
    package let command: CommandName
  }

  /// What keys come to.
  package enum Meaning: Equatable, Sendable {
    case command(CommandName)
    /// The beginning of sequences: each next key with what can still come of it.
    case prefix([Binding])
    case nothing
  }

  package private(set) var bindings: [Binding] = []

  /// The keys that the table gives.
  package init(_ table: CommandTable) {
    for command in table.commands {
      for text in command.keys {
        guard let sequence = KeySequence(parsing: text) else {
          preconditionFailure("\(command.name) names keys that are none: \(text)")
        }
        bindings.append(Binding(sequence: sequence, command: command.name))
      }
    }
  }

  /// Gives a command these keys and no others.
  mutating func bind(_ command: CommandName, to sequences: [KeySequence]) {
    bindings.removeAll { $0.command == command }
    bindings += sequences.map { Binding(sequence: $0, command: command) }
  }

  mutating func remove(_ binding: Binding) {
    bindings.removeAll { $0 == binding }
  }

  /// Every sequence of a command.
  package func sequences(of command: CommandName) -> [KeySequence] {
    bindings.filter { $0.command == command }.map(\.sequence)
  }

  /// What keys mean on a screen. What a screen has of its own goes before what is everywhere.
  package func meaning(
    of keys: [Key], on screen: ScreenID, _ table: CommandTable
  ) -> Meaning {
    let here = bindings.filter { table[$0.command]?.scope.includes(screen) == true }
    let whole = here.filter { $0.sequence.keys == keys }
    if let found = whole.first(where: { table[$0.command]?.scope.isOfScreens == true })
      ?? whole.first
    {
      return .command(found.command)
    }
    let rest = here.filter { $0.sequence.begins(with: keys) }
    return rest.isEmpty ? .nothing : .prefix(rest)
  }

  /// Pairs of bindings that cannot both be meant: the same keys, or the keys of one are the beginning
  /// of the other's.
  package func conflicts(_ table: CommandTable) -> [(Binding, Binding)] {
    var found: [(Binding, Binding)] = []
    for (index, one) in bindings.enumerated() {
      for other in bindings[(index + 1)...] where one.command != other.command {
        guard let first = table[one.command], let second = table[other.command],
          first.scope.clashes(with: second.scope)
        else { continue }
        let (a, b) = (one.sequence, other.sequence)
        if a == b || a.begins(with: b.keys) || b.begins(with: a.keys) { found.append((one, other)) }
      }
    }
    return found
  }

  /// Takes bindings away until none is in another's way; the earlier ones stay.
  mutating func settle(_ table: CommandTable) {
    while let (_, later) = conflicts(table).first { bindings.removeAll { $0 == later } }
  }
}

extension CommandScope {
  fileprivate var isOfScreens: Bool {
    if case .on = self { return true }
    return false
  }
}
