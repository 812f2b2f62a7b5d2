// Flags: what is given by name. The kind of flag is the type of its value: a truth value is a
// switch, an optional one may be left out, an array may be repeated. Each initializer is one kind.

import Bytes

/// A flag of a command, and the type of what it says.
package struct Flag<Value: Sendable>: Parameter {
  package let declaration: ParameterDeclaration
  let resolve: @Sendable ([Given]) throws(UsageFault) -> Value

  private init(
    _ name: String, _ short: Character?, _ summary: String,
    valueNeed: ParameterDeclaration.ValueNeed = .none, placeholder: String = "",
    wanted: String = "", completion: Completion = .nothing, defaultText: String? = nil,
    counts: ClosedRange<Int> = 0...1,
    resolve: @escaping @Sendable ([Given]) throws(UsageFault) -> Value
  ) {
    declaration = ParameterDeclaration(
      role: .flag(short: short), name: name, summary: summary, valueNeed: valueNeed,
      placeholder: placeholder, wanted: wanted, completion: completion, defaultText: defaultText,
      counts: counts,
      check: { (given) throws(UsageFault) in _ = try resolve(given) })
    self.resolve = resolve
  }

  /// A flag with a value, which has a default; given `alone`, it stands for that.
  package init(
    _ name: String, short: Character? = nil, _ spelling: Spelling<Value>, default: Value,
    alone: Value? = nil, _ summary: String
  ) {
    self.init(
      name, short, summary, valueNeed: alone == nil ? .required : .optional,
      placeholder: spelling.placeholder, wanted: spelling.wanted, completion: spelling.completion,
      defaultText: spelling.write(`default`)
    ) { (given) throws(UsageFault) in
      switch given.first {
      case nil: `default`
      case .alone: alone ?? `default`
      case .value(let bytes): try spelling.value(bytes, of: "--" + name)
      }
    }
  }

  /// A flag with a value that must be given.
  package init(
    _ name: String, short: Character? = nil, required spelling: Spelling<Value>, _ summary: String
  ) {
    self.init(
      name, short, summary, valueNeed: .required, placeholder: spelling.placeholder,
      wanted: spelling.wanted, completion: spelling.completion, counts: 1...1
    ) { (given) throws(UsageFault) in
      guard case .value(let bytes) = given.first else { throw .missing("--" + name) }
      return try spelling.value(bytes, of: "--" + name)
    }
  }

  /// A flag with a value that may be left out; given `alone`, it stands for that.
  package init<Wrapped: Sendable>(
    _ name: String, short: Character? = nil, optional spelling: Spelling<Wrapped>,
    alone: Wrapped? = nil, _ summary: String
  ) where Value == Wrapped? {
    self.init(
      name, short, summary, valueNeed: alone == nil ? .required : .optional,
      placeholder: spelling.placeholder, wanted: spelling.wanted, completion: spelling.completion
    ) { (given) throws(UsageFault) in
      switch given.first {
      case nil: nil
      case .alone: alone
      case .value(let bytes): try spelling.value(bytes, of: "--" + name)
      }
    }
  }

  /// A flag with a value that may be given several times.
  package init<Element: Sendable>(
    _ name: String, short: Character? = nil, repeated spelling: Spelling<Element>,
    counts: ClosedRange<Int> = 0...repetitionsMax, _ summary: String
  ) where Value == [Element] {
    self.init(
      name, short, summary, valueNeed: .required, placeholder: spelling.placeholder,
      wanted: spelling.wanted, completion: spelling.completion, counts: counts
    ) { (given) throws(UsageFault) in
      try spelling.values(given, of: "--" + name)
    }
  }
}

extension Flag where Value == Bool {
  /// A switch: true when given.
  package init(_ name: String, short: Character? = nil, _ summary: String) {
    self.init(name, short, summary) { given in !given.isEmpty }
  }
}

extension Flag where Value == Int {
  /// A flag that counts how often it is given.
  package init(
    _ name: String, short: Character? = nil, countedUpTo countMax: Int, _ summary: String
  ) {
    self.init(name, short, summary, counts: 0...countMax) { given in given.count }
  }
}

extension Spelling {
  func value(_ bytes: [UInt8], of title: String) throws(UsageFault) -> Value {
    guard let value = read(bytes) else {
      throw .badValue(
        title, given: escaped(bytes), wanted: wanted,
        nearest: nearest(to: decoded(bytes), among: words))
    }
    return value
  }

  func values(_ given: [Given], of title: String) throws(UsageFault) -> [Value] {
    var values: [Value] = []
    for case .value(let bytes) in given { values.append(try value(bytes, of: title)) }
    return values
  }
}
