// Colours computed down, wishes about them, and what themes make of roles.

import Testing

@testable import Terminal

@Suite struct ColourTests {
  @Test func `black and white are as far apart as can be, and a colour is not far from itself`() {
    let (black, white) = (Colour(0x000000), Colour(0xFFFFFF))
    #expect(abs(black.distance(to: white) - 1) < 0.001)
    #expect(abs(black.contrast(with: white) - 21) < 0.001)
    #expect(white.contrast(with: white) == 1)
    // The published contrast of #767676 on white, the lightest grey that passes.
    #expect(abs(Colour(0x767676).contrast(with: white) - 4.54) < 0.01)
    // The published Oklab of pure red.
    let red = Colour(0xFF0000).oklab
    #expect(abs(red.lightness - 0.628) < 0.001 && abs(red.a - 0.2249) < 0.001)
  }

  @Test func `colours go to Oklab and back unchanged`() {
    for code in stride(from: UInt32(0), through: 0xFFFFFF, by: 0x0123F7) {
      #expect(Colour(code).oklab.colour == Colour(code))
    }
    #expect(Colour(0x000000).mixed(with: Colour(0xFFFFFF), 0) == Colour(0x000000))
  }

  @Test(arguments: [
    (0xFF0000, 196, 9), (0x00FF00, 46, 10), (0x000000, 16, 0), (0xFFFFFF, 231, 15),
    (0x808080, 244, 8), (0xFFAF00, 214, 3), (0x0000EE, 21, 4),
  ])
  func `a colour becomes the nearest that there is`(
    _ code: UInt32, _ indexed: UInt8, _ basic: UInt8
  ) {
    #expect(Colour(code).reduced(to: .indexed) == .indexed(indexed))
    #expect(Colour(code).reduced(to: .sixteen) == .indexed(basic))
    #expect(Colour(code).reduced(to: .full) == .full(Colour(code)))
    #expect(Colour(code).reduced(to: .none) == .own)
  }

  @Test func `with eight colours only those are used`() {
    for code in stride(from: UInt32(0), through: 0xFFFFFF, by: 0x3F1F7) {
      guard case .indexed(let index) = Colour(code).reduced(to: .sixteen, palette: 8) else {
        Issue.record("no index")
        return
      }
      #expect(index < 8)
    }
  }

  @Test(
    arguments: [
      ("auto", 256, [:], 256), ("auto", 8, [:], 16), ("auto", 0, [:], 0),
      ("auto", 256, ["COLORTERM": "truecolor"], 16_777_216), ("auto", 256, ["NO_COLOR": "1"], 0),
      ("auto", 256, ["NO_COLOR": ""], 256), ("never", 256, ["COLORTERM": "24bit"], 0),
      ("256", 256, ["NO_COLOR": "1"], 256), ("true", 256, [:], 16_777_216), ("16", 256, [:], 16),
    ] as [(String, Int, [String: String], Int)])
  func `a wish goes before the environment, and that before the terminal`(
    _ wish: String, _ colours: Int, _ variables: [String: String], _ depth: Int
  ) throws {
    let wish = try #require(ColourWish(rawValue: wish))
    let chosen = ColourDepth.chosen(
      wish, colours: colours, environment: TerminalEnvironment(variables))
    #expect(chosen.rawValue == depth)
  }

  @Test func `colours are read as they are written`() {
    #expect(Colour(parsing: "#ffaf00") == Colour(0xFFAF00))
    #expect(Colour(parsing: "#fa0") == Colour(0xFFAA00))
    #expect(Colour(0x00AF0F).description == "#00af0f")
    for wrong in ["", "ffaf00", "#ffaf0", "#gg0000", "#", "#ffaf00ff"] {
      #expect(Colour(parsing: wrong) == nil)
    }
  }
}

