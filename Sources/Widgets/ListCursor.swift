// A place in a list that changes under it. The place is what is selected, not its row: when rows come,
// go or are sorted anew, the cursor stays on the same thing, and on the same line of the screen as far
// as the list allows. When the thing itself is gone, the one that took its row is selected.

/// What is selected in a list, and which part of the list is seen.
package struct ListCursor<ID: Hashable & Sendable>: Hashable, Sendable {
  /// What is selected; nil in an empty list.
  package private(set) var selected: ID?
  /// Its row in the list.
  package private(set) var index = 0
  /// The first row that is seen.
  package private(set) var top = 0

  package init(selected: ID? = nil) {
    self.selected = selected
  }

  /// The rows that are seen.
  package func visible(rows: Int, of count: Int) -> Range<Int> {
    top..<max(top, min(count, top + rows))
  }

  /// Takes in what the list has become.
  ///
  /// `place` answers where something is now, nil when it is gone; `identity` what is in a row.
  package mutating func follow(
    count: Int, rows: Int, place: (ID) -> Int?, identity: (Int) -> ID
  ) {
    guard count > 0 else {
      (index, top) = (0, 0)
      selected = nil
      return
    }
    let line = index - top
    if let selected, let found = place(selected) {
      index = found
    } else {
      index = min(index, count - 1)
      selected = identity(index)
    }
    top = index - line
    keepInSight(rows: rows, of: count)
  }

  /// Moves by rows, up with a negative number.
  package mutating func move(by step: Int, rows: Int, of count: Int, identity: (Int) -> ID) {
    go(to: index + step, rows: rows, of: count, identity: identity)
  }

  /// Moves to a row.
  package mutating func go(to row: Int, rows: Int, of count: Int, identity: (Int) -> ID) {
    guard count > 0 else { return }
    index = min(max(0, row), count - 1)
    selected = identity(index)
    keepInSight(rows: rows, of: count)
  }

  /// Selects something by what it is, wherever that turns out to be.
  package mutating func select(_ id: ID) {
    selected = id
  }

  private mutating func keepInSight(rows: Int, of count: Int) {
    let rows = max(1, rows)
    if index < top { top = index }
    if index >= top + rows { top = index - rows + 1 }
    top = max(0, min(top, count - rows))
  }
}
