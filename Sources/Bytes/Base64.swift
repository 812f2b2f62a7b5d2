// Base64 in its two alphabets (RFC 4648), there and back. Reading is strict: one text for the same
// bytes, so no white space, no missing or surplus padding, and no loose bits at the end.

/// An alphabet of base64, with its habit of padding.
package enum Base64Alphabet: Sendable {
  /// `+` and `/`, padded with `=`: section 4.
  case standard
  /// `-` and `_`, not padded: section 5, as tokens and URLs use it.
  case url

  fileprivate var last: (UInt8, UInt8) {
    switch self {
    case .standard: (UInt8(ascii: "+"), UInt8(ascii: "/"))
    case .url: (UInt8(ascii: "-"), UInt8(ascii: "_"))
    }
  }

  fileprivate var pads: Bool { self == .standard }
}

/// The bytes as base64.
package func base64(_ bytes: [UInt8], _ alphabet: Base64Alphabet = .standard) -> String {
  var text: [UInt8] = []
  text.reserveCapacity((bytes.count + 2) / 3 * 4)
  for start in stride(from: 0, to: bytes.count, by: 3) {
    let group = bytes[start..<min(start + 3, bytes.count)]
    var bits = group.reduce(0 as UInt32) { $0 << 8 | UInt32($1) }
    bits <<= UInt32(8 * (3 - group.count))
    for index in 0...group.count {
      text.append(character(UInt8(bits >> UInt32(18 - 6 * index) & 0x3F), alphabet))
    }
    if alphabet.pads {
      for _ in group.count..<3 { text.append(UInt8(ascii: "=")) }
    }
  }
  return String(decoding: text, as: UTF8.self)
}

/// The bytes that the base64 text spells, and that spell exactly this text.
package func bytes(
  fromBase64 text: some StringProtocol, _ alphabet: Base64Alphabet = .standard
) throws(BytesError) -> [UInt8] {
  var characters = Array(text.utf8)
  let length = characters.count
  if alphabet.pads {
    guard length % 4 == 0 else { throw .notBase64(offset: length, .length) }
    for _ in 0..<2 where characters.last == UInt8(ascii: "=") { characters.removeLast() }
  }
  guard characters.count % 4 != 1 else { throw .notBase64(offset: length, .length) }

  var bytes: [UInt8] = []
  bytes.reserveCapacity(characters.count / 4 * 3 + 2)
  var bits: UInt32 = 0
  var held = 0
  for (offset, character) in characters.enumerated() {
    guard let value = value(character, alphabet) else {
      throw .notBase64(
        offset: offset, character == UInt8(ascii: "=") ? .padding : .character(character))
    }
    bits = bits << 6 | UInt32(value)
    held += 6
    if held >= 8 {
      held -= 8
      bytes.append(UInt8(truncatingIfNeeded: bits >> UInt32(held)))
      bits &= (1 << UInt32(held)) - 1
    }
  }
  guard bits == 0 else { throw .notBase64(offset: characters.count - 1, .looseBits) }
  return bytes
}

private func character(_ value: UInt8, _ alphabet: Base64Alphabet) -> UInt8 {
  switch value {
  case 0..<26: UInt8(ascii: "A") + value
  case 26..<52: UInt8(ascii: "a") + value - 26
  case 52..<62: UInt8(ascii: "0") + value - 52
  case 62: alphabet.last.0
  default: alphabet.last.1
  }
}

private func value(_ character: UInt8, _ alphabet: Base64Alphabet) -> UInt8? {
  switch character {
  case UInt8(ascii: "A")...UInt8(ascii: "Z"): character - UInt8(ascii: "A")
  case UInt8(ascii: "a")...UInt8(ascii: "z"): character - UInt8(ascii: "a") + 26
  case UInt8(ascii: "0")...UInt8(ascii: "9"): character - UInt8(ascii: "0") + 52
  case alphabet.last.0: 62
  case alphabet.last.1: 63
  default: nil
  }
}
