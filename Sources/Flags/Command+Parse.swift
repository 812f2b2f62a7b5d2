// From words to an invocation. Commands are found first, then flags and arguments in any order:
// `--name value`, `--name=value`, `-x value`, `-xvalue`, switches together as `-xyz`; `--` makes
// all that follows arguments, and `-` alone is one. A value does not begin with a dash unless it is
// a number or stands behind `=`, so that a forgotten value is not the next flag.

import Bytes

/// What a command line asks for.
package enum Parsing<Action: Sendable>: Sendable {
  /// To run the action with what was given.
  case run(Action, Invocation)
  /// To be told about the command at the path.
  case help([String])
}

extension Command {
  /// Understands the words after the program's name.
  package func parse(_ words: [[UInt8]]) throws(UsageError) -> Parsing<Action> {
    var rest = words[...]
    let (path, command) = try descend(along: &rest)
    do throws(UsageFault) {
      if wantsHelp(rest) { return .help(path) }
      let declared = command.declared
      if let early = command.earlyFlag(rest, declared) { throw early }
      var parser = CommandLineParser(declared.flags, declared.arguments)
      let given = try parser.parse(rest)
      for titles in declared.exclusions {
        let both = titles.filter { given[$0]?.isEmpty == false }
        if both.count > 1 { throw UsageFault.excluding(both[0], both[1]) }
      }
      guard let action = command.action else {
        throw UsageFault.missingCommand(command.subcommands.map(\.name))
      }
      return .run(action, Invocation(path: path, given: given))
    } catch {
      throw UsageError(command: path.joined(separator: " "), fault: error)
    }
  }

  /// The path to the command that the words name, all of them.
  package func path(to words: [String]) throws(UsageError) -> [String] {
    var rest = words.map { Array($0.utf8) }[...]
    let path = try descend(along: &rest).path
    guard let surplus = rest.first else { return path }
    throw UsageError(
      command: path.joined(separator: " "),
      fault: .unknownCommand(escaped(surplus), nearest: nil))
  }

  /// Takes the words that name commands, down to one that has none below it.
  private func descend(
    along words: inout ArraySlice<[UInt8]>
  ) throws(UsageError) -> (path: [String], command: Command) {
    var path = [name]
    var command = self
    while !command.subcommands.isEmpty, let word = words.first, word.first != dash {
      guard let next = command.subcommand(decoded(word)) else {
        let names = command.subcommands.map(\.name)
        let nearest = nearest(to: decoded(word), among: names)
        throw UsageError(
          command: path.joined(separator: " "),
          fault: .unknownCommand(escaped(word), nearest: nearest))
      }
      path.append(next.name)
      command = next
      words = words.dropFirst()
    }
    return (path, command)
  }

  /// What to say when a flag of a command stands in front of it, a slip of habit.
  private func earlyFlag(_ words: ArraySlice<[UInt8]>, _ declared: Declared) -> UsageFault? {
    guard let first = words.first, first.starts(with: "--".utf8) else { return nil }
    let title = decoded(Array(first.prefix { $0 != UInt8(ascii: "=") }))
    let meant = words.lazy.compactMap { word in subcommand(decoded(word)) }.first
    guard let meant, !declared.flags.contains(where: { $0.title == title }),
      meant.tree.contains(where: { $0.command.declared.flags.contains { $0.title == title } })
    else { return nil }
    return .earlyFlag(title, command: meant.name)
  }

  /// A person who asks for help gets it, whatever else is wrong with the line.
  private func wantsHelp(_ words: ArraySlice<[UInt8]>) -> Bool {
    words.prefix { !$0.elementsEqual("--".utf8) }
      .contains { $0.elementsEqual("--help".utf8) || $0.elementsEqual("-h".utf8) }
  }
}

private let dash = UInt8(ascii: "-")

/// The state of reading one command's flags and arguments.
private struct CommandLineParser {
  private let flags: [ParameterDeclaration]
  private let arguments: [ParameterDeclaration]
  private var given: [String: [Given]] = [:]
  private var plainWords: [[UInt8]] = []
  private var rest: ArraySlice<[UInt8]> = []

