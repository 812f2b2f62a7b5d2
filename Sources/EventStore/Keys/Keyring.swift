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
  let granularity: KeyGranularity
  /// Where the key-encryption key is to be renewed by a shred; nil when it comes from outside.
  let keyFile: KeyFile?
  /// The key-encryption key. Held while a key is minted and while the keyset of another key-encryption
  /// key comes into force, so that no record of one is ever opened or added with the other.
  private let wrapping: Mutex<KeyEncryptionKey>
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
    _ entropy: Entropy = .live, _ keyFile: KeyFile? = nil
  ) {
    self.keyset = keyset
    self.keyFile = keyFile
    wrapping = Mutex(key)
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
  func current(_ scope: KeyScopeID) throws(StoreError) -> (SecretBytes, UInt32) {
    let (standing, generation) = try keyset.newest(of: scope)
    if case .key(let record) = standing { return (try unwrapped(record), generation) }
    guard generation < .max else { throw .keyset(.full) }
    let fresh = SecretBytes(count: XChaCha20Poly1305.keyByteCount, from: entropy)
    let nonce = entropy.bytes(XChaCha20Poly1305.nonceByteCount)
    let name = DataKeyName(granularity: granularity, scope: scope, generation: generation + 1)
    try wrapping.withLock { (key) throws(StoreError) in
      try keyset.mint(
        scope, generation: name.generation, nonce: nonce,
        wrapped: key.wrap(fresh, nonce: nonce, name))
    }
    cache.withLock { $0.insert(fresh, scope, name.generation) }
    return (fresh, name.generation)
  }

  private func unwrapped(_ record: KeyRecord) throws(StoreError) -> SecretBytes {
    let (scope, generation) = (record.scope, record.generation)
    if let key = cache.withLock({ $0.key(scope, generation) }) { return key }
    let key = wrapping.withLock { $0 }
    guard let found = record.unwrapped(by: key, granularity) else {
      // A shred may have wrapped all keys anew since the record was looked up.
      if case .key(let again) = try keyset.standing(of: scope, generation: generation),
        again != record
      {
        return try unwrapped(again)
      }
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
    try find(KeyScopeID(sealing), sealing.generation)
  }

  /// A data key by its scope and generation.
  func find(_ scope: KeyScopeID, _ generation: UInt32) throws(StoreError) -> Found {
    switch try keyset.standing(of: scope, generation: generation) {
    case .key(let record): return .key(try unwrapped(record))
    case .shredded:
      cache.withLock { $0.remove(scope, generation) }
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

  /// Destroys the newest keys of scopes, durably, and renews the key-encryption key where that is a
  /// file of the store's own; a scope without a key is passed over.
  @discardableResult
  func shred(_ scopes: [KeyScopeID]) throws(CommitFailure) -> [Shredding] {
    let old = wrapping.withLock { $0 }
    var fresh = old
    if let keyFile {
      fresh = KeyEncryptionKey(from: entropy)
      do throws(StoreError) {
        try keyFile.prepare(fresh)
      } catch {
        throw .notWritten(error)
      }
    }
    let change = KeyChange(old: old, new: fresh, granularity: granularity)
    let renewed = fresh
    let shreddings = try keyset.shred(scopes, change, entropy) { adopt in
      wrapping.withLock { key in
        adopt()
        key = renewed
      }
    }
    cache.withLock { cache in
      for shredding in shreddings { cache.remove(shredding.scope, shredding.generation) }
    }
    guard let keyFile else { return shreddings }
    do throws(StoreError) {
      if shreddings.isEmpty { try keyFile.discard() } else { try keyFile.promote() }
    } catch {
      // The keyset is written anew, and older copies of it may still open: only opening the store
      // anew goes on from here.
      throw .latched(error)
    }
    return shreddings
  }
}
