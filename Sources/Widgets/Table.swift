// Rows and columns of text. Only the rows that are seen are given to it, so a list of millions costs
// what a screen of it costs. Columns that do not fit go by priority; a row says its state by a mark
// and by its words, and by colour besides.

package import Terminal

/// One column of a table.
package struct TableColumn: Hashable, Sendable {
  package var title: String
  package var share: Share
  /// Figures stand at the right.
  package var isRight: Bool
  package var cut: Cut
  /// Sorted by it: true upwards, false downwards.
  package var ascends: Bool?

  package init(
    _ title: String, _ share: Share, isRight: Bool = false, cut: Cut = .end, ascends: Bool? = nil
  ) {
    self.title = title
    self.share = share
    self.isRight = isRight
    self.cut = cut
    self.ascends = ascends
  }
}

/// One row of a table: words for each column.
package struct TableRow: Hashable, Sendable {
  package var cells: [Words]
  package var isMarked: Bool

  package init(_ cells: [Words], isMarked: Bool = false) {
    self.cells = cells
    self.isMarked = isMarked
  }
}

/// A part of a table as it is seen.
package struct Table: Sendable {
  package var columns: [TableColumn]
  /// The rows that are seen, the first of them being row `top` of `count`.
  package var rows: [TableRow]
  package var top: Int
  package var count: Int
  /// The row of the list that the cursor is on.
  package var cursor: Int?
  package var isFocused: Bool
  /// What is said when there are no rows.
  package var whenEmpty: String
  /// Marked rows have a column of their own.
  package var showsMarks: Bool

  package init(
    _ columns: [TableColumn], _ rows: [TableRow], top: Int = 0, count: Int? = nil,
    cursor: Int? = nil, isFocused: Bool = true, whenEmpty: String = "", showsMarks: Bool = false
  ) {
    self.columns = columns
    self.rows = rows
    self.top = top
    self.count = count ?? rows.count
    self.cursor = cursor
    self.isFocused = isFocused
    self.whenEmpty = whenEmpty
    self.showsMarks = showsMarks
  }

  /// How many rows of the list fit below the header.
  package static func rowsSeen(in region: Region) -> Int { max(0, region.rows - 1) }

  package func draw(into surface: inout Surface, _ region: Region, _ brush: Brush) {
    let seen = Self.rowsSeen(in: region)
    let hasScrollbar = count > seen && region.columns > 10
    let (content, bar) = region.split(left: region.columns - (hasScrollbar ? 1 : 0))
    let (header, body) = content.split(top: 1)
    let columns = places(in: content)
    drawHeader(into: &surface, header, columns, brush)
    if count == 0 {
      let line = body.centred(rows: 1, columns: columnCount(of: whenEmpty))
      surface.draw(Words(whenEmpty, .dim), in: line, brush: brush)
      return
    }
    for (number, row) in rows.prefix(seen).enumerated() {
      draw(row, top + number == cursor, into: &surface, body.line(number), columns, brush)
    }
    if hasScrollbar {
      let track = bar.split(top: 1).rest
      Scrollbar(top: top, seen: seen, count: count).draw(into: &surface, track, brush)
    }
  }

  /// Where the columns stand in a row; nil for those that were left out.
  private func places(in region: Region) -> [Region?] {
    let marks = showsMarks ? 2 : 0
    return region.split(left: marks).rest.columns(columns.map(\.share), gap: 1)
  }

  private func drawHeader(
    into surface: inout Surface, _ line: Region, _ places: [Region?], _ brush: Brush
  ) {
    surface.fill(line, Style(.header))
    for (column, place) in zip(columns, places) {
      guard var place else { continue }
      (place.row, place.rows) = (line.row, line.rows)
      guard let ascends = column.ascends else {
        surface.draw(Words(column.title, .header), in: place, right: column.isRight, brush: brush)
        continue
      }
      // The arrow stays when there is no room for all of the title.
      let arrow = String(ascends ? brush.glyphs.up : brush.glyphs.down)
      let title = fitted(column.title, columns: place.columns - 1, ellipsis: brush.ellipsis) + arrow
      surface.draw(Words(title, .headerSorted), in: place, right: column.isRight, brush: brush)
    }
  }

  private func draw(
    _ row: TableRow, _ isCursor: Bool, into surface: inout Surface, _ line: Region,
    _ places: [Region?], _ brush: Brush
  ) {
    var ground = row.isMarked ? Role.marked : .text
    if isCursor { ground = isFocused ? .cursor : .cursorIdle }
    surface.fill(line, Style(.text, on: ground))
    if showsMarks && row.isMarked {
      surface.draw(Words(String(brush.glyphs.mark), .accent), in: line, on: ground, brush: brush)
    }
    for (index, place) in places.enumerated() where index < row.cells.count {
      guard var place else { continue }
      (place.row, place.rows) = (line.row, line.rows)
      surface.draw(
        row.cells[index], in: place, on: ground, right: columns[index].isRight,
        cut: columns[index].cut, brush: brush)
    }
  }
}

/// Which part of a list is seen, as a bar at its right.
package struct Scrollbar: Sendable {
  package var top: Int
  package var seen: Int
  package var count: Int

  package init(top: Int, seen: Int, count: Int) {
    self.top = top
    self.seen = seen
    self.count = count
  }

  package func draw(into surface: inout Surface, _ region: Region, _ brush: Brush) {
    guard count > seen, region.rows > 0, seen > 0 else { return }
    surface.fill(region, Style(.scrollbar, on: .text, .dim), with: brush.glyphs.scrollTrack)
    let rows = region.rows
    let length = max(1, rows * seen / count)
    // At the ends only when the list is.
    let last = count - seen
    var start = top * (rows - length) / last
    if top > 0 { start = max(start, min(1, rows - length)) }
    if top < last { start = min(start, max(0, rows - length - 1)) }
    let thumb = Region(row: region.row + start, column: region.column, rows: length, columns: 1)
    surface.fill(thumb, Style(.scrollbar), with: brush.glyphs.scrollThumb)
  }
}
