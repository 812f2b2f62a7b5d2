// A pattern of paths as a filter by itself, for whoever gives one apart from any other question.

extension Filter {
  /// The filter that a pattern is for the field of text with this number; nil when a set in it does
  /// not end.
  public init?(glob pattern: [UInt8], in field: Int) {
    guard let glob = Glob(pattern) else { return nil }
    self.init(
      text: String(decoding: pattern, as: UTF8.self),
      clauses: [[FilterTerm(field: field, test: .glob(glob))]])
  }
}
