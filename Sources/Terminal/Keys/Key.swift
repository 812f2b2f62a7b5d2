// Keys as a person names them, apart from the bytes that a terminal sends for them. The spelling
// (`C-c`, `S-Tab`, `F5`, `g`) is the same in help, in settings and in tests.

/// A key, with what was held down.
package struct Key: Hashable, Sendable {
  package var code: KeyCode
  package var modifiers: Modifiers

  package init(_ code: KeyCode, _ modifiers: Modifiers = []) {
    self.code = code
    self.modifiers = modifiers
  }

  /// A key that types a character.
  package static func character(_ scalar: Unicode.Scalar) -> Key { Key(.character(scalar)) }
  /// A letter with Control.
  package static func control(_ scalar: Unicode.Scalar) -> Key {
    Key(.character(scalar), .control)
  }
}

/// Which key.
package enum KeyCode: Hashable, Sendable {
  case character(Unicode.Scalar)
  case enter, tab, escape, backspace, delete, insert
  case up, down, left, right, home, end, pageUp, pageDown
  /// F1 is 1.
  case function(Int)
}

/// What is held down beside a key, as a set.
package struct Modifiers: OptionSet, Hashable, Sendable {
  package let rawValue: UInt8

  package init(rawValue: UInt8) {
    self.rawValue = rawValue
  }

  package static let shift = Modifiers(rawValue: 1)
  package static let alt = Modifiers(rawValue: 2)
  package static let control = Modifiers(rawValue: 4)
}

extension Key: CustomStringConvertible {
  private static let named: [(KeyCode, String)] = [
    (.enter, "Enter"), (.tab, "Tab"), (.escape, "Esc"), (.backspace, "Backspace"),
    (.delete, "Del"), (.insert, "Ins"), (.up, "Up"), (.down, "Down"), (.left, "Left"),
    (.right, "Right"), (.home, "Home"), (.end, "End"), (.pageUp, "PgUp"), (.pageDown, "PgDn"),
    (.character(" "), "Space"),
  ]
  private static let held: [(Modifiers, String)] = [
    (.control, "C-"), (.alt, "M-"), (.shift, "S-"),
  ]

  /// `C-c`, `S-Tab`, `F5`, `g`.
  package var description: String {
    let prefix = Self.held.filter { modifiers.contains($0.0) }.map(\.1).joined()
    if let name = Self.named.first(where: { $0.0 == code })?.1 { return prefix + name }
    switch code {
    case .character(let scalar): return prefix + String(scalar)
    case .function(let number): return prefix + "F\(number)"
    default: return prefix
    }
  }

  /// Reads what `description` writes; names in any case.
  package init?(parsing text: some StringProtocol) {
    var rest = Substring(text)
    var modifiers: Modifiers = []
    while let (modifier, prefix) = Self.held.first(where: {
      rest.count > 2 && rest.lowercased().hasPrefix($0.1.lowercased())
    }) {
      modifiers.insert(modifier)
      rest = rest.dropFirst(prefix.count)
    }
    let name = rest.lowercased()
    if let code = Self.named.first(where: { $0.1.lowercased() == name })?.0 {
      self.init(code, modifiers)
    } else if name.hasPrefix("f"), let number = Int(name.dropFirst()), (1...63).contains(number) {
      self.init(.function(number), modifiers)
    } else if let scalar = rest.unicodeScalars.first, rest.unicodeScalars.count == 1,
      columnCount(of: scalar) ?? 0 > 0
    {
      self.init(.character(scalar), modifiers)
    } else {
      return nil
    }
  }
}

/// Something that a mouse did.
package struct MouseEvent: Hashable, Sendable {
  package enum Action: Hashable, Sendable {
    case pressed, released, moved, wheelUp, wheelDown
  }

  package var action: Action
  /// 1 left, 2 middle, 3 right; 0 none.
  package var button: Int
  package var place: CellPlace
  package var modifiers: Modifiers

  package init(_ action: Action, button: Int, at place: CellPlace, _ modifiers: Modifiers = []) {
    self.action = action
    self.button = button
    self.place = place
    self.modifiers = modifiers
  }
}

/// Text that was pasted, as it came.
package struct Paste: Hashable, Sendable {
  package var bytes: [UInt8]
  /// How many bytes were more than is kept.
  package var bytesLost: Int

  package init(_ bytes: [UInt8], bytesLost: Int = 0) {
    self.bytes = bytes
    self.bytesLost = bytesLost
  }

  /// As text with `\n` at the ends of lines; what is no UTF-8 is replaced.
  package var text: String {
    String(decoding: bytes, as: UTF8.self).split(
      separator: "\r\n", omittingEmptySubsequences: false
    ).joined(separator: "\n").map { $0 == "\r" ? "\n" : String($0) }.joined()
  }
}

/// What came in over the line.
package enum Input: Hashable, Sendable {
  case key(Key)
  case paste(Paste)
  case mouse(MouseEvent)
  /// The terminal answered that it has read everything up to the question.
  case status
  /// The terminal says whether it knows a mode.
  case mode(Int, isKnown: Bool)
}
