// What the environment says of the terminal: its kind, its alphabet, wishes about colours. It is
// read once, as a value, so that every decision that follows from it can be made in a test.

import Ambient

/// The variables that matter, by name.
package struct TerminalEnvironment: Sendable {
  private let variables: [String: String]

  package init(_ variables: [String: String]) {
    self.variables = variables
  }

  /// The variables of this process.
  package static var live: TerminalEnvironment {
    let names = ["TERM", "COLORTERM", "NO_COLOR", "LC_ALL", "LC_CTYPE", "LANG", "TMUX", "STY"]
    var variables: [String: String] = [:]
    for name in names {
      variables[name] = ThisProcess.variable(name).map { String(decoding: $0, as: UTF8.self) }
    }
    return TerminalEnvironment(variables)
  }

  package subscript(name: String) -> String? { variables[name] }

  /// The kind of the terminal; empty when it does not say.
  package var kind: String { self["TERM"] ?? "" }

  /// What the terminal shows, by the name of the locale. A locale that this machine lacks still says
  /// what the person's terminal speaks.
  package var alphabet: Alphabet {
    let name = ["LC_ALL", "LC_CTYPE", "LANG"].lazy.compactMap { self[$0] }.first { !$0.isEmpty }
    let spelling = (name ?? "").lowercased()
    return spelling.contains("utf-8") || spelling.contains("utf8") ? .unicode : .ascii
  }
}

/// Kinds of terminals, by family.
package enum TerminalKind {
  /// The kinds to try for a terminal that calls itself so, the best first; none when only plain text
  /// is safe.
  ///
  /// Terminals come faster than databases: one that is not known is tried as what it descends from.
  /// One that nobody has heard of gets plain text and no guess.
  package static func candidates(for name: String) -> [String] {
    guard !name.isEmpty, name != "dumb", name != "unknown" else { return [] }
    let isNamed = { (families: [String]) in
      families.contains { name == $0 || name.hasPrefix($0 + "-") }
    }
    if isNamed(modern) { return unique([name, "xterm-256color", "xterm", "vt100"]) }
    if isNamed(["tmux"]) {
      return unique([name, "tmux-256color", "screen-256color", "screen", "vt100"])
    }
    if isNamed(["screen"]) { return unique([name, "screen-256color", "screen", "vt100"]) }
    if isNamed(["rxvt"]) { return unique([name, "rxvt", "xterm", "vt100"]) }
    if isNamed(["vt220", "vt320", "vt420", "vt520", "vt102", "ansi", "linux"]) {
      return unique([name, "vt100"])
    }
    return [name]
  }

  /// Whether it may be asked questions that only descendants of xterm understand; others would show
  /// them as text.
  package static func understandsQuestions(_ name: String) -> Bool {
    (modern + ["tmux", "rxvt-unicode"]).contains { name == $0 || name.hasPrefix($0 + "-") }
  }

  private static let modern = [
    "xterm", "kitty", "xterm-kitty", "foot", "ghostty", "xterm-ghostty", "alacritty", "wezterm",
    "contour", "rio", "st", "konsole", "vte", "gnome", "mintty", "putty", "iterm", "iterm2",
    "hterm",
    "mlterm", "terminator", "terminology", "nsterm",
  ]

  private static func unique(_ names: [String]) -> [String] {
    names.enumerated().filter { names[..<$0.offset].contains($0.element) == false }.map(\.element)
  }
}
