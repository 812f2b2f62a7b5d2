// A pane of a screen: what it is called, how many rows it wants, and how it is drawn. Panes stand in
// columns beside one another; where there is no room, the least important go.

internal import Terminal
internal import Widgets

/// One pane.
struct Pane {
  let title: String
  let note: [Words]
  /// Rows of its content: needed, wished for, and its part of what is left over.
  let rows: Share
  let draw: (inout Surface, Region) -> Void

  init(
    _ title: String, note: [Words] = [], rows: Share,
    draw: @escaping (inout Surface, Region) -> Void
  ) {
    self.title = title
    self.note = note
    self.rows = rows
    self.draw = draw
  }

  /// The rows of its border.
  private static let borderRows = 2

  /// The rows that panes below one another wish for.
  static func idealRows(_ panes: [Pane]) -> Int {
    panes.reduce(0) { $0 + $1.rows.ideal + borderRows }
  }

  /// Draws panes below one another.
  static func draw(
    _ panes: [Pane], into surface: inout Surface, _ region: Region, _ brush: Brush
  ) {
    let isBordered = region.columns >= 30 && region.rows >= 5
    let border = isBordered ? borderRows : 1
    let shares = panes.map { pane in
      Share(
        minimum: pane.rows.minimum + border, ideal: pane.rows.ideal + border,
        weight: pane.rows.weight, priority: pane.rows.priority)
    }
    for (pane, place) in zip(panes, region.rows(shares)) {
      guard let place else { continue }
      if isBordered {
        let border = Border([Words(pane.title, .title)], note: pane.note)
        let inner = border.draw(into: &surface, place, brush).inset(columns: 1)
        pane.draw(&surface, inner)
      } else {
        let (head, rest) = place.split(top: place.rows > 1 ? 1 : 0)
        surface.draw(Words(pane.title, .title), in: head, brush: brush)
        pane.draw(&surface, rest)
      }
    }
  }
}

/// Lines of a pane, each a name and what it has.
struct Facts {
  /// One line: a name, its words, and something that is drawn behind them.
  struct Line {
    var name: String
    var words: [Words]
    /// What stands behind them where there is room for all of it.
    var tail: [Words]
    var isImportant: Bool
  }

  var lines: [Line] = []
  /// Columns of the names.
  var nameColumns = 10

  mutating func add(
    _ name: String, _ words: [Words], tail: [Words] = [], isImportant: Bool = true
  ) {
    lines.append(Line(name: name, words: words, tail: tail, isImportant: isImportant))
  }

  /// Draws as many lines as fit, what is important first and all in their order.
  func draw(into surface: inout Surface, _ region: Region, _ brush: Brush) {
    var kept = lines
    while kept.count > region.rows, let place = kept.lastIndex(where: { !$0.isImportant }) {
      kept.remove(at: place)
    }
    for (row, line) in kept.prefix(region.rows).enumerated() {
      let (name, rest) = region.line(row).split(left: nameColumns)
      surface.draw(Words(line.name, .label), in: name, brush: brush)
      let whole = line.words + line.tail
      let fits = whole.reduce(0) { $0 + $1.columns } <= rest.columns
      surface.draw(fits ? whole : line.words, in: rest, brush: brush)
    }
  }
}
