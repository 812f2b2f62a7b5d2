// Bytes to hash, and the vectors that others publish.

import Bytes
import Digests
import Testing

/// The input of the official BLAKE3 vectors: 0, 1, … 250, over and over.
func counted(_ count: Int) -> [UInt8] {
  (0..<count).map { UInt8($0 % 251) }
}

/// A document of vectors.
struct Vectors {
  private let document: JSONValue

  init(_ bytes: [UInt8]) throws {
    document = try JSONValue(parsing: bytes)
  }

  subscript(key: String) -> JSONValue? { document[key] }
}

extension JSONValue {
  /// A member of text, which these vectors always have.
  func text(_ key: String) throws -> String {
    try #require(self[key]?.string)
  }

  /// A member of bytes in hexadecimal.
  func bytes(_ key: String) throws -> [UInt8] {
    let bytes = Bytes.bytes(fromHexadecimal: try text(key))
    return try #require(bytes)
  }
}
