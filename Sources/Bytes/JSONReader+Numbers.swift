// Numbers of JSON and JSON5. The grammar is checked here; the value of what is no whole number
// within 64 bits is then the nearest double. A zero with a minus sign is a double.

extension JSONReader {
  /// Reads a number.
  mutating func number() throws(BytesError) -> JSONNode.Content {
    let start = index
    let negative = take("-")
    if dialect == .json5 {
      if !negative { _ = take("+") }
      if take(word: "Infinity") { return .number(negative ? -.infinity : .infinity) }
      if take(word: "NaN") { return .number(.nan) }
      if next == UInt8(ascii: "0"), let x = peek(at: index + 1), x | 0x20 == UInt8(ascii: "x") {
        return try hexadecimalNumber(negative: negative, from: start)
      }
    }

    let digits = index
    guard let isWhole = takeDecimal(), endsHere else {
      index = start
      throw fault(.badNumber)
    }
    let text = String(decoding: bytes[digits..<index], as: UTF8.self)
    if isWhole, let value = Int64(negative ? "-" + text : text), value != 0 || !negative {
      return .integer(value)
    }
    guard let value = Double(text), value.isFinite else {
      index = start
      throw fault(.numberTooLarge)
    }
    return .number(negative ? -value : value)
  }

  /// Takes digits, fraction and exponent; true when there are only digits, nil when it is none.
  private mutating func takeDecimal() -> Bool? {
    let start = index
    let wholeDigits = takeDigits()
    if wholeDigits > 1 && bytes[start] == UInt8(ascii: "0") { return nil }
    var isWhole = true
    var fractionDigits = 0
    if take(".") {
      isWhole = false
      fractionDigits = takeDigits()
    }
    switch dialect {
    case .json5: if wholeDigits + fractionDigits == 0 { return nil }
    case .json: if wholeDigits == 0 || !isWhole && fractionDigits == 0 { return nil }
    }
    if take("e") || take("E") {
      isWhole = false
      if !take("+") { _ = take("-") }
      if takeDigits() == 0 { return nil }
    }
    return isWhole
  }

  private mutating func takeDigits() -> Int {
    let start = index
    while let byte = next, isDigit(byte) { index += 1 }
    return index - start
  }

  private mutating func hexadecimalNumber(
    negative: Bool, from start: Int
  ) throws(BytesError) -> JSONNode.Content {
    index += 2
    let digits = index
    while let byte = next, hexadecimalDigit(byte) != nil { index += 1 }
    guard index > digits, endsHere else {
      index = start
      throw fault(.badNumber)
    }
    let text = String(decoding: bytes[digits..<index], as: UTF8.self)
    guard let value = Int64(negative ? "-" + text : text, radix: 16) else {
      index = start
      throw fault(.numberTooLarge)
    }
    return negative && value == 0 ? .number(-0.0) : .integer(value)
  }

  /// True unless the number runs into something that belongs to no number.
  private var endsHere: Bool {
    guard let after = scalar() else { return true }
    return !isIdentifierPart(after) && !["+", "-", "."].contains(after)
  }
}
