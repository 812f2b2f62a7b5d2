// A terminal's screen, driven by curses. Only runs of cells that changed since the last surface are
// given to curses, which compares them once more with what it believes the terminal shows; one update
// a frame makes bytes of the difference. The bytes are handed out and never written here, so a
// terminal that stopped reading stops nobody. Truecolor goes through the palette: curses counts in
// numbers, each number from 16 up stands for one colour of the theme, and on the way out the number is
// replaced by the colour.

import CTerminal

/// A screen whose frames are bytes for a terminal.
@safe package struct CursesScreen: ScreenBackend, ~Copyable {
  private let screen: OpaquePointer
  package private(set) var size: GridSize
  package let abilities: ScreenAbilities
  private var inks: InkTable
  private var shown: Surface?
  private var isCursorShown: Bool?
  /// Whether the last cell of all can be written like any other.
  private let hasPlainCorner: Bool
  /// What resets the palette; never sent.
  private let paletteReset: [UInt8]

  /// The most bytes of one frame that are handed out; a redraw of the largest grid stays below it.
  package static let frameBytesMax = 64 * GridSize.sideMax * GridSize.sideMax

  /// Opens a screen of the first kind that the terminal database knows; nil when it knows none.
  package init?(
    kinds: [String], _ size: GridSize, alphabet: Alphabet, wish: ColourWish,
    environment: TerminalEnvironment, theme: Theme
  ) {
    for kind in kinds {
      guard
        let screen = unsafe cterminal_open(
          kind, alphabet == .unicode ? 1 : 0, Int32(size.rows), Int32(size.columns))
      else { continue }
      unsafe self.screen = screen
      self.size = size
      let colours = Int(unsafe cterminal_colour_count(screen))
      var depth = ColourDepth.chosen(wish, colours: colours, environment: environment)
      // Wishes end where the terminal cannot follow.
      if colours < 256 { depth = min(depth, colours >= 8 ? .sixteen : .none) }
      if unsafe cterminal_has_indexed_colours(screen) == 0 { depth = min(depth, .indexed) }
      abilities = ScreenAbilities(alphabet: alphabet, depth: depth, kind: kind)
      hasPlainCorner = unsafe cterminal_text(screen, "rmam") != nil
      paletteReset = unsafe Self.text(screen, "oc") ?? []
      inks = InkTable(
        theme, depth: depth, palette: colours,
        pairsMax: Int(unsafe cterminal_pair_count(screen)) - 1,
        hasOwnColours: unsafe cterminal_has_own_colours(screen) == 1)
      return
    }
    return nil
  }

  deinit {
    unsafe cterminal_close(screen)
  }

  package mutating func resize(to size: GridSize) {
    self.size = size
    shown = nil
    _ = unsafe cterminal_resize(screen, Int32(size.rows), Int32(size.columns))
    _ = unsafe cterminal_redraw(screen)
  }

  package mutating func use(_ theme: Theme) {
    guard theme != inks.theme else { return }
    inks.use(theme)
    shown = nil
    // What a number of the palette stands for may have changed, and curses does not know.
    _ = unsafe cterminal_redraw(screen)
  }

  package mutating func redraw() {
    shown = nil
    _ = unsafe cterminal_redraw(screen)
  }

  /// The terminal went back to what it showed before: the next frame enters the screen again.
  package mutating func leave() {
    shown = nil
    isCursorShown = nil
    unsafe cterminal_leave(screen)
  }

  package mutating func show(_ surface: Surface) -> Frame {
    var next = surface.fit(for: size, abilities.alphabet)
    if !hasPlainCorner { next.spareCorner() }
    var frame = Frame()
    for row in 0..<size.rows { frame.cellsChanged += blit(row, of: next) }
    let isSame = frame.cellsChanged == 0 && shown?.cursor == next.cursor && isCursorShown != nil
    shown = next
    if isSame { return frame }
    place(next.cursor)
    frame.bytes = update()
    return frame
  }

  /// A text of the terminal database; nil when the terminal has none.
  package func capability(_ name: String) -> [UInt8]? {
    unsafe Self.text(screen, name)
  }

  private static func text(_ screen: OpaquePointer, _ name: String) -> [UInt8]? {
    guard let text = unsafe cterminal_text(screen, name) else { return nil }
    return unsafe Array(String(cString: text).utf8)
  }

  /// What moves the cursor to a place.
  package func moving(to place: CellPlace) -> [UInt8] {
    var text = [UInt8](repeating: 0, count: 64)
    let done = unsafe cterminal_moving_text(
      screen, Int32(place.row), Int32(place.column), &text, text.count)
    return done == 1 ? Array(text.prefix { $0 != 0 }) : []
  }

  /// Gives curses the runs of a row that changed; how many cells that were.
  private mutating func blit(_ row: Int, of next: Surface) -> Int {
    let cells = next.row(row)
    let start = cells.startIndex
    guard let shown else {
      put(cells, row: row, column: 0)
      return cells.count
    }
    let before = shown.row(row)
    var changed = 0
    var index = start
    while index < cells.endIndex {
      guard cells[index] != before[index] else {
        index += 1
        continue
      }
      var first = index
      // A run never begins or ends in the middle of a wide scalar, of either surface.
      while first > start && (cells[first].isContinuation || before[first].isContinuation) {
        first -= 1
      }
      while index < cells.endIndex
        && (cells[index] != before[index] || cells[index].isContinuation
          || before[index].isContinuation)
      {
        index += 1
      }
      changed += index - first
      put(cells[first..<index], row: row, column: first - start)
    }
    return changed
  }

  private mutating func put(_ cells: ArraySlice<Cell>, row: Int, column: Int) {
    var run: [cterminal_cell] = []
    run.reserveCapacity(cells.count)
    for cell in cells where !cell.isContinuation {
      let ink = inks.ink(for: cell.style) { foreground, background in
        Int(unsafe cterminal_pair(screen, Int32(foreground), Int32(background)))
      }
      run.append(cterminal_cell(cell, ink))
    }
    _ = unsafe cterminal_put(screen, Int32(row), Int32(column), run, Int32(run.count))
  }

  private mutating func place(_ cursor: CellPlace?) {
    if isCursorShown != (cursor != nil) {
      isCursorShown = cursor != nil
      _ = unsafe cterminal_show_cursor(screen, cursor == nil ? 0 : 1)
    }
    let cursor = cursor ?? CellPlace(row: 0, column: 0)
    _ = unsafe cterminal_move_cursor(screen, Int32(cursor.row), Int32(cursor.column))
  }

  private mutating func update() -> [UInt8] {
    let count = Int(unsafe cterminal_update(screen))
    guard count > 0 else { return [] }
    var bytes = [UInt8](repeating: 0, count: min(count, Self.frameBytesMax))
    let taken = unsafe cterminal_take(screen, &bytes, bytes.count)
    precondition(taken == bytes.count, "a file in memory lost what was written to it")
    // The palette is the person's, and curses would reset it whenever it enters the screen.
    while !paletteReset.isEmpty, let reset = bytes.firstRange(of: paletteReset) {
      bytes.removeSubrange(reset)
    }
    return inks.spelledOut(bytes)
  }
}

extension Surface {
  /// Leaves out what curses cannot put into the last row of a terminal that cannot be told not to
  /// wrap: it writes the last cell beside its place and shifts it, which cuts a wide character in two
  /// and needs two columns.
  mutating func spareCorner() {
    let last = Region(row: size.rows - 1, column: 0, rows: 1, columns: size.columns)
    for column in max(0, size.columns - 3)..<size.columns where self[last.row, column].isWide {
      fill(Region(row: last.row, column: column, rows: 1, columns: 2), self[last.row, column].style)
    }
    if size.columns == 1 { fill(last, Style()) }
  }
}

extension cterminal_cell {
  fileprivate init(_ cell: Cell, _ ink: Ink) {
    self.init()
    let scalars = cell.scalars
    self.scalars.0 = scalars[0]
    if scalars.count > 1 { self.scalars.1 = scalars[1] }
    if scalars.count > 2 { self.scalars.2 = scalars[2] }
    if scalars.count > 3 { self.scalars.3 = scalars[3] }
    attributes = ink.attributes
    pair = Int32(ink.pair)
  }
}
