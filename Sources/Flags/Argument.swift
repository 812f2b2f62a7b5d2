// Arguments: what is given by its place. A required one is its value, an optional one may be nil, a
// repeated one is an array and takes all words that are left.

/// An argument of a command, and the type of what it says.
package struct Argument<Value: Sendable>: Parameter {
  package let declaration: ParameterDeclaration
  let resolve: @Sendable ([Given]) throws(UsageFault) -> Value

  private init<Element>(
    _ spelling: Spelling<Element>, _ summary: String, counts: ClosedRange<Int>,
    resolve: @escaping @Sendable ([Given]) throws(UsageFault) -> Value
  ) {
    declaration = ParameterDeclaration(
      role: .argument, name: spelling.placeholder, summary: summary, valueNeed: .required,
      placeholder: spelling.placeholder, wanted: spelling.wanted, completion: spelling.completion,
      defaultText: nil,
      counts: counts, check: { (given) throws(UsageFault) in _ = try resolve(given) })
    self.resolve = resolve
  }

  /// An argument that must be given.
  package init(_ spelling: Spelling<Value>, _ summary: String) {
    let title = spelling.placeholder
    self.init(spelling, summary, counts: 1...1) { (given) throws(UsageFault) in
      guard case .value(let bytes) = given.first else { throw .missing(title) }
      return try spelling.value(bytes, of: title)
    }
  }

  /// An argument that may be left out.
  package init<Wrapped: Sendable>(optional spelling: Spelling<Wrapped>, _ summary: String)
  where Value == Wrapped? {
    self.init(spelling, summary, counts: 0...1) { (given) throws(UsageFault) in
      guard case .value(let bytes) = given.first else { return nil }
      return try spelling.value(bytes, of: spelling.placeholder)
    }
  }

  /// An argument that takes as many words as are left.
  package init<Element: Sendable>(
    repeated spelling: Spelling<Element>, counts: ClosedRange<Int> = 0...Int.max,
    _ summary: String
  ) where Value == [Element] {
    self.init(spelling, summary, counts: counts) { (given) throws(UsageFault) in
      try spelling.values(given, of: spelling.placeholder)
    }
  }
}
