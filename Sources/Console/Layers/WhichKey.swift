// What can still come of the keys that were pressed: a box over the last rows, one entry a key.

internal import Terminal
internal import Widgets

/// The box of a sequence that is not complete.
struct WhichKey: Sendable {
  private let pending: [Key]
  private let next: [Keymap.Binding]

  init(_ pending: [Key], _ next: [Keymap.Binding]) {
    self.pending = pending
    self.next = next
  }

  private struct Entry {
    let key: String
    let label: String
    let objection: String?
  }

  func draw(into surface: inout Surface, _ region: Region, _ context: ScreenContext) {
    let entries = entries(context)
    let brush = context.brush
    let keyColumns = entries.map { columnCount(of: $0.key) }.max() ?? 1
    let widest = entries.map { columnCount(of: $0.label) }.max() ?? 1
    let cell = keyColumns + widest + 4
    let across = max(1, (region.columns - 4) / cell)
    let rows = (entries.count + across - 1) / across
    let box = region.split(bottom: rows + 2).bottom
    surface.fill(box, Style(.text, on: .popup))
    let border = Border(
      [Words(KeySequence(pending).shown, .key), Words(" \(brush.ellipsis)", .popupTitle)],
      note: [Words("Esc goes back", .dim)], isFocused: true, on: .popup)
    let inner = border.draw(into: &surface, box, brush)
    for (index, entry) in entries.enumerated() {
      let line = inner.line(index % max(1, rows)).split(left: 1 + index / max(1, rows) * cell).rest
      let (key, rest) = line.split(left: keyColumns)
      let isOpen = entry.objection == nil
      surface.draw(
        Words(entry.key, isOpen ? .key : .keyDisabled), in: key, on: .popup, right: true,
        brush: brush)
      surface.draw(
        Words(" " + entry.label, isOpen ? .keyLabel : .disabled), in: rest, on: .popup,
        brush: brush)
    }
  }

  /// One entry for each next key; several sequences behind one key are told by their number.
  private func entries(_ context: ScreenContext) -> [Entry] {
    var order: [Key] = []
    var groups: [Key: [Keymap.Binding]] = [:]
    for binding in next {
      let key = binding.sequence.keys[pending.count]
      if groups[key] == nil { order.append(key) }
      groups[key, default: []].append(binding)
    }
    return order.map { key in
      let group = groups[key] ?? []
      guard
        group.count == 1 || group.contains(where: { $0.sequence.keys.count == pending.count + 1 }),
        let first = group.first, let command = context.commands[first.command]
      else {
        let labels = group.compactMap { context.commands[$0.command]?.label }
        return Entry(key: "\(key)", label: labels.joined(separator: ", "), objection: nil)
      }
      return Entry(
        key: "\(key)", label: command.label, objection: context.objection(to: command.name))
    }
  }
}
