// That an address stays as it was spelled, and that bytes become addresses by one rule.

import HTTP
import Testing

@Suite struct URLTests {
  @Test(arguments: [
    "http://127.0.0.1:9000/", "https://example.org/a/../b//c%2F?x=1&y", "http://[::1]:80/?",
    "https://example.org:444/~%C3%A9",
  ])
  func `an address is spelled as it was read`(_ text: String) throws {
    let spelled = try URL(parsing: text).spelling
    #expect(spelled == text.replacing("]:80", with: "]"))
  }

  @Test func `an address has its parts`() throws {
    let url = try URL(parsing: "HTTPS://Example.ORG/p?q#f")
    #expect(url == URL(scheme: .https, host: "example.org", path: "/p", query: "q"))
    #expect(url.authority == "example.org")
    #expect(try URL(parsing: "http://h:8080").authority == "h:8080")
    #expect(try URL(parsing: "http://h:8080").path == "/")
    #expect(try URL(parsing: "http://h?q=1").query == "q=1")
  }

  @Test(arguments: [
    "", "example.org", "ftp://example.org/", "http://", "http:///p", "http://h:0/", "http://h:x/",
    "http://h:70000/", "http://user@h/", "http://h/ space", "http://h/é", "http://h/\n",
  ])
  func `what is no address is refused`(_ text: String) {
    // What stands before an @ may be a password.
    let shown = text.contains("@") ? "\u{2026}@h/" : text
    #expect(throws: HTTPError.badURL(shown)) { try URL(parsing: text) }
  }

  @Test func `bytes are encoded by RFC 3986, and decoded again`() {
    let all = (0...255).map { UInt8($0) }
    let text = percentEncoded(all)
    #expect(text.contains("-.") && text.contains("%2F") && text.contains("~"))
    #expect(text.hasPrefix("%00%01"))
    #expect(percentDecoded(text) == all)
    #expect(percentEncoded(Array("a/b c+é".utf8), keepingSlashes: true) == "a/b%20c%2B%C3%A9")
    #expect(percentDecoded("%4") == nil)
    #expect(percentDecoded("%zz") == nil)
  }

  @Test func `a description never shows a query, for it may be a signature`() throws {
    let url = try URL(parsing: "http://h/p?X-Amz-Signature=secret")
    #expect("\(url)" == "http://h/p")
    #expect(!"\(HTTPError.badURL("h?secret"))".contains("secret"))
    for text in ["ftp://h/?X-Amz-Signature=secret", "http://user:secret@h/"] {
      #expect {
        try URL(parsing: text)
      } throws: { error in
        var told = "\(error)"
        dump(error, to: &told)
        return !told.contains("secret")
      }
    }
  }
}

@Suite struct HeadersTests {
  @Test func `names are equal whatever their case, and order is kept`() {
    var headers: Headers = ["A": "1", "b": "2", "a": "3"]
    #expect(headers["B"] == "2")
    #expect(headers.all("A") == ["1", "3"])
    headers["a"] = "4"
    #expect(headers.fields.map(\.name) == ["b", "a"])
    headers["B"] = nil
    #expect(headers["b"] == nil)
  }

  @Test(arguments: ["a\r\nEvil: 1", "a\n", "a\u{0}"])
  func `a value that leaves its line is not sent`(_ value: String) {
    let client = ScriptedClient { _ in .init(200) }
    let request = Request(
      .get, URL(scheme: .http, host: "h"), headers: ["X-Name": value])
    #expect(throws: HTTPError.badHeader("X-Name")) { try client.exchange(request) }
  }

  @Test(arguments: ["", "a b", "a:", "é"])
  func `a name that is no token is not sent`(_ name: String) {
    let client = CurlClient()
    let request = Request(.get, URL(scheme: .http, host: "h"), headers: [name: "v"])
    #expect(throws: HTTPError.badHeader(name)) { try client.exchange(request) }
  }
}
