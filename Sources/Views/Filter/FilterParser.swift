// Reads a filter. Positions are told in characters, for a person counts those; every refusal says
// what could have stood there.

internal import Ambient

struct FilterParser {
  private let text: String
  private let characters: [Character]
  private let vocabulary: FilterVocabulary
  private var index = 0

  /// The longest filter, in characters.
  static let charactersMax = 1_000

  init(_ text: String, _ vocabulary: FilterVocabulary) {
    self.text = text
    self.vocabulary = vocabulary
    characters = Array(text)
  }

  mutating func filter() throws(FilterError) -> Filter {
    guard characters.count <= Self.charactersMax else {
      throw FilterError(
        Self.charactersMax, "a filter has at most \(Self.charactersMax) characters")
    }
    var clauses: [[FilterTerm]] = []
    var clause: [FilterTerm] = []
    skipSpace()
    while index < characters.count {
      let start = index
      if takesWord("or") {
        guard !clause.isEmpty else {
          throw FilterError(start, "'or' stands between two filters; for the word, write \"or\"")
        }
        clauses.append(clause)
        clause = []
        skipSpace()
        guard index < characters.count else {
          throw FilterError(start, "nothing follows 'or'; for the word, write \"or\"")
        }
        continue
      }
      clause.append(try term())
      skipSpace()
    }
    if !clause.isEmpty { clauses.append(clause) }
    return Filter(text: text, clauses: clauses)
  }

  // MARK: - Characters

  private var next: Character? { index < characters.count ? characters[index] : nil }

  private func isSpace(at place: Int) -> Bool {
    place >= characters.count || characters[place].isWhitespace
  }

  private mutating func skipSpace() {
    while let character = next, character.isWhitespace { index += 1 }
  }

  private mutating func takesWord(_ word: String) -> Bool {
    let letters = Array(word)
    guard index + letters.count <= characters.count,
      characters[index..<index + letters.count].elementsEqual(letters),
      isSpace(at: index + letters.count)
    else { return false }
    index += letters.count
    return true
  }

  /// What stands up to the next blank, or between two double quotes.
  private mutating func word() throws(FilterError) -> (text: String, isQuoted: Bool) {
    guard next == "\"" else {
      let start = index
      while !isSpace(at: index) { index += 1 }
      return (String(characters[start..<index]), false)
    }
    return (try delimited(by: "\"", "the quotes do not end"), true)
  }

  /// What stands between two equal characters; a `\` before the character takes it in.
  private mutating func delimited(
    by end: Character, _ complaint: String
  ) throws(FilterError) -> String {
    let start = index
    index += 1
    var found = ""
    while let character = next {
      index += 1
      if character == end {
        guard isSpace(at: index) else {
          throw FilterError(index, "a blank is wanted behind \(end)")
        }
        return found
      }
      if character == "\\", next == end {
        found.append(end)
        index += 1
      } else {
        found.append(character)
      }
    }
    throw FilterError(start, complaint)
  }

  // MARK: - Terms

  private mutating func term() throws(FilterError) -> FilterTerm {
    let start = index
    guard next == "!" else { return try positive() }
    index += 1
    guard next != "!", !isSpace(at: index) else {
      throw FilterError(start, "'!' stands right before what must not hold")
    }
    var term = try positive()
    term.isNegated = true
    return term
  }

  private mutating func positive() throws(FilterError) -> FilterTerm {
    let start = index
    switch next {
    case "/":
      let pattern = try delimited(by: "/", "the expression has no second '/'")
      do throws(ExpressionFault) {
        let expression = try RegularExpression(Array(pattern.utf8))
        return FilterTerm(field: vocabulary.searched, test: .expression(expression))
      } catch {
        throw FilterError(start + 1 + error.offset, "the expression \(error.sentence)")
      }
    case "\"":
      let words = try word().text
      return FilterTerm(
        field: vocabulary.searched, test: .contains(FoldedBytes(Array(words.utf8))))
    default:
      if let (name, comparison) = comparison() {
        return try compared(name, comparison, from: start)
      }
      let letters = try word().text
      return FilterTerm(
        field: vocabulary.searched, test: .fuzzy(FoldedBytes(Array(letters.utf8))))
    }
  }

