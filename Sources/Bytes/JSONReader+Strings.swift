// Strings and bare keys of JSON and JSON5. The document is known to be UTF-8, so whatever is taken
// between two ASCII characters is whole; only `\u` escapes can spell what is no text.

extension JSONReader {
  /// Reads a string in the quotes that it begins with.
  mutating func string() throws(BytesError) -> String {
    let start = index
    let quote = bytes[index]
    index += 1
    var text: [UInt8] = []
    while let byte = next {
      if byte == quote {
        index += 1
        return String(decoding: text, as: UTF8.self)
      }
      if byte == UInt8(ascii: "\\") {
        try escape(into: &text)
      } else if byte < 0x20 {
        // JSON5 wants line breaks escaped and lets other controls be.
        guard dialect == .json5, byte != 0x0A, byte != 0x0D else {
          throw fault(.controlCharacter)
        }
        text.append(byte)
        index += 1
      } else {
        text.append(byte)
        index += 1
      }
    }
    index = start
    throw fault(.endsEarly(wanted: "the end of this string"))
  }

  private mutating func escape(into text: inout [UInt8]) throws(BytesError) {
    guard let kind = peek(at: index + 1) else {
      index += 1
      throw fault(.endsEarly(wanted: "an escape"))
    }
    let plain: UInt8? =
      switch kind {
      case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): kind
      case UInt8(ascii: "b"): 0x08
      case UInt8(ascii: "f"): 0x0C
      case UInt8(ascii: "n"): 0x0A
      case UInt8(ascii: "r"): 0x0D
      case UInt8(ascii: "t"): 0x09
      default: nil
      }
    if let plain {
      text.append(plain)
      index += 2
    } else if kind == UInt8(ascii: "u") {
      text.append(contentsOf: String(Character(try unicodeEscape())).utf8)
    } else if dialect == .json5 {
      try looseEscape(kind, into: &text)
    } else {
      throw fault(.badEscape)
    }
  }

  /// The escapes that only JSON5 has: `\x`, `\v`, `\0`, a continued line, any other character.
  private mutating func looseEscape(
    _ kind: UInt8, into text: inout [UInt8]
  ) throws(BytesError) {
    switch kind {
    case UInt8(ascii: "x"):
      guard let code = hexadecimal(at: index + 2, digits: 2) else { throw fault(.badEscape) }
      text.append(contentsOf: String(Character(Unicode.Scalar(UInt8(code)))).utf8)
      index += 4
    case UInt8(ascii: "v"):
      text.append(0x0B)
      index += 2
    case UInt8(ascii: "0"):
      if let after = peek(at: index + 2), isDigit(after) { throw fault(.badEscape) }
      text.append(0)
      index += 2
    case UInt8(ascii: "1")...UInt8(ascii: "9"):
      throw fault(.badEscape)
    case 0x0D:
      index += peek(at: index + 2) == 0x0A ? 3 : 2
    case 0x0A:
      index += 2
    default:
      if isSeparator(at: index + 1) {
        index += 4
      } else {
        // The character stands for itself; what follows its first byte is taken as it comes.
        text.append(kind)
        index += 2
      }
    }
  }

  /// Reads `\uXXXX`, or two of them where the first is half of a pair.
  private mutating func unicodeEscape() throws(BytesError) -> Unicode.Scalar {
    guard let first = hexadecimal(at: index + 2, digits: 4) else { throw fault(.badEscape) }
    if let scalar = Unicode.Scalar(first) {
      index += 6
      return scalar
    }
    guard first < 0xDC00, peek(at: index + 6) == UInt8(ascii: "\\"),
      peek(at: index + 7) == UInt8(ascii: "u"),
      let second = hexadecimal(at: index + 8, digits: 4), (0xDC00...0xDFFF).contains(second),
      let scalar = Unicode.Scalar(0x10000 + (first - 0xD800) << 10 + (second - 0xDC00))
    else { throw fault(.loneSurrogate) }
    index += 12
    return scalar
  }

  private func hexadecimal(at start: Int, digits: Int) -> UInt32? {
    var value: UInt32 = 0
    for index in start..<start + digits {
      guard let byte = peek(at: index), let digit = hexadecimalDigit(byte) else { return nil }
      value = value << 4 | UInt32(digit)
    }
    return value
  }

  /// Reads a bare key: an identifier of ECMAScript 5.1, where `\uXXXX` may spell a letter.
  mutating func identifier() throws(BytesError) -> String {
    var key = ""
    while let scalar = scalar() {
      let start = index
      let letter: Unicode.Scalar
      if scalar == "\\" {
        guard peek(at: index + 1) == UInt8(ascii: "u") else { throw fault(.badEscape) }
        letter = try unicodeEscape()
      } else {
        letter = scalar
        index += UTF8.width(scalar)
      }
      guard key.isEmpty ? isIdentifierStart(letter) : isIdentifierPart(letter) else {
        index = start
        if scalar == "\\" { throw fault(.badEscape) }
        break
      }
      key.unicodeScalars.append(letter)
    }
    guard !key.isEmpty else { throw unexpected(wanted: "a key or '}'") }
    return key
  }
}

private func isIdentifierStart(_ scalar: Unicode.Scalar) -> Bool {
  switch scalar.properties.generalCategory {
  case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter,
    .letterNumber:
    true
  default: scalar == "$" || scalar == "_"
  }
}

func isIdentifierPart(_ scalar: Unicode.Scalar) -> Bool {
  switch scalar.properties.generalCategory {
  case .nonspacingMark, .spacingMark, .decimalNumber, .connectorPunctuation: true
  default:
    isIdentifierStart(scalar) || scalar == "\u{200C}" || scalar == "\u{200D}"
  }
}

func isDigit(_ byte: UInt8) -> Bool {
  byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9")
}
