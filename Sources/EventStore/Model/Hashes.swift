// The two hashes of an event, as different types: the digest is of its payload's bytes alone, the
// commitment of everything that the chain binds. Neither can be passed for the other.

public import Digests

/// The hash of an event's payload as it is stored; of the ciphertext when it is encrypted.
public struct PayloadDigest: Hashable, Sendable {
  public let digest: Blake3Digest

  public init(_ digest: Blake3Digest) {
    self.digest = digest
  }

  /// The digest of a stored payload.
  init(of payload: Span<UInt8>) {
    digest = Blake3.digest(of: payload)
  }
}

/// The hash that an event adds to the chain: it binds header, coordinate, sequence, predecessor
/// and payload digest.
public struct Commitment: Hashable, Sendable {
  public let digest: Blake3Digest

  public init(_ digest: Blake3Digest) {
    self.digest = digest
  }
}

extension PayloadDigest: CustomStringConvertible {
  public var description: String { digest.description }
}

extension Commitment: CustomStringConvertible {
  public var description: String { digest.description }
}
