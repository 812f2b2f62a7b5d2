// The door through which surfaces become visible. Two stand behind it: a terminal driven by curses,
// and a grid in memory. Both show the same for the same calls; one contract suite says so.

/// What a screen is able to show.
package struct ScreenAbilities: Hashable, Sendable {
  package var alphabet: Alphabet
  package var depth: ColourDepth
  /// The name that the terminal is driven by; empty for none.
  package var kind: String

  package init(alphabet: Alphabet, depth: ColourDepth, kind: String = "") {
    self.alphabet = alphabet
    self.depth = depth
    self.kind = kind
  }
}

/// What showing a surface came to.
package struct Frame: Equatable, Sendable {
  /// What has to be sent to the terminal, in order; empty when nothing changed.
  package var bytes: [UInt8]
  /// How many cells were different.
  package var cellsChanged: Int

  package init(bytes: [UInt8] = [], cellsChanged: Int = 0) {
    self.bytes = bytes
    self.cellsChanged = cellsChanged
  }
}

/// Where surfaces are shown.
package protocol ScreenBackend: ~Copyable {
  var size: GridSize { get }
  var abilities: ScreenAbilities { get }

  /// Takes over a new size; what was shown is unknown from then on.
  mutating func resize(to size: GridSize)
  /// Looks from now on as the theme says.
  mutating func use(_ theme: Theme)
  /// Shows the surface, cut or with blanks where it has another size, and sends only what changed
  /// since the last one. What the alphabet lacks is replaced.
  mutating func show(_ surface: Surface) -> Frame
  /// Has the next surface drawn as if nothing were known of what is shown.
  mutating func redraw()
}

extension Surface {
  /// What a screen of this size and alphabet can show of it.
  func fit(for size: GridSize, _ alphabet: Alphabet) -> Surface {
    let cut = resized(to: size)
    guard alphabet == .ascii else { return cut }
    var plain = Surface(size)
    plain.cursor = cut.cursor
    for row in 0..<size.rows {
      for column in 0..<size.columns {
        let cell = cut[row, column]
        let text = cell.isContinuation ? " " : cell.isASCII ? cell.text : "?"
        plain.draw(text, row: row, column: column, cell.style, in: plain.region)
      }
    }
    return plain
  }
}
