// What can be wrong with bytes that are read as values: always where, and what was wanted there.
// Offsets count from the first byte that the reader was given; JSON is named by line and column.

/// A refusal to read bytes as the value that was asked for.
package enum BytesError: Error, Equatable, Sendable {
  /// A value of `wanted` bytes stands at `offset`, and only `left` are there.
  case endsEarly(offset: Int, wanted: Int, left: Int)
  /// Something is longer than its named maximum.
  case tooLong(offset: Int, length: UInt64, lengthMax: Int)
  /// Everything was read, and `count` bytes are left over.
  case leftOver(offset: Int, count: Int)
  /// The varint at `offset` is longer than it needs to be, or than 64 bits.
  case badVarint(offset: Int, VarintFault)
  /// The byte at `offset` should be 0 or 1 and is neither.
  case notAFlag(offset: Int)
  /// The text is not UTF-8 from `offset` on.
  case notUTF8(offset: Int)
  /// The text is not base64 in the alphabet that was asked for.
  case notBase64(offset: Int, Base64Fault)
  /// The text is not JSON, or not JSON5 where that was asked for.
  case notJSON(TextPosition, JSONFault)
  /// The value has no canonical JSON.
  case notCanonical(CanonicalFault)
}

/// What is wrong with a varint.
package enum VarintFault: Equatable, Sendable {
  /// More than 64 bits.
  case tooLarge
  /// A shorter spelling of the same number exists.
  case overlong
}

/// What is wrong with base64 text.
package enum Base64Fault: Equatable, Sendable {
  /// A character outside the alphabet.
  case character(UInt8)
  /// Text that ends inside a group, or without the padding that its alphabet wants.
  case length
  /// Padding where none belongs.
  case padding
  /// The last character carries bits that no byte holds.
  case looseBits
}

/// What is wrong with JSON text, at one place.
package enum JSONFault: Equatable, Sendable {
  case empty
  case endsEarly(wanted: String)
  /// Something else stands where `wanted` should; `found` is safe to show.
  case unexpected(found: String, wanted: String)
  case notUTF8
  case duplicateKey(String)
  case tooDeep(depthMax: Int)
  case badEscape
  /// Half of a surrogate pair, which no text can hold.
  case loneSurrogate
  /// A control character or line break inside a string, which must be escaped.
  case controlCharacter
  case badNumber
  case numberTooLarge
  /// Text behind the value.
  case leftOver
}

/// Why a value has no canonical JSON.
package enum CanonicalFault: Equatable, Sendable {
  /// Infinity or not a number.
  case notFinite
  /// A whole number beyond 2^53, which readers of JSON may round.
  case integerTooLarge(Int64)
}

extension BytesError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .endsEarly(let offset, let wanted, let left):
      "the value at offset \(offset) takes \(bytes(wanted)); \(bytes(left)) can be read"
    case .tooLong(let offset, let length, let lengthMax):
      "the value at offset \(offset) is \(length) bytes long; at most \(lengthMax) are allowed"
    case .leftOver(let offset, let count):
      "\(bytes(count)) too many from offset \(offset) on"
    case .badVarint(let offset, .tooLarge):
      "the number at offset \(offset) has more than 64 bits"
    case .badVarint(let offset, .overlong):
      "the number at offset \(offset) is not in its shortest form"
    case .notAFlag(let offset): "the byte at offset \(offset) is neither 0 nor 1"
    case .notUTF8(let offset): "the text is not UTF-8 at offset \(offset)"
    case .notBase64(let offset, let fault):
      "the text is not base64 at offset \(offset): \(fault)"
    case .notJSON(let position, let fault): "\(position): \(fault)"
    case .notCanonical(let fault): "the value has no canonical JSON: \(fault)"
    }
  }
}

private func bytes(_ count: Int) -> String {
  count == 1 ? "1 byte" : "\(count) bytes"
}

extension Base64Fault: CustomStringConvertible {
  package var description: String {
    switch self {
    case .character(let byte): "'\(escaped([byte]))' is not in its alphabet"
    case .length: "it ends inside a group"
    case .padding: "padding stands where none belongs"
    case .looseBits: "its last character carries loose bits"
    }
  }
}

extension JSONFault: CustomStringConvertible {
  package var description: String {
    switch self {
    case .empty: "the document is empty"
    case .endsEarly(let wanted): "the document ends where \(wanted) was expected"
    case .unexpected(let found, let wanted): "found \(found) where \(wanted) was expected"
    case .notUTF8: "the text is not UTF-8"
    case .duplicateKey(let key): "the key '\(escaped(key))' appears twice"
    case .tooDeep(let depthMax): "values are nested more than \(depthMax) deep"
    case .badEscape: "this is not an escape that a string may hold"
    case .loneSurrogate: "half of a surrogate pair is not a character"
    case .controlCharacter: "a control character in a string must be escaped"
    case .badNumber: "this is not a number"
    case .numberTooLarge: "this number is too large"
    case .leftOver: "the document goes on after its value"
    }
  }
}

extension CanonicalFault: CustomStringConvertible {
  package var description: String {
    switch self {
    case .notFinite: "a number is infinite or not a number"
    case .integerTooLarge(let value):
      "\(value) is beyond 2^53, where readers round; write it as a string"
    }
  }
}
