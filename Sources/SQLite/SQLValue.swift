// A value of a column or a parameter, in the five storage classes that SQLite has.

/// A value in a database.
package enum SQLValue: Equatable, Sendable {
  case null
  case integer(Int64)
  case real(Double)
  case text(String)
  /// Bytes as they are; depot paths among them, for those are no text.
  case blob([UInt8])

  /// The value, or null.
  package static func integer(orNull number: Int64?) -> SQLValue {
    number.map { .integer($0) } ?? .null
  }

  /// The value, or null.
  package static func text(orNull text: String?) -> SQLValue {
    text.map { .text($0) } ?? .null
  }

  /// The value, or null.
  package static func blob(orNull bytes: [UInt8]?) -> SQLValue {
    bytes.map { .blob($0) } ?? .null
  }
}

extension SQLValue: ExpressibleByIntegerLiteral, ExpressibleByStringLiteral,
  ExpressibleByNilLiteral
{
  package init(integerLiteral number: Int64) { self = .integer(number) }
  package init(stringLiteral text: String) { self = .text(text) }
  package init(nilLiteral: ()) { self = .null }
}
