// SHA-256, which signatures of requests and the checks of other tools are made with.

import COpenSSL

/// A SHA-256 digest of 32 bytes, ordered as they are.
package struct Sha256Digest: Hashable, Sendable {
  private let value: Bytes32

  fileprivate init(_ words: Bytes32.Words) {
    value = Bytes32(words)
  }

  /// A digest that was kept as bytes; throws `.wrongLength` unless they are 32.
  package init(bytes: Span<UInt8>) throws(DigestsError) {
    value = try Bytes32(bytes, what: "SHA-256 digest")
  }

  /// A digest that was written in hexadecimal, in either case.
  package init(hexadecimal text: some StringProtocol) throws(DigestsError) {
    value = try Bytes32(hexadecimal: text, what: "SHA-256 digest")
  }

  /// The bytes of the digest, as a copy.
  package var bytes: [UInt8] { value.bytes }

  /// Lends the bytes of the digest, without a copy on the heap.
  package func withBytes<Result, Failure: Error>(
    _ body: (Span<UInt8>) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try value.withBytes(body)
  }
}

extension Sha256Digest: CustomStringConvertible {
  /// 64 hexadecimal digits in lower case.
  package var description: String { value.hexadecimal }
}

/// A SHA-256 hash in progress, and the doors to hashing at once.
package struct Sha256: ~Copyable {
  private var hasher: OpenSSLHasher

  package init() {
    guard let hasher = OpenSSLHasher(.sha256) else { preconditionFailure(Sha256.isMissing) }
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
  package func digest() -> Sha256Digest {
    Sha256Digest(hasher.digest())
  }

  /// The digest of bytes that are all there.
  package static func digest(of bytes: Span<UInt8>) -> Sha256Digest {
    guard let words = OpenSSLHasher.digest(.sha256, of: bytes) else {
      preconditionFailure(isMissing)
    }
    return Sha256Digest(words)
  }

  /// The digest of bytes that are all there.
  package static func digest(of bytes: [UInt8]) -> Sha256Digest {
    digest(of: bytes.span)
  }

  /// The code that proves the bytes to who has the key: HMAC of RFC 2104.
  package static func authenticate(_ bytes: Span<UInt8>, key: Span<UInt8>) -> Sha256Digest {
    var words: Bytes32.Words = (0, 0, 0, 0)
    let refused = unsafe bytes.withUnsafeBufferPointer { bytes in
      unsafe key.withUnsafeBufferPointer { key in
        unsafe copenssl_hmac_sha256(
          key.baseAddress, key.count, bytes.baseAddress, bytes.count, &words)
      }
    }
    precondition(refused == 0, isMissing)
    return Sha256Digest(words)
  }

  private static var isMissing: String { "this OpenSSL was built without SHA-256" }
}
