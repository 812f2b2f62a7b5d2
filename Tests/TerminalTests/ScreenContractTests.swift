// The promises of a screen, held to each backend and each kind of terminal. What is compared is what
// a person would see: the grid's own cells, or what an emulated terminal made of curses' bytes.

import Ambient
import TerminalEmulator
import Testing

@testable import Terminal

@Suite struct ScreenContractTests {
  static let kinds = [
    "grid", "xterm-256color", "screen-256color", "tmux-256color", "linux", "vt100", "xterm-mono",
    "rxvt",
  ]

  @Test(arguments: kinds)
  func `what is shown is the surface`(_ kind: String) {
    let screen = ScreenUnderTest(kind, GridSize(rows: 6, columns: 30))
    var surface = Surface(screen.size)
    surface.draw("Title", row: 0, column: 0, Style(.title, on: .text, .bold), in: surface.region)
    surface.draw("dirty", row: 2, column: 3, Style(.stateDirty), in: surface.region)
    surface.fill(Region(row: 4, column: 0, rows: 1, columns: 30), Style(.text, on: .cursor))
    surface.draw("the last corner", row: 5, column: 15, Style(), in: surface.region)
    surface.cursor = CellPlace(row: 2, column: 5)
    screen.show(surface)
    screen.expect(surface)
  }

  @Test(arguments: kinds)
  func `the same surface again costs nothing`(_ kind: String) {
    let screen = ScreenUnderTest(kind, GridSize(rows: 6, columns: 30))
    var surface = Surface(screen.size)
    surface.draw("Title", row: 0, column: 0, Style(.title), in: surface.region)
    screen.show(surface)
    #expect(screen.show(surface) == Frame())
    surface.draw("x", row: 0, column: 0, Style(.title), in: surface.region)
    #expect(screen.show(surface).cellsChanged == 1)
    screen.expect(surface)
  }

  @Test(arguments: kinds)
  func `a surface of another size is cut, or has blanks`(_ kind: String) {
    let screen = ScreenUnderTest(kind, GridSize(rows: 3, columns: 6))
    for size in [GridSize(rows: 1, columns: 2), GridSize(rows: 8, columns: 20)] {
      var surface = Surface(size)
      for row in 0..<size.rows {
        surface.draw("a中中中中中", row: row, column: 0, Style(), in: surface.region)
      }
      screen.show(surface)
      screen.expect(surface.resized(to: screen.size))
    }
  }

  @Test(arguments: kinds)
  func `a new size begins with an unknown screen`(_ kind: String) {
    let screen = ScreenUnderTest(kind, GridSize(rows: 6, columns: 30))
    for size in [(10, 50), (1, 1), (5, 20), (6, 30)].map({ GridSize(rows: $0.0, columns: $0.1) }) {
      var surface = Surface(size)
      surface.draw("size \(size)", row: 0, column: 0, Style(.title), in: surface.region)
      screen.resize(to: size)
      screen.show(surface)
      screen.expect(surface)
    }
  }

  @Test(arguments: kinds)
  func `a redraw mends a screen that something else wrote on`(_ kind: String) {
    let screen = ScreenUnderTest(kind, GridSize(rows: 6, columns: 30))
    var surface = Surface(screen.size)
    surface.draw("what was there", row: 3, column: 3, Style(.title), in: surface.region)
    screen.show(surface)
    screen.spoil("\u{1B}[H\u{1B}[41mwrite: broadcast message from root\u{1B}[m\u{1B}[4;4Hmore")
    screen.redraw()
    screen.show(surface)
    screen.expect(surface)
  }

  @Test(arguments: kinds)
  func `what ASCII lacks is replaced, in as many columns`(_ kind: String) {
    let screen = ScreenUnderTest(kind, GridSize(rows: 2, columns: 10), alphabet: .ascii)
    var surface = Surface(screen.size)
    surface.draw("aä中b–", row: 0, column: 0, Style(), in: surface.region)
    screen.show(surface)
    #expect(screen.lines == ["a?? b?", ""])
  }

