// Names that operators type, that go over wires and that stand in receipts for ever: lower-case
// ASCII, so that no two spellings of one name exist and nothing has to be escaped.

/// What is wrong with the name of an operation, a control, a projection or a kind of job, as the
/// rest of a sentence; nil when it may be used.
package func faultInName(_ name: String) -> String? {
  if name.isEmpty { return "is empty" }
  if name.utf8.count > OperationsLimits.nameBytesMax {
    return "is longer than \(OperationsLimits.nameBytesMax) bytes"
  }
  let isSpelled = name.utf8.allSatisfy { byte in
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
      UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"):
      true
    default: false
    }
  }
  return isSpelled ? nil : "has a character other than a-z, 0-9, '.', '_' and '-'"
}

/// A title is one line, without what a terminal would obey.
func faultInTitle(_ title: String) -> String? {
  if title.isEmpty { return "is empty" }
  if title.utf8.count > OperationsLimits.titleBytesMax {
    return "is longer than \(OperationsLimits.titleBytesMax) bytes"
  }
  return title.unicodeScalars.allSatisfy { $0.properties.generalCategory != .control }
    ? nil : "has a control character"
}

/// The beginning of a reason that is recorded, cut between characters.
func shortened(_ reason: String) -> String {
  var kept = reason[...]
  while kept.utf8.count > OperationsLimits.reasonBytesMax { kept.removeLast() }
  return String(kept)
}
