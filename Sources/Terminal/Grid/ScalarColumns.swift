// How many columns text takes, by curses' own table: one table decides where things are put and what
// curses believes is there, so that no column is ever off by one.

import CTerminal

/// How many columns a scalar takes: 0 when it combines with what stands before it, nil when it cannot
/// be shown at all.
package func columnCount(of scalar: Unicode.Scalar) -> Int? {
  if scalar.value < 0x7F { return scalar.value >= 0x20 ? 1 : nil }
  let columns = cterminal_width(scalar.value)
  return columns < 0 ? nil : Int(columns)
}

/// How many columns a text takes when it is drawn.
package func columnCount(of text: some StringProtocol) -> Int {
  var count = 0
  for scalar in text.unicodeScalars { count += columnCount(of: scalar) ?? 1 }
  return count
}

/// What a screen can show.
package enum Alphabet: Hashable, Sendable {
  case ascii
  case unicode

  /// What stands for a scalar that cannot be shown.
  package var replacement: Unicode.Scalar { self == .unicode ? "\u{FFFD}" : "?" }
}
