// What a filter may speak of in one list: its fields, each with the sort of value that it has. A
// list hands over the values of a row by the field's number, so the language knows no list and no
// list knows the language.

public import Ambient

/// What a field's values are, and so how they may be compared.
public enum FilterFieldKind: Hashable, Sendable {
  /// One or several of these words; `field:word`.
  case words([String])
  /// Bytes that a pattern is held against; `field:pattern`, with `*`, `**`, `?` and `[a-z]`.
  case text
  /// A number of bytes; `field>1.5G`.
  case size
  /// A whole number; `field>=3`.
  case number
  /// A moment, compared by how long ago it was; `field<10m`.
  case age
}

/// Something that a filter may ask of a row.
public struct FilterField: Hashable, Sendable {
  /// Lower-case letters, as it is typed.
  public let name: String
  public let kind: FilterFieldKind
  /// What it is, for a list of fields.
  public let summary: String

  public init(_ name: String, _ kind: FilterFieldKind, _ summary: String) {
    self.name = name
    self.kind = kind
    self.summary = summary
  }
}

/// The fields of one list.
public struct FilterVocabulary: Hashable, Sendable {
  public let fields: [FilterField]
  /// The field of text in which bare words and regular expressions look.
  public let searched: Int

  public init(_ fields: [FilterField], searched name: String) {
    self.fields = fields
    guard let place = fields.firstIndex(where: { $0.name == name && $0.kind == .text }) else {
      preconditionFailure("what is searched is one of the fields, and text")
    }
    searched = place
  }

  func field(_ name: String) -> Int? {
    fields.firstIndex { $0.name == name }
  }
}

/// What a row has in a field.
public enum FilterValue: Hashable, Sendable {
  /// Nothing is known: no comparison holds.
  case missing
  case words([String])
  case text([UInt8])
  case number(UInt64)
  case time(WallTime)
}
