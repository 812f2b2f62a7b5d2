// A new key-encryption key for a store that seals. It is done by a writer of its own, so no other is
// there, and nothing of what is sealed is touched: data keys, epoch and history stay as they are, so the
// log need not know of it. Done again after a crash it finds what was done and says so.

internal import Ambient
public import DurableFiles
internal import Synchronization

/// What a change of the key-encryption key did.
public struct KeyRotation: Hashable, Sendable {
  /// How many data keys the new key wraps.
  public let keys: UInt64
  /// False when the keyset was of the new key already.
  public let isDone: Bool
}

extension EventStore {
  /// Wraps all data keys of a store by another key-encryption key, durably, and opens each of them
  /// once with it. From then on the old key opens nothing of the store but copies of its keyset from
  /// before.
  ///
  /// No writer may have the store open; readers that do must begin again with the new key. Throws
  /// `.keyset(.otherKey)` when the keyset is of neither key.
  @discardableResult
  public static func rotateKey(
    on disk: any Disk, from old: KeySource, to new: KeySource,
    _ options: StoreOptions = StoreOptions()
  ) throws(StoreError) -> KeyRotation {
    let fresh = try new.key(for: disk)
    if let keys = try keysOpened(by: fresh, on: disk) {
      return KeyRotation(keys: keys, isDone: false)
    }
    let before = try old.key(for: disk)
    var options = options
    options.keys = StoreKeys(.key(before))
    let store = try EventStore.open(on: disk, creating: false, options)
    guard let keyset = store.writer.keyring?.keyset else { throw .keyset(.unkeyed) }
    let result: Result<UInt64, StoreError>
    do throws(StoreError) {
      result = .success(try keyset.rewrap(from: before, to: fresh, options.entropy))
    } catch {
      result = .failure(error)
    }
    do throws(StoreError) {
      try store.close()
    } catch {
      // What kept the keys from being wrapped is said first.
      _ = try result.get()
      throw error
    }
    _ = try result.get()
    guard let keys = try keysOpened(by: fresh, on: disk) else { throw .keyset(.otherKey) }
    return KeyRotation(keys: keys, isDone: true)
  }

  /// Whether a key opens the store's keyset; throws `.keyset(.unkeyed)` for a store without keys.
  public static func isSealed(on disk: any Disk, by source: KeySource) throws(StoreError) -> Bool {
    try keysOpened(by: source.key(for: disk), on: disk) != nil
  }

  /// How many data keys the key opens; nil when the keyset is of another one.
  private static func keysOpened(
    by key: KeyEncryptionKey, on disk: any Disk
  ) throws(StoreError) -> UInt64? {
    do throws(StoreError) {
      guard let keyset = try Keyset.reading(on: disk, key, EventReader.open(on: disk)) else {
        throw StoreError.keyset(.unkeyed)
      }
      return try keyset.keysOpened(by: key)
    } catch .keyset(.otherKey) {
      return nil
    }
  }
}

extension Keyset {
  /// Opens every key that is not destroyed; returns how many those are.
  fileprivate func keysOpened(by key: KeyEncryptionKey) throws(StoreError) -> UInt64 {
    let (records, granularity) = state.withLock { ($0.records, $0.head.granularity) }
    var count: UInt64 = 0
    for index in 0..<records.count {
      guard let record = records.record(at: index) else { throw Self.damage(index) }
      guard case .key(_, let nonce, let wrapped) = record.content else { continue }
      let name = DataKeyName(
        granularity: granularity, scope: record.scope, generation: record.generation)
      guard key.unwrap(wrapped, nonce: nonce, name) != nil else { throw Self.damage(index) }
      count += 1
    }
    return count
  }
}