  @Test(arguments: kinds)
  func `another theme looks different at once`(_ kind: String) {
    let screen = ScreenUnderTest(kind, GridSize(rows: 2, columns: 10))
    var surface = Surface(screen.size)
    surface.draw("abc", row: 0, column: 0, Style(.title), in: surface.region)
    screen.show(surface)
    screen.use(Theme("other", ["title": Look(Colour(0x00FF00), on: nil, .underline)]))
    screen.show(surface)
    screen.expect(surface)
  }

  @Test(arguments: [ColourWish.full, .indexed, .sixteen, .never])
  func `colours are as deep as was wished, and the theme's own where they can be`(
    _ wish: ColourWish
  ) {
    let screen = ScreenUnderTest(
      "xterm-256color", GridSize(rows: 4, columns: 20), wish: wish,
      environment: ["COLORTERM": "truecolor"])
    var surface = Surface(screen.size)
    surface.draw("38;5;16m", row: 0, column: 0, Style(.title), in: surface.region)
    surface.draw("dirty", row: 1, column: 0, Style(.stateDirty, on: .cursor), in: surface.region)
    screen.show(surface)
    screen.expect(surface)
    screen.use(Theme("other", ["state": Look(Colour(0x123456), on: Colour(0xFEDCBA))]))
    screen.show(surface)
    screen.expect(surface)
    let seen = screen.emulator[1, 0].look.foreground
    switch wish {
    case .full: #expect(seen == .full(Colour(0x123456)))
    case .never: #expect(seen == .own)
    default: if case .indexed = seen {} else { Issue.record("\(seen)") }
    }
  }

  @Test(arguments: kinds, [UInt64(1), 2, 3])
  func `after any run of drawing and resizing the screen is the same as a full redraw`(
    _ kind: String, _ seed: UInt64
  ) {
    var random = SeededGenerator(seed: seed)
    let screen = ScreenUnderTest(kind, GridSize(rows: 8, columns: 24))
    var surface = Surface(screen.size)
    for step in 0..<80 {
      for _ in 0..<(1 + random.below(6)) { scribble(on: &surface, &random) }
      if random.chance(oneIn: 25) {
        let size = GridSize(rows: 1 + random.below(12), columns: 1 + random.below(40))
        surface = surface.resized(to: size)
        screen.resize(to: size)
      }
      if random.chance(oneIn: 9) { scroll(&surface, by: 1 + random.below(3)) }
      screen.show(surface)
      if !screen.expect(surface, "seed \(seed), step \(step)") { return }
      if random.chance(oneIn: 20) {
        screen.redraw()
        screen.show(surface)
        if !screen.expect(surface, "redrawn, seed \(seed), step \(step)") { return }
      }
    }
  }

  private func scroll(_ surface: inout Surface, by rows: Int) {
    let old = surface
    surface.fill(surface.region, Style())
    surface.draw(
      old, in: Region(row: -rows, column: 0, rows: old.size.rows, columns: old.size.columns))
  }
}

/// A backend and what a person would see of it.
final class ScreenUnderTest {
  private var grid: GridScreen?
  private var curses: CursesScreen?
  private(set) var emulator: Emulator
  private var theme: Theme {
    didSet { looks = [:] }
  }
  /// What styles look like, for finding the nearest colour of a palette takes its time.
  private var looks: [Style: EmulatedLook] = [:]
  private let kind: String

  static let testTheme = Theme(
    "test",
    [
      "title": Look(Colour(0xFFAF00), on: nil, .bold), "state": Look(Colour(0x00D7FF)),
      "cursor": Look(Colour(0xFFFFFF), on: Colour(0x303060), .reverse),
      "bad": Look(Colour(0xFF0000)),
      "popup": Look(nil, on: Colour(0x202020)), "dim": Look(nil, on: nil, .dim),
    ])

  init(
    _ kind: String, _ size: GridSize, alphabet: Alphabet = .unicode, wish: ColourWish = .automatic,
    environment: [String: String] = [:]
  ) {
    self.kind = kind
    theme = Self.testTheme
    emulator = Emulator(size, erasesWithBackground: kind != "screen-256color")
    if kind == "grid" {
      grid = GridScreen(
        size, abilities: ScreenAbilities(alphabet: alphabet, depth: .full), theme: theme)
    } else {
      curses = CursesScreen(
        kinds: [kind], size, alphabet: alphabet, wish: wish,
        environment: TerminalEnvironment(environment), theme: theme)
      if curses == nil { Issue.record("the terminal database lacks \(kind)") }
    }
  }

