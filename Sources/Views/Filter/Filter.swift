// A question about the rows of a list, as a person types it:
//
//   filter   any        every clause between two `or`s
//   clause   all        terms side by side: each must hold
//   term     ! term     the opposite
//            field:word, field:pattern, field>1G, field<=10m, field=3
//            /regular expression/
//            "literal words"
//            word       its letters in this order, whatever is between them
//
// Small letters stand for capitals too; a capital stands for itself, and then all letters do. A
// filter is a value: it is parsed once and then asked of each row, and asking allocates nothing
// that grows with the row.

public import Ambient

/// A question about rows.
public struct Filter: Hashable, Sendable {
  /// As it was typed.
  public let text: String
  /// Any of these, each of them all of its terms.
  let clauses: [[FilterTerm]]

  init(text: String, clauses: [[FilterTerm]]) {
    self.text = text
    self.clauses = clauses
  }

  /// The filter of a text; throws where it does not parse. The empty one lets everything pass.
  public init(parsing text: String, _ vocabulary: FilterVocabulary) throws(FilterError) {
    var parser = FilterParser(text, vocabulary)
    self = try parser.filter()
  }

  /// Whether every row passes.
  public var isEmpty: Bool { clauses.isEmpty }

  /// Whether a row passes, given its values by the number of the field.
  public func matches(at now: WallTime, _ value: (Int) -> FilterValue) -> Bool {
    clauses.isEmpty
      || clauses.contains { terms in terms.allSatisfy { $0.holds(at: now, value) } }
  }

  /// The bytes with which a field's text begins in every row that passes; empty when nothing is
  /// certain. By them a list that is ordered by that field need not be read from its beginning.
  public func prefix(of field: Int) -> [UInt8] {
    guard let first = clauses.first else { return [] }
    var common = Self.prefix(of: field, in: first)
    for clause in clauses.dropFirst() {
      let other = Self.prefix(of: field, in: clause)
      common = Array(zip(common, other).prefix { $0 == $1 }.map(\.0))
    }
    return common
  }

  private static func prefix(of field: Int, in terms: [FilterTerm]) -> [UInt8] {
    var longest: [UInt8] = []
    for term in terms where !term.isNegated && term.field == field {
      if case .glob(let glob) = term.test, glob.prefix.count > longest.count {
        longest = glob.prefix
      }
    }
    return longest
  }
}

/// Why a text is no filter.
public struct FilterError: Error, Hashable, Sendable, CustomStringConvertible {
  /// How many characters stand before what is wrong.
  public let position: Int
  /// A sentence for the person who types.
  public let description: String

  init(_ position: Int, _ description: String) {
    self.position = position
    self.description = description
  }
}

/// One thing that is asked of one field.
struct FilterTerm: Hashable, Sendable {
  let field: Int
  var isNegated = false
  let test: FilterTest

  func holds(at now: WallTime, _ value: (Int) -> FilterValue) -> Bool {
    test.holds(for: value(field), at: now) != isNegated
  }
}

/// How a number stands to another.
enum Comparison: String, Hashable, Sendable, CaseIterable {
  case below = "<"
  case atMost = "<="
  case equal = "="
  case atLeast = ">="
  case above = ">"

  func holds<Value: Comparable>(_ left: Value, _ right: Value) -> Bool {
    switch self {
    case .below: left < right
    case .atMost: left <= right
    case .equal: left == right
    case .atLeast: left >= right
    case .above: left > right
    }
  }
}

enum FilterTest: Hashable, Sendable {
  case word(String)
  case glob(Glob)
  case number(Comparison, UInt64)
  case age(Comparison, Duration)
  case fuzzy(FoldedBytes)
  case contains(FoldedBytes)
  case expression(RegularExpression)

  func holds(for value: FilterValue, at now: WallTime) -> Bool {
    switch (self, value) {
    case (.word(let word), .words(let words)): words.contains(word)
    case (.glob(let glob), .text(let text)): glob.matches(text)
    case (.number(let comparison, let wanted), .number(let number)):
      comparison.holds(number, wanted)
    case (.age(let comparison, let age), .time(let time)): comparison.holds(now - time, age)
    case (.fuzzy(let word), .text(let text)): word.isScattered(in: text)
    case (.contains(let words), .text(let text)): words.isContained(in: text)
    case (.expression(let expression), .text(let text)): expression.isFound(in: text)
    default: false
    }
  }
}
