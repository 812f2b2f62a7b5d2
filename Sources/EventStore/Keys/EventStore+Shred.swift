// The door to shredding. The key goes first and durably, then the log says so; whatever comes
// between, the next open or the next shred records what is not recorded yet, so a key is never
// destroyed in silence and a record never speaks of a key that still lives.
//
//   asked ──keyset written anew──▶ destroyed ──record durable──▶ recorded
//     │            │                   └── crash, full disk: the next open or shred goes on here
//     └────────────┴── crash, failure: nothing happened

internal import Bytes
internal import Synchronization

/// How much a key scope has that can still be read.
public struct SealedExtent: Hashable, Sendable {
  public let events: UInt64
  /// Bytes of their payloads, opened.
  public let bytes: UInt64

  public init(events: UInt64, bytes: UInt64) {
    self.events = events
    self.bytes = bytes
  }
}

extension EventStore {
  /// Destroys the key of a scope, so that nothing sealed with it can ever be read again; returns
  /// the receipt of the record in the log when both are durable.
  ///
  /// What is appended to the scope afterwards gets a new key. Throws `.absent` when there is no key
  /// to destroy. After any other throw the key may be destroyed; then the next shred of the same
  /// scope, or the next open, records it.
  @discardableResult
  public func shred(_ scope: KeyScope) throws(StoreError) -> Receipt {
    guard let keyring = writer.keyring else { throw .keyset(.unkeyed) }
    guard scope.granularity == keyring.granularity else {
      throw .keyset(
        .otherGranularity(stored: keyring.granularity, asked: scope.granularity))
    }
    return try shredding.withLock { _ throws(StoreError) in
      let id = KeyScopeID(scope)
      // A shred that could not be recorded is what a retry means, unless a key was minted since.
      if let receipt = try record(keyring)[id], try !keyring.hasKey(of: id) { return receipt }
      try writer.checkRunning()
      do throws(CommitFailure) {
        guard try !keyring.shred([id]).isEmpty else {
          throw .notWritten(.absent("a key of \(escaped(scope.description)) to destroy"))
        }
      } catch {
        switch error {
        case .notWritten(let error): throw error
        case .latched(let error), .uncertain(let error):
          writer.stop(.latched("\(error)"))
          throw .latched("\(error)")
        }
      }
      guard let receipt = try record(keyring)[id] else {
        preconditionFailure("a shred was not recorded")
      }
      return receipt
    }
  }

  /// Records the shreds that the log does not know of yet.
  func recordShreds() throws(StoreError) {
    guard let keyring = writer.keyring else { return }
    _ = try shredding.withLock { _ throws(StoreError) in try record(keyring) }
  }

  func record(_ keyring: Keyring) throws(StoreError) -> [KeyScopeID: Receipt] {
    var receipts: [KeyScopeID: Receipt] = [:]
    while let shredding = keyring.keyset.unrecorded {
      let event = ShredRecord(shredding).event(keyring.granularity)
      receipts[shredding.scope] = try writer.append(PreparationRequest(event), .durable)[0]
      keyring.keyset.note(recorded: shredding.epoch)
    }
    return receipts
  }
}

extension EventReader {
  /// Counts what a shred of the scope would make unreadable.
  public func extent(of scope: KeyScope) throws(StoreError) -> SealedExtent {
    let catalog = try catalog()
    guard let keyset = try keyset() else { throw .keyset(.unkeyed) }
    let granularity = keyset.head.granularity
    guard scope.granularity == granularity else {
      throw .keyset(.otherGranularity(stored: granularity, asked: scope.granularity))
    }
    let id = KeyScopeID(scope)
    guard case (.key, let generation) = try keyset.newest(of: id) else {
      return SealedExtent(events: 0, bytes: 0)
    }
    let region = try region(of: scope, catalog)
    var (events, bytes, position) = (UInt64(0), UInt64(0), UInt64(0))
    while true {
      var walk = PageWalk(
        region: region, limit: 1_000, order: .oldestFirst, budget: 65_536, keyring: nil)
      let page = try walk.run(catalog, after: position)
      for event in page.events {
        guard let sealing = event.header.sealing, KeyScopeID(sealing) == id,
          sealing.generation == generation
        else { continue }
        events += 1
        bytes += UInt64(max(Int(event.header.payloadCount) - SealedPayload.tagCount, 0))
      }
      position = page.position
      if page.isEnd { return SealedExtent(events: events, bytes: bytes) }
    }
  }

  /// Where the events of a scope are; more may be there.
  private func region(of scope: KeyScope, _ catalog: Catalog) throws(StoreError) -> Region {
    switch scope {
    case .entity(let name): return Region(entityPrefix: name)
    case .category(let category): return Region(kind: .category(category))
    case .kind(let kind): return Region(kind: .exactly(kind))
    case .event(let id):
      guard let sequence = try sequence(of: id, catalog) else { throw .absent("\(id)") }
      return Region(sequences: sequence...sequence)
    }
  }

  /// What became of the store's keys; nil for a store without.
  func keyset() throws(StoreError) -> Keyset? {
    if let keyring { return keyring.keyset }
    guard let disk = refresher?.disk else { return nil }
    return try Keyset.reading(on: disk, nil, EventReader(box: box))
  }
}

extension SealedPayload {
  /// How many bytes longer a payload is when it is sealed.
  static let tagCount = 16
}
