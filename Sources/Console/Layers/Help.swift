// Every key there is, from the one table of commands, the screen's own first. It scrolls; typing
// nothing, it needs no memory of its own but where it stands.

internal import Bytes
internal import Terminal
internal import Widgets

/// The list of keys.
struct Help: Screen {
  private let groups: [(title: String, commands: [ConsoleCommand])]
  private var top = 0

  init(_ table: CommandTable, _ keymap: Keymap, on screen: ScreenID) {
    let here = table.commands.filter { command in
      if case .on(let screens) = command.scope { return screens == [screen] }
      return false
    }
    let rest = table.commands.filter { command in
      command.scope.includes(screen) && !here.contains { $0.name == command.name }
    }
    var groups = [(title: "On this screen", commands: here)]
    groups += CommandGroup.allCases.map { group in
      (title: group.rawValue, commands: rest.filter { $0.group == group })
    }
    self.groups = groups.filter { !$0.commands.isEmpty }
  }

  mutating func handle(_ event: ScreenEvent, _ context: ScreenContext) -> [ScreenRequest] {
    guard case .command(let name) = event else { return [] }
    let (rows, all) = (max(1, context.size.rows - 2), lines(context).count)
    let last = max(0, all - rows)
    switch name {
    case .down: top += 1
    case .up: top -= 1
    case .pageDown: top += rows
    case .pageUp: top -= rows
    case .halfDown: top += rows / 2
    case .halfUp: top -= rows / 2
    case .top: top = 0
    case .bottom: top = last
    case .open: return [.close]
    default: return [.say(.refused("Esc closes the help"))]
    }
    top = min(max(0, top), last)
    return []
  }

  func hints(_ context: ScreenContext) -> [KeyHint] {
    [.down, .pageDown, .back].compactMap { context.hint($0) }
  }

  func draw(into surface: inout Surface, _ region: Region, _ context: ScreenContext) {
    let lines = lines(context)
    let widest = lines.map { $0.reduce(0) { $0 + $1.columns } }.max() ?? 0
    let box = region.centred(
      rows: lines.count + 2, columns: min(region.columns, max(widest + 4, 40)))
    surface.fill(box, Style(.text, on: .popup))
    let border = Border(
      [Words("Keys", .popupTitle)], note: [Words("larder \(context.version)", .dim)],
      isFocused: true, on: .popup)
    let inner = border.draw(into: &surface, box, context.brush)
    let shownTop = min(top, max(0, lines.count - inner.rows))
    for (row, line) in lines.dropFirst(shownTop).prefix(inner.rows).enumerated() {
      surface.draw(line, in: inner.line(row).inset(columns: 1), on: .popup, brush: context.brush)
    }
    let track = Region(row: inner.row, column: box.endColumn - 1, rows: inner.rows, columns: 1)
    Scrollbar(top: shownTop, seen: inner.rows, count: lines.count)
      .draw(into: &surface, track, context.brush)
  }

  private func lines(_ context: ScreenContext) -> [[Words]] {
    let keys = groups.flatMap(\.commands).map { Self.keys($0, context) }
    let columns = min(16, keys.map { columnCount(of: $0) }.max() ?? 0)
    var lines: [[Words]] = []
    for group in groups {
      if !lines.isEmpty { lines.append([]) }
      lines.append([Words(group.title, .title)])
      for command in group.commands {
        let objection = context.objection(to: command.name)
        let keys = padded(
          Self.keys(command, context), columns: columns, right: true,
          ellipsis: context.brush.ellipsis)
        lines.append([
          Words(keys, objection == nil ? .key : .keyDisabled),
          Words("  " + command.summary, objection == nil ? .text : .disabled),
          Words(objection.map { "  (\($0))" } ?? "", .dim),
        ])
      }
    }
    return lines
  }

  private static func keys(_ command: ConsoleCommand, _ context: ScreenContext) -> String {
    let sequences = context.keymap.sequences(of: command.name)
    return sequences.isEmpty ? context.brush.unknown : sequences.map(\.shown).joined(separator: " ")
  }
}
