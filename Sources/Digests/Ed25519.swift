// Ed25519 signatures (RFC 8032), by libsodium. Verification is strict: one encoding of a signature,
// none for another, and no key of small order.

public import Ambient
import Bytes
import CSodium

/// Signatures by Ed25519.
public enum Ed25519 {}

extension Ed25519 {
  /// The public half of a key pair: who has it can verify.
  public struct PublicKey: Hashable, Sendable {
    private let value: Bytes32

    /// A key that was kept as bytes; throws `.wrongLength` unless they are 32.
    public init(bytes: Span<UInt8>) throws(DigestsError) {
      value = try Bytes32(bytes, what: "public key")
    }

    /// A key that was kept as bytes; throws `.wrongLength` unless they are 32.
    public init(bytes: [UInt8]) throws(DigestsError) {
      try self.init(bytes: bytes.span)
    }

    /// A key that was written in hexadecimal, in either case.
    public init(hexadecimal text: some StringProtocol) throws(DigestsError) {
      value = try Bytes32(hexadecimal: text, what: "public key")
    }

    fileprivate init(_ words: Bytes32.Words) {
      value = Bytes32(words)
    }

    /// The bytes of the key, as a copy.
    public var bytes: [UInt8] { value.bytes }

    /// Lends the bytes of the key, without a copy on the heap.
    public func withBytes<Result, Failure: Error>(
      _ body: (Span<UInt8>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
      try value.withBytes(body)
    }

    /// True when the holder of the private half signed exactly this message.
    public func verifies(_ signature: Signature, of message: Span<UInt8>) -> Bool {
      startSodium()
      return withBytes { key in
        signature.withBytes { signature in
          unsafe key.withUnsafeBufferPointer { key in
            unsafe signature.withUnsafeBufferPointer { signature in
              unsafe message.withUnsafeBufferPointer { message in
                unsafe csodium_ed25519_verify(
                  key.baseAddress!, message.baseAddress, message.count, signature.baseAddress!) == 1
              }
            }
          }
        }
      }
    }

    /// True when the holder of the private half signed exactly this message.
    public func verifies(_ signature: Signature, of message: [UInt8]) -> Bool {
      verifies(signature, of: message.span)
    }
  }

  /// A signature of 64 bytes.
  public struct Signature: Hashable, Sendable {
    fileprivate typealias Words = (
      UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64
    )
    private let point: Bytes32
    private let scalar: Bytes32

    /// How many bytes a signature has.
    public static let byteCount = 64

    /// A signature that was kept as bytes; throws `.wrongLength` unless they are 64. Whether it is
    /// one is seen only by verifying.
    public init(bytes: Span<UInt8>) throws(DigestsError) {
      guard bytes.count == Self.byteCount else {
        throw .wrongLength(of: "signature", expected: Self.byteCount, got: bytes.count)
      }
      point = try Bytes32(bytes.extracting(0..<32), what: "signature")
      scalar = try Bytes32(bytes.extracting(32..<64), what: "signature")
    }

    /// A signature that was kept as bytes; throws `.wrongLength` unless they are 64.
    public init(bytes: [UInt8]) throws(DigestsError) {
      try self.init(bytes: bytes.span)
    }

    fileprivate init(_ words: Words) {
      point = Bytes32((words.0, words.1, words.2, words.3))
      scalar = Bytes32((words.4, words.5, words.6, words.7))
    }

    /// The bytes of the signature, as a copy.
    public var bytes: [UInt8] { point.bytes + scalar.bytes }

    /// Lends the bytes of the signature, without a copy on the heap.
    public func withBytes<Result, Failure: Error>(
      _ body: (Span<UInt8>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
      let (first, second) = (point.words, scalar.words)
      var words = (
        first.0, first.1, first.2, first.3, second.0, second.1, second.2, second.3
      )
      return try unsafe withUnsafeBytes(of: &words) { (buffer) throws(Failure) -> Result in
        try unsafe body(buffer.bindMemory(to: UInt8.self).span)
      }
    }
  }

  /// A private key with its public half: who has it can sign.
  public struct KeyPair: Sendable {
    /// The seed, followed by the public key.
    private let secret: SecretBytes
    public let publicKey: PublicKey

    /// How many bytes a seed has.
    public static let seedByteCount = 32

    /// The key pair that a seed stands for; throws `.wrongLength` unless it has 32 bytes.
    public init(seed: SecretBytes) throws(DigestsError) {
      guard seed.count == Self.seedByteCount else {
        throw .wrongLength(of: "seed", expected: Self.seedByteCount, got: seed.count)
      }
      startSodium()
      var words: Bytes32.Words = (0, 0, 0, 0)
      secret = SecretBytes(count: 64) { secret in
        seed.withBytes { seed in
          unsafe seed.withUnsafeBufferPointer { seed in
            unsafe withUnsafeMutableBytes(of: &words) { key in
              unsafe secret.withUnsafeMutableBufferPointer { secret in
                unsafe csodium_ed25519_keys(
                  seed.baseAddress!, key.bindMemory(to: UInt8.self).baseAddress!,
                  secret.baseAddress!)
              }
            }
          }
        }
      }
      publicKey = PublicKey(words)
    }

    /// A new key pair.
    public init(from entropy: Entropy) {
      do throws(DigestsError) {
        try self.init(seed: SecretBytes(count: Self.seedByteCount, from: entropy))
      } catch {
        preconditionFailure("a seed was made of the wrong length: \(error)")
      }
    }

    /// The seed, from which the pair can be made again: what is kept of it.
    public var seed: SecretBytes {
      secret.withBytes { SecretBytes(copying: $0.extracting(first: Self.seedByteCount)) }
    }

    /// Signs; the same message always gets the same signature.
    public func sign(_ message: Span<UInt8>) -> Signature {
      var words: Signature.Words = (0, 0, 0, 0, 0, 0, 0, 0)
      secret.withBytes { secret in
        unsafe secret.withUnsafeBufferPointer { secret in
          unsafe message.withUnsafeBufferPointer { message in
            unsafe withUnsafeMutableBytes(of: &words) { signature in
              unsafe csodium_ed25519_sign(
                secret.baseAddress!, message.baseAddress, message.count,
                signature.bindMemory(to: UInt8.self).baseAddress!)
            }
          }
        }
      }
      return Signature(words)
    }

    /// Signs; the same message always gets the same signature.
    public func sign(_ message: [UInt8]) -> Signature {
      sign(message.span)
    }
  }
}

extension Ed25519.PublicKey: CustomStringConvertible {
  /// 64 hexadecimal digits in lower case.
  public var description: String { value.hexadecimal }
}

extension Ed25519.Signature: CustomStringConvertible {
  /// 128 hexadecimal digits in lower case.
  public var description: String { point.hexadecimal + scalar.hexadecimal }
}
