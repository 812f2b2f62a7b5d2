// What roles look like, as a value. A theme names roles or prefixes of them; for each part of a look
// the longest name that has it wins, so `state` colours every state and `state.failed` adds to it.
// Reading themes from files is the console's; here is what it reads them into.

/// What is said about one role or prefix; what is nil is said elsewhere.
package struct Look: Hashable, Sendable {
  package var foreground: Colour?
  package var background: Colour?
  package var attributes: Attributes?

  package init(
    _ foreground: Colour? = nil, on background: Colour? = nil, _ attributes: Attributes? = nil
  ) {
    self.foreground = foreground
    self.background = background
    self.attributes = attributes
  }
}

/// Colours and attributes of one cell, everything said.
package struct ResolvedLook: Hashable, Sendable {
  /// nil is the terminal's own.
  package var foreground: Colour?
  package var background: Colour?
  package var attributes: Attributes

  package init(foreground: Colour?, background: Colour?, attributes: Attributes) {
    self.foreground = foreground
    self.background = background
    self.attributes = attributes
  }
}

/// A look for every role.
package struct Theme: Sendable, Equatable {
  package let name: String
  /// By the number of the role.
  private let looks: [Look]
  /// The glyphs that it asks for.
  package let glyphs: GlyphWish

  /// A theme from what it says about roles and prefixes. `.text` may say the screen's own colours.
  package init(_ name: String, _ rules: [String: Look], glyphs: GlyphWish = .best) {
    self.name = name
    self.glyphs = glyphs
    looks = Role.allCases.map { role in
      var look = Look()
      for prefix in Self.prefixes(of: role.name) {
        guard let rule = rules[prefix] else { continue }
        look.foreground = rule.foreground ?? look.foreground
        look.background = rule.background ?? look.background
        look.attributes = rule.attributes ?? look.attributes
      }
      return look
    }
  }

  /// What a theme may speak about: the roles, and their prefixes.
  package static let names: Set<String> = Set(Role.allCases.flatMap { prefixes(of: $0.name) })

  /// What it says about a role, prefixes included.
  package func look(_ role: Role) -> Look { looks[Int(role.rawValue)] }

  /// How a cell of the style looks: its role's foreground, its ground's background, and the
  /// attributes of both and its own. The ground's foreground serves where plain text lies on it.
  package func resolve(_ style: Style) -> ResolvedLook {
    let (role, ground, plain) = (look(style.role), look(style.ground), look(.text))
    var attributes = style.attributes
    attributes.formUnion(role.attributes ?? [])
    if style.ground != .text { attributes.formUnion(ground.attributes ?? []) }
    var foreground = role.foreground
    if style.role == .text && style.ground != .text { foreground = ground.foreground ?? foreground }
    var background = style.ground == .text ? role.background : ground.background
    background = background ?? plain.background
    return ResolvedLook(
      foreground: foreground ?? plain.foreground, background: background, attributes: attributes)
  }

  /// A gradient from cool to hot through these colours, as rules for the roles `heat.0` and so on.
  package static func gradient(_ stops: [Colour]) -> [String: Look] {
    precondition(stops.count >= 2, "a gradient goes from one colour to another")
    var rules: [String: Look] = [:]
    for step in 0..<Role.heatSteps {
      let place = Double(step * (stops.count - 1)) / Double(Role.heatSteps - 1)
      let stop = min(Int(place), stops.count - 2)
      rules["heat.\(step)"] = Look(stops[stop].mixed(with: stops[stop + 1], place - Double(stop)))
    }
    return rules
  }

  /// `a`, `a.b` and `a.b.c` of `a.b.c`.
  private static func prefixes(of name: String) -> [String] {
    let parts = name.split(separator: ".")
    return parts.indices.map { parts[...$0].joined(separator: ".") }
  }
}

/// Which glyphs a theme wants.
package enum GlyphWish: String, CaseIterable, Sendable {
  /// The best that the terminal shows.
  case best = "unicode"
  case ascii
}
