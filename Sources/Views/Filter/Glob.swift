// Patterns of paths: `*` stands for anything within one component, `**` for anything at all, `?` for
// one byte of a component, `[a-z]` and `[!a-z]` for one of a set; `\` takes the next byte as it is,
// and a pattern that ends in `/` takes all that is below. It must match the whole path. Matching
// goes back to the last star alone, once for each byte, and so takes at most the product of both
// lengths for each `**`.

/// A pattern of paths.
struct Glob: Hashable, Sendable {
  private enum Part: Hashable, Sendable {
    case byte(UInt8)
    case any
    case set(ByteSet)
    /// Anything but `/`.
    case star
    /// Anything.
    case deep
  }
  private let parts: [Part]
  /// The bytes with which everything that matches begins.
  let prefix: [UInt8]

  /// The pattern of some bytes; nil when a set in it does not end.
  init?(_ pattern: [UInt8]) {
    var parts: [Part] = []
    var index = 0
    while index < pattern.count {
      let byte = pattern[index]
      index += 1
      switch byte {
      case UInt8(ascii: "*"):
        let isDeep = index < pattern.count && pattern[index] == UInt8(ascii: "*")
        if isDeep { index += 1 }
        if isDeep, parts.last == .star { parts.removeLast() }
        if parts.last != .deep, isDeep || parts.last != .star {
          parts.append(isDeep ? .deep : .star)
        }
      case UInt8(ascii: "?"): parts.append(.any)
      case UInt8(ascii: "["):
        guard let set = ByteSet(in: pattern, &index, negation: UInt8(ascii: "!")) else {
          return nil
        }
        parts.append(.set(set))
      case UInt8(ascii: "\\") where index < pattern.count:
        parts.append(.byte(pattern[index]))
        index += 1
      default: parts.append(.byte(byte))
      }
    }
    if pattern.last == UInt8(ascii: "/") { parts.append(.deep) }
    self.parts = parts
    prefix = parts.prefix { if case .byte = $0 { true } else { false } }
      .compactMap { if case .byte(let byte) = $0 { byte } else { nil } }
  }

  func matches(_ path: [UInt8]) -> Bool {
    // Which parts may come next, after each byte; a machine with one state for each part.
    var current = [Bool](repeating: false, count: parts.count + 1)
    current[0] = true
    passStars(&current)
    for byte in path {
      var next = [Bool](repeating: false, count: parts.count + 1)
      var isAlive = false
      for place in parts.indices where current[place] {
        switch parts[place] {
        case .byte(let wanted): next[place + 1] = next[place + 1] || byte == wanted
        case .any: next[place + 1] = next[place + 1] || byte != UInt8(ascii: "/")
        case .set(let set):
          next[place + 1] = next[place + 1] || byte != UInt8(ascii: "/") && set.contains(byte)
        case .star: next[place] = next[place] || byte != UInt8(ascii: "/")
        case .deep: next[place] = true
        }
        isAlive = isAlive || next[place] || next[place + 1]
      }
      guard isAlive else { return false }
      passStars(&next)
      current = next
    }
    return current[parts.count]
  }

  /// A star may stand for nothing.
  private func passStars(_ states: inout [Bool]) {
    for place in parts.indices where states[place] {
      if parts[place] == .star || parts[place] == .deep { states[place + 1] = true }
    }
  }
}
