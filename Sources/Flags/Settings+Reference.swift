// The reference of the settings as Markdown: one table for those that stand at the top and one for
// each object, in the order of their declarations. It is a page of the documentation, checked against
// the declarations by a test, so it never says anything else than the program does.

extension Settings {
  /// The tables of the reference.
  package func reference() -> String {
    var tables: [String] = []
    var heads: [String] = []
    for declaration in declarations where !heads.contains(declaration.head) {
      heads.append(declaration.head)
    }
    for head in heads {
      let rows = declarations.filter { $0.head == head }.map(\.row)
      if !head.isEmpty { tables.append("## \(head)\n\n\(sections[head] ?? "")") }
      tables.append(
        (["| setting | wants | default | changes | meaning |", "|---|---|---|---|---|"] + rows)
          .joined(separator: "\n"))
    }
    return tables.joined(separator: "\n\n") + "\n"
  }
}

extension SettingDeclaration {
  /// The object that it stands in; empty at the top.
  fileprivate var head: String { path.dropLast().joined(separator: ".") }

  fileprivate var row: String {
    let standard = isRequired ? "must be given" : defaultText.map { "`\($0)`" } ?? "none"
    let changes = options.needsRestart ? "restart" : "at once"
    var meaning = summary
    if let variable = options.variable { meaning += " May come from the variable `\(variable)`." }
    if options.isSecret { meaning += " Never shown." }
    if options.isUnused { meaning += " Not used yet." }
    let cells = ["`\(path.last ?? key)`", wanted, standard, changes, meaning]
    return "| " + cells.map { $0.replacing("|", with: "\\|") }.joined(separator: " | ") + " |"
  }
}
