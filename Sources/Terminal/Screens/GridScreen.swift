// The screen without a terminal: what was shown last is kept and can be looked at. Tests look at it,
// and so does whoever wants one picture of a screen as text.

/// A screen in memory.
package struct GridScreen: ScreenBackend, Sendable {
  package private(set) var size: GridSize
  package let abilities: ScreenAbilities
  package private(set) var theme: Theme
  /// What a person would see.
  package private(set) var shown: Surface
  private var isKnown = false

  package init(
    _ size: GridSize,
    abilities: ScreenAbilities = ScreenAbilities(alphabet: .unicode, depth: .full),
    theme: Theme = Theme("plain", [:])
  ) {
    self.size = size
    self.abilities = abilities
    self.theme = theme
    shown = Surface(size)
  }

  package mutating func resize(to size: GridSize) {
    self.size = size
    shown = Surface(size)
    isKnown = false
  }

  package mutating func use(_ theme: Theme) {
    isKnown = isKnown && theme == self.theme
    self.theme = theme
  }

  package mutating func show(_ surface: Surface) -> Frame {
    let next = surface.fit(for: size, abilities.alphabet)
    var changed = 0
    for row in 0..<size.rows {
      if !isKnown {
        changed += size.columns
      } else {
        changed += zip(next.row(row), shown.row(row)).count { $0 != $1 }
      }
    }
    shown = next
    isKnown = true
    return Frame(cellsChanged: changed)
  }

  package mutating func redraw() {
    isKnown = false
  }
}
