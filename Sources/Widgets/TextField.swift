// One line of text that a person edits, by characters as a person counts them, with the keys that
// shells have taught and a history. What is pasted or typed is data: controls never get in.

package import Terminal

/// What a key did to a text field.
package enum FieldOutcome: Hashable, Sendable {
  /// The text is another.
  case changed
  /// The cursor moved, or nothing happened that matters.
  case stayed
  case accepted
  case cancelled
  /// The key means nothing to a field.
  case ignored
}

/// A line of text with a cursor.
package struct TextField: Hashable, Sendable {
  /// The most characters of a text, and the most texts of a history.
  package static let charactersMax = 4_096
  package static let historyMax = 200

  private var characters: [Character]
  /// How many characters stand before the cursor.
  package private(set) var cursor: Int
  /// What was accepted before, the newest last.
  package private(set) var history: [String]
  private var recalled: Int?
  private var draft = ""

  package init(_ text: String = "", history: [String] = []) {
    characters = Array(text.prefix(Self.charactersMax))
    cursor = characters.count
    self.history = history.suffix(Self.historyMax)
  }

  package var text: String { String(characters) }

  /// Replaces the text; the cursor goes to its end.
  package mutating func set(_ text: String) {
    characters = Array(text.prefix(Self.charactersMax))
    cursor = characters.count
  }

  package mutating func take(_ key: Key) -> FieldOutcome {
    switch (key.code, key.modifiers) {
    case (.enter, []):
      remember()
      return .accepted
    case (.escape, _), (.character("c"), .control), (.character("g"), .control): return .cancelled
    case (.left, []), (.character("b"), .control): return move(to: cursor - 1)
    case (.right, []), (.character("f"), .control): return move(to: cursor + 1)
    case (.left, .control), (.left, .alt): return move(to: wordStart)
    case (.right, .control), (.right, .alt): return move(to: wordEnd)
    case (.home, _), (.character("a"), .control): return move(to: 0)
    case (.end, _), (.character("e"), .control): return move(to: characters.count)
    case (.backspace, []): return remove(cursor - 1..<cursor)
    case (.delete, []), (.character("d"), .control): return remove(cursor..<cursor + 1)
    case (.character("w"), .control), (.backspace, .alt): return remove(wordStart..<cursor)
    case (.character("u"), .control): return remove(0..<cursor)
    case (.character("k"), .control): return remove(cursor..<characters.count)
    case (.up, []), (.character("p"), .control): return recall(-1)
    case (.down, []), (.character("n"), .control): return recall(1)
    case (.character(let scalar), []), (.character(let scalar), .shift):
      return insert(String(scalar))
    default: return .ignored
    }
  }

  /// Inserts what was pasted; the ends of lines become spaces, other controls are left out.
  package mutating func take(_ paste: Paste) -> FieldOutcome {
    insert(paste.text)
  }

  /// Draws the text into one row and puts the terminal's cursor there. A text that is longer is moved
  /// so that its cursor is seen.
  package func draw(
    into surface: inout Surface, _ region: Region, _ brush: Brush, isValid: Bool = true
  ) {
    let line = region.line(0)
    guard !line.isEmpty else { return }
    let role: Role = isValid ? .input : .inputInvalid
    surface.fill(line, Style(role))
    let columns = characters.map { max(1, columnCount(of: String($0))) }
    let before = columns.prefix(cursor).reduce(0, +)
    // The cursor needs a column of its own behind the text.
    let shift = max(0, before - (line.columns - 1))
    surface.draw(text, row: line.row, column: line.column - shift, Style(role), in: line)
    surface.cursor = CellPlace(row: line.row, column: line.column + before - shift)
  }

  private mutating func insert(_ text: String) -> FieldOutcome {
    let clean = text.unicodeScalars.compactMap { scalar -> Character? in
      if scalar == "\n" || scalar == "\t" { return " " }
      return columnCount(of: scalar) == nil ? nil : Character(scalar)
    }
    let room = Self.charactersMax - characters.count
    guard !clean.isEmpty, room > 0 else { return .ignored }
    // Marks join what they stand on, so characters are counted anew.
    let head = String(characters[..<cursor]) + String(clean.prefix(room))
    let tail = String(characters[cursor...])
    characters = Array(head + tail)
    cursor = min(characters.count, Array(head).count)
    recalled = nil
    return .changed
  }

  private mutating func remove(_ range: Range<Int>) -> FieldOutcome {
    let range = range.clamped(to: 0..<characters.count)
    guard !range.isEmpty else { return .stayed }
    characters.removeSubrange(range)
    cursor = range.lowerBound
    recalled = nil
    return .changed
  }

  private mutating func move(to place: Int) -> FieldOutcome {
    cursor = min(max(0, place), characters.count)
    return .stayed
  }

  private var wordStart: Int {
    var place = cursor
    while place > 0 && characters[place - 1] == " " { place -= 1 }
    while place > 0 && characters[place - 1] != " " { place -= 1 }
    return place
  }

  private var wordEnd: Int {
    var place = cursor
    while place < characters.count && characters[place] == " " { place += 1 }
    while place < characters.count && characters[place] != " " { place += 1 }
    return place
  }

  private mutating func remember() {
    recalled = nil
    guard !characters.isEmpty, history.last != text else { return }
    history = (history.filter { $0 != text } + [text]).suffix(Self.historyMax)
  }

  private mutating func recall(_ step: Int) -> FieldOutcome {
    let now = recalled ?? history.count
    let next = now + step
    guard (0...history.count).contains(next), next != now else { return .stayed }
    if recalled == nil { draft = text }
    recalled = next == history.count ? nil : next
    set(next == history.count ? draft : history[next])
    return .changed
  }
}
