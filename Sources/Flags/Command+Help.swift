// The help of a command, laid out for a width: what it is, how it is used, what it takes, what is
// below it, examples. Headings may stand out where the terminal can show it.

/// How help is laid out.
package struct HelpLayout: Sendable {
  /// The narrowest and the widest that help is laid out.
  package static let columns = 40...100

  let width: Int
  let standsOut: Bool

  /// A layout for that many columns; `standsOut` makes headings bold.
  package init(width: Int = 80, standsOut: Bool = false) {
    self.width = min(max(width, Self.columns.lowerBound), Self.columns.upperBound)
    self.standsOut = standsOut
  }

  fileprivate func heading(_ text: String) -> String {
    standsOut ? "\u{1B}[1m\(text)\u{1B}[0m" : text
  }
}

extension Command {
  /// The help of the command at the path, its own when the path is its name alone.
  package func help(for path: [String], _ layout: HelpLayout = HelpLayout()) -> String {
    var command = self
    for name in path.dropFirst() {
      guard let next = command.subcommand(name) else {
        preconditionFailure("there is no command '\(name)' in \(command.name)")
      }
      command = next
    }
    return command.help(called: path.joined(separator: " "), layout)
  }

  private func help(called title: String, _ layout: HelpLayout) -> String {
    var sections = [wrapped(summary, width: layout.width)]
    let usages = usage(title).map { wrapped($0, width: layout.width, indent: 4) }
    sections.append(
      layout.heading("Usage:") + "\n" + usages.map { "  " + $0 }.joined(separator: "\n"))
    if !details.isEmpty { sections.append(wrapped(details, width: layout.width)) }
    add("Commands:", subcommands.map { ($0.name, $0.summary) }, to: &sections, layout)
    let declared = declared
    add("Arguments:", declared.arguments.map { ($0.name, $0.sentence) }, to: &sections, layout)
    add(
      "Flags:", declared.flags.map { ($0.label(padded: true), $0.sentence) }, to: &sections, layout)
    if !examples.isEmpty {
      let examples = examples.map { example in
        "  \(example.line)\n      " + wrapped(example.summary, width: layout.width, indent: 6)
      }
      sections.append(layout.heading("Examples:") + "\n" + examples.joined(separator: "\n"))
    }
    if !subcommands.isEmpty {
      let program = title.prefix { $0 != " " }
      let words = (["help"] + title.split(separator: " ").dropFirst()).joined(separator: " ")
      let hint = "'\(program) \(words) COMMAND' tells more about a command."
      sections.append(wrapped(hint, width: layout.width))
    }
    return sections.joined(separator: "\n\n") + "\n"
  }

  private func add(
    _ heading: String, _ rows: [(label: String, text: String)], to sections: inout [String],
    _ layout: HelpLayout
  ) {
    guard !rows.isEmpty else { return }
    let column = min(rows.map(\.label.count).max() ?? 0, 26, layout.width / 2 - 4) + 4
    let lines = rows.map { label, text in
      let gap =
        label.count + 4 > column
        ? "\n" + String(repeating: " ", count: column)
        : String(repeating: " ", count: column - label.count - 2)
      return "  " + label + gap + wrapped(text, width: layout.width, indent: column)
    }
    sections.append(layout.heading(heading) + "\n" + lines.joined(separator: "\n"))
  }

  /// The ways to use the command: with what it takes, and with a command below it.
  func usage(_ title: String) -> [String] {
    var ways: [String] = []
    if !subcommands.isEmpty { ways.append(title + " COMMAND …") }
    if subcommands.isEmpty || action != nil {
      // Help is one of the flags; a command with no others shows none.
      let declared = declared
      let shown = declared.flags.filter { $0.name != "help" }
      let words =
        (shown.count > 4 && shown.allSatisfy { $0.counts.lowerBound == 0 }
          ? ["[FLAGS]"] : shown.map(\.usage)) + declared.arguments.map(\.usage)
      ways.append(([title] + words).joined(separator: " "))
    }
    return ways
  }
}

extension ParameterDeclaration {
  /// `-t, --threads N`; padded, names stand below each other where a letter is missing.
  func label(padded: Bool) -> String {
    let letter = short.map { "-\($0), " } ?? (padded ? "    " : "")
    return letter + "--" + name + valueSuffix
  }

  /// The summary, with the choices and the default.
  var sentence: String {
    var notes: [String] = []
    if case .words(let words) = completion { notes.append(alternatives(words)) }
    if let defaultText { notes.append("default \(defaultText)") }
    if counts.upperBound > 1, role != .argument { notes.append("may be repeated") }
    guard !notes.isEmpty else { return summary }
    return summary.dropLast() + " (" + notes.joined(separator: "; ") + ")" + summary.suffix(1)
  }

  /// How it stands in a usage line.
  fileprivate var usage: String {
    let word = role == .argument ? name : "--" + name + valueSuffix
    let repeated = counts.upperBound > 1 ? word + "…" : word
    return counts.lowerBound == 0 ? "[\(repeated)]" : repeated
  }

  private var valueSuffix: String {
    switch valueNeed {
    case .none: ""
    case .optional: "[=\(placeholder)]"
    case .required: " " + placeholder
    }
  }
}
