// Base64 in both alphabets: the vectors of RFC 4648, and that every other spelling is refused.

import Ambient
import Bytes
import Testing

@Suite struct Base64Tests {
  @Test(
    arguments: [
      ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="),
      ("fooba", "Zm9vYmE="), ("foobar", "Zm9vYmFy"),
    ])
  func `the vectors of RFC 4648 hold in both directions`(_ plain: String, _ text: String) throws {
    #expect(base64(Array(plain.utf8)) == text)
    #expect(try bytes(fromBase64: text) == Array(plain.utf8))
    let unpadded = text.filter { $0 != "=" }
    #expect(base64(Array(plain.utf8), .url) == unpadded)
    #expect(try bytes(fromBase64: unpadded, .url) == Array(plain.utf8))
  }

  @Test func `the alphabets differ in their last two characters`() throws {
    #expect(base64([0xFB, 0xFF, 0xBF]) == "+/+/")
    #expect(base64([0xFB, 0xFF, 0xBF], .url) == "-_-_")
    #expect(throws: BytesError.notBase64(offset: 0, .character(UInt8(ascii: "-")))) {
      try bytes(fromBase64: "-_-_")
    }
    #expect(throws: BytesError.notBase64(offset: 1, .character(UInt8(ascii: "/")))) {
      try bytes(fromBase64: "a/aa", .url)
    }
  }

  @Test(
    arguments: [
      ("Zg", .standard, 2, .length), ("Zg=", .standard, 3, .length),
      ("Z===", .standard, 1, .padding),
      ("====", .standard, 0, .padding), ("Zg==Zg==", .standard, 2, .padding),
      ("Zh==", .standard, 1, .looseBits), ("Zm9=", .standard, 2, .looseBits),
      ("Zm8 ", .standard, 3, .character(0x20)), ("Zm\n8", .standard, 2, .character(0x0A)),
      ("é===", .standard, 5, .length), ("Zg==", .url, 2, .padding), ("Z", .url, 1, .length),
      ("Zh", .url, 1, .looseBits),
    ] as [(String, Base64Alphabet, Int, Base64Fault)])
  func `another spelling is refused`(
    _ text: String, _ alphabet: Base64Alphabet, _ offset: Int, _ fault: Base64Fault
  ) {
    #expect(throws: BytesError.notBase64(offset: offset, fault)) {
      try bytes(fromBase64: text, alphabet)
    }
  }

  @Test(arguments: 0..<20 as Range<UInt64>)
  func `what is read has exactly one spelling`(_ seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    for alphabet in [Base64Alphabet.standard, .url] {
      let plain = random.bytes(random.below(100))
      #expect(try bytes(fromBase64: base64(plain, alphabet), alphabet) == plain)
      // A few characters changed: refused, or the only spelling of something else.
      var text = Array(base64(plain, alphabet).utf8)
      guard !text.isEmpty else { continue }
      for _ in 0..<50 {
        text[random.below(text.count)] = Array("AZaz09+/-_= ".utf8)[random.below(12)]
        let changed = String(decoding: text, as: UTF8.self)
        do throws(BytesError) {
          let read = try bytes(fromBase64: changed, alphabet)
          #expect(base64(read, alphabet) == changed)
        } catch {
          #expect(!"\(error)".isEmpty)
        }
      }
    }
  }
}
