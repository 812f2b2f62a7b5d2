// From styles to what curses draws with: a pair of colours and attribute bits. Every style is resolved
// once for a theme; pairs are counted, so that curses never reuses one that is on the screen.

import CTerminal

/// What curses draws a cell with.
struct Ink: Hashable {
  var pair: Int
  var attributes: UInt32
}

/// The inks of one theme on one terminal.
struct InkTable {
  private(set) var theme: Theme
  private let depth: ColourDepth
  /// How many colours curses knows there.
  private let palette: Int
  private let pairsMax: Int
  private let hasOwnColours: Bool
  private var inks: [Style: Ink] = [:]
  private var pairs: [Pair: Int] = [:]
  /// At full depth, the colour that each number of the palette from 16 on stands for.
  private var colours: [Colour] = []

  private struct Pair: Hashable {
    let foreground: Int
    let background: Int
  }

  /// The most pairs that are asked of curses.
  static let pairsMax = 1_024
  /// The first number of the palette that may stand for a colour, and behind the last.
  private static let numbers = 16..<256

  init(_ theme: Theme, depth: ColourDepth, palette: Int, pairsMax: Int, hasOwnColours: Bool) {
    self.theme = theme
    self.depth = depth
    self.palette = palette
    self.pairsMax = min(Self.pairsMax, max(0, pairsMax))
    self.hasOwnColours = hasOwnColours
  }

  mutating func use(_ theme: Theme) {
    self.theme = theme
    inks = [:]
    colours = []
  }

  /// The ink for a style; `make` asks curses for a pair and answers -1 when it has none.
  mutating func ink(for style: Style, _ make: (Int, Int) -> Int) -> Ink {
    if let ink = inks[style] { return ink }
    let look = theme.resolve(style)
    let pair = depth == .none ? 0 : self.pair(look.foreground, look.background, make)
    let ink = Ink(pair: pair, attributes: bits(look.attributes))
    inks[style] = ink
    return ink
  }

  /// A frame with the palette's numbers replaced by the colours they stand for.
  func spelledOut(_ frame: [UInt8]) -> [UInt8] {
    guard depth == .full, !colours.isEmpty else { return frame }
    var spelled: [UInt8] = []
    spelled.reserveCapacity(frame.count + frame.count / 8)
    var rest = frame[...]
    while let escape = rest.firstIndex(of: 0x1B) {
      spelled += rest[..<escape]
      rest = rest[escape...]
      guard let (opening, number, end) = chosenNumber(rest),
        Self.numbers.contains(number), number - Self.numbers.lowerBound < colours.count
      else {
        spelled.append(0x1B)
        rest = rest.dropFirst()
        continue
      }
      let colour = colours[number - Self.numbers.lowerBound]
      spelled += Array("\u{1B}[\(opening);2;\(colour.red);\(colour.green);\(colour.blue)m".utf8)
      rest = rest[end...]
    }
    return spelled + rest
  }

  private mutating func pair(
    _ foreground: Colour?, _ background: Colour?, _ make: (Int, Int) -> Int
  ) -> Int {
    let wanted = Pair(
      foreground: number(of: foreground, isBackground: false),
      background: number(of: background, isBackground: true))
    if wanted == Pair(foreground: -1, background: -1) { return 0 }
    if let pair = pairs[wanted] { return pair }
    guard pairs.count < pairsMax else { return 0 }
    let pair = max(0, make(wanted.foreground, wanted.background))
    pairs[wanted] = pair
    return pair
  }

  private mutating func number(of colour: Colour?, isBackground: Bool) -> Int {
    guard let colour else { return hasOwnColours ? -1 : isBackground ? 0 : 7 }
    switch colour.reduced(to: depth, palette: palette) {
    case .own: return -1
    case .indexed(let number): return Int(number)
    case .full(let colour):
      if let known = colours.firstIndex(of: colour) { return Self.numbers.lowerBound + known }
      guard colours.count < Self.numbers.count else { return nearest(to: colour) }
      colours.append(colour)
      return Self.numbers.lowerBound + colours.count - 1
    }
  }

  /// A theme of more than 240 colours gets the nearest of those that it used first.
  private func nearest(to colour: Colour) -> Int {
    let index = colours.indices.min {
      colours[$0].distance(to: colour) < colours[$1].distance(to: colour)
    }
    return Self.numbers.lowerBound + (index ?? 0)
  }

  private func bits(_ attributes: Attributes) -> UInt32 {
    let table: [(Attributes, cterminal_attribute)] = [
      (.bold, CTERMINAL_BOLD), (.dim, CTERMINAL_DIM), (.italic, CTERMINAL_ITALIC),
      (.underline, CTERMINAL_UNDERLINE), (.reverse, CTERMINAL_REVERSE), (.blink, CTERMINAL_BLINK),
    ]
    return table.reduce(0) { attributes.contains($1.0) ? $0 | $1.1.rawValue : $0 }
  }
}

/// Reads `ESC [ 38;5;N m` or its like for the background at the front of some bytes: which of both,
/// the number, and the place behind.
private func chosenNumber(_ bytes: ArraySlice<UInt8>) -> (opening: Int, number: Int, end: Int)? {
  let opening: Int
  if bytes.starts(with: Array("\u{1B}[38;5;".utf8)) {
    opening = 38
  } else if bytes.starts(with: Array("\u{1B}[48;5;".utf8)) {
    opening = 48
  } else {
    return nil
  }
  let digits = bytes.dropFirst(7).prefix { (0x30...0x39).contains($0) }
  guard !digits.isEmpty, digits.count <= 3, digits.endIndex < bytes.endIndex,
    bytes[digits.endIndex] == UInt8(ascii: "m")
  else { return nil }
  let number = digits.reduce(0) { $0 * 10 + Int($1 - 0x30) }
  return (opening, number, digits.endIndex + 1)
}
