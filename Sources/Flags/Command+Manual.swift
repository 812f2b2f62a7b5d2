// The man page of the whole executable, in the macros of man(7): every command with what it takes,
// every setting of the configuration, exit codes and the environment. One page, because one page can
// be searched.

/// What the man page says beside the commands.
package struct Manual: Sendable {
  package let version: String
  /// Variables that the executable obeys, and what each does.
  package let variables: [(name: String, summary: String)]
  /// The settings of its configuration file; nil when there is none.
  package let settings: Settings?

  package init(
    version: String, variables: [(name: String, summary: String)], settings: Settings? = nil
  ) {
    self.version = version
    self.variables = variables
    self.settings = settings
  }
}

extension Command {
  /// The man page, for section 1.
  package func manual(_ manual: Manual) -> String {
    var page = Roff()
    page.request("TH", name.uppercased(), "1", "", "\(name) \(manual.version)", "")
    page.section("NAME")
    page.text("\(name) \\- " + roff(summary.hasSuffix(".") ? String(summary.dropLast()) : summary))
    page.section("SYNOPSIS")
    page.usage(usage(name))
    page.section("DESCRIPTION")
    page.paragraphs(summary + (details.isEmpty ? "" : "\n\n" + details))
    page.rows(declared.flags.map { ($0.label(padded: false), $0.sentence) })
    page.section("COMMANDS")
    for (path, command) in tree.dropFirst() where command.action != nil {
      command.write(to: &page, called: path.joined(separator: " "))
    }
    if let settings = manual.settings {
      page.section("CONFIGURATION")
      page.paragraphs("The configuration is JSON with comments. Dots in a name lead into objects.")
      page.rows(settings.declarations.map { ($0.key, $0.reference) })
    }
    page.section("EXIT STATUS")
    page.rows(ExitCode.allCases.map { ("\($0.rawValue)", "\($0)".capitalizedSentence) })
    page.section("ENVIRONMENT")
    page.rows(manual.variables.map { ($0.name, $0.summary) })
    return page.lines.joined(separator: "\n") + "\n"
  }

  private func write(to page: inout Roff, called title: String) {
    page.request("SS", title)
    page.usage(usage(title))
    page.paragraphs(summary + (details.isEmpty ? "" : "\n\n" + details))
    let declared = declared
    page.rows(declared.arguments.map { ($0.name, $0.sentence) })
    page.rows(
      declared.flags.filter { $0.name != "help" }.map { ($0.label(padded: false), $0.sentence) })
    for example in examples {
      page.request("PP")
      page.request("EX")
      page.text("    " + roff(example.line))
      page.request("EE")
      page.text(roff(example.summary))
    }
  }
}

/// The lines of a page.
private struct Roff {
  var lines: [String] = []

  mutating func request(_ name: String, _ arguments: String...) {
    let quoted = arguments.map { argument in
      "\""
        + roff(argument).split(separator: "\"", omittingEmptySubsequences: false)
        .joined(separator: "\\(dq") + "\""
    }
    lines.append(([".\(name)"] + quoted).joined(separator: " "))
  }

  /// A line of text that is roff already.
  mutating func text(_ line: String) {
    let isRequest = line.hasPrefix(".") || line.hasPrefix("'")
    lines.append(isRequest ? "\\&" + line : line)
  }

  mutating func section(_ name: String) { request("SH", name) }

  mutating func usage(_ ways: [String]) {
    for (index, way) in ways.enumerated() {
      if index > 0 { request("br") }
      text(roff(way))
    }
  }

  mutating func paragraphs(_ text: String) {
    for paragraph in Flags.paragraphs(text) {
      request("PP")
      let isKept = paragraph.hasPrefix(" ")
      if isKept { request("EX") }
      for line in wrappedLines(paragraph, width: 80) { self.text(roff(line)) }
      if isKept { request("EE") }
    }
  }

  mutating func rows(_ rows: [(label: String, text: String)]) {
    for (label, text) in rows {
      request("TP")
      self.text("\\fB" + roff(label) + "\\fR")
      for line in wrappedLines(text, width: 80) { self.text(roff(line)) }
    }
  }
}

/// Text as roff sets it literally.
private func roff(_ text: String) -> String {
  text.map { character in
    switch character {
    case "\\": "\\e"
    case "-": "\\-"
    case "'": "\\(aq"
    case "`": "\\(ga"
    case "^": "\\(ha"
    case "~": "\\(ti"
    default: character.isASCII ? String(character) : unicode(character)
    }
  }.joined()
}

private func unicode(_ character: Character) -> String {
  character.unicodeScalars.map { "\\[u" + hexadecimal($0) + "]" }.joined()
}

private func hexadecimal(_ scalar: Unicode.Scalar) -> String {
  let digits = String(scalar.value, radix: 16, uppercase: true)
  return String(repeating: "0", count: max(0, 4 - digits.utf8.count)) + digits
}

extension SettingDeclaration {
  /// The remarks and the default.
  fileprivate var reference: String {
    remarks + (defaultText.map { " Default: \($0)." } ?? "")
  }
}

extension String {
  /// The text as a sentence.
  fileprivate var capitalizedSentence: String {
    prefix(1).uppercased() + dropFirst() + "."
  }
}
