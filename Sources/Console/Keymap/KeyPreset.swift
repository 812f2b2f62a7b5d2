// Sets of keys that people bring along from other programs. Each changes what it must and leaves the
// rest; none gives a lower-case letter to anything that acts.

/// A set of keys by name.
package enum KeyPreset: String, CaseIterable, Sendable {
  case `default`, vi, htop, k9s

  /// What it gives to which command, in place of what the table says.
  var keys: [(CommandName, [String])] {
    switch self {
    case .default: []
    case .vi:
      [
        (.top, ["Home", "g g"]), (.quit, ["Z Z", "Z Q", "F10"]), (.halfDown, ["C-d"]),
        (.halfUp, ["C-u"]), (.markNone, ["U"]), (.undo, ["u"]), (.markRange, ["v", "V"]),
        (.verify, ["a v"]),
      ]
    case .htop:
      [
        (.filter, ["F4", "\\"]), (.find, ["F3", "/"]), (.mark, ["Space"]), (.markNone, ["U"]),
        (.sort, ["F6", ">"]), (.sortReverse, ["I"]), (.help, ["F1", "?", "h"]),
        (.left, ["Left"]), (.right, ["Right"]), (.up, ["Up", "C-p"]), (.down, ["Down", "C-n"]),
      ]
    case .k9s:
      [
        (.filter, ["/", "f"]), (.find, ["F3"]), (.open, ["Enter", "d"]),
        (.mark, ["Space"]), (.markNone, ["u"]), (.refresh, ["C-r", "F5"]),
        ("show.jobs", ["x", "J"]),
      ]
    }
  }

  func apply(to keymap: inout Keymap, _ table: CommandTable) {
    for (command, texts) in keys where table[command] != nil {
      keymap.bind(
        command,
        to: texts.map { text in
          guard let sequence = KeySequence(parsing: text) else {
            preconditionFailure("the preset \(rawValue) names keys that are none: \(text)")
          }
          return sequence
        })
    }
  }
}
