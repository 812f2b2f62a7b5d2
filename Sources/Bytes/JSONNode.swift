// JSON as it stands in a document: each value and each key knows its line and column, so that a
// message about a wrong setting can name the place.

/// A JSON value with its place in the document it was read from.
package struct JSONNode: Sendable {
  /// Where the value begins.
  package let position: TextPosition
  /// What it is.
  package let content: Content

  package init(_ content: Content, at position: TextPosition) {
    self.content = content
    self.position = position
  }

  /// What a node is.
  package enum Content: Sendable {
    case null
    case bool(Bool)
    case integer(Int64)
    case number(Double)
    case string(String)
    case array([JSONNode])
    case object([Member])
  }

  /// One key with its value; no key stands twice in an object.
  package struct Member: Sendable {
    package let key: String
    /// Where the key begins.
    package let position: TextPosition
    package let value: JSONNode

    package init(key: String, at position: TextPosition, value: JSONNode) {
      self.key = key
      self.position = position
      self.value = value
    }
  }
}

extension JSONNode {
  /// The value without its places.
  package var value: JSONValue {
    switch content {
    case .null: .null
    case .bool(let value): .bool(value)
    case .integer(let value): .integer(value)
    case .number(let value): .number(value)
    case .string(let text): .string(text)
    case .array(let nodes): .array(nodes.map(\.value))
    case .object(let members):
      .object(JSONObject(distinct: members.map { .init(key: $0.key, value: $0.value.value) }))
    }
  }

  /// What kind of value this is, with its article, for messages.
  package var kind: String {
    switch content {
    case .null: "null"
    case .bool: "a truth value"
    case .integer, .number: "a number"
    case .string: "a string"
    case .array: "a list"
    case .object: "an object"
    }
  }

  /// The member of an object; nil when this is no object or has no such key.
  package subscript(key: String) -> Member? {
    guard case .object(let members) = content else { return nil }
    return members.first { $0.key.utf8.elementsEqual(key.utf8) }
  }
}
