// A grid of cells that is drawn in memory. Two invariants hold after every call: a wide scalar has
// its continuation behind it, and a continuation has its wide scalar before it. So whoever overwrites
// one half of a wide scalar blanks the other, and what does not fit whole is not drawn.

/// What a screen shall show.
package struct Surface: Equatable, Sendable {
  package let size: GridSize
  private var cells: [Cell]
  /// Where the terminal's own cursor stands; nil hides it.
  package var cursor: CellPlace?

  /// Blank cells.
  package init(_ size: GridSize, style: Style = Style()) {
    self.size = size
    cells = Array(repeating: Cell(blank: style), count: size.rows * size.columns)
  }

  /// All of it.
  package var region: Region { size.region }

  /// The cell at a place, which must be inside.
  package subscript(row: Int, column: Int) -> Cell {
    precondition(region.contains(CellPlace(row: row, column: column)), "outside of the surface")
    return cells[row * size.columns + column]
  }

  /// One row's cells.
  package func row(_ row: Int) -> ArraySlice<Cell> {
    cells[(row * size.columns)..<((row + 1) * size.columns)]
  }

  /// Fills a region with one scalar of one column.
  package mutating func fill(_ region: Region, _ style: Style, with scalar: Unicode.Scalar = " ") {
    let region = region.clipped(to: self.region)
    guard !region.isEmpty else { return }
    let cell = Cell(scalar: scalar, columns: 1, style: style)
    for row in region.row..<region.endRow {
      part(row: row, at: region.column)
      part(row: row, at: region.endColumn)
      let start = row * size.columns
      for column in region.column..<region.endColumn { cells[start + column] = cell }
    }
  }

  /// Draws text from a place on, as far as the region goes, and answers the column behind it.
  ///
  /// What lies left of the region is skipped. Characters that cannot be shown become a replacement.
  @discardableResult
  package mutating func draw(
    _ text: some StringProtocol, row: Int, column: Int, _ style: Style, in region: Region
  ) -> Int {
    let clip = region.clipped(to: self.region)
    var column = column
    let isInside = !clip.isEmpty && (clip.row..<clip.endRow).contains(row)
    for scalar in text.unicodeScalars {
      var (scalar, columns) = (scalar, columnCount(of: scalar) ?? -1)
      if columns < 0 { (scalar, columns) = (Alphabet.unicode.replacement, 1) }
      if isInside { place(scalar, columns, row: row, column: column, style, clip) }
      column += columns
      if column >= clip.endColumn && !isInside { break }
    }
    return column
  }

  /// Changes the styles of a region and leaves its text.
  package mutating func restyle(_ region: Region, _ change: (inout Style) -> Void) {
    let region = region.clipped(to: self.region)
    for row in region.row..<region.endRow {
      for column in region.column..<region.endColumn {
        change(&cells[row * size.columns + column].style)
      }
    }
  }

  /// Puts another surface's cells here, its first at the region's first.
  package mutating func draw(_ other: Surface, in region: Region) {
    let clip = region.clipped(to: self.region)
    for row in clip.row..<clip.endRow where row - region.row < other.size.rows {
      part(row: row, at: clip.column)
      part(row: row, at: min(clip.endColumn, region.column + other.size.columns))
      for column in clip.column..<clip.endColumn where column - region.column < other.size.columns {
        cells[row * size.columns + column] = other[row - region.row, column - region.column]
      }
      mend(row: row, columns: clip.column..<clip.endColumn)
    }
  }

  /// The same surface in another size: cut, or with blanks.
  package func resized(to size: GridSize) -> Surface {
    guard size != self.size else { return self }
    var other = Surface(size)
    other.draw(self, in: region)
    if let cursor, other.region.contains(cursor) { other.cursor = cursor }
    return other
  }

  private mutating func place(
    _ scalar: Unicode.Scalar, _ columns: Int, row: Int, column: Int, _ style: Style, _ clip: Region
  ) {
    if columns == 0 {
      combine(scalar, row: row, before: column, clip)
      return
    }
    let end = column + columns
    guard end > clip.column, column < clip.endColumn else { return }
    let start = row * size.columns
    guard column >= clip.column, end <= clip.endColumn else {
      // Half of a wide scalar would be drawn: the column that is inside stays blank.
      let visible = max(column, clip.column)
      part(row: row, at: visible)
      part(row: row, at: visible + 1)
      cells[start + visible] = Cell(blank: style)
      return
    }
    part(row: row, at: column)
    part(row: row, at: end)
    cells[start + column] = Cell(scalar: scalar, columns: columns, style: style)
    if columns == 2 { cells[start + column + 1] = .continuation(style) }
  }

  private mutating func combine(
    _ mark: Unicode.Scalar, row: Int, before column: Int, _ clip: Region
  ) {
    var column = column - 1
    guard clip.contains(CellPlace(row: row, column: column)) else { return }
    if cells[row * size.columns + column].isContinuation { column -= 1 }
    guard column >= clip.column else { return }
    cells[row * size.columns + column].combine(mark)
  }

  /// Blanks a wide scalar of which only one half would stay when the row is cut before the column.
  private mutating func part(row: Int, at column: Int) {
    guard column > 0, column < size.columns else { return }
    let index = row * size.columns + column
    guard cells[index].isContinuation else { return }
    cells[index - 1] = Cell(blank: cells[index - 1].style)
    cells[index] = Cell(blank: cells[index].style)
  }

  /// Blanks the halves that were cut off at the edges of copied columns.
  private mutating func mend(row: Int, columns: Range<Int>) {
    let start = row * size.columns
    for column in columns {
      let cell = cells[start + column]
      let isLast = column + 1 == size.columns
      if cell.isWide && (isLast || !cells[start + column + 1].isContinuation) {
        cells[start + column] = Cell(blank: cell.style)
      }
      if cell.isContinuation && (column == 0 || !cells[start + column - 1].isWide) {
        cells[start + column] = Cell(blank: cell.style)
      }
    }
  }
}
