// That the doors of CTerminal reach ncurses and the line discipline, on a pseudo-terminal. Curses
// has one screen a process, so these run one after the other.

import CTerminal
import Glibc
import Testing

@Suite(.serialized) struct TerminalWallTests {
  @Test func `the terminal database knows some and not others`() {
    #expect(unsafe cterminal_knows("xterm-256color") == 1)
    #expect(unsafe cterminal_knows("nonsense") == 0)
    let line = Line()
    #expect(unsafe cterminal_open("nonsense", line.terminal, line.terminal) == nil)
  }

  @Test func `widths follow the locale's table`() {
    #expect(unsafe setlocale(LC_CTYPE, "C.UTF-8") != nil)
    #expect(cterminal_width(0x61) == 1)
    #expect(cterminal_width(0x4E2D) == 2)
    #expect(cterminal_width(0x301) == 0)
    #expect(cterminal_width(0x07) == -1)
  }

  @Test func `cells, looks and colours reach the terminal`() throws {
    #expect(unsafe setlocale(LC_CTYPE, "C.UTF-8") != nil)
    let line = Line()
    let screen = unsafe try #require(
      unsafe cterminal_open("xterm-256color", line.terminal, line.terminal))
    #expect(cterminal_begin_colours() == 1)
    #expect(cterminal_colour_count() == 256)
    #expect(cterminal_pair_count() > 256)
    let pair = cterminal_pair(196, -1)
    #expect(pair > 0)
    #expect(cterminal_rows() == 24)
    #expect(cterminal_columns() == 80)
    #expect(unsafe cterminal_flag("bce") == 1)
    #expect(unsafe cterminal_number("colors") == 256)
    #expect(unsafe cterminal_text("nonsense") == nil)

    let cells = [
      cell("ä", CTERMINAL_BOLD, pair), cell("中", CTERMINAL_PLAIN, pair),
      cell("e\u{301}", CTERMINAL_REVERSE, 0),
    ]
    #expect(unsafe cterminal_put(3, 5, cells, Int32(cells.count)) == 1)
    #expect(cterminal_show_cursor(0) == 1)
    #expect(cterminal_move_cursor(0, 0) == 1)
    #expect(cterminal_update() == 1)
    let sent = line.sent()
    #expect(sent.contains("ä"))
    #expect(sent.contains("中"))
    #expect(sent.contains("e\u{301}"))
    #expect(sent.contains("38;5;196"))

    // The same screen again costs nothing; a redraw costs it all.
    #expect(cterminal_update() == 1)
    #expect(line.sent() == "")
    #expect(cterminal_redraw() == 1)
    #expect(cterminal_update() == 1)
    #expect(line.sent().contains("中"))

