// File names and other foreign bytes as text that is safe to show. A name may hold escape sequences
// that a terminal obeys, characters that reorder or hide what follows, or no text at all; each such
// byte becomes `\xNN`. A backslash becomes `\\`, so two different names never look the same.

/// Bytes as text that is safe to print: what is no printable UTF-8 becomes `\xNN`.
package func escaped(_ bytes: [UInt8]) -> String {
  var text = ""
  text.reserveCapacity(bytes.count)
  var rest = bytes[...]
  while let first = rest.first {
    if isPlain(first) {
      let plain = rest.prefix(while: isPlain)
      text += String(decoding: plain, as: UTF8.self)
      rest = rest[plain.endIndex...]
    } else if first == UInt8(ascii: "\\") {
      text += "\\\\"
      rest = rest.dropFirst()
    } else if let scalar = firstScalar(of: rest), isShowable(scalar) {
      text.unicodeScalars.append(scalar)
      rest = rest.dropFirst(UTF8.width(scalar))
    } else {
      text += "\\x" + hexadecimal(CollectionOfOne(first))
      rest = rest.dropFirst()
    }
  }
  return text
}

/// Text from outside, made safe to print in the same way.
package func escaped(_ text: String) -> String {
  text.utf8.allSatisfy(isPlain) ? text : escaped(Array(text.utf8))
}

/// True when a terminal shows the character as itself, and changes nothing else.
package func isShowable(_ scalar: Unicode.Scalar) -> Bool {
  switch scalar.properties.generalCategory {
  // Formats hold the bidirectional overrides and the characters of no width.
  case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .unassigned: false
  default: true
  }
}

private func isPlain(_ byte: UInt8) -> Bool {
  byte >= 0x20 && byte < 0x7F && byte != UInt8(ascii: "\\")
}

private func firstScalar(of bytes: ArraySlice<UInt8>) -> Unicode.Scalar? {
  var decoder = UTF8()
  var iterator = bytes.makeIterator()
  guard case .scalarValue(let scalar) = decoder.decode(&iterator) else { return nil }
  return scalar
}
