// The way back from text that was made safe to print, for names that went through a screen, a shell or
// JSON. Only what `escaped` writes is read, so that a text stands for one string of bytes alone.

/// The bytes that a text stands for as `escaped` writes it; nil when it would write another.
package func unescaped(_ text: String) -> [UInt8]? {
  let bytes = unescapedLeniently(text)
  guard let bytes, escaped(bytes).utf8.elementsEqual(text.utf8) else { return nil }
  return bytes
}

private func unescapedLeniently(_ text: String) -> [UInt8]? {
  var bytes: [UInt8] = []
  bytes.reserveCapacity(text.utf8.count)
  var rest = Array(text.utf8)[...]
  while let byte = rest.popFirst() {
    guard byte == UInt8(ascii: "\\") else {
      bytes.append(byte)
      continue
    }
    switch rest.popFirst() {
    case UInt8(ascii: "\\"): bytes.append(byte)
    case UInt8(ascii: "x"):
      guard let high = rest.popFirst().flatMap(hexadecimalDigit),
        let low = rest.popFirst().flatMap(hexadecimalDigit)
      else { return nil }
      bytes.append(high << 4 | low)
    default: return nil
    }
  }
  return bytes
}
