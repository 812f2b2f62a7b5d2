// What the mouse does, once a person has turned it on: the wheel moves as the arrow keys do, a click on the
// name of a screen shows it, and any other goes to whoever is on top, at a place of its region.

internal import Terminal
internal import Views
internal import Widgets

extension ConsoleModel {
  /// How many rows a notch of the wheel goes.
  static let wheelRows = 3

  mutating func take(_ mouse: MouseEvent) -> [ConsoleEffect] {
    guard hasMouse, !topScreen.isTyping else { return [] }
    switch mouse.action {
    case .wheelUp: return roll(.up)
    case .wheelDown: return roll(.down)
    case .pressed:
      if layers.isEmpty, let line = frame.tabs,
        let tab = tabs(in: line).first(where: { $0.place.contains(mouse.place) })
      {
        return show(entries[tab.index].id)
      }
      return click(mouse)
    case .released, .moved: return []
    }
  }

  private mutating func roll(_ name: CommandName) -> [ConsoleEffect] {
    (0..<Self.wheelRows).flatMap { _ in tell(top, .command(name)) }
  }

  private mutating func click(_ mouse: MouseEvent) -> [ConsoleEffect] {
    let body = frame.body
    guard body.contains(mouse.place) else { return [] }
    notice = nil
    var inside = mouse
    inside.place = CellPlace(
      row: mouse.place.row - body.row, column: mouse.place.column - body.column)
    return tell(top, .mouse(inside))
  }
}

extension Region {
  fileprivate func contains(_ place: CellPlace) -> Bool {
    (row..<row + rows).contains(place.row) && (column..<column + columns).contains(place.column)
  }
}
