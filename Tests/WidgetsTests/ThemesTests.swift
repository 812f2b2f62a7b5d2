// The shipped themes can be read, and told apart without their colours.

import Terminal
import Testing
import Widgets

@Suite struct ThemesTests {
  /// The grounds that a text of any role may lie on.
  static let grounds: [Role] = [.text, .cursor, .cursorIdle, .marked, .popup, .selection, .status]

  @Test(arguments: ["dark", "light", "contrast", "colour-blind"], grounds)
  func `text reads well on every ground`(_ name: String, _ ground: Role) throws {
    let theme = try #require(Theme.shipped.first { $0.name == name })
    // A theme that leaves the ground to the terminal is for dark terminals or for light ones.
    let own = theme.name == "light" ? Colour(0xFFFFFF) : Colour(0x101010)
    let ornaments: Set<Role> = [
      .border, .gaugeEmpty, .scrollbar, .gaugeFill, .gaugeHigh, .gaugeOver,
    ]
    for role in Role.allCases where !ornaments.contains(role) && !role.name.hasPrefix("heat") {
      let look = theme.resolve(Style(role, on: ground))
      let (front, back) = (look.foreground ?? own, look.background ?? own)
      #expect(
        front.contrast(with: back) >= 4.5, "\(name): \(role.name) on \(ground.name)")
    }
  }

  @Test func `each is named once, and the first is for dark terminals`() {
    #expect(Theme.shipped.map(\.name) == ["dark", "light", "mono", "contrast", "colour-blind"])
  }

  @Test func `without colours the rows that matter still look different`() {
    let mono = Theme.mono
    func look(_ role: Role, _ ground: Role = .text) -> ResolvedLook {
      mono.resolve(Style(role, on: ground))
    }
    #expect(look(.text, .cursor).attributes.contains(.reverse))
    #expect(look(.text, .cursorIdle) != look(.text))
    #expect(look(.text, .marked) != look(.text))
    #expect(look(.stateFailed) != look(.stateDirty))
    #expect(look(.stateClean) != look(.stateDirty))
    #expect(look(.alarmCritical) != look(.alarmWarning))
    for role in Role.allCases {
      #expect(look(role).foreground == nil && look(role).background == nil)
    }
  }

  @Test func `blue and orange are all that the colour-blind theme needs`() {
    let theme = Theme.colourBlind
    func distance(_ one: Role, _ other: Role) -> Double {
      guard let a = theme.look(one).foreground, let b = theme.look(other).foreground else {
        return 0
      }
      return a.distance(to: b)
    }
    #expect(distance(.stateFailed, .stateClean) > 0.15)
    #expect(distance(.gaugeFill, .gaugeOver) > 0.15)
    #expect(distance(.good, .bad) > 0.15)
  }
}
