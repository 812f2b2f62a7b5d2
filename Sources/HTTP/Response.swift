// What a server answers, before and beside the body.

/// The status and the header fields of an answer.
package struct ResponseHead: Equatable, Sendable {
  package let status: Int
  package let headers: Headers

  package init(status: Int, headers: Headers = [:]) {
    self.status = status
    self.headers = headers
  }

  /// True for 200 to 299.
  package var isSuccess: Bool { (200..<300).contains(status) }

  /// The announced length of the body; nil when it is not announced as a number.
  package var contentLength: UInt64? { headers["Content-Length"].flatMap { UInt64($0) } }
}

/// A whole answer, for bodies that are known to be small.
package struct Response: Equatable, Sendable {
  package let head: ResponseHead
  package let body: [UInt8]

  package init(head: ResponseHead, body: [UInt8] = []) {
    self.head = head
    self.body = body
  }
}

/// Reads the lines of a head as they arrive, interim answers (1xx) and trailers included.
struct HeadReader {
  /// The most bytes of a head.
  static let bytesMax = 262_144

  /// The head, once the empty line below it has come.
  private(set) var head: ResponseHead?
  private var status = 0
  private var headers = Headers()
  private var bytes = 0

  /// Takes a line with its end; false when the head is longer than allowed or is none.
  mutating func take(_ line: Span<UInt8>) -> Bool {
    // Trailers come behind the body and say nothing that is used.
    guard head == nil else { return true }
    bytes += line.count
    guard bytes <= Self.bytesMax else { return false }
    let text = decoded(line)
    if text.isEmpty {
      if status >= 200 { head = ResponseHead(status: status, headers: headers) }
    } else if text.hasPrefix("HTTP/") {
      let words = text.split(separator: " ")
      guard words.count >= 2, let number = Int(words[1]), (100...599).contains(number) else {
        return false
      }
      status = number
      headers = Headers()
    } else if let colon = text.firstIndex(of: ":") {
      headers.add(String(text[..<colon]), trimmed(text[text.index(after: colon)...]))
    }
    return true
  }

  private func decoded(_ line: Span<UInt8>) -> String {
    var end = line.count
    while end > 0, line[end - 1] == 0x0D || line[end - 1] == 0x0A { end -= 1 }
    let bytes = (0..<end).map { line[$0] }
    return String(validating: bytes, as: UTF8.self)
      ?? String(String.UnicodeScalarView(bytes.map { Unicode.Scalar($0) }))
  }

  private func trimmed(_ value: Substring) -> String {
    let isSpace: (Character) -> Bool = { $0 == " " || $0 == "\t" }
    var value = value.drop(while: isSpace)
    while let last = value.last, isSpace(last) { value.removeLast() }
    return String(value)
  }
}
