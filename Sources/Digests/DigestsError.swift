// What can go wrong here, which is little: input of the wrong shape, a seal that does not open, and
// a library that was built or configured without what is asked of it.

/// A refusal of this room.
public enum DigestsError: Error, Equatable, Sendable {
  /// A key, nonce, digest or signature of the wrong length.
  case wrongLength(of: String, expected: Int, got: Int)
  /// Text that should spell a digest in hexadecimal and does not.
  case notHexadecimal(of: String)
  /// A part of a BLAKE3 input that is no subtree at that place.
  case noSubtree(firstChunk: UInt64, chunks: UInt64)
  /// Two subtrees of a BLAKE3 input that are not siblings.
  case notSiblings
  /// Sealed bytes that the key did not seal, or that were changed since, or whose context was.
  case forged
  /// A function that the library on this machine does not offer.
  case unavailable(String)
}

extension DigestsError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .wrongLength(let what, let expected, let got):
      "a \(what) has \(expected) bytes, and this one has \(got)"
    case .notHexadecimal(let what):
      "a \(what) is written in hexadecimal digits, and this text is not"
    case .noSubtree(let firstChunk, let chunks):
      "\(chunks) chunks from chunk \(firstChunk) on are no subtree of a BLAKE3 input"
    case .notSiblings:
      "two parts of a BLAKE3 input do not lie side by side as left and right of one parent"
    case .forged:
      "the sealed bytes do not open: they were changed, or sealed with another key"
    case .unavailable(let function):
      "\(function) is not offered by the OpenSSL of this machine; check its configuration"
    }
  }
}
