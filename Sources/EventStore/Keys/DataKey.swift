// A data key that is lent to whoever seals something else than payloads under it: its name, which may
// stand beside what it sealed, and its bytes, which are wiped when the last borrower lets go.

internal import Bytes
public import Digests

/// Which data key: the scope as the keyset knows it, and which key of that scope.
public struct DataKeyID: Hashable, Sendable {
  let scope: KeyScopeID
  /// The first is 1; a shred and a use after it make the next.
  public let generation: UInt32

  init(_ scope: KeyScopeID, generation: UInt32) {
    self.scope = scope
    self.generation = generation
  }

  /// The key of a scope by name.
  public init(_ scope: KeyScope, generation: UInt32) {
    self.init(KeyScopeID(scope), generation: generation)
  }

  /// The key whose scope has these 16 bytes.
  public init?(scopeBytes: [UInt8], generation: UInt32) {
    guard scopeBytes.count == Self.scopeByteCount else { return nil }
    let (high, low) = (
      littleEndianUInt64(scopeBytes.span, at: 0), littleEndianUInt64(scopeBytes.span, at: 8)
    )
    self.init(
      KeyScopeID(high: high.byteSwapped, low: low.byteSwapped), generation: generation)
  }

  /// How many bytes name a scope.
  public static let scopeByteCount = 16

  /// The scope's name as it stands beside what it sealed: 16 bytes of a hash.
  public var scopeBytes: [UInt8] {
    var writer = ByteWriter(reserving: Self.scopeByteCount)
    writer.append(scope.high.byteSwapped)
    writer.append(scope.low.byteSwapped)
    return writer.take()
  }
}

/// A data key on loan.
public struct DataKey: Sendable {
  public let id: DataKeyID
  public let secret: SecretBytes

  public init(_ id: DataKeyID, _ secret: SecretBytes) {
    self.id = id
    self.secret = secret
  }
}

/// What became of a data key.
public enum DataKeyStanding: Sendable {
  case key(DataKey)
  /// It was destroyed, on purpose and for ever.
  case shredded
  /// The keyset knows nothing of it.
  case absent
}
