// What schemas let through, and what they say otherwise.

import Bytes
import Testing

@testable import Operations

@Suite struct SchemaTests {
  private static let schema = Schema.object([
    SchemaField("limit", .integer(1...10), required: false, "How many."),
    SchemaField(
      "items", .list(.object([SchemaField("path", .text(bytesMax: 4), "Where.")]), countMax: 2),
      "What."),
    SchemaField("order", .choice(["up", "down"]), required: false, "Which way."),
    SchemaField("digest", .nullable(.digest), required: false, "Of what."),
  ])

  private func sentence(_ value: JSONValue, _ schema: Schema = schema) -> String? {
    do throws(SchemaFault) {
      try schema.check(value)
      return nil
    } catch {
      return "\(error)"
    }
  }

  @Test func `what fits is let through`() {
    #expect(sentence(["items": []]) == nil)
    #expect(
      sentence([
        "items": [["path": "a"], ["path": "abcd"]], "limit": 10, "order": "up", "digest": nil,
      ]) == nil)
    #expect(sentence(["limit": 3.0, "items": []]) == nil)
    #expect(sentence(.array([1, "x", nil]), .anything(bytesMax: 12)) == nil)
  }

  @Test(
    arguments: [
      ([:], "'items' is missing"),
      (["items": [], "limit": 0], "'limit' must be a whole number from 1 to 10, and is 0"),
      (["items": [], "limit": "3"], "'limit' must be a whole number from 1 to 10, and is '3'"),
      (
        ["items": [["path": "abcde"]]],
        "'items[0].path' must be text of at most 4 bytes, and is 'abcde'"
      ),
      (["items": [["path": "a"], [:]]], "'items[1].path' is missing"),
      (["items": [[:], [:], [:]]], "'items' must have at most 2 elements, and has 3"),
      (["items": [], "order": "left"], "'order' must be one of up, down, and is 'left'"),
      (
        ["items": [], "digest": "00"],
        "'digest' must be a digest of 64 hexadecimal digits, and is '00'"
      ),
      (
        ["items": [], "lmit": 1],
        "'lmit' is not known here; known are limit, items, order, digest"
      ),
      ("x", "the input must be an object, and is 'x'"),
    ] as [(JSONValue, String)])
  func `what does not fit is named with its field`(_ value: JSONValue, _ sentence: String) {
    #expect(self.sentence(value) == sentence)
  }

  @Test func `any value is bounded in bytes and in depth`() {
    #expect(sentence("abcdef", .anything(bytesMax: 7)) != nil)
    var deep: JSONValue = 1
    for _ in 0...OperationsLimits.anythingDepthMax { deep = [deep] }
    #expect(sentence(deep, .anything(bytesMax: 1_000)) != nil)
    #expect(sentence(.integer(1 << 60), .anything(bytesMax: 1_000)) != nil)
  }

  @Test func `a schema can be shown to those who cannot see the code`() {
    #expect(
      Schema.object([SchemaField("n", .integer(0...3), required: false, "How many.")]).json.text()
        == #"{"type":"object","fields":[{"name":"n","required":false,"#
        + #""schema":{"type":"integer","min":"0","max":"3"},"summary":"How many."}]}"#)
  }
}
