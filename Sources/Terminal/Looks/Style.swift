// How a cell looks, said by meaning: the role of its text, the role of its ground, and attributes
// besides. Only a theme knows colours, so one drawing serves every theme and a screen without any.

/// Bold and its like, as a set.
package struct Attributes: OptionSet, Hashable, Sendable {
  package let rawValue: UInt8

  package init(rawValue: UInt8) {
    self.rawValue = rawValue
  }

  package static let bold = Attributes(rawValue: 1)
  package static let dim = Attributes(rawValue: 2)
  package static let italic = Attributes(rawValue: 4)
  package static let underline = Attributes(rawValue: 8)
  package static let reverse = Attributes(rawValue: 16)
  package static let blink = Attributes(rawValue: 32)

  /// Each attribute with its name, as themes spell it.
  package static let named: [(name: String, attribute: Attributes)] = [
    ("bold", .bold), ("dim", .dim), ("italic", .italic), ("underline", .underline),
    ("reverse", .reverse), ("blink", .blink),
  ]
}

/// What a cell means.
package struct Style: Hashable, Sendable {
  /// What the text is.
  package var role: Role
  /// What it lies on; `.text` lies on the screen itself.
  package var ground: Role
  package var attributes: Attributes

  package init(_ role: Role = .text, on ground: Role = .text, _ attributes: Attributes = []) {
    self.role = role
    self.ground = ground
    self.attributes = attributes
  }

  /// The same on another ground.
  package func on(_ ground: Role) -> Style { Style(role, on: ground, attributes) }
}

extension Style: CustomStringConvertible {
  package var description: String {
    let ground = ground == .text ? "" : "/\(ground.name)"
    let names = Attributes.named.filter { attributes.contains($0.attribute) }.map { "+" + $0.name }
    return role.name + ground + names.joined()
  }
}
