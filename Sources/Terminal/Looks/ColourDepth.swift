// How many colours a screen has, and what becomes of a colour where there are fewer. Colours are
// computed down to the nearest by look and never refused; the palette of the user is never rewritten,
// so with 256 colours only those are used that every terminal agrees on, 16 and up.

/// How many colours a screen has.
package enum ColourDepth: Int, Comparable, Sendable {
  case none = 0
  case sixteen = 16
  case indexed = 256
  case full = 16_777_216

  package static func < (one: ColourDepth, other: ColourDepth) -> Bool {
    one.rawValue < other.rawValue
  }
}

/// What the person asked for with `--color`.
package enum ColourWish: String, CaseIterable, Sendable {
  case automatic = "auto"
  case never
  case sixteen = "16"
  case indexed = "256"
  case full = "true"
}

extension ColourDepth {
  /// What to draw with: the wish if there is one, else what the terminal has, unless the environment
  /// says NO_COLOR. `colours` is what the terminal database says.
  package static func chosen(
    _ wish: ColourWish, colours: Int, environment: TerminalEnvironment
  ) -> ColourDepth {
    switch wish {
    case .never: return .none
    case .sixteen: return .sixteen
    case .indexed: return .indexed
    case .full: return .full
    case .automatic: break
    }
    // https://no-color.org: present and not empty.
    if environment["NO_COLOR"]?.isEmpty == false { return .none }
    guard colours >= 8 else { return .none }
    let promises = environment["COLORTERM"]?.lowercased() ?? ""
    if promises == "truecolor" || promises == "24bit" || colours > 256 { return .full }
    return colours >= 256 ? .indexed : .sixteen
  }
}

/// A colour as a terminal is told it.
package enum TerminalColour: Hashable, Sendable {
  /// The terminal's own.
  case own
  /// One of a palette of 8, 16 or 256.
  case indexed(UInt8)
  case full(Colour)
}

extension Colour {
  /// The nearest that there is at this depth; `palette` is how many of the sixteen there are.
  package func reduced(to depth: ColourDepth, palette: Int = 16) -> TerminalColour {
    switch depth {
    case .none: .own
    case .sixteen: .indexed(UInt8(nearest(in: 0..<min(16, max(8, palette)))))
    case .indexed: .indexed(UInt8(nearest(in: 16..<256)))
    case .full: .full(self)
    }
  }

  private func nearest(in indices: Range<Int>) -> Int {
    let wanted = oklab
    return indices.min { one, other in
      paletteLooks[one].distance(to: wanted) < paletteLooks[other].distance(to: wanted)
    } ?? indices.lowerBound
  }

  /// The colour that a number of the palette of 256 stands for. Below 16 it is what most terminals
  /// begin with.
  package static func ofPalette(_ index: UInt8) -> Colour {
    let index = Int(index)
    if index < 16 { return basic[index] }
    if index >= 232 {
      let grey = UInt8(8 + 10 * (index - 232))
      return Colour(grey, grey, grey)
    }
    let steps: [UInt8] = [0, 95, 135, 175, 215, 255]
    let cube = index - 16
    return Colour(steps[cube / 36], steps[cube / 6 % 6], steps[cube % 6])
  }

  private static let basic: [Colour] = [
    Colour(0x000000), Colour(0xCD0000), Colour(0x00CD00), Colour(0xCDCD00),
    Colour(0x0000EE), Colour(0xCD00CD), Colour(0x00CDCD), Colour(0xE5E5E5),
    Colour(0x7F7F7F), Colour(0xFF0000), Colour(0x00FF00), Colour(0xFFFF00),
    Colour(0x5C5CFF), Colour(0xFF00FF), Colour(0x00FFFF), Colour(0xFFFFFF),
  ]
}

private let paletteLooks: [Oklab] = (0..<256).map { Colour.ofPalette(UInt8($0)).oklab }
