// How the objects of a depot are sealed: which key a file's bytes get, which one opens a stored copy, and
// that no object counts as stored before the keyset with its key lies in the primary too, or losing the
// machine would lose it.
//
//   upload   key of the file's scope ─▶ sealed while sent ─▶ keyset copied ─▶ `stored` names scope and key
//   restore  key that `stored` names ─▶ opened while it comes ─▶ digest of the plaintext compared
//   shred    key destroyed, all others wrapped anew ─▶ keyset copied again, the older copies removed
//
// Between the copying and the event a key may be shredded; `whileLiving` keeps the two apart. It gives
// the body only a key that lives, and none is destroyed before the body has ended.

internal import Ambient
internal import ColdStorage
internal import DurableFiles
internal import EventStore
internal import Manifest

/// Seals and opens the objects of a depot.
struct ObjectSealing: Sendable {
  let store: EventStore
  /// What shares one key; nil when new objects are stored as they are, and older ones still opened.
  let scope: SealingScopeKind?
  let copies: KeysetCopies
  let shredder: KeyShredder
  let entropy: Entropy

  /// Keys of a store; nil for one without.
  init?(
    _ store: EventStore, _ settings: SealingSettings, to cold: any ObjectStore, entropy: Entropy,
    log: Log
  ) {
    guard store.hasKeys else { return nil }
    self.store = store
    scope = settings.isOn ? settings.scope : nil
    copies = KeysetCopies(store, to: cold, log: log)
    shredder = KeyShredder(store)
    self.entropy = entropy
  }

  /// The key that seals a file's bytes from now on, and its name; nil when they are not sealed.
  func key(
    of path: FilePath
  ) throws(StorageError) -> (key: DataKey, name: SealingKey)? {
    guard let scope else { return nil }
    let name = SealingScope(of: path, under: scope)
    let key = try keyed { () throws(StoreError) in try store.sealingKey(of: name.keyScope) }
    return (key, SealingKey(scope: name.name, version: key.id.generation))
  }

  /// What became of the key that a stored copy names.
  func standing(of name: SealingKey) throws(StorageError) -> DataKeyStanding {
    let id = DataKeyID(.entity(name.scope), generation: name.version)
    return try keyed { () throws(StoreError) in try store.dataKey(id) }
  }

  /// The key that a stored copy names, while it lives.
  func livingKey(_ name: SealingKey) throws(StorageError) -> DataKey? {
    guard case .key(let key) = try standing(of: name) else { return nil }
    return key
  }

  /// Returns when every key that was lent by now lies in the primary.
  func secure(_ cancellation: Cancellation? = nil) throws(StorageError) {
    try copies.bringUp(
      to: try keyed { () throws(StoreError) in try store.keysetExtent }, cancellation)
  }

  /// Runs `body` if the key that a stored copy names lives, and keeps it alive meanwhile; nil when it
  /// does not live any more.
  func whileLiving<Result>(
    _ name: SealingKey, _ path: FilePath, _ body: () throws(EngineError) -> Result
  ) throws(EngineError) -> Result? {
    try shredder.living { () throws(EngineError) in
      let key: DataKey?
      do throws(StorageError) {
        key = try livingKey(name)
      } catch {
        throw .backend(path, error)
      }
      return key == nil ? nil : try body()
    }
  }

  /// Asks for a key, and says what the store refuses as those say it who move objects: it is nobody's
  /// object that is wrong, and it may heal.
  private func keyed<Result>(
    _ body: () throws(StoreError) -> Result
  ) throws(StorageError) -> Result {
    do throws(StoreError) {
      return try body()
    } catch {
      throw .misconfigured(store: "the keyset", "\(error)")
    }
  }
}
