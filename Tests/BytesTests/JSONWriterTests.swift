// JSON out: the canonical form against the vectors of RFC 8785, and the two forms for people.

import Ambient
import Bytes
import Testing

@Suite struct JSONWriterTests {
  @Test(
    arguments: [
      (PackageResources.arrays_input_json, PackageResources.arrays_output_json),
      (PackageResources.structures_input_json, PackageResources.structures_output_json),
      (PackageResources.unicode_input_json, PackageResources.unicode_output_json),
      (PackageResources.values_input_json, PackageResources.values_output_json),
    ])
  func `the vectors of RFC 8785 hold`(_ input: [UInt8], _ output: [UInt8]) throws {
    let canonical = try JSONValue(parsing: input).canonical()
    #expect(String(decoding: canonical, as: UTF8.self) == String(decoding: output, as: UTF8.self))
    #expect(try JSONValue(parsing: canonical).canonical() == canonical)
  }

  @Test(
    arguments: [
      (0x0000_0000_0000_0000, "0"), (0x8000_0000_0000_0000, "0"),
      (0x0000_0000_0000_0001, "5e-324"), (0x8000_0000_0000_0001, "-5e-324"),
      (0x7FEF_FFFF_FFFF_FFFF, "1.7976931348623157e+308"),
      (0xFFEF_FFFF_FFFF_FFFF, "-1.7976931348623157e+308"),
      (0x4340_0000_0000_0000, "9007199254740992"), (0xC340_0000_0000_0000, "-9007199254740992"),
      (0x4430_0000_0000_0000, "295147905179352830000"),
      (0x44B5_2D02_C7E1_4AF5, "9.999999999999997e+22"), (0x44B5_2D02_C7E1_4AF6, "1e+23"),
      (0x44B5_2D02_C7E1_4AF7, "1.0000000000000001e+23"),
      (0x444B_1AE4_D6E2_EF4E, "999999999999999700000"),
      (0x444B_1AE4_D6E2_EF4F, "999999999999999900000"), (0x444B_1AE4_D6E2_EF50, "1e+21"),
      (0x3EB0_C6F7_A0B5_ED8C, "9.999999999999997e-7"), (0x3EB0_C6F7_A0B5_ED8D, "0.000001"),
      (0x41B3_DE43_5555_5553, "333333333.3333332"), (0x41B3_DE43_5555_5554, "333333333.33333325"),
      (0x41B3_DE43_5555_5555, "333333333.3333333"), (0x41B3_DE43_5555_5556, "333333333.3333334"),
      (0x41B3_DE43_5555_5557, "333333333.33333343"),
      (0xBECB_F647_612F_3696, "-0.0000033333333333333333"),
      (0x4314_3FF3_C1CB_0959, "1424953923781206.2"),
    ] as [(UInt64, String)])
  func `numbers are spelled as in appendix B of RFC 8785`(
    _ bits: UInt64, _ text: String
  ) throws {
    let value = Double(bitPattern: bits)
    #expect(ecmaScript(value) == text)
    #expect(try JSONValue.number(value).canonical() == Array(text.utf8))
  }

  @Test(
    arguments: [
      (1, "1"), (-10, "-10"), (0.1, "0.1"), (123.456, "123.456"), (1e-7, "1e-7"), (100, "100"),
      (1.5e-10, "1.5e-10"), (4.35, "4.35"), (1e20, "100000000000000000000"), (0.00001, "0.00001"),
      (123_456_789_012_345_683_968, "123456789012345680000"), (1.25e25, "1.25e+25"),
    ] as [(Double, String)])
  func `numbers are plain between 1e-6 and 1e21`(_ value: Double, _ text: String) {
    #expect(ecmaScript(value) == text)
  }

  @Test(arguments: 0..<20 as Range<UInt64>)
  func `every number reads back as the same double`(_ seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    for _ in 0..<500 {
      let value = Double(bitPattern: random.next())
      guard let text = ecmaScript(value) else {
        #expect(!value.isFinite)
        continue
      }
      #expect(Double(text) == value, "\(value.bitPattern)")
      #expect(text.utf8.count <= 25)
    }
  }

  @Test func `members are sorted by UTF-16 as in section 3 of RFC 8785`() throws {
    let value: JSONValue = [
      "\u{20AC}": "Euro Sign", "\r": "Carriage Return",
      "\u{FB33}": "Hebrew Letter Dalet With Dagesh",
      "1": "One", "\u{1F600}": "Emoji: Grinning Face", "\u{80}": "Control", "\u{F6}": "Latin",
    ]
    guard case .object(let sorted) = try JSONValue(parsing: value.canonical()) else {
      Issue.record("no object came back")
      return
    }
    #expect(
      sorted.members.map(\.key)
        == ["\r", "1", "\u{80}", "\u{F6}", "\u{20AC}", "\u{1F600}", "\u{FB33}"])
  }

  @Test func `what has no canonical form is refused`() {
    #expect(throws: BytesError.notCanonical(.notFinite)) {
      try (["a": [.number(.nan)]] as JSONValue).canonical()
    }
    #expect(throws: BytesError.notCanonical(.integerTooLarge(1 << 53 + 1))) {
      try JSONValue.integer(1 << 53 + 1).canonical()
    }
    #expect(throws: Never.self) { try JSONValue.integer(-1 << 53).canonical() }
  }

  @Test func `for people it is one line, or a member a line`() {
    let value: JSONValue = [
      "name": "a\u{1B}[2J\u{202E}\u{1F600}\u{E0001}", "list": [1, 2.5, nil, true], "none": [],
      "nested": ["x": [:], "y": .integer(.max)], "rate": .number(.infinity),
    ]
    #expect(
      value.text()
        == #"{"name":"a\u001b[2J\u202e😀\udb40\udc01","list":[1,2.5,null,true],"none":[],"#
        + #""nested":{"x":{},"y":9223372036854775807},"rate":null}"#)
    #expect(
      value.text(.indented) == #"""
        {
          "name": "a\u001b[2J\u202e😀\udb40\udc01",
          "list": [
            1,
            2.5,
            null,
            true
          ],
          "none": [],
          "nested": {
            "x": {},
            "y": 9223372036854775807
          },
          "rate": null
        }
        """#)
  }

  @Test func `members keep their order, and are set and removed by key`() {
    var object: JSONObject = ["b": 1, "a": 2]
    object["c"] = 3
    object["b"] = 4
    object["a"] = nil
    object["none"] = nil
    #expect(object.members.map(\.key) == ["b", "c"])
    #expect(JSONValue.object(object) == ["b": 4, "c": 3])
    #expect(JSONValue.object(object) != ["c": 3, "b": 4])
  }

  @Test func `a value answers as what it is`() {
    let value: JSONValue = ["n": 3, "f": 3.0, "h": 2.5, "s": "x", "b": true, "l": [1]]
    #expect(value["n"]?.integer == 3 && value["f"]?.integer == 3 && value["h"]?.integer == nil)
    #expect(value["n"]?.number == 3 && value["h"]?.number == 2.5 && value["s"]?.number == nil)
    #expect(value["s"]?.string == "x" && value["n"]?.string == nil)
    #expect(value["b"]?.bool == true && value["l"]?.array == [1] && value["x"] == nil)
    #expect(JSONValue(nil as String?) == nil && JSONValue(UInt64.max) == .integer(.max))
  }
}
