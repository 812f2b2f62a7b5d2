// The small XML documents that S3 and its relatives answer with, read into a tree. It takes what
// they send (elements, text, entities, CDATA, comments, declarations) and refuses document types,
// so nothing a server sends can make the tree larger than the document. Depth has a named maximum.

/// An element of a document; attributes and namespaces say nothing here and are dropped.
struct XMLElement: Equatable, Sendable {
  let name: String
  var text = ""
  var children: [XMLElement] = []

  /// The deepest nesting that is read.
  static let depthMax = 16

  /// Reads a whole document; nil when it is none.
  init?(parsing document: [UInt8]) {
    var reader = XMLReader(bytes: document)
    guard let root = reader.document() else { return nil }
    self = root
  }

  fileprivate init(name: String) {
    self.name = name
  }

  /// The first child of a name.
  subscript(name: String) -> XMLElement? { children.first { $0.name == name } }

  /// Every child of a name.
  func all(_ name: String) -> [XMLElement] { children.filter { $0.name == name } }

  /// The text of the first child of a name.
  func text(of name: String) -> String? { self[name]?.text }
}

private struct XMLReader {
  let bytes: [UInt8]
  var index = 0

  mutating func document() -> XMLElement? {
    guard skipMisc(), let root = element(depth: 1), skipMisc(), index == bytes.count else {
      return nil
    }
    return root
  }

  private func starts(with text: StaticString) -> Bool {
    bytes[index...].starts(with: "\(text)".utf8)
  }

  /// Skips space, comments and declarations; false at what is not understood.
  private mutating func skipMisc() -> Bool {
    while index < bytes.count {
      if isSpace(bytes[index]) || bytes[index] >= 0x80 && index < 3 {
        // A mark of byte order may stand at the very beginning.
        index += 1
      } else if starts(with: "<?") {
        guard skip(past: "?>") else { return false }
      } else if starts(with: "<!--") {
        guard skip(past: "-->") else { return false }
      } else {
        return true
      }
    }
    return true
  }

  private mutating func skip(past end: StaticString) -> Bool {
    while index < bytes.count {
      if starts(with: end) {
        index += end.utf8CodeUnitCount
        return true
      }
      index += 1
    }
    return false
  }

  private mutating func element(depth: Int) -> XMLElement? {
    guard depth <= XMLElement.depthMax, starts(with: "<"), let name = takeName() else { return nil }
    var element = XMLElement(name: name)
    guard let isEmpty = takeAttributes() else { return nil }
    if isEmpty { return element }
    var text: [UInt8] = []
    while index < bytes.count {
      if starts(with: "</") {
        index += 1
        guard takeName() == name, takeAttributes() == false else { return nil }
        element.text = String(decoding: text, as: UTF8.self)
        return element
      } else if starts(with: "<![CDATA[") {
        index += 9
        let start = index
        guard skip(past: "]]>") else { return nil }
        text += bytes[start..<(index - 3)]
      } else if starts(with: "<!--") {
        guard skip(past: "-->") else { return nil }
      } else if starts(with: "<") {
        guard let child = self.element(depth: depth + 1) else { return nil }
        element.children.append(child)
      } else if starts(with: "&") {
        guard let scalar = entity() else { return nil }
        text += Array(String(Character(scalar)).utf8)
      } else {
        text.append(bytes[index])
        index += 1
      }
    }
    return nil
  }

  /// Takes the bracket and the name behind it, without its prefix.
  private mutating func takeName() -> String? {
    index += 1
    let start = index
    while index < bytes.count, !isSpace(bytes[index]), bytes[index] != UInt8(ascii: ">"),
      bytes[index] != UInt8(ascii: "/") || index == start
    {
      index += 1
    }
    var name = bytes[start..<index]
    if name.first == UInt8(ascii: "/") { name = name.dropFirst() }
    guard let first = name.first, first != UInt8(ascii: "!") else { return nil }
    let local = name.lastIndex(of: UInt8(ascii: ":")).map { name[($0 + 1)...] } ?? name
    return String(decoding: local, as: UTF8.self)
  }

  /// Skips to behind the closing bracket; true when the element ends with it.
  private mutating func takeAttributes() -> Bool? {
    var quote: UInt8?
    while index < bytes.count {
      let byte = bytes[index]
      index += 1
      if let open = quote {
        if byte == open { quote = nil }
      } else if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'") {
        quote = byte
      } else if byte == UInt8(ascii: ">") {
        return bytes[index - 2] == UInt8(ascii: "/")
      }
    }
    return nil
  }

  private mutating func entity() -> Unicode.Scalar? {
    let rest = bytes[(index + 1)...].prefix(12)
    guard let end = rest.firstIndex(of: UInt8(ascii: ";")) else { return nil }
    let name = String(decoding: rest[..<end], as: UTF8.self)
    index = end + 1
    switch name {
    case "lt": return "<"
    case "gt": return ">"
    case "amp": return "&"
    case "quot": return "\""
    case "apos": return "'"
    default:
      guard name.hasPrefix("#") else { return nil }
      let number =
        name.hasPrefix("#x")
        ? UInt32(name.dropFirst(2), radix: 16) : UInt32(name.dropFirst(1))
      return number.flatMap { Unicode.Scalar($0) }
    }
  }
}

private func isSpace(_ byte: UInt8) -> Bool {
  byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09
}

/// Text as it stands in an XML document.
func xmlEscaped(_ text: String) -> String {
  var escaped = ""
  for character in text.unicodeScalars {
    switch character {
    case "&": escaped += "&amp;"
    case "<": escaped += "&lt;"
    case ">": escaped += "&gt;"
    case "\"": escaped += "&quot;"
    default: escaped.unicodeScalars.append(character)
    }
  }
  return escaped
}
