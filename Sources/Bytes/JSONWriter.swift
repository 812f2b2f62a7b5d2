// JSON out: on one line or indented for people, and canonical (RFC 8785) for what is hashed and
// signed. All three write each value in one way only. The first two escape what a terminal would
// obey, so that they can be printed as they are; the canonical form escapes exactly what it must.

/// How JSON is laid out.
package enum JSONLayout: Sendable {
  /// No white space at all.
  case oneLine
  /// One member a line, indented by two spaces.
  case indented
}

extension JSONValue {
  /// The value as JSON text; numbers that JSON does not know become null.
  package func text(_ layout: JSONLayout = .oneLine) -> String {
    var writer = JSONWriter(form: layout == .indented ? .indented : .oneLine)
    writer.write(self, depth: 0)
    return String(decoding: writer.bytes, as: UTF8.self)
  }

  /// The one canonical spelling of the value, by RFC 8785: members sorted by UTF-16, numbers as
  /// ECMAScript spells them.
  package func canonical() throws(BytesError) -> [UInt8] {
    try checkCanonical()
    var writer = JSONWriter(form: .canonical)
    writer.write(self, depth: 0)
    return writer.bytes
  }

  private func checkCanonical() throws(BytesError) {
    switch self {
    case .null, .bool, .string: break
    case .integer(let value):
      guard value.magnitude <= 1 << 53 else { throw .notCanonical(.integerTooLarge(value)) }
    case .number(let value):
      guard value.isFinite else { throw .notCanonical(.notFinite) }
    case .array(let elements):
      for element in elements { try element.checkCanonical() }
    case .object(let object):
      for member in object.members { try member.value.checkCanonical() }
    }
  }
}

/// The text that was written so far, and the form it is written in.
private struct JSONWriter {
  enum Form { case oneLine, indented, canonical }
  let form: Form
  var bytes: [UInt8] = []

  mutating func write(_ value: JSONValue, depth: Int) {
    switch value {
    case .null: append("null")
    case .bool(let value): append(value ? "true" : "false")
    case .integer(let value): append(value.description)
    case .number(let value): append(ecmaScript(value) ?? "null")
    case .string(let text): write(text)
    case .array(let elements): write(elements, depth: depth)
    case .object(let object): write(object, depth: depth)
    }
  }

  private mutating func write(_ elements: [JSONValue], depth: Int) {
    append("[")
    for (index, element) in elements.enumerated() {
      if index > 0 { append(",") }
      breakLine(depth: depth + 1)
      write(element, depth: depth + 1)
    }
    if !elements.isEmpty { breakLine(depth: depth) }
    append("]")
  }

  private mutating func write(_ object: JSONObject, depth: Int) {
    append("{")
    for (index, member) in ordered(object.members).enumerated() {
      if index > 0 { append(",") }
      breakLine(depth: depth + 1)
      write(member.key)
      append(form == .indented ? ": " : ":")
      write(member.value, depth: depth + 1)
    }
    if object.count > 0 { breakLine(depth: depth) }
    append("}")
  }

  private func ordered(_ members: [JSONObject.Member]) -> [JSONObject.Member] {
    guard form == .canonical else { return members }
    return members.sorted { $0.key.utf16.lexicographicallyPrecedes($1.key.utf16) }
  }

  private mutating func write(_ text: String) {
    append("\"")
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": append("\\\"")
      case "\\": append("\\\\")
      case "\u{08}": append("\\b")
      case "\u{09}": append("\\t")
      case "\u{0A}": append("\\n")
      case "\u{0C}": append("\\f")
      case "\u{0D}": append("\\r")
      case "\u{00}"..."\u{1F}": appendEscape(of: scalar)
      case " "..."~": bytes.append(UInt8(scalar.value))
      default:
        if form == .canonical || isShowable(scalar) {
          bytes.append(contentsOf: String(Character(scalar)).utf8)
        } else {
          appendEscape(of: scalar)
        }
      }
    }
    append("\"")
  }

  private mutating func appendEscape(of scalar: Unicode.Scalar) {
    for unit in UTF16.encode(scalar)! {
      append("\\u" + hexadecimal([UInt8(unit >> 8), UInt8(truncatingIfNeeded: unit)]))
    }
  }

  private mutating func breakLine(depth: Int) {
    guard form == .indented else { return }
    append("\n")
    bytes.append(contentsOf: repeatElement(UInt8(ascii: " "), count: 2 * depth))
  }

  private mutating func append(_ text: String) {
    bytes.append(contentsOf: text.utf8)
  }
}
