// Any command by its words: typed letters in their order, those given lately first, and those that
// cannot be given now dimmed with the reason.

internal import Bytes
internal import Terminal
internal import Widgets

/// The list of commands that is searched while typing.
struct Palette: Screen {
  /// How many commands that were given lately are remembered.
  static let recentMax = 20
  private static let rowsMax = 16

  private var field = TextField()
  private var selected = 0

  var isTyping: Bool { true }
  var isModal: Bool { true }

  mutating func handle(_ event: ScreenEvent, _ context: ScreenContext) -> [ScreenRequest] {
    switch event {
    case .key(let key): return take(key, context)
    case .paste(let paste):
      _ = field.take(paste)
      selected = 0
      return []
    default: return []
    }
  }

  private mutating func take(_ key: Key, _ context: ScreenContext) -> [ScreenRequest] {
    let found = found(context)
    switch (key.code, key.modifiers) {
    case (.down, []), (.character("n"), .control), (.tab, []):
      selected = min(selected + 1, max(0, found.count - 1))
      return []
    case (.up, []), (.character("p"), .control), (.tab, .shift):
      selected = max(0, selected - 1)
      return []
    case (.pageDown, _):
      selected = min(selected + Self.rowsMax, max(0, found.count - 1))
      return []
    case (.pageUp, _):
      selected = max(0, selected - Self.rowsMax)
      return []
    default: break
    }
    switch field.take(key) {
    case .changed:
      selected = 0
      return []
    case .accepted: return choose(found, context)
    case .cancelled: return [.close]
    case .ignored, .stayed: return []
    }
  }

  private func choose(_ found: [ConsoleCommand], _ context: ScreenContext) -> [ScreenRequest] {
    guard selected < found.count else { return [.say(.refused("no command is called that"))] }
    let command = found[selected]
    if let objection = objection(to: command, context) {
      return [.say(.refused("\(command.label): \(objection)"))]
    }
    return [.close, .chosen(command.name), .run(command.name)]
  }

  private func objection(to command: ConsoleCommand, _ context: ScreenContext) -> String? {
    command.scope.includes(context.screen)
      ? context.objection(to: command.name) : "not on this screen"
  }

  /// The commands that the letters fit, the best first.
  private func found(_ context: ScreenContext) -> [ConsoleCommand] {
    let letters = field.text.lowercased().filter { $0 != " " }
    let commands = context.commands.commands.filter { $0.name != .palette }
    func rank(_ command: ConsoleCommand) -> Int? {
      let recent = context.recent.firstIndex(of: command.name)
      if letters.isEmpty { return recent ?? 1_000 }
      let places = [command.label, command.name.text, command.summary]
      let scores = places.enumerated().compactMap { place, text in
        Self.score(letters, in: text.lowercased()).map { $0 + place * 50 }
      }
      return scores.min().map { $0 - (recent == nil ? 0 : 10) }
    }
    return commands.enumerated()
      .compactMap { place, command in rank(command).map { ($0, place, command) } }
      .sorted { ($0.0, $0.1) < ($1.0, $1.1) }
      .map(\.2)
  }

  /// How far apart the letters lie; nil when they are not all there in this order.
  static func score(_ letters: String, in text: String) -> Int? {
    var score = 0
    var rest = Substring(text)
    var isFirst = true
    for letter in letters {
      guard let place = rest.firstIndex(of: letter) else { return nil }
      let gap = rest.distance(from: rest.startIndex, to: place)
      // Letters side by side are worth more than a word that begins late.
      score += isFirst ? gap : gap * 3
      isFirst = false
      rest = rest[rest.index(after: place)...]
    }
    return score
  }

  func hints(_ context: ScreenContext) -> [KeyHint] {
    [KeyHint("Enter", "do it"), KeyHint("Up Down", "choose"), KeyHint("Esc", "close")]
  }

  func draw(into surface: inout Surface, _ region: Region, _ context: ScreenContext) {
    let found = found(context)
    let brush = context.brush
    let rows = min(Self.rowsMax, max(1, region.rows - 3))
    let box = region.split(top: min(region.rows, rows + 3)).top
      .centred(rows: rows + 3, columns: min(region.columns, 92))
    surface.fill(box, Style(.text, on: .popup))
    let border = Border(
      [Words("Commands", .popupTitle)],
      note: [Words("\(found.count) of \(context.commands.commands.count - 1)", .dim)],
      isFocused: true, on: .popup)
    let inner = border.draw(into: &surface, box, brush).inset(columns: 1)
    let (line, list) = inner.split(top: 1)
    let (prompt, text) = line.split(left: 2)
    surface.draw(Words(":", .accent, .bold), in: prompt, on: .popup, brush: brush)
    let top = max(0, min(selected - list.rows / 2, found.count - list.rows))
    for (row, command) in found.dropFirst(top).prefix(list.rows).enumerated() {
      drawRow(
        command, top + row == selected, into: &surface, list.line(row), context)
    }
    if found.isEmpty {
      surface.draw(
        Words("no command has these letters", .dim), in: list.line(0), on: .popup, brush: brush)
    }
    field.draw(into: &surface, text, brush, isValid: !found.isEmpty)
  }

  private func drawRow(
    _ command: ConsoleCommand, _ isSelected: Bool, into surface: inout Surface, _ line: Region,
    _ context: ScreenContext
  ) {
    let brush = context.brush
    let ground: Role = isSelected ? .selection : .popup
    surface.fill(line, Style(.text, on: ground))
    let objection = objection(to: command, context)
    let keys = context.keymap.sequences(of: command.name).map(\.shown).joined(separator: " ")
    let places = line.columns(
      [
        Share(minimum: 1, ideal: 1, priority: 4), Share(minimum: 10, ideal: 18, priority: 3),
        Share(minimum: 10, ideal: 30, weight: 1, priority: 2),
        Share(minimum: 6, ideal: 10, priority: 1),
      ], gap: 1)
    let role: Role = objection == nil ? .text : .disabled
    let cells = [
      Words(isSelected ? String(brush.glyphs.pointer) : " ", .accent),
      Words(command.name.text, objection == nil ? .strong : .disabled),
      Words(objection.map { "\(command.summary) (\($0))" } ?? command.summary, role),
      Words(keys, objection == nil ? .key : .keyDisabled),
    ]
    for (index, place) in places.enumerated() {
      guard let place else { continue }
      surface.draw(cells[index], in: place, on: ground, right: index == 3, brush: brush)
    }
  }
}
