// The door for whoever seals something else than payloads under the store's keys: cold objects, for
// one. Keys are minted as for events, under the writer's lock, and are on the device before they are
// lent, so nothing is ever sealed under a key that a power cut takes. A scope has one living key at
// most: what came before it was shredded.

internal import Digests
internal import Synchronization

extension EventStore {
  /// Lends the key that seals what a scope gets next, minted durably when there is none.
  ///
  /// Whoever still holds a key when its scope is shredded can go on using it; see to it that nobody
  /// does.
  public func sealingKey(of scope: KeyScope) throws(StoreError) -> DataKey {
    let keyring = try keyring(for: scope)
    try writer.checkRunning()
    let id = KeyScopeID(scope)
    let (secret, generation) = try writer.state.withLock { (_) throws(StoreError) in
      try keyring.current(id)
    }
    do throws(CommitFailure) {
      try keyring.keyset.flush()
    } catch {
      switch error {
      case .notWritten(let error): throw error
      case .latched(let error), .uncertain(let error):
        writer.stop(.latched("\(error)"))
        throw .latched("\(error)")
      }
    }
    return DataKey(DataKeyID(id, generation: generation), secret)
  }

  /// What became of a key, and the key when it lives.
  public func dataKey(_ id: DataKeyID) throws(StoreError) -> DataKeyStanding {
    guard let keyring = writer.keyring else { throw .keyset(.unkeyed) }
    return switch try keyring.find(id.scope, id.generation) {
    case .key(let secret): .key(DataKey(id, secret))
    case .shredded: .shredded
    case .absent: .absent
    }
  }

  /// Whether the store has keys at all.
  public var hasKeys: Bool { writer.keyring != nil }

  /// Whether a shred makes older copies of the keyset worthless; else they stay readable until the
  /// key-encryption key, which comes from outside, is replaced there.
  public var shredReachesCopies: Bool { writer.keyring?.keyFile != nil }

  /// The keyring of a store whose keys have the scope's granularity.
  func keyring(for scope: KeyScope) throws(StoreError) -> Keyring {
    guard let keyring = writer.keyring else { throw .keyset(.unkeyed) }
    guard scope.granularity == keyring.granularity else {
      throw .keyset(.otherGranularity(stored: keyring.granularity, asked: scope.granularity))
    }
    return keyring
  }
}
