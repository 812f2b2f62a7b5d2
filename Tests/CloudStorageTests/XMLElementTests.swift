// That the documents of S3 are read, and that what is none of them is refused without harm.

import Testing

@testable import CloudStorage

@Suite struct XMLElementTests {
  @Test func `elements, text, entities and sections are read`() throws {
    let text = """
      <?xml version="1.0" encoding="UTF-8"?>
      <!-- a comment -->
      <a:Result xmlns:a="http://x/"><Key>a&amp;b &#x41;&#66; <![CDATA[<raw>]]></Key>
      <Empty/><Empty a="/>"/><Key>é</Key></a:Result>
      """
    let element = try #require(XMLElement(parsing: Array(text.utf8)))
    #expect(element.name == "Result")
    #expect(element.text(of: "Key") == "a&b AB <raw>")
    #expect(element.all("Key").map(\.text) == ["a&b AB <raw>", "é"])
    #expect(element.all("Empty").count == 2)
  }

  @Test(arguments: [
    "", "text", "<a>", "<a></b>", "<a", "<a>&undefined;</a>", "<!DOCTYPE a []><a/>", "<a/><b/>",
    "<a>&#xFFFFFFFF;</a>", "<a><![CDATA[</a>", "</a>",
  ])
  func `what is no document is refused`(_ text: String) {
    #expect(XMLElement(parsing: Array(text.utf8)) == nil)
  }

  @Test func `depth has a limit`() {
    func nested(_ depth: Int) -> [UInt8] {
      Array(
        (String(repeating: "<a>", count: depth) + String(repeating: "</a>", count: depth)).utf8)
    }
    #expect(XMLElement(parsing: nested(XMLElement.depthMax)) != nil)
    #expect(XMLElement(parsing: nested(XMLElement.depthMax + 1)) == nil)
  }

  @Test func `text is escaped so that it is read back`() throws {
    let text = "<&>\"'"
    let document = "<a>\(xmlEscaped(text))</a>"
    #expect(XMLElement(parsing: Array(document.utf8))?.text == text)
  }
}
