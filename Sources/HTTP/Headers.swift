// The header fields of a message, in the order they were given. Names are equal whatever their case
// (RFC 9110, 5.1); values are text in UTF-8, or in Latin-1 where a server sends that.

/// Header fields, in their order; a name may occur more than once.
package struct Headers: Equatable, Sendable {
  /// One field.
  package struct Field: Equatable, Sendable {
    package let name: String
    package let value: String

    package init(name: String, value: String) {
      self.name = name
      self.value = value
    }
  }

  /// The fields, in their order.
  package private(set) var fields: [Field] = []

  package init() {}

  /// The first value of a name; setting replaces every one, setting nil removes them.
  package subscript(name: String) -> String? {
    get { fields.first { isSameName($0.name, name) }?.value }
    set {
      fields.removeAll { isSameName($0.name, name) }
      if let newValue { add(name, newValue) }
    }
  }

  /// Every value of a name.
  package func all(_ name: String) -> [String] {
    fields.filter { isSameName($0.name, name) }.map(\.value)
  }

  /// Adds a field behind the others.
  package mutating func add(_ name: String, _ value: String) {
    fields.append(Field(name: name, value: value))
  }

  /// Whether every field may be sent: a token for a name, and a value that stays on its line.
  func check() throws(HTTPError) {
    for field in fields {
      let isSound =
        !field.name.isEmpty && field.name.utf8.allSatisfy(isTokenCharacter)
        && field.value.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F || $0 == 0x09 }
      if !isSound { throw .badHeader(field.name) }
    }
  }
}

extension Headers.Field: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  /// The name alone: values may be credentials.
  package var description: String { name }
  package var debugDescription: String { name }
  package var customMirror: Mirror { Mirror(self, children: ["name": name]) }
}

extension Headers: CustomStringConvertible, CustomDebugStringConvertible {
  /// The names of the fields: their values may be credentials.
  package var description: String { fields.map(\.name).joined(separator: ", ") }
  package var debugDescription: String { description }
}

extension Headers: ExpressibleByDictionaryLiteral {
  package init(dictionaryLiteral fields: (String, String)...) {
    for (name, value) in fields { add(name, value) }
  }
}

private func isSameName(_ left: String, _ right: String) -> Bool {
  left.utf8.count == right.utf8.count
    && zip(left.utf8, right.utf8).allSatisfy { lowered($0) == lowered($1) }
}

private func lowered(_ byte: UInt8) -> UInt8 {
  (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) ? byte | 0x20 : byte
}

private func isTokenCharacter(_ byte: UInt8) -> Bool {
  byte > 0x20 && byte < 0x7F && !"\"(),/:;<=>?@[\\]{}".utf8.contains(byte)
}
