// Foreign text made safe to show, and text fitted into columns. File names are data: what a terminal
// would obey, reorder or hide is spelled as `\xNN`, in the one spelling that `Bytes` gives every name;
// what this screen cannot show besides is spelled the same way. So two names never look alike for
// want of a visible character.

import Bytes

/// Where a text that is too long is cut.
package enum Cut: Sendable {
  case end
  /// For paths: both the beginning and the name stay.
  case middle
  case start
}

/// A name from outside as this screen can show it.
package func shown(_ name: [UInt8], in alphabet: Alphabet = .unicode) -> String {
  let safe = escaped(name)
  if safe.utf8.allSatisfy({ $0 < 0x80 }) { return safe }
  var text = ""
  // Marks need something to stand on, and a cell keeps few of them.
  var marksLeft = 0
  for scalar in safe.unicodeScalars {
    let columns = columnCount(of: scalar)
    let isShowable: Bool
    switch columns {
    case nil: isShowable = false
    case 0?: isShowable = marksLeft > 0 && !scalar.properties.isDefaultIgnorableCodePoint
    default: isShowable = !scalar.properties.isDefaultIgnorableCodePoint
    }
    if isShowable && (scalar.isASCII || alphabet == .unicode) {
      text.unicodeScalars.append(scalar)
      marksLeft = columns == 0 ? marksLeft - 1 : Cell.marksMax
    } else {
      text += spelledOut(scalar)
      marksLeft = 0
    }
  }
  return text
}

/// The same for text.
package func shown(_ text: String, in alphabet: Alphabet = .unicode) -> String {
  shown(Array(text.utf8), in: alphabet)
}

/// The text if it takes at most so many columns, else cut and with an ellipsis where it was cut.
package func fitted(
  _ text: String, columns: Int, cut: Cut = .end, ellipsis: String = "…"
) -> String {
  guard columnCount(of: text) > columns else { return text }
  let room = columns - columnCount(of: ellipsis)
  guard room > 0 else { return prefix(of: columns > 0 ? ellipsis : "", columns: columns) }
  switch cut {
  case .end: return prefix(of: text, columns: room) + ellipsis
  case .start: return ellipsis + suffix(of: text, columns: room)
  case .middle:
    let front = prefix(of: text, columns: room / 2)
    return front + ellipsis + suffix(of: text, columns: room - columnCount(of: front))
  }
}

/// The text with spaces, or cut, so that it takes exactly so many columns.
package func padded(
  _ text: String, columns: Int, right: Bool = false, cut: Cut = .end, ellipsis: String = "…"
) -> String {
  let text = fitted(text, columns: columns, cut: cut, ellipsis: ellipsis)
  let spaces = String(repeating: " ", count: max(0, columns - columnCount(of: text)))
  return right ? spaces + text : text + spaces
}

private func spelledOut(_ scalar: Unicode.Scalar) -> String {
  String(scalar).utf8.map { "\\x" + hexadecimal(CollectionOfOne($0)) }.joined()
}

private func prefix(of text: String, columns: Int) -> String {
  var kept = String.UnicodeScalarView()
  var room = columns
  for scalar in text.unicodeScalars {
    let needed = columnCount(of: scalar) ?? 1
    guard needed <= room else { break }
    kept.append(scalar)
    room -= needed
  }
  return String(kept)
}

private func suffix(of text: String, columns: Int) -> String {
  var room = columns
  var start = text.unicodeScalars.endIndex
  // Marks lie behind what they stand on: a cut never falls between the two.
  var index = start
  while index > text.unicodeScalars.startIndex {
    index = text.unicodeScalars.index(before: index)
    let needed = columnCount(of: text.unicodeScalars[index]) ?? 1
    guard needed <= room else { break }
    room -= needed
    if needed > 0 { start = index }
  }
  return String(text.unicodeScalars[start...])
}
