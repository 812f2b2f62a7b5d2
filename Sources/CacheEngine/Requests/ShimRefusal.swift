// Why the depot's server does not get what it asked for, as the protocol says it: a code that
// programs decide by, and a sentence for people. The shim gives its program the file system's own
// answer for every one of them.

import Bytes

/// A refusal of a request, as it is written on the socket.
package struct ShimRefusal: Error, Hashable, Sendable {
  /// What programs decide by.
  package enum Code: String, CaseIterable, Sendable {
    /// The depot has no such file, hot or cold.
    case notFound = "not_found"
    /// The stored bytes are not those that were stored.
    case integrity
    /// The cold store did not give them.
    case backend
    case diskFull = "disk_full"
    /// The path or the peer is none that may be served.
    case denied
    case malformed
    /// Too much is asked at once; asking again later helps.
    case busy
    /// The key was destroyed, so nobody reads the file again.
    case shredded
    /// Something is wrong in the engine.
    case `internal`
  }

  /// The longest sentence that is written, in bytes.
  static let sentenceBytesMax = 400

  package let code: Code
  package let sentence: String

  package init(_ code: Code, _ sentence: String) {
    self.code = code
    self.sentence = sentence
  }
}

extension ShimRefusal: CustomStringConvertible {
  package var description: String { "\(code.rawValue): \(sentence)" }
}