    #expect(cterminal_resize(10, 40) == 1)
    #expect(cterminal_columns() == 40)
    #expect(cterminal_erase() == 1)
    #expect(cterminal_ring() == 1)
    unsafe cterminal_close(screen)
  }

  @Test func `a row of wide cells ends where the screen does`() throws {
    let line = Line()
    let screen = unsafe try #require(
      unsafe cterminal_open("xterm-256color", line.terminal, line.terminal))
    let row = Array(repeating: cell("中", CTERMINAL_PLAIN, 0), count: 100)
    #expect(unsafe cterminal_put(0, 0, row, Int32(row.count)) == 1)
    #expect(cterminal_update() == 1)
    #expect(line.sent().count { $0 == "中" } == 40)
    unsafe cterminal_close(screen)
  }

  @Test func `without colours there are none, and no pairs`() throws {
    let line = Line()
    let screen = unsafe try #require(unsafe cterminal_open("vt100", line.terminal, line.terminal))
    #expect(cterminal_begin_colours() == 0)
    #expect(cterminal_colour_count() == 0)
    #expect(cterminal_pair(1, 2) == -1)
    unsafe cterminal_close(screen)
  }

  @Test func `keys, sequences and the mouse come from the terminal`() throws {
    let line = Line()
    let screen = unsafe try #require(
      unsafe cterminal_open("xterm-256color", line.terminal, line.terminal))
    #expect(cterminal_begin_keys(1, 10_000) == 1)
    #expect(cterminal_use_mouse(1) == 1)
    #expect(unsafe cterminal_define_key("\u{1B}[99~", Int32(CTERMINAL_KEY_F0) + 63) == 1)
    var none: UInt32 = 0
    #expect(unsafe cterminal_read_key(&none) == 0)

    line.type("aä\u{3}\u{1B}OA\u{1B}[99~")
    #expect(
      line.keys(5) == [
        Key(1, 0x61), Key(1, 0xE4), Key(1, 3), Key(2, UInt32(CTERMINAL_KEY_UP)),
        Key(2, UInt32(CTERMINAL_KEY_F0) + 63),
      ])
    line.type("\u{1B}[<0;8;4M")
    #expect(line.keys(1) == [Key(2, UInt32(CTERMINAL_KEY_MOUSE))])
    var mouse = cterminal_mouse()
    #expect(unsafe cterminal_read_mouse(&mouse) == 1)
    #expect(mouse.row == 3)
    #expect(mouse.column == 7)
    #expect(mouse.did == UInt32(CTERMINAL_BUTTON1_PRESSED))
    #expect(unsafe cterminal_read_mouse(&mouse) == 0)
    #expect(cterminal_use_mouse(0) == 1)
    unsafe cterminal_close(screen)
  }

  @Test func `a screen that is left and entered again gives the line back each time`() throws {
    let line = Line()
    let before = line.modes()
    let screen = unsafe try #require(
      unsafe cterminal_open("xterm-256color", line.terminal, line.terminal))
    #expect(cterminal_begin_keys(0, 25) == 1)
    #expect(cterminal_update() == 1)
    let during = line.modes()
    #expect(during != before)
    cterminal_suspend()
    #expect(line.modes() == before)
    cterminal_resume()
    #expect(cterminal_update() == 1)
    #expect(line.modes() == during)
    unsafe cterminal_close(screen)
    #expect(line.modes() == before)
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

/// What cterminal_read_key() gave.
private struct Key: Equatable {
  let kind: Int32
  let value: UInt32

  init(_ kind: Int32, _ value: UInt32) {
    self.kind = kind
    self.value = value
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

  /// What has been sent to the terminal since the last call: a mark is sent behind it, and read
  /// up to, for a pseudo-terminal passes bytes on in its own time.
  func sent() -> String {
    let mark = Array("|mark|".utf8)
    #expect(unsafe write(terminal, mark, mark.count) == mark.count)
    var sent: [UInt8] = []
    var part = [UInt8](repeating: 0, count: 4_096)
    while !sent.suffix(mark.count).elementsEqual(mark) {
      guard isReadable(outside) else { break }
      let count = unsafe read(outside, &part, part.count)
      if count > 0 { sent.append(contentsOf: part[..<count]) }
    }
    return String(decoding: sent.dropLast(mark.count), as: UTF8.self)
  }

  /// Types on the terminal's keyboard.
  func type(_ text: String) {
    let bytes = Array(text.utf8)
    #expect(unsafe write(outside, bytes, bytes.count) == bytes.count)
  }

  /// The next keys that arrive.
  func keys(_ count: Int) -> [Key] {
    var keys: [Key] = []
    while keys.count < count {
      var value: UInt32 = 0
      let kind = unsafe cterminal_read_key(&value)
      if kind != 0 {
        keys.append(Key(kind, value))
      } else if !isReadable(terminal) {
        break
      }
    }
    return keys
  }

  private func isReadable(_ descriptor: Int32) -> Bool {
    var asked = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    let ready = unsafe poll(&asked, 1, 10_000)
    #expect(ready == 1, "nothing came in 10 s")
    return ready == 1
  }

  func modes() -> [UInt8] {
    var modes = [UInt8](repeating: 0, count: cterminal_modes_size())
    #expect(unsafe cterminal_save_modes(terminal, &modes) == 1)
    return modes
  }
}
