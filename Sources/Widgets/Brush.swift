// What every widget is drawn with, and the few strokes that all of them share.

package import Terminal

/// Glyphs to draw with, and whether there is room on the line for charts.
package struct Brush: Hashable, Sendable {
  package let glyphs: GlyphSet
  package let detail: DetailLevel

  package init(_ glyphs: GlyphSet, detail: DetailLevel = .all) {
    self.glyphs = glyphs
    self.detail = detail
  }

  /// Whether bars and charts are drawn beside their numbers.
  package var drawsCharts: Bool { detail < .withoutCharts }
  /// What stands where text was cut.
  package var ellipsis: String { String(glyphs.ellipsis) }
  /// What stands for a figure that is not known.
  package var unknown: String { String(glyphs.unknown) }
}

/// Text and what it means.
package struct Words: Hashable, Sendable {
  package var text: String
  package var role: Role
  package var attributes: Attributes

  package init(_ text: String, _ role: Role = .text, _ attributes: Attributes = []) {
    self.text = text
    self.role = role
    self.attributes = attributes
  }

  /// How many columns it takes.
  package var columns: Int { columnCount(of: text) }
}

extension Surface {
  /// Draws words into the first row of a region, cut where it ends; answers the column behind them.
  @discardableResult
  package mutating func draw(
    _ words: Words, in region: Region, on ground: Role = .text, right: Bool = false,
    cut: Cut = .end, brush: Brush
  ) -> Int {
    let text = fitted(words.text, columns: region.columns, cut: cut, ellipsis: brush.ellipsis)
    let indent = right ? region.columns - columnCount(of: text) : 0
    return draw(
      text, row: region.row, column: region.column + indent,
      Style(words.role, on: ground, words.attributes), in: region)
  }

  /// Draws several words one after the other.
  @discardableResult
  package mutating func draw(
    _ line: [Words], in region: Region, on ground: Role = .text, brush: Brush
  ) -> Int {
    var column = region.column
    for words in line where column < region.endColumn {
      let rest = region.split(left: column - region.column).rest
      column = draw(words, in: rest, on: ground, brush: brush)
    }
    return column
  }
}

/// A border with a title, for panes and popups.
package struct Border: Sendable {
  package var title: [Words]
  /// What stands at the right of the title.
  package var note: [Words]
  package var isFocused: Bool
  package var ground: Role

  package init(
    _ title: [Words], note: [Words] = [], isFocused: Bool = false, on ground: Role = .text
  ) {
    self.title = title
    self.note = note
    self.isFocused = isFocused
    self.ground = ground
  }

  /// Draws the border and answers what is inside of it. A region too small for one is all inside.
  package func draw(into surface: inout Surface, _ region: Region, _ brush: Brush) -> Region {
    guard region.rows >= 3, region.columns >= 4 else { return region }
    let glyphs = brush.glyphs
    let style = Style(isFocused ? .borderFocus : .border, on: ground)
    let top = region.line(0)
    let bottom = region.line(region.rows - 1)
    for (line, left, right) in [
      (top, glyphs.topLeft, glyphs.topRight), (bottom, glyphs.bottomLeft, glyphs.bottomRight),
    ] {
      surface.fill(line, style, with: glyphs.horizontal)
      surface.fill(line.split(left: 1).left, style, with: left)
      surface.fill(line.split(left: region.columns - 1).rest, style, with: right)
    }
    let sides = region.inset(rows: 1)
    surface.fill(sides.split(left: 1).left, style, with: glyphs.vertical)
    surface.fill(sides.split(left: region.columns - 1).rest, style, with: glyphs.vertical)
    let inner = region.inset(rows: 1, columns: 1)
    surface.fill(inner, Style(.text, on: ground))
    drawTitle(into: &surface, top.inset(columns: 2), brush)
    return inner
  }

  private func drawTitle(into surface: inout Surface, _ line: Region, _ brush: Brush) {
    func spaced(_ words: [Words]) -> [Words] {
      words.isEmpty ? [] : [Words(" ")] + words + [Words(" ")]
    }
    let (title, note) = (spaced(title), spaced(note))
    let noteColumns = note.reduce(0) { $0 + $1.columns }
    let titleColumns = title.reduce(0) { $0 + $1.columns }
    // The title goes first: a note that does not fit beside it is left out whole.
    let showsNote = noteColumns > 0 && titleColumns + noteColumns < line.columns
    let room = showsNote ? line.split(left: line.columns - noteColumns) : (left: line, rest: line)
    surface.draw(title, in: room.left, on: ground, brush: brush)
    if showsNote { surface.draw(note, in: room.rest, on: ground, brush: brush) }
  }
}
