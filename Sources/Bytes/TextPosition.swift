// Where something stands in a text that a person edits: what an editor's status line would say.

/// A place in a text, by line and column, both from 1; columns count Unicode scalars.
package struct TextPosition: Hashable, Comparable, Sendable {
  package let line: Int
  package let column: Int

  package init(line: Int, column: Int) {
    self.line = line
    self.column = column
  }

  package static func < (left: TextPosition, right: TextPosition) -> Bool {
    (left.line, left.column) < (right.line, right.column)
  }
}

extension TextPosition: CustomStringConvertible {
  /// `line 3, column 14`.
  package var description: String { "line \(line), column \(column)" }
}
