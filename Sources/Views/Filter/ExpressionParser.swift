// Reads a regular expression. Nesting and repetition are bounded, so that whatever a person pastes
// is refused or answered at once.

struct ExpressionParser {
  private let pattern: [UInt8]
  private let folds: Bool
  private var index = 0
  private var depth = 0

  /// How deep groups may lie in each other.
  static let depthMax = 32
  /// How often something may be repeated by a number.
  static let repeatsMax = 255

  init(_ pattern: [UInt8], folds: Bool) {
    self.pattern = pattern
    self.folds = folds
  }

  mutating func whole() throws(ExpressionFault) -> ExpressionTree {
    let tree = try alternatives()
    if index < pattern.count { throw fault("has a ')' that closes nothing") }
    return tree
  }

  private func fault(_ sentence: String, at offset: Int? = nil) -> ExpressionFault {
    ExpressionFault(offset: offset ?? index, sentence: sentence)
  }

  private var next: UInt8? { index < pattern.count ? pattern[index] : nil }

  private mutating func takes(_ character: Unicode.Scalar) -> Bool {
    guard next == UInt8(ascii: character) else { return false }
    index += 1
    return true
  }

  private mutating func alternatives() throws(ExpressionFault) -> ExpressionTree {
    var tree = try sequence()
    while takes("|") { tree = .either(tree, try sequence()) }
    return tree
  }

  private mutating func sequence() throws(ExpressionFault) -> ExpressionTree {
    var parts: [ExpressionTree] = []
    while let byte = next, byte != UInt8(ascii: "|"), byte != UInt8(ascii: ")") {
      parts.append(try repetition())
    }
    return parts.count == 1 ? parts[0] : parts.isEmpty ? .nothing : .sequence(parts)
  }

  private mutating func repetition() throws(ExpressionFault) -> ExpressionTree {
    let start = index
    var tree = try atom()
    var isRepeated = false
    while let bounds = try bounds() {
      // The repetition of a repetition says nothing that one of them does not.
      guard !isRepeated else { throw fault("repeats what is repeated already", at: start) }
      isRepeated = true
      tree = .repeated(tree, min: bounds.min, max: bounds.max)
    }
    return tree
  }

  private mutating func bounds() throws(ExpressionFault) -> (min: Int, max: Int?)? {
    if takes("*") { return (0, nil) }
    if takes("+") { return (1, nil) }
    if takes("?") { return (0, 1) }
    let start = index
    guard takes("{") else { return nil }
    let min = number()
    var max = min
    if takes(",") { max = number() }
    guard takes("}"), let min else {
      throw fault("has a '{' that is no {m}, {m,} or {m,n}", at: start)
    }
    let top = max ?? min
    guard min <= top, top <= Self.repeatsMax else {
      throw fault("repeats more than \(Self.repeatsMax) times, or backwards", at: start)
    }
    return (min, max)
  }

  private mutating func number() -> Int? {
    var value: Int?
    while let byte = next, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) {
      value = min((value ?? 0) * 10 + Int(byte - UInt8(ascii: "0")), 1_000_000)
      index += 1
    }
    return value
  }

  private mutating func atom() throws(ExpressionFault) -> ExpressionTree {
    let start = index
    guard let byte = next else { return .nothing }
    index += 1
    switch byte {
    case UInt8(ascii: "."): return .one(ByteSet([0...255]))
    case UInt8(ascii: "^"): return .begin
    case UInt8(ascii: "$"): return .end
    case UInt8(ascii: "*"), UInt8(ascii: "+"), UInt8(ascii: "?"), UInt8(ascii: "{"):
      throw fault("repeats nothing", at: start)
    case UInt8(ascii: "["):
      guard let set = ByteSet(in: pattern, &index, negation: UInt8(ascii: "^")) else {
        throw fault("has a '[' that does not end", at: start)
      }
      return .one(folds ? set.folded : set)
    case UInt8(ascii: "("):
      depth += 1
      guard depth <= Self.depthMax else {
        throw fault("has groups more than \(Self.depthMax) deep", at: start)
      }
      let tree = try alternatives()
      guard takes(")") else { throw fault("has a '(' that does not end", at: start) }
      depth -= 1
      return tree
    case UInt8(ascii: "\\"): return .one(try escape())
    default: return .one(set(of: byte))
    }
  }

  private func set(of byte: UInt8) -> ByteSet {
    let set = ByteSet([byte...byte])
    return folds ? set.folded : set
  }

  private mutating func escape() throws(ExpressionFault) -> ByteSet {
    guard let byte = next else { throw fault("ends in a '\\'") }
    index += 1
    let digits = ByteSet([UInt8(ascii: "0")...UInt8(ascii: "9")])
    let word = ByteSet([
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
      UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "_")...UInt8(ascii: "_"),
    ])
    let space = ByteSet([9...13, 32...32])
    switch byte {
    case UInt8(ascii: "d"): return digits
    case UInt8(ascii: "D"): return digits.inverted
    case UInt8(ascii: "w"): return word
    case UInt8(ascii: "W"): return word.inverted
    case UInt8(ascii: "s"): return space
    case UInt8(ascii: "S"): return space.inverted
    case UInt8(ascii: "n"): return ByteSet([10...10])
    case UInt8(ascii: "t"): return ByteSet([9...9])
    default: return set(of: byte)
    }
  }
}