  /// Takes a field's name and what stands behind it, if that is what comes next.
  private mutating func comparison() -> (name: String, sign: String)? {
    var place = index
    while place < characters.count, characters[place].isASCII, characters[place].isLetter {
      place += 1
    }
    guard place > index, place < characters.count, ":<>=".contains(characters[place]) else {
      return nil
    }
    let name = String(characters[index..<place])
    var sign = String(characters[place])
    if "<>".contains(characters[place]), place + 1 < characters.count,
      characters[place + 1] == "="
    {
      sign += "="
    }
    index = place + sign.count
    return (name, sign)
  }

  private mutating func compared(
    _ name: String, _ sign: String, from start: Int
  ) throws(FilterError) -> FilterTerm {
    guard let field = vocabulary.field(name) else {
      let names = vocabulary.fields.map(\.name).joined(separator: ", ")
      throw FilterError(
        start, "there is no field '\(name)' (there are \(names)); for the words, use quotes")
    }
    let place = index
    let value = try word().text
    guard !value.isEmpty else {
      throw FilterError(place, "'\(name)\(sign)' wants a value right behind it")
    }
    let test = try test(vocabulary.fields[field], sign, value, at: place)
    return FilterTerm(field: field, test: test)
  }

  private func test(
    _ field: FilterField, _ sign: String, _ value: String, at place: Int
  ) throws(FilterError) -> FilterTest {
    switch field.kind {
    case .words(let words):
      guard sign == ":" || sign == "=" else {
        throw FilterError(place - sign.count, "'\(field.name)' takes ':' and one of its words")
      }
      guard words.contains(value) else {
        throw FilterError(
          place, "'\(field.name)' is never '\(value)' but \(words.joined(separator: ", "))")
      }
      return .word(value)
    case .text:
      guard sign == ":" || sign == "=" else {
        throw FilterError(place - sign.count, "'\(field.name)' takes ':' and a pattern")
      }
      guard let glob = Glob(Array(value.utf8)) else {
        throw FilterError(place, "the pattern has a '[' that does not end")
      }
      return .glob(glob)
    case .size:
      guard let size = ByteCount(parsing: value), size.bytes >= 0 else {
        throw FilterError(place, "'\(value)' is no size; write 1500, 4K, 1.5G")
      }
      return .number(try comparison(sign, field, at: place), UInt64(size.bytes))
    case .number:
      guard let number = UInt64(value) else {
        throw FilterError(place, "'\(value)' is no whole number")
      }
      return .number(try comparison(sign, field, at: place), number)
    case .age:
      guard let age = Self.age(value) else {
        throw FilterError(place, "'\(value)' is no time; write 90s, 10m, 6h, 30d, 2w, 1y")
      }
      return .age(try comparison(sign, field, at: place), age)
    }
  }

  private func comparison(
    _ sign: String, _ field: FilterField, at place: Int
  ) throws(FilterError) -> Comparison {
    if sign == ":" { return .equal }
    guard let comparison = Comparison(rawValue: sign) else {
      throw FilterError(place - sign.count, "'\(field.name)' takes <, <=, =, >= and >")
    }
    return comparison
  }

  /// A whole number and a unit; nil for anything else, and for what no duration holds.
  private static func age(_ text: String) -> Duration? {
    let units: [Character: Int64] = [
      "s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800, "y": 31_536_000,
    ]
    guard let last = text.last, let unit = units[last], let count = Int64(text.dropLast()),
      count >= 0, count <= Int64(Int32.max)
    else { return nil }
    return .seconds(count * unit)
  }
}
