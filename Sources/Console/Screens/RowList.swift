// A list that a person moves through, marks and searches. Rows come in pages and may be replaced at any
// moment: the cursor and the marks are kept by what rows are, never by where they stand.

internal import Ambient
internal import Terminal
internal import Widgets

/// A row of a list.
protocol ListRow: Sendable {
  /// What tells it from all others, whatever its place.
  var id: String { get }
  /// What a search looks at.
  var searched: String { get }
  /// Its bytes, for the sum of what is marked.
  var bytes: UInt64 { get }
  /// Whether an action can be about it.
  var isMarkable: Bool { get }
}

extension ListRow {
  var bytes: UInt64 { 0 }
  var isMarkable: Bool { true }
}

/// What a click into a list came to.
enum ListClick: Sendable {
  case missed, moved, opened
}

/// Rows with a cursor and marks.
struct RowList<Row: ListRow>: Sendable {
  private(set) var rows: [Row] = []
  private(set) var cursor = ListCursor<String>()
  /// What is marked, with its bytes; rows that are not in the list any more are among them.
  private(set) var marks: [String: UInt64] = [:]
  /// Where marking a range began, and what had been marked before; nil when none is being marked.
  private var range: (from: String, before: [String: UInt64])?
  private var places: [String: Int] = [:]

  var selected: Row? { rows.indices.contains(cursor.index) ? rows[cursor.index] : nil }
  var isMarkingRange: Bool { range != nil }
  var markedBytes: UInt64 { marks.values.reduce(0) { $0 &+ $1 } }

  /// The rows that are seen.
  func seen(_ count: Int) -> Range<Int> { cursor.visible(rows: count, of: rows.count) }

  /// What an action applies to, where rows are files.
  var selection: Selection? {
    if !marks.isEmpty {
      return Selection(paths: marks.keys.sorted(), bytes: markedBytes, isMarked: true)
    }
    guard let row = selected, row.isMarkable else { return nil }
    return Selection(paths: [row.id], bytes: row.bytes)
  }

  // MARK: - What it shows

  /// Shows other rows; `seen` is how many fit on the screen.
  mutating func replace(_ rows: [Row], seen: Int) {
    self.rows = rows
    index()
    follow(seen: seen)
    for row in rows where marks[row.id] != nil { marks[row.id] = row.bytes }
  }

  /// Adds rows behind the last, or before the first.
  mutating func add(_ more: [Row], atFront: Bool = false, seen: Int) {
    let fresh = more.filter { places[$0.id] == nil }
    rows = atFront ? fresh + rows : rows + fresh
    index()
    follow(seen: seen)
  }

  private mutating func index() {
    places = [:]
    places.reserveCapacity(rows.count)
    for (place, row) in rows.enumerated() { places[row.id] = place }
  }

  /// Keeps the cursor on what it was on, in a list or a region that is another.
  mutating func follow(seen: Int) {
    let (rows, places) = (rows, places)
    cursor.follow(
      count: rows.count, rows: seen, place: { places[$0] }, identity: { rows[$0].id })
  }

  // MARK: - Moving and marking

  /// Moves or marks as a command says; false when it says something else.
  mutating func take(_ name: CommandName, seen: Int) -> Bool {
    if let place = name.place(from: cursor.index, rows: seen, of: rows.count) {
      go(to: place, seen: seen)
      return true
    }
    switch name {
    case .mark:
      guard let row = selected else { return true }
      toggle(row)
      go(to: cursor.index + 1, seen: seen)
    case .markRange:
      if range != nil {
        range = nil
      } else if let row = selected {
        range = (row.id, marks)
        mark(from: cursor.index, to: cursor.index)
      }
    case .markAll:
      for row in rows where row.isMarkable { marks[row.id] = row.bytes }
    case .markInvert:
      for row in rows { toggle(row) }
    case .markNone:
      unmark()
    default: return false
    }
    return true
  }

  /// Takes all marks away.
  mutating func unmark() {
    marks = [:]
    range = nil
  }

  mutating func go(to place: Int, seen: Int) {
    let rows = rows
    cursor.go(to: place, rows: seen, of: rows.count) { rows[$0].id }
    guard let range, !rows.isEmpty else { return }
    // Where it began may have left the list; then it begins here.
    let from = places[range.from] ?? cursor.index
    marks = range.before
    mark(from: min(from, cursor.index), to: max(from, cursor.index))
  }

  /// Goes to the row that is clicked in the table's region; a click on the row under the cursor looks
  /// into it.
  mutating func click(_ mouse: MouseEvent, in region: Region) -> ListClick {
    let rows = Table.rowsSeen(in: region)
    let line = mouse.place.row - region.row - 1
    guard mouse.action == .pressed, mouse.button == 1, (0..<rows).contains(line),
      (region.column..<region.column + region.columns).contains(mouse.place.column)
    else { return .missed }
    let place = seen(rows).lowerBound + line
    guard self.rows.indices.contains(place) else { return .missed }
    if place == cursor.index { return .opened }
    go(to: place, seen: rows)
    return .moved
  }

  private mutating func toggle(_ row: Row) {
    guard row.isMarkable else { return }
    if marks.removeValue(forKey: row.id) == nil { marks[row.id] = row.bytes }
  }

  private mutating func mark(from first: Int, to last: Int) {
    for row in rows[first...last] where row.isMarkable { marks[row.id] = row.bytes }
  }

  // MARK: - Searching

  /// The place of the next row that has the text, in this direction and round the end; nil when none
  /// has.
  func place(of text: String, forward: Bool, fromHere: Bool = false) -> Int? {
    guard !rows.isEmpty, !text.isEmpty else { return nil }
    // A capital stands for itself, and then all letters do.
    let isExact = text.contains { $0.isUppercase }
    let wanted = isExact ? text : text.lowercased()
    for step in (fromHere ? 0 : 1)...rows.count {
      let place = (cursor.index + (forward ? step : -step) + 2 * rows.count) % rows.count
      let found = isExact ? rows[place].searched : rows[place].searched.lowercased()
      if contains(found, wanted) { return place }
    }
    return nil
  }

  private func contains(_ text: String, _ part: String) -> Bool {
    let (text, part) = (Array(text.utf8), Array(part.utf8))
    guard part.count <= text.count else { return false }
    return (0...(text.count - part.count)).contains { start in
      text[start..<(start + part.count)].elementsEqual(part)
    }
  }

  // MARK: - Drawing

  /// The table of the rows that are seen.
  func table(
    _ columns: [TableColumn], in region: Region, isFocused: Bool = true, whenEmpty: String,
    cells: (Row) -> [Words]
  ) -> Table {
    let seen = seen(Table.rowsSeen(in: region))
    return Table(
      columns, rows[seen].map { TableRow(cells($0), isMarked: marks[$0.id] != nil) },
      top: seen.lowerBound, count: rows.count, cursor: rows.isEmpty ? nil : cursor.index,
      isFocused: isFocused, whenEmpty: whenEmpty, showsMarks: !marks.isEmpty)
  }

  /// `12 marked, 3.4 MiB`; nothing when nothing is.
  var markWords: [Words] {
    guard !marks.isEmpty else { return [] }
    let sum = "\(Figures.grouped(marks.count)) marked, \(ByteCount(markedBytes))"
    return [Words(isMarkingRange ? sum + ", range" : sum, .accent)]
  }
}
