// Places and rectangles in a grid of cells. A region may be empty and may reach beyond the grid; what
// draws into it is clipped to both, so nobody computes edges twice.

/// How many rows and columns there are, each from 1 to the most that are kept.
package struct GridSize: Hashable, Sendable {
  package let rows: Int
  package let columns: Int

  /// The most rows, and the most columns, of a grid.
  package static let sideMax = 1_000

  package init(rows: Int, columns: Int) {
    self.rows = min(max(1, rows), Self.sideMax)
    self.columns = min(max(1, columns), Self.sideMax)
  }

  /// All of the grid.
  package var region: Region { Region(row: 0, column: 0, rows: rows, columns: columns) }
}

extension GridSize: CustomStringConvertible {
  /// `120x40`: columns first, as everybody says it.
  package var description: String { "\(columns)x\(rows)" }

  /// Reads `120x40`.
  package init?(parsing text: some StringProtocol) {
    let parts = text.split(separator: "x", omittingEmptySubsequences: false)
    guard parts.count == 2, let columns = Int(parts[0]), let rows = Int(parts[1]),
      (1...Self.sideMax).contains(columns), (1...Self.sideMax).contains(rows)
    else { return nil }
    self.init(rows: rows, columns: columns)
  }
}

/// One place in a grid.
package struct CellPlace: Hashable, Sendable {
  package var row: Int
  package var column: Int

  package init(row: Int, column: Int) {
    self.row = row
    self.column = column
  }
}

/// A rectangle of cells.
package struct Region: Hashable, Sendable {
  package var row: Int
  package var column: Int
  package var rows: Int
  package var columns: Int

  package init(row: Int, column: Int, rows: Int, columns: Int) {
    self.row = row
    self.column = column
    self.rows = max(0, rows)
    self.columns = max(0, columns)
  }

  package var isEmpty: Bool { rows == 0 || columns == 0 }
  /// The row behind the last.
  package var endRow: Int { row + rows }
  /// The column behind the last.
  package var endColumn: Int { column + columns }

  /// What both have.
  package func clipped(to other: Region) -> Region {
    let row = max(self.row, other.row)
    let column = max(self.column, other.column)
    return Region(
      row: row, column: column, rows: min(endRow, other.endRow) - row,
      columns: min(endColumn, other.endColumn) - column)
  }

  /// Less a margin on each side.
  package func inset(rows: Int = 0, columns: Int = 0) -> Region {
    Region(
      row: row + min(rows, self.rows), column: column + min(columns, self.columns),
      rows: self.rows - 2 * rows, columns: self.columns - 2 * columns)
  }

  /// One row of it, counted from its first; empty when it has no such row.
  package func line(_ index: Int) -> Region {
    Region(
      row: row + index, column: column, rows: (0..<rows).contains(index) ? 1 : 0, columns: columns)
  }

  /// Its first rows and the rest.
  package func split(top count: Int) -> (top: Region, rest: Region) {
    let count = min(max(0, count), rows)
    return (
      Region(row: row, column: column, rows: count, columns: columns),
      Region(row: row + count, column: column, rows: rows - count, columns: columns)
    )
  }

  /// Its rest and its last rows.
  package func split(bottom count: Int) -> (rest: Region, bottom: Region) {
    let (rest, bottom) = split(top: rows - min(max(0, count), rows))
    return (rest, bottom)
  }

  /// Its first columns and the rest.
  package func split(left count: Int) -> (left: Region, rest: Region) {
    let count = min(max(0, count), columns)
    return (
      Region(row: row, column: column, rows: rows, columns: count),
      Region(row: row, column: column + count, rows: rows, columns: columns - count)
    )
  }

  /// A region of this size in its middle, as large as there is room for.
  package func centred(rows: Int, columns: Int) -> Region {
    let rows = min(max(0, rows), self.rows)
    let columns = min(max(0, columns), self.columns)
    return Region(
      row: row + (self.rows - rows) / 2, column: column + (self.columns - columns) / 2,
      rows: rows, columns: columns)
  }

  package func contains(_ place: CellPlace) -> Bool {
    (row..<endRow).contains(place.row) && (column..<endColumn).contains(place.column)
  }
}
