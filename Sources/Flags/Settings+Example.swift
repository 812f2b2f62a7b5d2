// The example configuration: every setting with what it means, laid out as a file that can be used
// after what stands open is filled in. What has a default, or may be left out, stands as a comment without a space
// behind its dashes, so that a person, or a test, can tell it from the prose.

extension Settings {
  /// The text of an example file.
  package func example(width: Int = 80) -> String {
    var lines = ["{"]
    write(below: [], width: width, into: &lines)
    return (lines + ["}", ""]).joined(separator: "\n")
  }

  private func write(below path: [String], width: Int, into lines: inout [String]) {
    let indent = String(repeating: "  ", count: path.count + 1)
    var written: Set<String> = []
    for declaration in declarations where declaration.path.starts(with: path) {
      let name = declaration.path[path.count]
      guard written.insert(name).inserted else { continue }
      if written.count > 1 { lines.append("") }
      let inner = path + [name]
      if declaration.path == inner {
        lines += comment(declaration.remarks, indent: indent, width: width)
        lines.append(
          "\(indent)\(declaration.isFilledIn ? "" : "//")\(name): \(declaration.exampleText),")
      } else {
        let text = sections[inner.joined(separator: ".")] ?? ""
        lines += comment(text, indent: indent, width: width)
        writeSection(inner, indent: indent, width: width, into: &lines)
      }
    }
  }

  /// An object of settings, which is a comment as a whole when nothing in it is to be filled in.
  private func writeSection(
    _ path: [String], indent: String, width: Int, into lines: inout [String]
  ) {
    let isFilledIn = declarations.contains { $0.path.starts(with: path) && $0.isFilledIn }
    let mark = isFilledIn ? "" : "//"
    lines.append("\(indent)\(mark)\(path[path.count - 1]): {")
    write(below: path, width: width, into: &lines)
    lines.append("\(indent)\(mark)},")
  }

  private func comment(_ text: String, indent: String, width: Int) -> [String] {
    text.isEmpty
      ? [] : wrappedLines(text, width: width - indent.count - 3).map { "\(indent)// \($0)" }
  }
}

extension SettingDeclaration {
  /// The summary, and what else is true of the setting.
  package var remarks: String {
    var remarks = summary + " Wants \(wanted)."
    if isRequired { remarks += " Must be given." }
    if let variable = options.variable { remarks += " May come from the variable \(variable)." }
    if options.needsRestart { remarks += " A change needs a restart." }
    if options.isUnused { remarks += " Not used yet." }
    return remarks
  }
}
