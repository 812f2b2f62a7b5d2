// The key that a store signs with. Its private half never leaves secret memory and is never shown.

public import Digests

/// An Ed25519 key pair that signs events, seals and checkpoints.
public struct SigningKey: Sendable {
  private let pair: Ed25519.KeyPair

  public init(_ pair: Ed25519.KeyPair) {
    self.pair = pair
  }

  /// The 32 bytes that verify what it signs.
  public var publicKey: [UInt8] { pair.publicKey.bytes }

  func sign(_ statement: [UInt8]) -> [UInt8] {
    pair.sign(statement.span).bytes
  }

  /// Whether a signature over the statement holds; anything malformed does not.
  static func isValid(_ signature: [UInt8], of statement: [UInt8], publicKey: [UInt8]) -> Bool {
    do throws(DigestsError) {
      let signature = try Ed25519.Signature(bytes: signature)
      return try Ed25519.PublicKey(bytes: publicKey).verifies(signature, of: statement.span)
    } catch {
      // Bytes of another length are no signature, which is all that was asked.
      return false
    }
  }
}