  init(_ flags: [ParameterDeclaration], _ arguments: [ParameterDeclaration]) {
    self.flags = flags
    self.arguments = arguments
    for declaration in flags + arguments { given[declaration.title] = [] }
  }

  mutating func parse(_ words: ArraySlice<[UInt8]>) throws(UsageFault) -> [String: [Given]] {
    rest = words
    while let word = rest.popFirst() {
      if word.elementsEqual("--".utf8) {
        plainWords += rest
        break
      } else if word.starts(with: "--".utf8) {
        try takeLong(word)
      } else if word.first == dash, word.count > 1, !isNegativeNumber(word) {
        try takeShort(word)
      } else {
        plainWords.append(word)
      }
    }
    try placeArguments()
    for declaration in flags + arguments { try check(declaration) }
    return given
  }

  private mutating func takeLong(_ word: [UInt8]) throws(UsageFault) {
    let name = word.dropFirst(2).prefix { $0 != UInt8(ascii: "=") }
    guard let flag = flags.first(where: { $0.name.utf8.elementsEqual(name) }) else {
      throw unknown(Array(word.prefix { $0 != UInt8(ascii: "=") }))
    }
    let hasValue = name.endIndex < word.endIndex
    switch (flag.valueNeed, hasValue) {
    case (.none, true): throw .needlessValue(flag.title)
    case (.none, false), (.optional, false): try add(.alone, to: flag)
    case (_, true): try add(.value(Array(word[(name.endIndex + 1)...])), to: flag)
    case (.required, false): try add(.value(try nextValue(of: flag)), to: flag)
    }
  }

  private mutating func takeShort(_ word: [UInt8]) throws(UsageFault) {
    var letters = word.dropFirst()
    while let letter = letters.popFirst() {
      guard let flag = flags.first(where: { $0.short?.asciiValue == letter }) else {
        throw unknown(word.count == 2 ? word : [dash, letter])
      }
      if flag.valueNeed == .required {
        let value = letters.isEmpty ? try nextValue(of: flag) : Array(letters)
        return try add(.value(value), to: flag)
      }
      try add(.alone, to: flag)
    }
  }

  private mutating func nextValue(of flag: ParameterDeclaration) throws(UsageFault) -> [UInt8] {
    guard let word = rest.first,
      word.first != dash || word.count == 1 || isNegativeNumber(word)
    else { throw .missingValue(flag.title, wanted: flag.wanted) }
    rest = rest.dropFirst()
    return word
  }

  private mutating func add(
    _ value: Given, to flag: ParameterDeclaration
  ) throws(UsageFault) {
    guard given[flag.title, default: []].count < flag.counts.upperBound else {
      throw .tooMany(flag.title, countMax: flag.counts.upperBound)
    }
    given[flag.title, default: []].append(value)
  }

  private mutating func placeArguments() throws(UsageFault) {
    var words = plainWords[...]
    for argument in arguments {
      let taken = words.prefix(argument.counts.upperBound)
      given[argument.title] = taken.map { .value($0) }
      words = words.dropFirst(taken.count)
    }
    if let surplus = words.first { throw .surplusWord(escaped(surplus)) }
  }

  private func check(_ declaration: ParameterDeclaration) throws(UsageFault) {
    let values = given[declaration.title, default: []]
    if values.count < declaration.counts.lowerBound {
      throw values.isEmpty
        ? .missing(declaration.title)
        : .tooFew(declaration.title, countMin: declaration.counts.lowerBound)
    }
    try declaration.check(values)
  }

  private func unknown(_ word: [UInt8]) -> UsageFault {
    let known = word.starts(with: "--".utf8) ? flags.map(\.title) : []
    return .unknownFlag(escaped(word), nearest: nearest(to: decoded(word), among: known))
  }

  /// `-5` and `-.5` are values, unless a flag has that letter.
  private func isNegativeNumber(_ word: [UInt8]) -> Bool {
    guard word.count > 1, word[0] == dash else { return false }
    let digits = UInt8(ascii: "0")...UInt8(ascii: "9")
    let isNumber = word.dropFirst().allSatisfy { digits.contains($0) || $0 == UInt8(ascii: ".") }
    return isNumber && !flags.contains { $0.short?.asciiValue == word[1] }
  }
}
