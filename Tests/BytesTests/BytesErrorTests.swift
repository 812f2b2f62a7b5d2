// What an operator reads when bytes are not what they should be, one row a case.

import Bytes
import Testing

@Suite struct BytesErrorTests {
  @Test(
    arguments: [
      (
        .endsEarly(offset: 9, wanted: 8, left: 1),
        "the value at offset 9 takes 8 bytes; 1 byte can be read"
      ),
      (
        .tooLong(offset: 4, length: 70_000, lengthMax: 65_536),
        "the value at offset 4 is 70000 bytes long; at most 65536 are allowed"
      ),
      (.leftOver(offset: 4, count: 1), "1 byte too many from offset 4 on"),
      (.badVarint(offset: 2, .tooLarge), "the number at offset 2 has more than 64 bits"),
      (.badVarint(offset: 2, .overlong), "the number at offset 2 is not in its shortest form"),
      (.notAFlag(offset: 5), "the byte at offset 5 is neither 0 nor 1"),
      (.notUTF8(offset: 3), "the text is not UTF-8 at offset 3"),
      (
        .notBase64(offset: 1, .character(0x0A)),
        "the text is not base64 at offset 1: '\\x0a' is not in its alphabet"
      ),
      (
        .notBase64(offset: 1, .length), "the text is not base64 at offset 1: it ends inside a group"
      ),
      (
        .notBase64(offset: 1, .padding),
        "the text is not base64 at offset 1: padding stands where none belongs"
      ),
      (
        .notBase64(offset: 1, .looseBits),
        "the text is not base64 at offset 1: its last character carries loose bits"
      ),
      (
        .notJSON(TextPosition(line: 3, column: 7), .duplicateKey("a\u{1B}")),
        "line 3, column 7: the key 'a\\x1b' appears twice"
      ),
      (
        .notJSON(TextPosition(line: 1, column: 1), .tooDeep(depthMax: 64)),
        "line 1, column 1: values are nested more than 64 deep"
      ),
      (
        .notCanonical(.integerTooLarge(1 << 60)),
        "the value has no canonical JSON: 1152921504606846976 is beyond 2^53, where readers round; write it as a string"
      ),
    ] as [(BytesError, String)])
  func `an error is one sentence`(_ error: BytesError, _ sentence: String) {
    #expect(error.description == sentence)
  }
}
