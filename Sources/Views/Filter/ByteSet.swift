// A set of bytes, as patterns and regular expressions write it between `[` and `]`.

/// Some of the 256 bytes.
struct ByteSet: Hashable, Sendable {
  private var words: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)

  init() {}

  init(_ ranges: [ClosedRange<UInt8>]) {
    for range in ranges {
      for byte in range { insert(byte) }
    }
  }

  func contains(_ byte: UInt8) -> Bool {
    let word =
      switch byte >> 6 {
      case 0: words.0
      case 1: words.1
      case 2: words.2
      default: words.3
      }
    return word >> UInt64(byte & 63) & 1 == 1
  }

  mutating func insert(_ byte: UInt8) {
    let bit: UInt64 = 1 << UInt64(byte & 63)
    switch byte >> 6 {
    case 0: words.0 |= bit
    case 1: words.1 |= bit
    case 2: words.2 |= bit
    default: words.3 |= bit
    }
  }

  mutating func formUnion(_ other: ByteSet) {
    words.0 |= other.words.0
    words.1 |= other.words.1
    words.2 |= other.words.2
    words.3 |= other.words.3
  }

  /// All bytes that are not in it.
  var inverted: ByteSet {
    var inverted = self
    inverted.words = (~words.0, ~words.1, ~words.2, ~words.3)
    return inverted
  }

  /// The same with every ASCII letter that it has in either case in both.
  var folded: ByteSet {
    var folded = self
    for letter in UInt8(ascii: "a")...UInt8(ascii: "z") {
      if contains(letter) || contains(letter & ~0x20) {
        folded.insert(letter)
        folded.insert(letter & ~0x20)
      }
    }
    return folded
  }

  /// Reads a set whose `[` was taken, its `]` included; nil when it does not end. A `]` that comes
  /// first is a member, and so is a `-` that joins nothing.
  init?(in pattern: [UInt8], _ index: inout Int, negation: UInt8) {
    self.init()
    let isNegated = index < pattern.count && pattern[index] == negation
    if isNegated { index += 1 }
    var isFirst = true
    while index < pattern.count {
      var low = pattern[index]
      index += 1
      if low == UInt8(ascii: "]"), !isFirst {
        if isNegated { self = inverted }
        return
      }
      isFirst = false
      if low == UInt8(ascii: "\\"), index < pattern.count {
        low = pattern[index]
        index += 1
      }
      var high = low
      if index + 1 < pattern.count, pattern[index] == UInt8(ascii: "-"),
        pattern[index + 1] != UInt8(ascii: "]")
      {
        high = pattern[index + 1]
        index += 2
        if high == UInt8(ascii: "\\"), index < pattern.count {
          high = pattern[index]
          index += 1
        }
      }
      if low <= high { formUnion(ByteSet([low...high])) }
    }
    return nil
  }

  static func == (left: ByteSet, right: ByteSet) -> Bool { left.words == right.words }

  func hash(into hasher: inout Hasher) {
    hasher.combine(words.0)
    hasher.combine(words.1)
    hasher.combine(words.2)
    hasher.combine(words.3)
  }
}
