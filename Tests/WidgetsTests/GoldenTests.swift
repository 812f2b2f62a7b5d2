// Widgets as a person sees them, in both sets of glyphs and where there is little room.

import Ambient
import Terminal
import Testing
import Widgets

@Suite struct GoldenTests {
  let brush = Brush(.unicode)
  let plain = Brush(.ascii)

  private func drawn(
    _ rows: Int, _ columns: Int, _ draw: (inout Surface, Region) -> Void
  ) -> Surface {
    var surface = Surface(GridSize(rows: rows, columns: columns))
    draw(&surface, surface.region)
    return surface
  }

  private var table: Table {
    let columns = [
      TableColumn("State", Share(minimum: 5, ideal: 9, priority: 2)),
      TableColumn(
        "Path", Share(minimum: 8, ideal: 20, weight: 1, priority: 3), cut: .middle, ascends: true),
      TableColumn("Size", Share(minimum: 8, ideal: 8, priority: 1), isRight: true),
    ]
    let rows = [
      TableRow([Words("● dirty", .stateDirty), Words("art/中文/tree.psd"), Words("1.50 GiB")]),
      TableRow(
        [Words("✓ clean", .stateClean), Words("src/main.c"), Words("512 B")], isMarked: true),
      TableRow([
        Words("✗ failed", .stateFailed), Words("a/very/long/way/to/the/file.bin"),
        Words("–", .unknown),
      ]),
    ]
    return Table(columns, rows, top: 4, count: 40, cursor: 6, showsMarks: true)
  }

