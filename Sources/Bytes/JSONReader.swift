// The reader of JSON (RFC 8259, strictly) and of JSON5 (spec.json5.org), one for both: JSON5 only
// allows more. It works on the UTF-8, descends once per nested value down to a named depth, and
// refuses what readers disagree about: a key twice, half of a surrogate pair, text that is not
// UTF-8, a number beyond a double. Memory is proportional to the document, whatever it says.

/// How strictly a document is read.
package enum JSONDialect: Sendable {
  /// RFC 8259, nothing more.
  case json
  /// Comments, trailing commas, single quotes, bare keys, hexadecimal, Infinity and NaN as well.
  case json5
}

/// How deep values are nested at most, unless a caller says otherwise.
package let jsonDepthMax = 64

extension JSONNode {
  /// Reads a whole document, keeping the place of each value.
  package init(
    parsing document: [UInt8], as dialect: JSONDialect, depthMax: Int = jsonDepthMax
  ) throws(BytesError) {
    var reader = JSONReader(document, dialect, depthMax: depthMax)
    self = try reader.document()
  }
}

extension JSONValue {
  /// Reads a whole JSON document.
  package init(
    parsing document: [UInt8], depthMax: Int = jsonDepthMax
  ) throws(BytesError) {
    self = try JSONNode(parsing: document, as: .json, depthMax: depthMax).value
  }
}

/// The reader's place in one document.
struct JSONReader {
  let bytes: [UInt8]
  let dialect: JSONDialect
  let depthMax: Int
  var index = 0
  // The last place whose line and column were counted; places are only ever asked for in order.
  private var countedIndex = 0
  private var line = 1
  private var column = 1

  init(_ bytes: [UInt8], _ dialect: JSONDialect, depthMax: Int) {
    precondition((1...512).contains(depthMax), "each level takes a part of the stack")
    self.bytes = bytes
    self.dialect = dialect
    self.depthMax = depthMax
  }

  mutating func document() throws(BytesError) -> JSONNode {
    do throws(UTF8.ValidationError) {
      _ = try UTF8Span(validating: bytes.span)
    } catch {
      index = error.byteOffsets.lowerBound
      throw fault(.notUTF8)
    }
    try skipSpace()
    guard index < bytes.count else { throw fault(.empty) }
    let node = try value(depth: 1)
    try skipSpace()
    guard index == bytes.count else { throw fault(.leftOver) }
    return node
  }

  /// The line and column of the next byte.
  mutating func position() -> TextPosition {
    while countedIndex < index {
      let byte = bytes[countedIndex]
      countedIndex += 1
      let isBreak =
        byte == UInt8(ascii: "\n")
        || byte == UInt8(ascii: "\r") && peek(at: countedIndex) != UInt8(ascii: "\n")
      if isBreak {
        line += 1
        column = 1
      } else if byte & 0xC0 != 0x80 {
        column += 1
      }
    }
    return TextPosition(line: line, column: column)
  }

  mutating func fault(_ fault: JSONFault) -> BytesError {
    .notJSON(position(), fault)
  }

  mutating func unexpected(wanted: String) -> BytesError {
    guard let scalar = scalar() else { return fault(.endsEarly(wanted: wanted)) }
    let found =
      switch scalar {
      case "\n", "\r": "the end of the line"
      case "'": "\"'\""
      default: "'\(escaped(String(Character(scalar))))'"
      }
    return fault(.unexpected(found: found, wanted: wanted))
  }

  func peek(at index: Int) -> UInt8? {
    index < bytes.count ? bytes[index] : nil
  }

  var next: UInt8? { peek(at: index) }

  mutating func take(_ character: Unicode.Scalar) -> Bool {
    guard next == UInt8(ascii: character) else { return false }
    index += 1
    return true
  }

  /// Takes the word, unless more letters follow it.
  mutating func take(word: String) -> Bool {
    guard bytes[index...].starts(with: word.utf8) else { return false }
    if let after = scalar(at: index + word.utf8.count), isIdentifierPart(after) { return false }
    index += word.utf8.count
    return true
  }

  func scalar() -> Unicode.Scalar? { scalar(at: index) }

  func scalar(at index: Int) -> Unicode.Scalar? {
    guard let first = peek(at: index) else { return nil }
    if first < 0x80 { return Unicode.Scalar(first) }
    var decoder = UTF8()
    var iterator = bytes[index...].makeIterator()
    guard case .scalarValue(let scalar) = decoder.decode(&iterator) else { return nil }
    return scalar
  }

