// What terminals send, and what a person pressed.

import Testing

@testable import Terminal

@Suite struct KeyDecoderTests {
  @Test(arguments: [
    ("a", "a"), ("A", "A"), ("ä", "ä"), ("中", "中"), ("😀", "😀"), (" ", "Space"),
    ("\r", "Enter"), ("\n", "Enter"), ("\t", "Tab"), ("\u{7F}", "Backspace"),
    ("\u{8}", "Backspace"), ("\u{3}", "C-c"), ("\u{1A}", "C-z"), ("\u{C}", "C-l"),
    ("\u{0}", "C-Space"), ("\u{1C}", "C-\\"),
    ("\u{1B}[A", "Up"), ("\u{1B}OA", "Up"), ("\u{1B}[B", "Down"), ("\u{1B}OB", "Down"),
    ("\u{1B}[C", "Right"), ("\u{1B}OD", "Left"), ("\u{1B}[H", "Home"), ("\u{1B}OF", "End"),
    ("\u{1B}[1~", "Home"), ("\u{1B}[7~", "Home"), ("\u{1B}[4~", "End"), ("\u{1B}[5~", "PgUp"),
    ("\u{1B}[6~", "PgDn"), ("\u{1B}[2~", "Ins"), ("\u{1B}[3~", "Del"), ("\u{1B}[Z", "S-Tab"),
    ("\u{1B}OP", "F1"), ("\u{1B}[11~", "F1"), ("\u{1B}[[A", "F1"), ("\u{1B}[[E", "F5"),
    ("\u{1B}[15~", "F5"), ("\u{1B}[21~", "F10"), ("\u{1B}[24~", "F12"), ("\u{1B}OR", "F3"),
    ("\u{1B}[1;5A", "C-Up"), ("\u{1B}[1;2D", "S-Left"), ("\u{1B}[1;3C", "M-Right"),
    ("\u{1B}[1;6F", "C-S-End"), ("\u{1B}[5;5~", "C-PgUp"), ("\u{1B}[1;2P", "S-F1"),
    ("\u{1B}[1;2R", "S-F3"), ("\u{1B}[15;2~", "S-F5"), ("\u{1B}O5A", "C-Up"),
    ("\u{1B}[a", "S-Up"), ("\u{1B}[5^", "C-PgUp"), ("\u{1B}[6$", "S-PgDn"),
    ("\u{1B}OM", "Enter"), ("\u{1B}Oj", "*"), ("\u{1B}x", "M-x"), ("\u{1B}\r", "M-Enter"),
    ("\u{1B}[97;5u", "C-a"),
  ])
  func `a key is known by what any of the usual terminals sends for it`(
    _ bytes: String, _ name: String
  ) throws {
    var decoder = KeyDecoder()
    #expect(decoder.feed(bytes.utf8) == [.key(try #require(Key(parsing: name)))])
    #expect(!decoder.isUndecided)
    #expect(decoder.feed("q".utf8) == [.key(.character("q"))], "something was left behind")
  }

  @Test(arguments: [
    "\u{1B}[?1;2c", "\u{1B}[>41;354;0c", "\u{1B}[I", "\u{1B}[O", "\u{1B}[99;99;99z",
    "\u{1B}]11;rgb:1/2/3\u{7}",
    "\u{1B}]11;rgb:1/2/3\u{1B}\\", "\u{1B}P>|xterm\u{1B}\\", "\u{1B}[1;2;3;4;5x", "\u{1B}[201~",
    "\u{1B}Oz", "\u{1B}[?2026", "\u{80}",
  ])
  func `what nobody asked for is never typed`(_ bytes: String) {
    var decoder = KeyDecoder()
    let raw = bytes == "\u{80}" ? [0x80] : Array(bytes.utf8)
    let typed = decoder.feed(raw).filter { if case .key = $0 { true } else { false } }
    #expect(typed.isEmpty)
  }

