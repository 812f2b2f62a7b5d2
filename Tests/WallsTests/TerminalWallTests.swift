// That the doors of CTerminal reach ncurses and the line discipline.

import CTerminal
import Glibc
import Testing

@Suite struct TerminalWallTests {
  @Test func `the terminal database knows some and not others`() throws {
    for kind in ["nonsense", "dumb", ""] {
      #expect(unsafe cterminal_open(kind, 1, 24, 80) == nil)
    }
    let screen = unsafe try #require(unsafe cterminal_open("linux", 1, 24, 80))
    unsafe cterminal_close(screen)
  }

  @Test func `widths follow one table, whatever the locale`() {
    #expect(cterminal_width(0x61) == 1)
    #expect(cterminal_width(0x4E2D) == 2)
    #expect(cterminal_width(0x301) == 0)
    #expect(cterminal_width(0x07) == -1)
  }

  @Test func `cells, looks and colours become bytes`() throws {
    let screen = unsafe try #require(unsafe cterminal_open("xterm-256color", 1, 24, 80))
    #expect(unsafe cterminal_colour_count(screen) == 256)
    #expect(unsafe cterminal_pair_count(screen) > 256)
    #expect(unsafe cterminal_has_own_colours(screen) == 1)
    #expect(unsafe cterminal_has_indexed_colours(screen) == 1)
    let pair = unsafe cterminal_pair(screen, 196, -1)
    #expect(pair > 0)
    #expect(unsafe cterminal_flag(screen, "bce") == 1)
    #expect(unsafe cterminal_number(screen, "colors") == 256)
    #expect(unsafe cterminal_text(screen, "nonsense") == nil)
    var moving = [UInt8](repeating: 0, count: 16)
    #expect(unsafe cterminal_moving_text(screen, 4, 9, &moving, moving.count) == 1)
    #expect(moving.starts(with: "\u{1B}[5;10H".utf8))
    #expect(unsafe cterminal_moving_text(screen, 4, 9, &moving, 4) == 0)

    let cells = [
      cell("ä", CTERMINAL_BOLD, pair), cell("中", CTERMINAL_PLAIN, pair),
      cell("e\u{301}", CTERMINAL_REVERSE, 0),
    ]
    #expect(unsafe cterminal_put(screen, 3, 5, cells, Int32(cells.count)) == 1)
    #expect(unsafe cterminal_show_cursor(screen, 0) == 1)
    #expect(unsafe cterminal_move_cursor(screen, 0, 0) == 1)
    let sent = unsafe update(screen)
    #expect(sent.contains("ä"))
    #expect(sent.contains("中"))
    #expect(sent.contains("e\u{301}"))
    #expect(sent.contains("38;5;196"))

    // The same screen again costs nothing; a redraw costs it all.
    #expect(unsafe update(screen) == "")
    #expect(unsafe cterminal_redraw(screen) == 1)
    #expect(unsafe update(screen).contains("中"))
    #expect(unsafe cterminal_resize(screen, 10, 40) == 1)
    unsafe cterminal_leave(screen)
    #expect(unsafe update(screen).contains("\u{1B}[?1049h"))
    unsafe cterminal_close(screen)
  }

  @Test func `a row of wide cells ends where the screen does`() throws {
    let screen = unsafe try #require(unsafe cterminal_open("xterm-256color", 1, 24, 80))
    let row = Array(repeating: cell("中", CTERMINAL_PLAIN, 0), count: 100)
    #expect(unsafe cterminal_put(screen, 0, 0, row, Int32(row.count)) == 1)
    #expect(unsafe update(screen).count { $0 == "中" } == 40)
    unsafe cterminal_close(screen)
  }

  @Test func `without colours there are none, and no pairs`() throws {
    let screen = unsafe try #require(unsafe cterminal_open("vt100", 1, 24, 80))
    #expect(unsafe cterminal_colour_count(screen) == 0)
    #expect(unsafe cterminal_pair(screen, 1, 2) == -1)
    unsafe cterminal_close(screen)
  }

  @Test func `a wake is heard once, and a wait has an end`() {
    let wake = cterminal_wake_descriptor()
    #expect(cterminal_wait(-1, 0, wake, 0) == 0)
    cterminal_wake(wake)
    cterminal_wake(wake)
    #expect(cterminal_wait(-1, 0, wake, -1) == Int32(CTERMINAL_WOKEN))
    #expect(cterminal_take_wake(wake) == 1)
    #expect(cterminal_take_wake(wake) == 0)
    cterminal_close_descriptor(wake)
  }

  @Test func `a raw line is restored to what it was`() {
    let line = Line()
    let before = line.modes()
    #expect(cterminal_make_raw(line.terminal) == 1)
    #expect(line.modes() != before)
    #expect(unsafe cterminal_restore_modes(line.terminal, before) == 1)
    #expect(line.modes() == before)
    #expect(cterminal_is_terminal(line.terminal) == 1)
  }

  @Test func `the size of the window is known, or said to be unknown`() {
    let line = Line()
    var (rows, columns): (Int32, Int32) = (0, 0)
    #expect(unsafe cterminal_window_size(line.terminal, &rows, &columns) == 1)
    #expect((rows, columns) == (24, 80))
    #expect(cterminal_set_window_size(line.terminal, 0, 0) == 1)
    #expect(unsafe cterminal_window_size(line.terminal, &rows, &columns) == 0)
    #expect(unsafe cterminal_window_size(-1, &rows, &columns) == 0)
    #expect(cterminal_is_terminal(-1) == 0)
  }

  /// Updates the screen and takes what that produced.
  private func update(_ screen: OpaquePointer) -> String {
    let count = unsafe cterminal_update(screen)
    guard count > 0 else { return "" }
    var bytes = [UInt8](repeating: 0, count: Int(count))
    #expect(unsafe cterminal_take(screen, &bytes, bytes.count) == count)
    return String(decoding: bytes, as: UTF8.self)
  }

  private func cell(_ text: String, _ look: cterminal_attribute, _ pair: Int32) -> cterminal_cell {
    var cell = cterminal_cell()
    let scalars = text.unicodeScalars.map(\.value)
    cell.scalars.0 = scalars[0]
    if scalars.count > 1 { cell.scalars.1 = scalars[1] }
    cell.attributes = look.rawValue
    cell.pair = pair
    return cell
  }
}

/// A pseudo-terminal of 24 rows and 80 columns.
private final class Line {
  private let outside: Int32
  let terminal: Int32

  init() {
    var (outside, inside): (Int32, Int32) = (-1, -1)
    #expect(unsafe cterminal_open_line(24, 80, &outside, &inside) == 1, "no pseudo-terminal")
    #expect(fcntl(outside, F_SETFL, O_NONBLOCK) == 0)
    (self.outside, terminal) = (outside, inside)
  }

  deinit {
    close(terminal)
    close(outside)
  }

  func modes() -> [UInt8] {
    var modes = [UInt8](repeating: 0, count: cterminal_modes_size())
    #expect(unsafe cterminal_save_modes(terminal, &modes) == 1)
    return modes
  }
}
