// Bytes that are looked for in other bytes. Small ASCII letters stand for capitals too, unless there
// is a capital among them; what is not ASCII is compared as it is, for paths are bytes.

/// What is looked for, and whether capitals matter.
struct FoldedBytes: Hashable, Sendable {
  let bytes: [UInt8]
  let folds: Bool

  init(_ bytes: [UInt8]) {
    self.bytes = bytes
    folds = !bytes.contains { (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains($0) }
  }

  /// Whether its bytes are all there in this order, whatever stands between them.
  func isScattered(in text: [UInt8]) -> Bool {
    var next = 0
    for byte in text {
      if next == bytes.count { return true }
      if folded(byte, folds) == bytes[next] { next += 1 }
    }
    return next == bytes.count
  }

  /// Whether its bytes are there side by side.
  func isContained(in text: [UInt8]) -> Bool {
    guard let first = bytes.first else { return true }
    guard text.count >= bytes.count else { return false }
    for start in 0...(text.count - bytes.count) where folded(text[start], folds) == first {
      var length = 1
      while length < bytes.count, folded(text[start + length], folds) == bytes[length] {
        length += 1
      }
      if length == bytes.count { return true }
    }
    return false
  }
}

/// The small letter of an ASCII capital, when letters are folded.
func folded(_ byte: UInt8, _ folds: Bool) -> UInt8 {
  folds && byte >= UInt8(ascii: "A") && byte <= UInt8(ascii: "Z") ? byte | 0x20 : byte
}