  @Test func `a table at ease`() {
    let surface = drawn(5, 48) { table.draw(into: &$0, $1, brush) }
    #expect(
      surface.lines == [
        "  State     Path▲                          Size",
        "  ● dirty   art/中文/tree.psd          1.50 GiB│",
        "● ✓ clean   src/main.c                    512 B┃",
        "  ✗ failed  a/very/long/…/the/file.bin        –│",
        "                                               │",
      ])
    #expect(
      surface.styleLines[2].hasPrefix("0-0 accent/marked, 1-1 text/marked, 2-8 state.clean/marked"))
    #expect(surface.styleLines[3].contains("state.failed/cursor"))
  }

  @Test func `a table that has too little room drops columns, and cuts paths in their middle`() {
    let surface = drawn(4, 18) { table.draw(into: &$0, $1, plain) }
    #expect(surface.lines.map { $0.count }.max()! <= 18)
    #expect(surface.lines[0] == "  State Path^")
    #expect(!surface.lines.joined().contains("Size"))
    #expect(drawn(1, 1) { table.draw(into: &$0, $1, plain) }.lines.count == 1)
  }

  @Test func `an empty table says why it is empty`() {
    var empty = table
    (empty.rows, empty.count, empty.top) = ([], 0, 0)
    empty.whenEmpty = "nothing is dirty"
    let surface = drawn(5, 40) { empty.draw(into: &$0, $1, brush) }
    #expect(surface.lines[2].contains("nothing is dirty"))
  }

  @Test func `a scrollbar is at an end only when the list is`() {
    for (top, rows) in [(0, "┃│││"), (1, "│┃││"), (35, "││┃│"), (36, "│││┃")] {
      let surface = drawn(4, 1) {
        Scrollbar(top: top, seen: 4, count: 40).draw(into: &$0, $1, brush)
      }
      #expect(surface.lines.joined() == rows, "at \(top)")
    }
  }

  @Test(
    arguments: [
      (0.0, "░░░░░░░│░░░│░  0 %"), (0.001, "▏░░░░░░│░░░│░ <1 %"), (0.5, "██████▌│░░░│░ 50 %"),
      (1.0, "███████│███│█100 %"),
    ] as [(Double, String)])
  func `a gauge shows its watermarks and stands beside its number`(_ share: Double, _ text: String)
  {
    let figure = Figures(brush).share(share)
    let surface = drawn(1, 21) {
      Gauge(share, low: 0.6, high: 0.9, figure: figure).draw(into: &$0, $1, brush)
    }
    #expect(surface.lines[0].hasPrefix(text.prefix(7)))
    #expect(surface.lines[0].contains(figure))
    #expect(surface[0, 7].text == "│" && surface[0, 11].text == "│")
  }

  @Test func `a gauge says by a sign and not only by a colour that it is too full`() {
    func line(_ share: Double?, _ brush: Brush) -> String {
      drawn(1, 30) {
        Gauge(share, low: 0.7, high: 0.9, figure: Figures(brush).share(share))
          .draw(into: &$0, $1, brush)
      }.lines[0]
    }
    #expect(line(0.5, brush).hasSuffix("50 %"))
    #expect(line(0.8, brush).hasSuffix("80 % △"))
    #expect(line(0.95, brush).hasSuffix("95 % ▲"))
    #expect(line(0.95, plain).hasSuffix("95 % !"))
    #expect(line(nil, brush).hasSuffix("–"))
    #expect(line(0.5, Brush(.unicode, detail: .numbersOnly)) == " 50 %")
  }

  @Test func `a sparkline shows the newest at the right, and gaps where nothing is known`() {
    func lines(_ rows: Int, _ brush: Brush, _ values: [Double?]) -> [String] {
      drawn(rows, 8) { Sparkline(values).draw(into: &$0, $1, brush) }.lines
    }
    #expect(lines(1, brush, [0, 1, 2, 4, nil, 8]) == ["   ▁▂▄ █"])
    #expect(lines(1, plain, [1, 8]) == ["      _#"])
    #expect(lines(2, brush, [4, 8]) == ["       █", "      ██"])
    #expect(lines(1, brush, [0.001, 100]) == ["      ▁█"])
    #expect(lines(1, brush, Array(repeating: 1, count: 99)) == ["████████"])
    #expect(lines(1, brush, [nil, 0]) == [""])
    #expect(lines(1, Brush(.unicode, detail: .withoutCharts), [1]) == [""])
  }

  @Test func `a histogram has two kinds in a bar, and its numbers before it`() {
    let histogram = Histogram([.init("<1 ms", 8, 8), .init("1 ms", 4), .init("10 ms", 0)])
    let surface = drawn(3, 30) { histogram.draw(into: &$0, $1, brush) }
    #expect(
      surface.lines == [
        "<1 ms      16 ████████▒▒▒▒▒▒▒▒", " 1 ms       4 ████", "10 ms       0",
      ])
  }

  @Test func `a popup covers what is below it, and only that`() {
    let surface = drawn(7, 30) { surface, region in
      surface.fill(region, Style(), with: "x")
      Popup(
        "Evict", text: "12 files, 1.50 GiB",
        choices: [KeyHint("Enter", "evict"), KeyHint("Esc", "no")]
      ).draw(into: &surface, region, brush)
    }
    #expect(
      surface.lines == [
        "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
        "xxx┌─ Evict ─────────────┐xxxx",
        "xxx│ 12 files, 1.50 GiB  │xxxx",
        "xxx│                     │xxxx",
        "xxx│ Enter evict  Esc no │xxxx",
        "xxx└─────────────────────┘xxxx",
        "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
      ])
    #expect(surface.styleLines[2].contains("text/popup"))
  }

  @Test func `a border has its title, and its note where there is room`() {
    let surface = drawn(3, 24) {
      _ = Border([Words("Uploads")], note: [Words("3 s")]).draw(into: &$0, $1, plain)
    }
    #expect(
      surface.lines == [
        "+- Uploads ------ 3 s -+", "|                      |", "+----------------------+",
      ])
    let small = drawn(3, 12) {
      _ = Border([Words("Uploads")], note: [Words("3 s")]).draw(into: &$0, $1, plain)
    }
    #expect(small.lines[0].hasPrefix("+- Upload"))
    #expect(!small.lines[0].contains("3 s"))
  }

  @Test func `a status line drops what matters least, hints as many as there is room for`() {
    let line = StatusLine([
      StatusPart([Words("larder", .strong)], priority: 3),
      StatusPart([Words("depot /srv")], priority: 1),
      StatusPart([Words("12 ms")], priority: 2, isRight: true),
    ])
    #expect(
      drawn(1, 40) { line.draw(into: &$0, $1, brush) }.lines == [
        "larder  depot /srv                 12 ms"
      ])
    #expect(drawn(1, 20) { line.draw(into: &$0, $1, brush) }.lines == ["larder         12 ms"])
    #expect(drawn(1, 6) { line.draw(into: &$0, $1, brush) }.lines == ["larder"])
    let hints = KeyHints([
      KeyHint("F1", "help"), KeyHint("q", "quit"), KeyHint("x", "no", isEnabled: false),
    ])
    #expect(drawn(1, 16) { hints.draw(into: &$0, $1, brush) }.lines == ["F1 help  q quit"])
    #expect(hints.columns == 21)
  }

  @Test func `a menu shows which is chosen, and which cannot be`() {
    let menu = Menu("Sort by", [[Words("path")], [Words("size")]], selected: 1, disabled: [0])
    let surface = drawn(4, 20) { menu.draw(into: &$0, $1, plain) }
    #expect(surface.lines[2].contains(">size"))
    #expect(surface.styleLines[1].contains("disabled/popup"))
    #expect(surface.styleLines[2].contains("text/selection"))
  }

  @Test func `text is wrapped between words, and long words are broken`() {
    #expect(wrapped("one two three", columns: 7) == ["one two", "three"])
    #expect(wrapped("abcdefghij k", columns: 4) == ["abcd", "efgh", "ij k"])
    #expect(wrapped("a\n\nb", columns: 4) == ["a", "", "b"])
    #expect(wrapped("中中中", columns: 4) == ["中中", "中"])
  }

  @Test func `a scrolling text follows its end until somebody looks up`() {
    var scroll = TextScroll(followsEnd: true)
    #expect(scroll.visible(lines: 10, rows: 3) == 7..<10)
    #expect(scroll.visible(lines: 12, rows: 3) == 9..<12)
    scroll.move(by: -2, lines: 12, rows: 3, followsEnd: true)
    #expect(scroll.visible(lines: 20, rows: 3) == 7..<10)
    scroll.dropped(5)
    #expect(scroll.visible(lines: 15, rows: 3) == 2..<5)
    scroll.move(by: 99, lines: 15, rows: 3, followsEnd: true)
    #expect(scroll.visible(lines: 30, rows: 3) == 27..<30)
    let lines = (0..<9).map { [Words("line \($0)")] }
    let surface = drawn(3, 12) { ScrollingText(lines, TextScroll()).draw(into: &$0, $1, brush) }
    #expect(surface.lines == ["line 0     ┃", "line 1     │", "line 2     │"])
  }

  @Test func `every widget can be drawn in any room without reaching out of it`() {
    var random = SeededGenerator(seed: 3)
    for _ in 0..<400 {
      let (rows, columns) = (1 + random.below(9), 1 + random.below(40))
      let region = Region(
        row: random.below(4), column: random.below(6), rows: random.below(7),
        columns: random.below(30))
      var surface = Surface(GridSize(rows: rows, columns: columns))
      surface.fill(surface.region, Style(), with: "x")
      let brush = random.chance(oneIn: 2) ? brush : plain
      table.draw(into: &surface, region, brush)
      Gauge(0.5, low: 0.2, high: 0.9, figure: "50 %").draw(into: &surface, region, brush)
      Sparkline([1, 2, 3]).draw(into: &surface, region, brush)
      Histogram([.init("a", 1, 2)]).draw(into: &surface, region, brush)
      Popup("t", text: "some text", choices: [KeyHint("a", "b")]).draw(
        into: &surface, region, brush)
      Menu("m", [[Words("a")]]).draw(into: &surface, region, brush)
      StatusLine([StatusPart([Words("left")]), StatusPart([Words("right")], isRight: true)])
        .draw(into: &surface, region, brush)
      KeyHints([KeyHint("a", "b")]).draw(into: &surface, region, brush)
      TextField("some text").draw(into: &surface, region, brush)
      ScrollingText([[Words("a")], [Words("b")]], TextScroll()).draw(into: &surface, region, brush)
      for row in 0..<rows {
        for column in 0..<columns where !region.contains(CellPlace(row: row, column: column)) {
          #expect(surface[row, column].text == "x", "\(region) in \(surface.size)")
        }
      }
    }
  }
}

