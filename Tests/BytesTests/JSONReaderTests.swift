// The strict reader of JSON: what it takes, what it refuses, and where it says the fault is.

import Ambient
import Bytes
import Testing

@Suite struct JSONReaderTests {
  static func read(_ text: String) throws(BytesError) -> JSONValue {
    try JSONValue(parsing: Array(text.utf8))
  }

  @Test(
    arguments: [
      ("null", nil), (" true\n", true), ("false", false), ("0", 0), ("-12", -12), ("1.5", 1.5),
      ("1E30", .number(1e30)), ("1.0", .number(1)), ("2e-3", 0.002), ("-0", .number(-0.0)),
      ("9223372036854775807", .integer(.max)), ("-9223372036854775808", .integer(.min)),
      ("9223372036854775808", .number(9_223_372_036_854_775_808)),
      ("\"\"", ""), ("\"a\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "a\"\\/\u{08}\u{0C}\n\r\t"),
      ("\"\\u00e9\\uD83D\\uDE00\"", "\u{E9}😀"), ("\"größe\u{2028}\u{7F}\"", "größe\u{2028}\u{7F}"),
      ("[]", []), ("[1, [2], {}]", [1, [2], [:]]), ("{}", [:]),
      ("{\"b\": 1, \"a\": {\"c\": null}}", ["b": 1, "a": ["c": nil]]),
    ] as [(String, JSONValue)])
  func `every kind of value is read`(_ text: String, _ value: JSONValue) throws {
    #expect(try Self.read(text) == value)
  }

