// The state of an emulated terminal and what its control functions do to it. Parsing the bytes is
// in Emulator+Parsing.swift.

package import Terminal

/// How a cell of an emulated terminal looks.
package struct EmulatedLook: Hashable, Sendable {
  package var foreground: TerminalColour = .own
  package var background: TerminalColour = .own
  package var attributes: Attributes = []

  package init() {}
}

/// One cell; the right half of a wide character has no text.
package struct EmulatedCell: Hashable, Sendable {
  package var text = " "
  package var look = EmulatedLook()

  package init() {}
}

/// A terminal in memory.
package struct Emulator: Sendable {
  package internal(set) var size: GridSize
  var screen: [[EmulatedCell]]
  var other: [[EmulatedCell]]
  package internal(set) var row = 0
  package internal(set) var column = 0
  package internal(set) var look = EmulatedLook()
  /// The private modes that are on; 7 and 25 are at the beginning.
  package internal(set) var modes: Set<Int> = [7, 25]
  package internal(set) var isKeypadOn = false
  /// What the terminal sends back.
  package internal(set) var answers: [UInt8] = []
  /// Sequences that were not understood.
  package internal(set) var unknown: [String] = []
  package internal(set) var bellsRung = 0
  package internal(set) var clipboard: String?
  /// How often all of the screen was cleared.
  package internal(set) var clears = 0
  package internal(set) var framesSynchronised = 0
  /// Whether it answers questions for its status and for modes.
  package var answersQuestions = true
  package var knowsSynchronisedOutput = true

  var waitsToWrap = false
  var isInserting = false
  var top = 0
  var bottom: Int
  var saved = (row: 0, column: 0, look: EmulatedLook())
  var last = ""
  var pending: [UInt8] = []
  /// Where curses believes that it may use the background's colour for erasing.
  let erasesWithBackground: Bool

  package init(_ size: GridSize, erasesWithBackground: Bool = true) {
    self.size = size
    self.erasesWithBackground = erasesWithBackground
    bottom = size.rows - 1
    screen = Self.blank(size)
    other = screen
  }

  /// What a person sees, without the spaces at the ends of rows.
  package var lines: [String] {
    screen.map { row in
      String(row.map(\.text).joined().reversed().drop { $0 == " " }.reversed())
    }
  }

  package subscript(row: Int, column: Int) -> EmulatedCell { screen[row][column] }

  /// Private modes that are not as they were at the beginning.
  package var modesChanged: Set<Int> {
    modes.symmetricDifference([7, 25])
  }

  /// The window gets another size, as a terminal without reflow does it.
  package mutating func resize(to size: GridSize) {
    func cut(_ cells: [[EmulatedCell]]) -> [[EmulatedCell]] {
      var rows = cells.prefix(size.rows).map { row in
        Array(row.prefix(size.columns))
          + Array(repeating: EmulatedCell(), count: max(0, size.columns - row.count))
      }
      while rows.count < size.rows {
        rows.append(Array(repeating: EmulatedCell(), count: size.columns))
      }
      return rows
    }
    screen = cut(screen)
    other = cut(other)
    self.size = size
    (top, bottom) = (0, size.rows - 1)
    row = min(row, size.rows - 1)
    column = min(column, size.columns - 1)
    waitsToWrap = false
  }

  /// Takes back what the terminal would send.
  package mutating func takeAnswers() -> [UInt8] {
    defer { answers = [] }
    return answers
  }

  static func blank(_ size: GridSize) -> [[EmulatedCell]] {
    Array(repeating: Array(repeating: EmulatedCell(), count: size.columns), count: size.rows)
  }

  var erased: EmulatedCell {
    var cell = EmulatedCell()
    if erasesWithBackground { cell.look.background = look.background }
    return cell
  }

  // Text.

  mutating func put(_ scalar: Unicode.Scalar) {
    guard let columns = columnCount(of: scalar) else { return }
    if columns == 0 {
      var at = waitsToWrap ? column : column - 1
      if at > 0 && screen[row][at].text.isEmpty { at -= 1 }
      if at >= 0 { screen[row][at].text.unicodeScalars.append(scalar) }
      return
    }
    if waitsToWrap || column + columns > size.columns {
      if modes.contains(7) {
        column = 0
        lineFeed()
      } else {
        column = size.columns - columns
      }
      waitsToWrap = false
    }
    if isInserting { insert(columns) }
    part(row, column)
    part(row, column + columns)
    var cell = EmulatedCell()
    cell.text = String(scalar)
    cell.look = look
    screen[row][column] = cell
    if columns == 2 {
      cell.text = ""
      screen[row][column + 1] = cell
    }
    last = String(scalar)
    column += columns
    if column >= size.columns {
      column = size.columns - 1
      waitsToWrap = true
    }
  }

  /// A wide character that loses one half loses the other.
  mutating func part(_ row: Int, _ column: Int) {
    guard column > 0, column < size.columns, screen[row][column].text.isEmpty else { return }
    screen[row][column - 1].text = " "
    screen[row][column].text = " "
  }

  // Moving.

  mutating func move(row: Int, column: Int) {
    self.row = min(max(0, row), size.rows - 1)
    self.column = min(max(0, column), size.columns - 1)
    waitsToWrap = false
  }

  mutating func lineFeed() {
    if row == bottom {
      scroll(from: top, by: 1)
    } else if row < size.rows - 1 {
      row += 1
    }
    waitsToWrap = false
  }

  mutating func reverseLineFeed() {
    if row == top {
      scroll(from: top, by: -1)
    } else if row > 0 {
      row -= 1
    }
    waitsToWrap = false
  }

  /// Moves the rows from one to the bottom margin up, or down.
  mutating func scroll(from first: Int, by count: Int) {
    guard first <= bottom else { return }
    let empty = Array(repeating: erased, count: size.columns)
    for _ in 0..<min(abs(count), bottom - first + 1) {
      if count > 0 {
        screen.remove(at: first)
        screen.insert(empty, at: bottom)
      } else {
        screen.remove(at: bottom)
        screen.insert(empty, at: first)
      }
    }
  }

  // Erasing.

  mutating func erase(_ row: Int, _ columns: Range<Int>) {
    let columns = columns.clamped(to: 0..<size.columns)
    part(row, columns.lowerBound)
    part(row, columns.upperBound)
    for column in columns { screen[row][column] = erased }
  }

  mutating func insert(_ count: Int) {
    part(row, column)
    for _ in 0..<min(count, size.columns - column) {
      screen[row].insert(erased, at: column)
      screen[row].removeLast()
    }
    if screen[row].count > 0, let cut = screen[row].last, !cut.text.isEmpty,
      cut.text.unicodeScalars.first.map({ columnCount(of: $0) == 2 }) == true
    {
      screen[row][size.columns - 1].text = " "
    }
  }

  mutating func delete(_ count: Int) {
    part(row, column)
    part(row, min(size.columns, column + count))
    for _ in 0..<min(count, size.columns - column) {
      screen[row].remove(at: column)
      screen[row].append(erased)
    }
  }

  /// Modes 1049, which saves the cursor and clears, and 47, which does neither.
  mutating func useOtherScreen(_ isOther: Bool, by mode: Int) {
    guard modes.contains(mode) != isOther else { return }
    swap(&screen, &other)
    if mode == 1049 && isOther {
      saved = (row, column, look)
      screen = Self.blank(size)
    } else if mode == 1049 {
      move(row: saved.row, column: saved.column)
    }
  }
}