@Suite struct TextFieldTests {
  private func field(_ keys: [String], from text: String = "") -> TextField {
    var field = TextField(text)
    for key in keys { _ = field.take(Key(parsing: key)!) }
    return field
  }

  @Test(
    arguments: [
      (["a", "b"], "ab", 2), (["a", "b", "Left", "c"], "acb", 2), (["a", "Backspace"], "", 0),
      (["a", "b", "Home", "Del"], "b", 0), (["a", "Space", "b", "C-w"], "a ", 2),
      (["a", "b", "C-u"], "", 0), (["a", "b", "C-a", "C-k"], "", 0), (["Backspace", "Del"], "", 0),
      (["a", "Left", "Left", "End", "b"], "ab", 2), (["中", "Left", "x"], "x中", 1),
    ] as [([String], String, Int)])
  func `a line is edited as shells have taught`(_ keys: [String], _ text: String, _ cursor: Int) {
    let field = field(keys)
    #expect(field.text == text)
    #expect(field.cursor == cursor)
  }

  @Test func `a character is removed whole, with all its marks`() {
    var field = TextField("e\u{301}x")
    _ = field.take(Key(.left))
    #expect(field.take(Key(.backspace)) == .changed)
    #expect(field.text == "x")
  }

  @Test func `what was accepted can be recalled, and what was begun comes back`() {
    var field = TextField("", history: ["one", "two"])
    _ = field.take(.character("d"))
    #expect(field.take(Key(.up)) == .changed)
    #expect(field.text == "two")
    _ = field.take(Key(.up))
    #expect(field.text == "one")
    #expect(field.take(Key(.up)) == .stayed)
    _ = field.take(Key(.down))
    _ = field.take(Key(.down))
    #expect(field.text == "d")
    #expect(field.take(Key(.enter)) == .accepted)
    #expect(field.history == ["one", "two", "d"])
    #expect(field.take(Key(.escape)) == .cancelled)
    #expect(field.take(Key(.function(5))) == .ignored)
  }

  @Test func `a paste is data: controls stay out, and it is bounded`() {
    var field = TextField()
    _ = field.take(Paste(Array("a\u{1B}[31m\r\nb\tc\u{7}".utf8)))
    #expect(field.text == "a[31m b c")
    _ = field.take(Paste([UInt8](repeating: 0x61, count: 10_000)))
    #expect(field.text.count == TextField.charactersMax)
    #expect(field.take(Paste([0x62])) == .ignored)
  }

  @Test func `a text that is longer than its room is moved so that its cursor is seen`() {
    var surface = Surface(GridSize(rows: 1, columns: 10))
    let region = Region(row: 0, column: 2, rows: 1, columns: 5)
    TextField("abcdefgh").draw(into: &surface, region, Brush(.unicode))
    #expect(surface.lines == ["  efgh"])
    #expect(surface.cursor == CellPlace(row: 0, column: 6))
    field(["Home"], from: "abcdefgh").draw(into: &surface, region, Brush(.unicode))
    #expect(surface.lines == ["  abcde"])
    #expect(surface.cursor == CellPlace(row: 0, column: 2))
  }
}
