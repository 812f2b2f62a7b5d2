// What a surface keeps whole, and what foreign text becomes.

import Ambient
import Testing

@testable import Terminal

@Suite struct SurfaceTests {
  let size = GridSize(rows: 4, columns: 10)

  @Test func `text is drawn where it is put and cut at the region's edges`() {
    var surface = Surface(size)
    let region = Region(row: 1, column: 2, rows: 2, columns: 5)
    #expect(surface.draw("abcdefgh", row: 1, column: 2, Style(.title), in: region) == 10)
    surface.draw("123456", row: 2, column: 0, Style(), in: region)
    surface.draw("no", row: 3, column: 2, Style(), in: region)
    surface.draw("no", row: 9, column: 2, Style(), in: surface.region)
    #expect(surface.lines == ["", "  abcde", "  3456", ""])
    #expect(surface.styleLines == ["", "2-6 title", "", ""])
  }

  @Test func `a wide character is never drawn half`() {
    var surface = Surface(size)
    let region = Region(row: 0, column: 1, rows: 4, columns: 4)
    surface.draw("中中中", row: 0, column: 0, Style(), in: region)
    surface.draw("a中中", row: 1, column: 1, Style(), in: region)
    #expect(surface.lines == ["  中", " a中", "", ""])
    #expect(surface[0, 1].isBlank)
    #expect(surface[0, 4].isBlank)
    #expect(surface[1, 4].isBlank)
  }

  @Test func `overwriting half of a wide character leaves no other half`() {
    for column in 0..<4 {
      var surface = Surface(size)
      surface.draw("中中", row: 0, column: 0, Style(), in: surface.region)
      surface.draw("x", row: 0, column: column, Style(), in: surface.region)
      expectWhole(surface)
      surface.fill(Region(row: 0, column: 1, rows: 1, columns: 2), Style())
      expectWhole(surface)
    }
  }

  @Test func `marks stand on what is before them, and not on nothing`() {
    var surface = Surface(size)
    surface.draw("e\u{301}中\u{302}x", row: 0, column: 0, Style(), in: surface.region)
    surface.draw("\u{301}a", row: 1, column: 0, Style(), in: surface.region)
    #expect(surface[0, 0].text == "e\u{301}")
    #expect(surface[0, 1].text == "中\u{302}")
    #expect(surface[0, 3].text == "x")
    #expect(surface[1, 0].text == "a")
    var cell = Cell(blank: Style())
    let kept = (0..<5).map { _ in cell.combine("\u{301}") }
    #expect(kept == [true, true, true, false, false])
  }

  @Test func `what cannot be shown is replaced and takes one column`() {
    var surface = Surface(size)
    #expect(surface.draw("a\u{1B}b", row: 0, column: 0, Style(), in: surface.region) == 3)
    #expect(surface.lines[0] == "a\u{FFFD}b")
  }

  @Test func `any run of drawing leaves every wide character whole`() {
    var random = SeededGenerator(seed: 7)
    var surface = Surface(size)
    for _ in 0..<5_000 {
      scribble(on: &surface, &random)
      expectWhole(surface)
    }
  }

  @Test func `a surface in another size is cut, or has blanks`() {
    var surface = Surface(size)
    surface.draw("ab中", row: 0, column: 0, Style(), in: surface.region)
    surface.cursor = CellPlace(row: 3, column: 0)
    let small = surface.resized(to: GridSize(rows: 1, columns: 3))
    #expect(small.lines == ["ab"])
    #expect(small.cursor == nil)
    #expect(
      surface.resized(to: GridSize(rows: 5, columns: 20)).lines.prefix(4) == surface.lines[...])
  }

  @Test func `regions are split, inset and clipped without ever being negative`() {
    let region = Region(row: 2, column: 3, rows: 4, columns: 10)
    #expect(region.split(top: 1).rest == Region(row: 3, column: 3, rows: 3, columns: 10))
    #expect(region.split(bottom: 9).rest.isEmpty)
    #expect(region.split(left: 12).rest.isEmpty)
    #expect(region.inset(rows: 3, columns: 1).rows == 0)
    #expect(region.clipped(to: Region(row: 0, column: 0, rows: 2, columns: 2)).isEmpty)
    #expect(region.centred(rows: 2, columns: 4) == Region(row: 3, column: 6, rows: 2, columns: 4))
    #expect(region.line(4).isEmpty)
    #expect(GridSize(parsing: "120x40") == GridSize(rows: 40, columns: 120))
    #expect(GridSize(parsing: "120x") == nil)
    #expect(GridSize(parsing: "0x5") == nil)
  }
}

