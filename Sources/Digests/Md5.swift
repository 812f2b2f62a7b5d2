// MD5, for what others still check with it: Content-MD5 and the entity tags of object stores. It
// protects from damage only; nothing of ours relies on it.

import Bytes

/// An MD5 digest of 16 bytes.
package struct Md5Digest: Hashable, Sendable {
  private let first: UInt64
  private let second: UInt64

  fileprivate init(_ words: Bytes32.Words) {
    (first, second) = (words.0.bigEndian, words.1.bigEndian)
  }

  /// The bytes of the digest.
  package var bytes: [UInt8] {
    [first, second].flatMap { word in
      (0..<8).map { UInt8(truncatingIfNeeded: word >> UInt64(56 - 8 * $0)) }
    }
  }
}

extension Md5Digest: CustomStringConvertible {
  /// 32 hexadecimal digits in lower case.
  package var description: String { hexadecimal(bytes) }
}

/// An MD5 hash in progress, and the doors to hashing at once.
package struct Md5: ~Copyable {
  private var hasher: OpenSSLHasher

  /// Throws `.unavailable` where OpenSSL is configured to refuse MD5.
  package init() throws(DigestsError) {
    guard let hasher = OpenSSLHasher(.md5) else { throw .unavailable("MD5") }
    self.hasher = hasher
  }

  /// Takes the next bytes.
  package mutating func update(_ bytes: Span<UInt8>) {
    hasher.update(bytes)
  }

  /// Takes the next bytes.
  package mutating func update(_ bytes: [UInt8]) {
    hasher.update(bytes.span)
  }

  /// The digest of what was taken so far; more may follow.
  package func digest() -> Md5Digest {
    Md5Digest(hasher.digest())
  }

  /// The digest of bytes that are all there; throws `.unavailable` as `init` does.
  package static func digest(of bytes: Span<UInt8>) throws(DigestsError) -> Md5Digest {
    guard let words = OpenSSLHasher.digest(.md5, of: bytes) else { throw .unavailable("MD5") }
    return Md5Digest(words)
  }

  /// The digest of bytes that are all there; throws `.unavailable` as `init` does.
  package static func digest(of bytes: [UInt8]) throws(DigestsError) -> Md5Digest {
    try digest(of: bytes.span)
  }
}