  var size: GridSize { emulator.size }
  var abilities: ScreenAbilities {
    grid?.abilities ?? curses?.abilities ?? ScreenAbilities(alphabet: .ascii, depth: .none)
  }
  var lines: [String] { grid?.shown.lines ?? emulator.lines }

  @discardableResult
  func show(_ surface: Surface) -> Frame {
    let frame = grid?.show(surface) ?? curses?.show(surface) ?? Frame()
    emulator.feed(frame.bytes)
    return frame
  }

  func resize(to size: GridSize) {
    grid?.resize(to: size)
    curses?.resize(to: size)
    emulator.resize(to: size)
  }

  func redraw() {
    grid?.redraw()
    curses?.redraw()
  }

  func use(_ theme: Theme) {
    self.theme = theme
    grid?.use(theme)
    curses?.use(theme)
  }

  func spoil(_ text: String) {
    emulator.feed(text.utf8)
  }

  /// Compares what a person sees with the surface, text and looks; whether it is the same.
  @discardableResult
  func expect(
    _ surface: Surface, _ words: String = "", _ location: SourceLocation = #_sourceLocation
  ) -> Bool {
    #expect(emulator.unknown == [], "\(words)", sourceLocation: location)
    if let grid {
      #expect(grid.shown == surface, "\(words)", sourceLocation: location)
      return grid.shown == surface
    }
    var surface = surface
    if ["screen-256color", "tmux-256color", "rxvt", "xterm-mono"].contains(kind) {
      surface.spareCorner()
    }
    for row in 0..<surface.size.rows {
      var style = Style()
      for column in 0..<surface.size.columns {
        let cell = surface[row, column]
        // Both halves of a wide character look alike on a terminal.
        if !cell.isContinuation { style = cell.style }
        let seen = emulator[row, column]
        let wanted = look(of: style)
        guard seen.text == cell.text, isAlike(seen, wanted) else {
          Issue.record(
            """
            \(kind) \(words): row \(row), column \(column) shows '\(seen.text)' \(seen.look) where \
            '\(cell.text)' \(wanted) was wanted
            """, sourceLocation: location)
          return false
        }
      }
    }
    let isHidden = !emulator.modes.contains(25)
    if let cursor = surface.cursor {
      let place = CellPlace(row: emulator.row, column: emulator.column)
      #expect(place == cursor, "\(words)", sourceLocation: location)
    } else if kind != "vt100" && kind != "xterm-mono" {
      #expect(isHidden, "\(words)", sourceLocation: location)
    }
    return true
  }

  private func look(of style: Style) -> EmulatedLook {
    if let known = looks[style] { return known }
    let resolved = theme.resolve(style)
    let depth = abilities.depth
    let palette = kind == "linux" || kind == "rxvt" ? 8 : 16
    var look = EmulatedLook()
    look.attributes = resolved.attributes
    if depth != .none {
      look.foreground = resolved.foreground?.reduced(to: depth, palette: palette) ?? .own
      look.background = resolved.background?.reduced(to: depth, palette: palette) ?? .own
    }
    looks[style] = look
    return look
  }

  /// A blank shows no foreground; a terminal without an attribute shows none. Where colours exclude
  /// an attribute (ncv), curses leaves it out.
  private func isAlike(_ seen: EmulatedCell, _ wanted: EmulatedLook) -> Bool {
    var (look, wanted) = (seen.look, wanted)
    if seen.text == " " && !wanted.attributes.contains(.reverse) {
      look.foreground = .own
      wanted.foreground = .own
      let visible: Attributes = [.reverse, .underline]
      look.attributes.formIntersection(visible)
      wanted.attributes.formIntersection(visible)
    }
    switch kind {
    case "linux", "rxvt", "screen-256color", "vt100", "xterm-mono":
      let lacking: Attributes = [.dim, .italic, .underline, .bold]
      look.attributes.subtract(lacking)
      wanted.attributes.subtract(lacking)
    default: break
    }
    return look == wanted
  }
}
