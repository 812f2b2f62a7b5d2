// JSON5: everything it allows beyond JSON, what it refuses still, and the place of every value.

import Bytes
import Testing

@Suite struct JSON5Tests {
  static func read(_ text: String) throws(BytesError) -> JSONNode {
    try JSONNode(parsing: Array(text.utf8), as: .json5)
  }

  @Test(
    arguments: [
      ("// note\n1", 1), ("1 // note", 1), ("/* a * / \n */ 1 /**/", 1), ("[1, 2, ]", [1, 2]),
      ("{a: 1, }", ["a": 1]), ("{$_é9: 1}", ["$_é9": 1]), ("{\\u0061b: 1}", ["ab": 1]),
      ("{'a b': 1, \"c\": 2}", ["a b": 1, "c": 2]),
      ("{null: 1, Infinity: 2}", ["null": 1, "Infinity": 2]),
      ("'it\\'s \"so\"'", "it's \"so\""), ("\"it's\"", "it's"),
      ("'a\\\nb\\\r\nc\\\u{2028}d'", "abcd"),
      ("'\\x41\\v\\0\\q\\é\\u0042'", "A\u{0B}\0qéB"), ("'\t'", "\t"),
      ("0x1F", 31), ("-0xa", -10), ("0X0", 0), ("0x7fffffffffffffff", .integer(.max)),
      (".5", 0.5), ("5.", .number(5)), ("+1", 1), ("+.5e1", .number(5)), ("-.25", -0.25),
      ("Infinity", .number(.infinity)), ("-Infinity", .number(-.infinity)),
      ("+Infinity", .number(.infinity)), ("-0", .number(-0.0)),
      ("\u{FEFF}\u{A0}\u{2003}\u{2028}\u{0B}\u{0C}1", 1),
    ] as [(String, JSONValue)])
  func `what JSON5 adds is read`(_ text: String, _ value: JSONValue) throws {
    #expect(try Self.read(text).value == value)
  }

  @Test func `not a number is read as such`() throws {
    guard case .number(let value) = try Self.read("-NaN").content else {
      Issue.record("NaN is no number")
      return
    }
    #expect(value.isNaN)
  }

  @Test(
    arguments: [
      ("[,]", 1, 2, .unexpected(found: "','", wanted: "a value")),
      ("[1,,2]", 1, 4, .unexpected(found: "','", wanted: "a value")),
      ("{,}", 1, 2, .unexpected(found: "','", wanted: "a key or '}'")),
      ("{a b: 1}", 1, 4, .unexpected(found: "'b'", wanted: "':'")),
      ("{9a: 1}", 1, 2, .unexpected(found: "'9'", wanted: "a key or '}'")),
      ("{a-b: 1}", 1, 3, .unexpected(found: "'-'", wanted: "':'")),
      ("{\\u0020: 1}", 1, 2, .badEscape), ("{\\x41: 1}", 1, 2, .badEscape),
      ("{a: 1, 'a': 2}", 1, 8, .duplicateKey("a")), ("{a:", 1, 4, .endsEarly(wanted: "a value")),
      ("/* x", 1, 1, .endsEarly(wanted: "the end of this comment")),
      ("/ 1", 1, 1, .unexpected(found: "'/'", wanted: "a value or a comment")),
      ("'a\nb'", 1, 3, .controlCharacter), ("'\\1'", 1, 2, .badEscape),
      ("'\\01'", 1, 2, .badEscape),
      ("'\\x4'", 1, 2, .badEscape), ("0x", 1, 1, .badNumber), ("0xg", 1, 1, .badNumber),
      (".", 1, 1, .badNumber), ("+", 1, 1, .badNumber), ("01", 1, 1, .badNumber),
      ("+-1", 1, 1, .badNumber), ("Infinit", 1, 1, .badNumber), ("1e1.5", 1, 1, .badNumber),
      ("0x8000000000000000", 1, 1, .numberTooLarge),
      ("undefined", 1, 1, .unexpected(found: "'u'", wanted: "a value")),
      ("{a: 1}\n{", 2, 1, .leftOver),
    ] as [(String, Int, Int, JSONFault)])
  func `what JSON5 does not allow is refused at its place`(
    _ text: String, _ line: Int, _ column: Int, _ fault: JSONFault
  ) {
    #expect(throws: BytesError.notJSON(TextPosition(line: line, column: column), fault)) {
      try Self.read(text)
    }
  }

  @Test func `every key and value knows its line and column`() throws {
    let document = """
      // The depot.
      {
        depot_path: "/größe", max: [1,
          /* two */ {x: 2}],\r
        é: /* é */ null,
      }
      """
    let node = try Self.read(document)
    #expect(node.position == TextPosition(line: 2, column: 1))
    let path = try #require(node["depot_path"])
    #expect(path.position == TextPosition(line: 3, column: 3))
    #expect(path.value.position == TextPosition(line: 3, column: 15))
    let max = try #require(node["max"])
    #expect(max.position == TextPosition(line: 3, column: 25))
    guard case .array(let elements) = max.value.content else {
      Issue.record("max is no list")
      return
    }
    #expect(elements.map(\.position) == [.init(line: 3, column: 31), .init(line: 4, column: 15)])
    #expect(elements[1]["x"]?.value.position == TextPosition(line: 4, column: 19))
    let last = try #require(node["é"])
    #expect(last.position == TextPosition(line: 5, column: 3))
    #expect(last.value.position == TextPosition(line: 5, column: 14))
    #expect(node["none"] == nil)
  }
}