  mutating func skipSpace() throws(BytesError) {
    while let byte = next {
      switch byte {
      case 0x20, 0x09, 0x0A, 0x0D:
        index += 1
      case 0x0B,
        0x0C where dialect == .json5:
        index += 1
      case UInt8(ascii: "/") where dialect == .json5:
        try skipComment()
      case 0x80... where dialect == .json5:
        guard let scalar = scalar(), isSpace(scalar) else { return }
        index += UTF8.width(scalar)
      default:
        return
      }
    }
  }

  private func isSpace(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.properties.generalCategory {
    case .spaceSeparator, .lineSeparator, .paragraphSeparator: true
    default: scalar == "\u{FEFF}"
    }
  }

  private mutating func skipComment() throws(BytesError) {
    switch peek(at: index + 1) {
    case UInt8(ascii: "/"):
      while let byte = next, byte != 0x0A, byte != 0x0D, !isSeparator(at: index) { index += 1 }
    case UInt8(ascii: "*"):
      let start = index
      index += 2
      while next != UInt8(ascii: "*") || peek(at: index + 1) != UInt8(ascii: "/") {
        guard index < bytes.count else {
          index = start
          throw fault(.endsEarly(wanted: "the end of this comment"))
        }
        index += 1
      }
      index += 2
    default:
      throw unexpected(wanted: "a value or a comment")
    }
  }

  /// U+2028 and U+2029, which end a line in JSON5.
  func isSeparator(at index: Int) -> Bool {
    peek(at: index) == 0xE2 && peek(at: index + 1) == 0x80
      && (peek(at: index + 2) == 0xA8 || peek(at: index + 2) == 0xA9)
  }

  private mutating func value(depth: Int) throws(BytesError) -> JSONNode {
    guard let byte = next else { throw unexpected(wanted: "a value") }
    let start = position()
    switch byte {
    case UInt8(ascii: "{"): return JSONNode(.object(try members(depth: depth)), at: start)
    case UInt8(ascii: "["): return JSONNode(.array(try elements(depth: depth)), at: start)
    case UInt8(ascii: "\""): return JSONNode(.string(try string()), at: start)
    case UInt8(ascii: "'") where dialect == .json5:
      return JSONNode(.string(try string()), at: start)
    case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"):
      return JSONNode(try number(), at: start)
    case UInt8(ascii: "+"), UInt8(ascii: "."), UInt8(ascii: "I"), UInt8(ascii: "N"):
      guard dialect == .json5 else { throw unexpected(wanted: "a value") }
      return JSONNode(try number(), at: start)
    default:
      if take(word: "true") { return JSONNode(.bool(true), at: start) }
      if take(word: "false") { return JSONNode(.bool(false), at: start) }
      if take(word: "null") { return JSONNode(.null, at: start) }
      throw unexpected(wanted: "a value")
    }
  }

  private mutating func elements(depth: Int) throws(BytesError) -> [JSONNode] {
    try open(depth: depth)
    var nodes: [JSONNode] = []
    while true {
      try skipSpace()
      if next == UInt8(ascii: "]"), nodes.isEmpty || dialect == .json5 { break }
      nodes.append(try value(depth: depth + 1))
      guard try takeComma(before: "]") else { break }
    }
    index += 1
    return nodes
  }

  private mutating func members(depth: Int) throws(BytesError) -> [JSONNode.Member] {
    try open(depth: depth)
    var members: [JSONNode.Member] = []
    var keys: Set<[UInt8]> = []
    while true {
      try skipSpace()
      if next == UInt8(ascii: "}"), members.isEmpty || dialect == .json5 { break }
      let start = position()
      let key = try key()
      guard keys.insert(Array(key.utf8)).inserted else {
        throw .notJSON(start, .duplicateKey(key))
      }
      try skipSpace()
      guard take(":") else { throw unexpected(wanted: "':'") }
      try skipSpace()
      members.append(.init(key: key, at: start, value: try value(depth: depth + 1)))
      guard try takeComma(before: "}") else { break }
    }
    index += 1
    return members
  }

  private mutating func open(depth: Int) throws(BytesError) {
    guard depth <= depthMax else { throw fault(.tooDeep(depthMax: depthMax)) }
    index += 1
  }

  /// Takes a comma, or stays before the closing bracket and says false.
  private mutating func takeComma(before closing: Unicode.Scalar) throws(BytesError) -> Bool {
    try skipSpace()
    if take(",") { return true }
    if next == UInt8(ascii: closing) { return false }
    throw unexpected(wanted: "',' or '\(closing)'")
  }

  private mutating func key() throws(BytesError) -> String {
    switch next {
    case UInt8(ascii: "\""): return try string()
    case UInt8(ascii: "'") where dialect == .json5: return try string()
    default:
      guard dialect == .json5 else { throw unexpected(wanted: "a key in double quotes") }
      return try identifier()
    }
  }
}
