// What a person should know of a theme before others have to read with it: text that is hard to read
// where it lies, and states that look alike. States have shapes and letters of their own besides, so
// the second costs nobody a fact; it costs the glance.

package import Terminal
internal import Widgets

/// What a check of a theme has found.
package struct ThemeCheck: Sendable {
  /// What text must have at least to be read (WCAG 2, level AA).
  package static let contrastMin = 4.5
  /// Nearer than this, two colours are one at a glance.
  static let distanceMin = 0.04

  /// Sentences, each about one role or two.
  package let findings: [String]

  /// Checks a theme; `base` says whether its own ground is that of a dark terminal or of a light one.
  package init(_ theme: Theme, base: String) {
    findings = Self.unreadable(theme, base) + Self.alike(theme)
  }

  /// The grounds that text lies on.
  private static let grounds: [Role] = [
    .text, .cursor, .cursorIdle, .marked, .popup, .selection, .status,
  ]
  /// What is drawn for its shape, and never read.
  private static let ornaments: Set<Role> = [
    .border, .gaugeEmpty, .scrollbar, .gaugeFill, .gaugeHigh, .gaugeOver,
  ]

  private static func unreadable(_ theme: Theme, _ base: String) -> [String] {
    let own = base == "light" ? Colour(0xFFFFFF) : Colour(0x101010)
    var found: [String] = []
    for role in Role.allCases where !ornaments.contains(role) && !role.name.hasPrefix("heat") {
      let worst = grounds.compactMap { ground -> (Role, Double)? in
        let look = theme.resolve(Style(role, on: ground))
        guard let front = look.foreground else { return nil }
        return (ground, front.contrast(with: look.background ?? own))
      }.min { $0.1 < $1.1 }
      guard let (ground, contrast) = worst, contrast < contrastMin else { continue }
      found.append(
        "\(role.name) on \(ground == .text ? "the screen" : ground.name) has a contrast of "
          + "\(oneDigit(contrast)); it needs \(oneDigit(contrastMin))")
    }
    return found
  }

  private static func alike(_ theme: Theme) -> [String] {
    let states = StateSign.allCases
    var found: [String] = []
    for (index, one) in states.enumerated() {
      for other in states[(index + 1)...] {
        let (a, b) = (theme.look(one.role), theme.look(other.role))
        guard (a.attributes ?? []) == (b.attributes ?? []), let left = a.foreground,
          let right = b.foreground, left.distance(to: right) < distanceMin
        else { continue }
        found.append("\(one.role.name) and \(other.role.name) look alike")
      }
    }
    return found
  }

  private static func oneDigit(_ value: Double) -> String {
    let tenths = Int(value * 10)
    return "\(tenths / 10).\(tenths % 10)"
  }
}
