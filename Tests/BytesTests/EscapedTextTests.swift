// What a terminal is shown of a file name.

import Ambient
import Bytes
import Testing

@Suite struct EscapedTextTests {
  @Test(
    arguments: [
      ("plain name.txt", "plain name.txt"), ("größe ☃ 日本", "größe ☃ 日本"), ("", ""),
      ("a\nb", "a\\x0ab"), ("\u{1B}[2J", "\\x1b[2J"), ("back\\slash", "back\\\\slash"),
      ("\u{7F}", "\\x7f"), ("\u{85}", "\\xc2\\x85"), ("a\u{202E}b", "a\\xe2\\x80\\xaeb"),
      ("\u{200B}", "\\xe2\\x80\\x8b"), ("\u{2028}", "\\xe2\\x80\\xa8"), ("\0", "\\x00"),
    ])
  func `only what a terminal shows as itself is left as it is`(_ name: String, _ shown: String) {
    #expect(escaped(name) == shown)
    #expect(escaped(Array(name.utf8)) == shown)
  }

  @Test func `bytes that are no text are shown as bytes`() {
    #expect(escaped([0x61, 0xFF, 0x62]) == "a\\xffb")
    #expect(escaped([0xC3]) == "\\xc3")
    #expect(escaped([0xE2, 0x82]) == "\\xe2\\x82")
    #expect(escaped([0xED, 0xA0, 0x80]) == "\\xed\\xa0\\x80")
    #expect(escaped([0xC0, 0xAF, 0xC3, 0xA9]) == "\\xc0\\xafé")
  }

  @Test(arguments: 0..<20 as Range<UInt64>)
  func `two different names never look the same`(_ seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    var names: [String: [UInt8]] = [:]
    for _ in 0..<500 {
      let name = (0..<random.below(5)).map { _ in
        Array("\\x0a\n\u{E9}\u{200B}".utf8)[random.below(10)]
      }
      let shown = escaped(name)
      #expect(names[shown, default: name] == name)
      names[shown] = name
      #expect(shown.unicodeScalars.allSatisfy { isShowable($0) })
    }
  }
}

@Suite struct UnescapedTextTests {
  @Test func `what was escaped is read back byte for byte`() {
    for bytes: [UInt8] in [
      [], Array("art/hero.psd".utf8), [0xFF, 0x0A, 0x5C, 0x41], Array("é ß \u{202E}".utf8),
      Array(0...255),
    ] {
      #expect(unescaped(escaped(bytes)) == bytes)
    }
  }

  @Test func `text that escaping never writes stands for no bytes`() {
    for text in ["\\", "\\q", "\\x4", "\\xZZ", "a\\xA0"] { #expect(unescaped(text) == nil) }
  }
}