  @Test(
    arguments: [
      ("", 1, 1, .empty), (" \n ", 2, 2, .empty),
      ("nul", 1, 1, .unexpected(found: "'n'", wanted: "a value")),
      ("nulls", 1, 1, .unexpected(found: "'n'", wanted: "a value")),
      ("[1,]", 1, 4, .unexpected(found: "']'", wanted: "a value")),
      ("[1 2]", 1, 4, .unexpected(found: "'2'", wanted: "',' or ']'")),
      ("[1", 1, 3, .endsEarly(wanted: "',' or ']'")), ("[", 1, 2, .endsEarly(wanted: "a value")),
      ("{\"a\" 1}", 1, 6, .unexpected(found: "'1'", wanted: "':'")),
      ("{\"a\":1,}", 1, 8, .unexpected(found: "'}'", wanted: "a key in double quotes")),
      ("{a:1}", 1, 2, .unexpected(found: "'a'", wanted: "a key in double quotes")),
      ("{'a':1}", 1, 2, .unexpected(found: "\"'\"", wanted: "a key in double quotes")),
      ("{\n\"a\":1,\r\n \"é\":2, \"a\":3}", 3, 9, .duplicateKey("a")),
      ("1 2", 1, 3, .leftOver), ("// x\n1", 1, 1, .unexpected(found: "'/'", wanted: "a value")),
      ("\"a", 1, 1, .endsEarly(wanted: "the end of this string")),
      ("\"\\", 1, 3, .endsEarly(wanted: "an escape")),
      ("\"\\x41\"", 1, 2, .badEscape), ("\"\\u12g4\"", 1, 2, .badEscape),
      ("\"\\uD83D\"", 1, 2, .loneSurrogate), ("\"\\uDE00\\uD83D\"", 1, 2, .loneSurrogate),
      ("\"\\uD83D\\u0041\"", 1, 2, .loneSurrogate), ("\"a\nb\"", 1, 3, .controlCharacter),
      ("\"\t\"", 1, 2, .controlCharacter), ("01", 1, 1, .badNumber), ("1.", 1, 1, .badNumber),
      ("-", 1, 1, .badNumber), ("1e", 1, 1, .badNumber), ("1e+", 1, 1, .badNumber),
      ("1.5.2", 1, 1, .badNumber), ("12px", 1, 1, .badNumber), ("0x10", 1, 1, .badNumber),
      ("+1", 1, 1, .unexpected(found: "'+'", wanted: "a value")),
      (".5", 1, 1, .unexpected(found: "'.'", wanted: "a value")),
      ("NaN", 1, 1, .unexpected(found: "'N'", wanted: "a value")),
      ("-Infinity", 1, 1, .badNumber), ("[1e400]", 1, 2, .numberTooLarge),
      ("\u{FEFF}1", 1, 1, .unexpected(found: "'\\xef\\xbb\\xbf'", wanted: "a value")),
      ("\u{A0}1", 1, 1, .unexpected(found: "'\u{A0}'", wanted: "a value")),
    ] as [(String, Int, Int, JSONFault)])
  func `what is not JSON is refused at its line and column`(
    _ text: String, _ line: Int, _ column: Int, _ fault: JSONFault
  ) {
    #expect(throws: BytesError.notJSON(TextPosition(line: line, column: column), fault)) {
      try Self.read(text)
    }
  }

  @Test func `text that is not UTF-8 is refused at its line and column`() {
    let place = TextPosition(line: 2, column: 3)
    #expect(throws: BytesError.notJSON(place, .notUTF8)) {
      try JSONValue(parsing: [0x5B, 0x0A, 0x22, 0x61, 0xFF, 0x22, 0x5D])
    }
  }

  @Test func `values are nested only so deep`() throws {
    let open = String(repeating: "[", count: jsonDepthMax)
    let close = String(repeating: "]", count: jsonDepthMax)
    _ = try Self.read(open + close)
    #expect(throws: BytesError.notJSON(.init(line: 1, column: 65), .tooDeep(depthMax: 64))) {
      try Self.read(open + "[]" + close)
    }
    #expect(throws: BytesError.notJSON(.init(line: 1, column: 3), .tooDeep(depthMax: 1))) {
      try JSONValue(parsing: Array("[ {}]".utf8), depthMax: 1)
    }
    #expect(throws: BytesError.self) {
      try Self.read(String(repeating: "{\"a\":", count: 1_000_000))
    }
  }

  @Test func `keys are the same when their bytes are`() throws {
    let value = try Self.read("{\"\\u00e9\": 1, \"e\\u0301\": 2}")
    #expect(value["\u{E9}"] == 1)
    #expect(value["e\u{301}"] == 2)
    #expect(JSONValue.string("\u{E9}") != .string("e\u{301}"))
  }

  @Test func `a message says where and what`() {
    let error = #expect(throws: BytesError.self) { try Self.read("{\"a\": 1,\n \"b\" 2}") }
    #expect(error?.description == "line 2, column 6: found '2' where ':' was expected")
    let line = #expect(throws: BytesError.self) { try Self.read("[1\n2]") }
    #expect(line?.description == "line 2, column 1: found '2' where ',' or ']' was expected")
  }

  @Test(arguments: 0..<20 as Range<UInt64>, [JSONDialect.json, .json5])
  func `changed documents are refused or read, and end`(_ seed: UInt64, _ dialect: JSONDialect) {
    let samples = [
      "{\"a\": [1, -2.5e3, \"x\\u00e9\\n\"], \"b\": {\"c\": null, \"d\": true}}",
      "{a: 'it\\'s', // note\n 'b': [0x1F, +.5, Infinity,], /* x */ c: \"\\\n\",}",
    ]
    var random = SeededGenerator(seed: seed)
    for _ in 0..<300 {
      var text = Array(samples[random.below(2)].utf8)
      for _ in 0...random.below(4) {
        let at = random.below(text.count)
        switch random.below(4) {
        case 0: text.remove(at: at)
        case 1: text.insert(Array("{}[],:\"'\\/*0x.eE+-\n".utf8)[random.below(19)], at: at)
        case 2: text[at] = UInt8(truncatingIfNeeded: random.next())
        default: text.removeLast(text.count - at)
        }
        if text.isEmpty { break }
      }
      do throws(BytesError) {
        let node = try JSONNode(parsing: text, as: dialect)
        if dialect == .json {
          // What was read is written so that it reads as the same again.
          let again = try JSONValue(parsing: Array(node.value.text(.indented).utf8))
          #expect(again.text() == node.value.text())
        }
      } catch {
        guard case .notJSON(let place, _) = error else {
          Issue.record("seed \(seed): \(error)")
          continue
        }
        let lines = text.split(separator: 0x0A, omittingEmptySubsequences: false).count
        #expect(place.line >= 1 && place.column >= 1 && place.column <= text.count + 1)
        #expect(place.line <= lines + text.count { $0 == 0x0D })
      }
    }
  }
}
