// What lies over a screen: a box in its middle with a title, text and what can be chosen. It covers
// what is below it and leaves the rest as it is.

package import Terminal

/// A box over a screen.
package struct Popup: Sendable {
  package var title: String
  package var lines: [[Words]]
  /// What can be chosen, each with its key.
  package var choices: [KeyHint]

  package init(_ title: String, _ lines: [[Words]], choices: [KeyHint] = []) {
    self.title = title
    self.lines = lines
    self.choices = choices
  }

  /// A popup of plain text, wrapped at the columns that it gets.
  package init(_ title: String, text: String, choices: [KeyHint] = [], columns: Int = 60) {
    self.init(
      title, wrapped(text, columns: columns).map { [Words($0)] }, choices: choices)
  }

  /// Draws the box in the middle of the region; answers where its text is.
  @discardableResult
  package func draw(into surface: inout Surface, _ region: Region, _ brush: Brush) -> Region {
    let widest = lines.map { $0.reduce(0) { $0 + $1.columns } }.max() ?? 0
    let hints = KeyHints(choices)
    let columns = max(widest, columnCount(of: title) + 2, hints.columns) + 4
    let rows = lines.count + (choices.isEmpty ? 0 : 2) + 2
    let box = region.centred(rows: rows, columns: columns)
    surface.fill(box, Style(.text, on: .popup))
    let border = Border([Words(title, .popupTitle)], isFocused: true, on: .popup)
    let inner = border.draw(into: &surface, box, brush).inset(columns: 1)
    let (body, foot) = inner.split(bottom: choices.isEmpty ? 0 : 1)
    for (index, line) in lines.prefix(body.rows).enumerated() {
      surface.draw(line, in: body.line(index), on: .popup, brush: brush)
    }
    hints.draw(into: &surface, foot, brush, on: .popup)
    surface.cursor = nil
    return body
  }
}

/// A list over a screen, of which one is chosen.
package struct Menu: Sendable {
  package var title: String
  package var items: [[Words]]
  /// The items that cannot be chosen.
  package var disabled: Set<Int>
  package var selected: Int
  package var top: Int

  package init(
    _ title: String, _ items: [[Words]], selected: Int = 0, top: Int = 0, disabled: Set<Int> = []
  ) {
    self.title = title
    self.items = items
    self.selected = selected
    self.top = top
    self.disabled = disabled
  }

  /// Draws the list in the middle of the region, at most so many rows of it; answers how many.
  @discardableResult
  package func draw(
    into surface: inout Surface, _ region: Region, _ brush: Brush, rowsMax: Int = 20
  ) -> Int {
    let widest = items.map { $0.reduce(0) { $0 + $1.columns } }.max() ?? 0
    let shown = min(rowsMax, items.count, max(1, region.rows - 2))
    let box = region.centred(
      rows: shown + 2, columns: max(widest, columnCount(of: title) + 2) + 4)
    surface.fill(box, Style(.text, on: .popup))
    let border = Border([Words(title, .popupTitle)], isFocused: true, on: .popup)
    let inner = border.draw(into: &surface, box, brush)
    for line in 0..<inner.rows where top + line < items.count {
      let index = top + line
      let ground = index == selected ? Role.selection : .popup
      let row = inner.line(line)
      surface.fill(row, Style(.text, on: ground))
      let words = items[index].map { words in
        disabled.contains(index) ? Words(words.text, .disabled) : words
      }
      surface.draw(words, in: row.inset(columns: 1), on: ground, brush: brush)
      if index == selected {
        surface.draw(
          Words(String(brush.glyphs.pointer), .accent), in: row, on: ground, brush: brush)
      }
    }
    let track = Region(
      row: inner.row, column: box.endColumn - 1, rows: inner.rows, columns: 1)
    Scrollbar(top: top, seen: inner.rows, count: items.count).draw(into: &surface, track, brush)
    surface.cursor = nil
    return inner.rows
  }
}