  @Test func `answers are told apart from keys`() {
    var decoder = KeyDecoder()
    let inputs = decoder.feed("a\u{1B}[0nb\u{1B}[?2026;2$y\u{1B}[?2026;0$yc".utf8)
    #expect(
      inputs == [
        .key(.character("a")), .status, .key(.character("b")), .mode(2026, isKnown: true),
        .mode(2026, isKnown: false), .key(.character("c")),
      ])
  }

  @Test func `an answer that comes in pieces is no key`() {
    for cut in 1..<4 {
      var decoder = KeyDecoder()
      let bytes = Array("\u{1B}[0n".utf8)
      var inputs = decoder.feed(bytes[..<cut])
      inputs += decoder.timeOut()
      inputs += decoder.feed(bytes[cut...])
      #expect(inputs.last == .status, "cut after \(cut)")
      #expect(inputs.count == (cut == 1 ? 2 : 1), "cut after \(cut)")
    }
  }

  @Test func `a lone escape is the key once time has passed, and not before`() {
    var decoder = KeyDecoder()
    #expect(decoder.feed([0x1B]) == [])
    #expect(decoder.isUndecided)
    #expect(decoder.timeOut() == [.key(Key(.escape))])
    #expect(!decoder.isUndecided)
    #expect(decoder.timeOut() == [])
    #expect(decoder.feed("[".utf8) == [])
    #expect(decoder.feed("A".utf8) == [.key(.character("[")), .key(.character("A"))])
    _ = decoder.feed([0x1B]) + decoder.timeOut()
    #expect(decoder.feed("[".utf8) == [])
    #expect(decoder.isUndecided)
    #expect(decoder.timeOut() == [.key(.character("["))])
    #expect(decoder.feed([0x1B, 0x1B]) == [.key(Key(.escape))])
    #expect(decoder.timeOut() == [.key(Key(.escape))])
  }

  @Test func `what a terminal is said to send comes before what others send`() throws {
    let odd: [UInt8] = Array("\u{1B}[215z".utf8)
    var decoder = KeyDecoder([odd: Key(.up), [0x1B]: Key(.down), Array("\u{1B}OP".utf8): Key(.end)])
    #expect(decoder.feed(odd) == [.key(Key(.up))])
    #expect(decoder.feed("\u{1B}OP".utf8) == [.key(Key(.end))])
    #expect(decoder.feed([0x1B]) == [])
    #expect(decoder.timeOut() == [.key(Key(.escape))])
  }

  @Test func `a paste is one event, whatever it holds and however it is cut`() {
    let inside: [UInt8] =
      Array("a\r\nb\rc\u{1B}[A\u{1B}[200~\u{1B}[0n\u{1B}[20".utf8) + [0, 0xFF, 0x1B]
    let bytes = Array("\u{1B}[200~".utf8) + inside + Array("\u{1B}[201~q".utf8)
    for size in [1, 2, 3, 7, bytes.count] {
      var decoder = KeyDecoder()
      var inputs: [Input] = []
      for start in stride(from: 0, to: bytes.count, by: size) {
        inputs += decoder.feed(bytes[start..<min(start + size, bytes.count)])
        if !decoder.isUndecided { inputs += decoder.timeOut() }
      }
      #expect(inputs == [.paste(Paste(inside)), .key(.character("q"))], "in pieces of \(size)")
    }
    #expect(Paste(Array("a\r\nb\rc\nd".utf8)).text == "a\nb\nc\nd")
  }

  @Test func `a paste without end is bounded, and says what it lost`() {
    var decoder = KeyDecoder()
    _ = decoder.feed("\u{1B}[200~".utf8)
    let part = [UInt8](repeating: 0x61, count: 1 << 18)
    for _ in 0..<5 { #expect(decoder.feed(part) == []) }
    let inputs = decoder.feed("\u{1B}[201~".utf8)
    let whole = [UInt8](repeating: 0x61, count: KeyDecoder.pasteBytesMax)
    #expect(inputs == [.paste(Paste(whole, bytesLost: 1 << 18))])
  }

  @Test(arguments: [
    ("\u{1B}[<0;8;4M", MouseEvent(.pressed, button: 1, at: CellPlace(row: 3, column: 7))),
    ("\u{1B}[<0;8;4m", MouseEvent(.released, button: 1, at: CellPlace(row: 3, column: 7))),
    (
      "\u{1B}[<18;1;1M", MouseEvent(.pressed, button: 3, at: CellPlace(row: 0, column: 0), .control)
    ),
    ("\u{1B}[<64;2;3M", MouseEvent(.wheelUp, button: 0, at: CellPlace(row: 2, column: 1))),
    ("\u{1B}[<65;2;3M", MouseEvent(.wheelDown, button: 0, at: CellPlace(row: 2, column: 1))),
    ("\u{1B}[<32;2;3M", MouseEvent(.moved, button: 1, at: CellPlace(row: 2, column: 1))),
    ("\u{1B}[M !!", MouseEvent(.pressed, button: 1, at: CellPlace(row: 0, column: 0))),
  ])
  func `a mouse says what it did and where`(_ bytes: String, _ event: MouseEvent) {
    var decoder = KeyDecoder()
    #expect(decoder.feed(bytes.utf8) == [.mouse(event)])
  }

  @Test func `any bytes are decoded to their end, cut anywhere, to the same inputs`() {
    var random = SystemRandomNumberGenerator()
    let alphabet: [UInt8] =
      Array("\u{1B}[[OO019;?<$~AMmnyu\u{7}\\P]ax ".utf8) + [0xC3, 0xA4, 0xE4, 0x00]
    for _ in 0..<2_000 {
      let bytes = (0..<40).map { _ in alphabet.randomElement(using: &random)! } + Array("qqq".utf8)
      var whole = KeyDecoder()
      let expected = whole.feed(bytes)
      var pieces = KeyDecoder()
      let inputs = bytes.flatMap { pieces.feed([$0]) }
      #expect(inputs == expected, "\(bytes)")
    }
  }
}

@Suite struct KeyTests {
  @Test(arguments: [
    "a", "C-c", "S-Tab", "M-Enter", "C-M-S-Up", "F12", "Space", "C-Space", "-", "C--",
  ])
  func `a key is spelled as it is read`(_ name: String) throws {
    #expect(try #require(Key(parsing: name)).description == name)
  }

  @Test(arguments: ["", "ab", "F0", "F99", "X-a", "\u{7}", "C-"])
  func `what is no key is not read as one`(_ name: String) {
    #expect(Key(parsing: name) == nil)
  }
}
