// Regular expressions over bytes: literals, `.`, `[sets]`, `\d \w \s` and their opposites, `^` and
// `$`, groups, `|`, `*`, `+`, `?` and `{m,n}`. There is no going back and forth in them: an
// expression becomes a small machine, all of whose states are followed at once, so no expression
// takes longer than its length times that of the text, whoever wrote it. `.` is one byte.

/// An expression, ready to be looked for.
struct RegularExpression: Hashable, Sendable {
  enum Step: Hashable, Sendable {
    case one(ByteSet)
    /// Goes on at both, in either order: only whether it is found matters.
    case fork(Int, Int)
    case jump(Int)
    case begin
    case end
    case found
  }
  private let steps: [Step]

  /// The most steps of an expression, its repetitions written out.
  static let stepsMax = 4_096

  /// The expression of some bytes.
  init(_ pattern: [UInt8]) throws(ExpressionFault) {
    let folds = FoldedBytes(pattern).folds
    var parser = ExpressionParser(pattern, folds: folds)
    let tree = try parser.whole()
    var steps: [Step] = []
    try tree.compile(into: &steps)
    steps.append(.found)
    self.steps = steps
  }

  /// Whether it is found anywhere in the text.
  func isFound(in text: [UInt8]) -> Bool {
    var current = StepSet(count: steps.count)
    var next = StepSet(count: steps.count)
    for place in 0...text.count {
      // It may begin at every byte.
      if follow(0, at: place, of: text.count, &current) { return true }
      guard place < text.count else { return false }
      next.removeAll()
      for index in 0..<current.count {
        let step = current[index]
        guard case .one(let set) = steps[step], set.contains(text[place]) else { continue }
        if follow(step + 1, at: place + 1, of: text.count, &next) { return true }
      }
      swap(&current, &next)
    }
    return false
  }

  /// Adds a step and all that it leads to without a byte; true when that is the end.
  private func follow(_ step: Int, at place: Int, of count: Int, _ set: inout StepSet) -> Bool {
    guard set.insert(step) else { return false }
    switch steps[step] {
    case .one: return false
    case .found: return true
    case .jump(let target): return follow(target, at: place, of: count, &set)
    case .fork(let left, let right):
      return follow(left, at: place, of: count, &set)
        || follow(right, at: place, of: count, &set)
    case .begin: return place == 0 && follow(step + 1, at: place, of: count, &set)
    case .end: return place == count && follow(step + 1, at: place, of: count, &set)
    }
  }
}

/// Steps that are reached, each once, in the order in which they came.
private struct StepSet {
  private var order: [Int] = []
  private var isThere: [Bool]

  init(count: Int) {
    isThere = [Bool](repeating: false, count: count)
    order.reserveCapacity(count)
  }

  var count: Int { order.count }

  subscript(_ index: Int) -> Int { order[index] }

  mutating func insert(_ step: Int) -> Bool {
    if isThere[step] { return false }
    isThere[step] = true
    order.append(step)
    return true
  }

  mutating func removeAll() {
    for step in order { isThere[step] = false }
    order.removeAll(keepingCapacity: true)
  }
}

/// Why bytes are no expression.
struct ExpressionFault: Error, Hashable {
  /// How many bytes of the expression stand before what is wrong.
  let offset: Int
  /// The rest of a sentence that begins with the expression.
  let sentence: String
}

/// An expression before it is a machine.
indirect enum ExpressionTree {
  case nothing
  case one(ByteSet)
  case begin
  case end
  case sequence([ExpressionTree])
  case either(ExpressionTree, ExpressionTree)
  /// Nil for without end.
  case repeated(ExpressionTree, min: Int, max: Int?)

  func compile(into steps: inout [RegularExpression.Step]) throws(ExpressionFault) {
    guard steps.count < RegularExpression.stepsMax else {
      throw ExpressionFault(offset: 0, sentence: "is too long once its repetitions are written out")
    }
    switch self {
    case .nothing: break
    case .one(let set): steps.append(.one(set))
    case .begin: steps.append(.begin)
    case .end: steps.append(.end)
    case .sequence(let parts):
      for part in parts { try part.compile(into: &steps) }
    case .either(let left, let right):
      let fork = steps.count
      steps.append(.found)
      try left.compile(into: &steps)
      let over = steps.count
      steps.append(.found)
      steps[fork] = .fork(fork + 1, steps.count)
      try right.compile(into: &steps)
      steps[over] = .jump(steps.count)
    case .repeated(let part, let min, let max):
      for _ in 0..<min { try part.compile(into: &steps) }
      if let max {
        try part.compileOptions(max - min, into: &steps)
      } else {
        let fork = steps.count
        steps.append(.found)
        try part.compile(into: &steps)
        steps.append(.jump(fork))
        steps[fork] = .fork(fork + 1, steps.count)
      }
    }
  }

  private func compileOptions(
    _ count: Int, into steps: inout [RegularExpression.Step]
  ) throws(ExpressionFault) {
    var forks: [Int] = []
    for _ in 0..<count {
      forks.append(steps.count)
      steps.append(.found)
      try compile(into: &steps)
    }
    for fork in forks { steps[fork] = .fork(fork + 1, steps.count) }
  }
}