@Suite struct ShownTextTests {
  @Test(arguments: [
    ("plain.txt", "plain.txt"), ("a\u{1B}[31mb", "a\\x1b[31mb"), ("a\nb", "a\\x0ab"),
    ("a\\b", "a\\\\b"), ("ä中😀", "ä中😀"), ("e\u{301}", "e\u{301}"),
    ("\u{301}a", "\\xcc\\x81a"), ("a\u{202E}b", "a\\xe2\\x80\\xaeb"),
    ("a\u{200B}b", "a\\xe2\\x80\\x8bb"), ("a\u{2066}b", "a\\xe2\\x81\\xa6b"),
    ("a\u{FE0F}", "a\\xef\\xb8\\x8f"), ("\u{3164}x", "\\xe3\\x85\\xa4x"),
    ("a\u{AD}b", "a\\xc2\\xadb"), ("a\u{85}b", "a\\xc2\\x85b"), ("\u{7F}", "\\x7f"),
    ("a\u{301}\u{302}\u{303}\u{304}", "a\u{301}\u{302}\u{303}\\xcc\\x84"),
  ])
  func `a name shows itself and obeys nothing`(_ name: String, _ text: String) {
    #expect(shown(name) == text)
  }

  @Test func `without Unicode every name is spelled in ASCII`() {
    #expect(shown("ä中.txt", in: .ascii) == "\\xc3\\xa4\\xe4\\xb8\\xad.txt")
    #expect(shown([0x61, 0xFF], in: .ascii) == "a\\xff")
  }

  @Test(arguments: [
    ("depot/art/tree.psd", 20, "depot/art/tree.psd"), ("depot/art/tree.psd", 11, "depot…e.psd"),
    ("中中中中中", 7, "中…中中"), ("abc", 1, "…"), ("abc", 0, ""), ("abc", 3, "abc"),
    ("abcd\u{301}ef", 5, "ab…ef"),
  ])
  func `a path that is too long keeps both ends`(_ path: String, _ columns: Int, _ text: String) {
    let cut = fitted(path, columns: columns, cut: .middle)
    #expect(cut == text)
    #expect(columnCount(of: cut) <= columns)
  }

  @Test func `text is cut at the end and at the start, and filled to its columns`() {
    #expect(fitted("abcdef", columns: 4) == "abc…")
    #expect(fitted("abcdef", columns: 4, cut: .start) == "…def")
    #expect(fitted("中中中", columns: 4) == "中…")
    #expect(padded("ab", columns: 4) == "ab  ")
    #expect(padded("ab", columns: 4, right: true) == "  ab")
    #expect(padded("中中", columns: 3) == "中…")
    #expect(fitted("abc", columns: 2, ellipsis: "~") == "a~")
  }
}

/// Every wide character has its continuation, and every continuation its character.
func expectWhole(_ surface: Surface, _ location: SourceLocation = #_sourceLocation) {
  for row in 0..<surface.size.rows {
    let cells = Array(surface.row(row))
    for (column, cell) in cells.enumerated() {
      let next = column + 1 < cells.count ? cells[column + 1] : nil
      #expect(
        cell.isWide == (next?.isContinuation ?? false), "row \(row), column \(column)",
        sourceLocation: location)
    }
    #expect(!cells[0].isContinuation, sourceLocation: location)
  }
}

/// Draws something somewhere.
func scribble(on surface: inout Surface, _ random: inout SeededGenerator) {
  let styles = [
    Style(), Style(.title), Style(.stateDirty, on: .cursor), Style(.bad, on: .popup, .bold),
    Style(.dim, on: .text, .underline), Style(.accent),
  ]
  let texts = [
    "a", "abc", "中", "中文字", "e\u{301}x", "longer text that does not fit", "│─█▁", "x中y", " ", "ää",
    "        ",
  ]
  let style = styles[random.below(styles.count)]
  let (rows, columns) = (surface.size.rows, surface.size.columns)
  let region = Region(
    row: random.below(rows + 2) - 1, column: random.below(columns + 2) - 1,
    rows: random.below(rows + 1), columns: random.below(columns + 2))
  switch random.below(12) {
  case 0: surface.fill(region, style)
  case 1: surface.restyle(region) { $0 = style }
  case 2:
    var other = Surface(GridSize(rows: 2, columns: 5))
    other.draw("中a中", row: 0, column: 0, style, in: other.region)
    surface.draw(other, in: region)
  case 3:
    surface.cursor =
      random.chance(oneIn: 2)
      ? nil : CellPlace(row: random.below(rows), column: random.below(columns))
  default:
    surface.draw(
      texts[random.below(texts.count)], row: random.below(rows),
      column: random.below(columns + 3) - 2,
      style, in: random.chance(oneIn: 2) ? surface.region : region)
  }
}
