// The mouse, once it is turned on: what a click and the wheel come to, and that it is nobody's before.

import Ambient
import Terminal
import Testing
import Views
import Widgets

@testable import Console

@Suite struct MouseTests {
  private func console() -> ListConsole {
    var console = ListConsole(columns: 100, rows: 30)
    console.press("2", "m")
    return console
  }

  /// The row of the screen on which a text stands.
  private func row(of text: String, _ console: ListConsole) throws -> Int {
    try #require(console.lines.firstIndex { $0.contains(text) })
  }

  @Test func `a click goes to the row under it, and a second one looks into it`() throws {
    var console = console()
    let place = CellPlace(row: try row(of: "file_10.cpp", console), column: 20)
    console.mouse(.pressed, at: place)
    #expect(console.screen?.list.selected?.id == "main/src/game/file_10.cpp")
    #expect(console.screen?.detail.isFocused == false)
    console.mouse(.pressed, at: place)
    #expect(console.screen?.detail.isFocused == true)
    #expect(console.asked.last?.operation == "manifest.entry")
  }

  @Test func `the wheel moves the cursor, in layers too`() throws {
    var console = console()
    console.mouse(.wheelDown, at: CellPlace(row: 10, column: 10))
    console.mouse(.wheelDown, at: CellPlace(row: 10, column: 10))
    #expect(console.screen?.list.cursor.index == 2 * ConsoleModel.wheelRows)
    console.mouse(.wheelUp, at: CellPlace(row: 10, column: 10))
    #expect(console.screen?.list.cursor.index == ConsoleModel.wheelRows)
    console.press("?")
    let before = console.lines
    console.mouse(.wheelDown, at: CellPlace(row: 10, column: 10))
    #expect(console.lines != before)
  }

  @Test func `a click on the name of a screen shows it`() throws {
    var console = console()
    let line = console.lines[1]
    // One column a character: the line has nothing wide.
    let column = try #require(
      line.indices.first { line[$0...].hasPrefix("Events") }
    )
    console.mouse(
      .pressed, at: CellPlace(row: 1, column: line.distance(from: line.startIndex, to: column)))
    #expect(console.model.screenID == .events)
  }

  @Test func `nothing is clicked beside the rows, while typing, or before it is turned on`() throws
  {
    var console = console()
    let cursor = console.screen?.list.cursor.index
    for row in [0, 2, 3, 29] { console.mouse(.pressed, at: CellPlace(row: row, column: 50)) }
    #expect(console.screen?.list.cursor.index == cursor)
    console.press("f")
    console.mouse(.wheelDown, at: CellPlace(row: 10, column: 10))
    #expect(console.screen?.list.cursor.index == cursor)
    console.press("Esc", "m")
    console.mouse(.pressed, at: CellPlace(row: 12, column: 10))
    #expect(console.screen?.list.cursor.index == cursor)
  }
}

extension ListConsole {
  /// Something that the mouse does with its left button.
  mutating func mouse(_ action: MouseEvent.Action, at place: CellPlace) {
    take(.mouse(MouseEvent(action, button: 1, at: place)))
  }
}