@Suite struct ThemeTests {
  @Test func `roles are spelled with dots and read back`() {
    #expect(Role.stateDirty.name == "state.dirty")
    #expect(Role.bannerReadonly.name == "banner.readonly")
    #expect(Role.chart1.name == "chart.1")
    for role in Role.allCases { #expect(Role(name: role.name) == role) }
    #expect(Role(name: "state") == nil)
    #expect(Set(Role.allCases.map(\.name)).count == Role.allCases.count)
  }

  @Test func `the longest name wins, part by part`() {
    let theme = Theme(
      "t",
      [
        "state": Look(Colour(0x111111), on: Colour(0x222222)),
        "state.failed": Look(Colour(0xFF0000), on: nil, .bold),
      ])
    #expect(theme.look(.stateDirty) == Look(Colour(0x111111), on: Colour(0x222222)))
    #expect(theme.look(.stateFailed) == Look(Colour(0xFF0000), on: Colour(0x222222), .bold))
    #expect(theme.look(.title) == Look())
    #expect(Theme.names.contains("state") && !Theme.names.contains("stat"))
  }

  @Test func `a cell has its role's text on its ground, and the attributes of both`() {
    let theme = Theme(
      "t",
      [
        "text": Look(Colour(0xEEEEEE), on: Colour(0x101010)),
        "cursor": Look(Colour(0xFFFFFF), on: Colour(0x0000AA), .reverse),
        "bad": Look(Colour(0xFF0000), on: nil, .bold),
      ])
    #expect(
      theme.resolve(Style(.bad, on: .cursor, .underline))
        == ResolvedLook(
          foreground: Colour(0xFF0000), background: Colour(0x0000AA),
          attributes: [.bold, .reverse, .underline]))
    #expect(theme.resolve(Style(.text, on: .cursor)).foreground == Colour(0xFFFFFF))
    #expect(theme.resolve(Style(.title)).foreground == Colour(0xEEEEEE))
    #expect(theme.resolve(Style()).background == Colour(0x101010))
  }

  @Test func `a gradient begins and ends with its colours`() {
    let rules = Theme.gradient([Colour(0x00FF00), Colour(0xFFFF00), Colour(0xFF0000)])
    #expect(rules["heat.0"]?.foreground == Colour(0x00FF00))
    #expect(rules["heat.7"]?.foreground == Colour(0xFF0000))
    #expect(rules.count == Role.heatSteps)
    #expect(Role.heat(-3) == .heat0)
    #expect(Role.heat(99) == .heat7)
  }

  @Test func `both sets of glyphs have one column each, and one of them is ASCII`() {
    for set in [GlyphSet.unicode, .ascii] {
      for glyph in set.all { #expect(columnCount(of: glyph) == 1, "\(glyph)") }
    }
    #expect(GlyphSet.ascii.all.allSatisfy { $0.isASCII })
    #expect(GlyphSet.unicode.heights.count == GlyphSet.ascii.heights.count)
    #expect(GlyphSet.chosen(.best, in: .ascii) == .ascii)
    #expect(GlyphSet.chosen(.ascii, in: .unicode) == .ascii)
  }
}

@Suite struct TerminalKindTests {
  @Test(arguments: [
    ("xterm-256color", "xterm-256color"), ("xterm-kitty", "xterm-kitty"), ("linux", "linux"),
    ("foot", "foot"), ("nonsense", "nonsense"),
  ])
  func `a terminal is first tried as what it says it is`(_ name: String, _ first: String) {
    #expect(TerminalKind.candidates(for: name).first == first)
  }

  @Test func `one that the database lacks is tried as what it descends from`() {
    for name in ["xterm-kitty", "foot-extra", "ghostty", "alacritty-direct"] {
      #expect(TerminalKind.candidates(for: name).contains("xterm-256color"))
    }
    #expect(TerminalKind.candidates(for: "tmux-direct").contains("screen-256color"))
    #expect(TerminalKind.candidates(for: "nonsense") == ["nonsense"])
    for name in ["", "dumb", "unknown"] { #expect(TerminalKind.candidates(for: name).isEmpty) }
  }

  @Test func `only those are asked that understand the question`() {
    for name in ["xterm-256color", "tmux-256color", "foot", "xterm-kitty"] {
      #expect(TerminalKind.understandsQuestions(name))
    }
    for name in ["linux", "vt100", "screen", "xtermish", "nonsense"] {
      #expect(!TerminalKind.understandsQuestions(name))
    }
  }

  @Test(
    arguments: [
      ([:], false), (["LANG": "C"], false), (["LANG": "de_DE.UTF-8"], true),
      (["LANG": "en_US.utf8"], true), (["LC_ALL": "C", "LANG": "C.UTF-8"], false),
      (["LC_ALL": "", "LC_CTYPE": "C.UTF-8"], true),
    ] as [([String: String], Bool)])
  func `the locale's name says the alphabet`(_ variables: [String: String], _ isUnicode: Bool) {
    #expect((TerminalEnvironment(variables).alphabet == .unicode) == isUnicode)
  }
}
