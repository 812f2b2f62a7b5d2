// Seals and opens payloads: the keyset, the key that unwraps it, and the data keys used lately. The
// writer seals under its own lock, for a commitment binds the ciphertext; readers open what they
// read outside of any lock. Without a key-encryption key there is no keyring, and payloads are seen
// as sealed.

internal import Ambient
internal import Bytes
internal import Digests
internal import Synchronization

final class Keyring: Sendable {
  let keyset: Keyset
  let key: KeyEncryptionKey
  let granularity: KeyGranularity
  private let policy: SealingPolicy
  private let entropy: Entropy
  private let cache = Mutex(KeyCache())

  /// What became of a data key.
  enum Found {
    case key(SecretBytes)
    case shredded
    case absent
  }

  init(
    _ keyset: Keyset, _ key: KeyEncryptionKey, _ policy: SealingPolicy = .all,
    _ entropy: Entropy = .live
  ) {
    self.keyset = keyset
    self.key = key
    self.policy = policy
    self.entropy = entropy
    granularity = keyset.head.granularity
  }

  // MARK: - Sealing

  /// Whether events of the kind are sealed.
  func seals(_ kind: EventKind) -> Bool { policy.seals(kind) }

  /// The payload as it goes into the log: sealed, if the policy says so.
  func store(_ event: NewEvent, _ id: EventID, _ digest: PayloadDigest) throws(StoreError)
    -> StoredPayload
  {
    guard policy.seals(event.kind) else {
      return StoredPayload(bytes: event.payload, digest: digest, sealing: nil)
    }
    let scope = KeyScopeID(granularity, of: event, id)
    let (key, generation) = try current(scope)
    let sealing = Sealing(
      scopeHigh: scope.high, scopeLow: scope.low, generation: generation,
      nonce: SealedPayload.nonce(minted: keyset.minted, entropy))
    let bytes = SealedPayload.seal(
      event.payload, key, nonce: sealing.nonce,
      SealedPayload.associated(event.coordinate, event.kind, event.payloadVersion, id))
    return StoredPayload(bytes: bytes, digest: PayloadDigest(of: bytes.span), sealing: sealing)
  }

  /// The key that seals what a scope gets next; minted when there is none or it was shredded.
  private func current(_ scope: KeyScopeID) throws(StoreError) -> (SecretBytes, UInt32) {
    let (standing, generation) = try keyset.newest(of: scope)
    if case .key(let record) = standing { return (try unwrapped(record), generation) }
    guard generation < .max else { throw .keyset(.full) }
    let fresh = SecretBytes(count: XChaCha20Poly1305.keyByteCount, from: entropy)
    let nonce = entropy.bytes(XChaCha20Poly1305.nonceByteCount)
    let name = DataKeyName(granularity: granularity, scope: scope, generation: generation + 1)
    try keyset.mint(
      scope, generation: name.generation, nonce: nonce,
      wrapped: key.wrap(fresh, nonce: nonce, name))
    cache.withLock { $0.insert(fresh, scope, name.generation) }
    return (fresh, name.generation)
  }

  private func unwrapped(_ record: KeyRecord) throws(StoreError) -> SecretBytes {
    let (scope, generation) = (record.scope, record.generation)
    if let key = cache.withLock({ $0.key(scope, generation) }) { return key }
    guard case .key(_, let nonce, let wrapped) = record.content,
      let found = key.unwrap(
        wrapped, nonce: nonce,
        DataKeyName(granularity: granularity, scope: scope, generation: generation))
    else {
      throw .keyset(.damaged(offset: 0, "has a key that its key-encryption key does not open"))
    }
    cache.withLock { $0.insert(found, scope, generation) }
    // A shred that came between looking up and caching has forgotten nothing yet.
    if case .key = try keyset.standing(of: scope, generation: generation) { return found }
    cache.withLock { $0.remove(scope, generation) }
    return found
  }

  // MARK: - Opening

  /// The data key of a sealed payload.
  private func find(_ sealing: Sealing) throws(StoreError) -> Found {
    let scope = KeyScopeID(sealing)
    switch try keyset.standing(of: scope, generation: sealing.generation) {
    case .key(let record): return .key(try unwrapped(record))
    case .shredded:
      cache.withLock { $0.remove(scope, sealing.generation) }
      return .shredded
    case .absent: return .absent
    }
  }

  /// What a payload is to a reader: its bytes, or that its key was destroyed; nil when the bytes do
  /// not open.
  func open(
    _ stored: Span<UInt8>, _ header: EventHeader, _ sealing: Sealing
  ) throws(StoreError) -> Payload? {
    switch try find(sealing) {
    case .key(let key):
      return SealedPayload.open(stored, key, header, sealing).map { .bytes($0) }
    case .shredded: return .shredded
    case .absent: throw .keyset(.lacksKey(sequence: header.sequence))
    }
  }

  /// Whether a stored payload is this one sealed; found by sealing this one in the same way. Throws
  /// `.shredded` when nobody can tell any more.
  func isSealed(
    _ payload: [UInt8], as digest: PayloadDigest, _ header: EventHeader, _ sealing: Sealing
  ) throws(StoreError) -> Bool {
    switch try find(sealing) {
    case .key(let key):
      let bytes = SealedPayload.seal(
        payload, key, nonce: sealing.nonce,
        SealedPayload.associated(
          header.coordinate, header.kind, header.payloadVersion, header.id))
      return PayloadDigest(of: bytes.span) == digest
    case .shredded: throw .shredded(header.id)
    case .absent: throw .keyset(.lacksKey(sequence: header.sequence))
    }
  }

  /// Takes in what another process's writer did to the keyset.
  func refresh() throws(StoreError) {
    if try keyset.refresh() { cache.withLock { $0.removeAll() } }
  }

  // MARK: - Shredding

  /// Whether a scope has a key that is not destroyed.
  func hasKey(of scope: KeyScopeID) throws(StoreError) -> Bool {
    if case .key = try keyset.newest(of: scope).standing { true } else { false }
  }

  /// Destroys the newest key of a scope, durably; nil when there is none.
  func shred(_ scope: KeyScopeID) throws(CommitFailure) -> Shredding? {
    guard let shredding = try keyset.shred(scope, key, entropy) else { return nil }
    cache.withLock { $0.remove(scope, shredding.generation) }
    return shredding
  }
}
