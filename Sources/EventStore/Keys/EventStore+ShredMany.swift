// Several scopes shredded at once: the keyset is written anew one time for all of them, and where the
// key-encryption key is a file of the store's own, that is renewed with it:
//
//   new key beside the old, durable ──▶ keyset wrapped by it takes its name ──▶ the new key takes the
//   old one's name, which is overwritten ──▶ the log records each shred
//
// With the keyset's new name the keys are gone from this store; with the key file's, from every older
// copy of the keyset. A crash between leaves what the next opening finishes.

internal import Digests
internal import Synchronization

extension EventStore {
  /// Destroys the keys of scopes, so that nothing sealed with them can ever be read again; returns the
  /// receipts of the records in the log when all of it is durable. A scope without a key has none.
  ///
  /// After a throw the keys may be destroyed, all of them or none; then the next shred, or the next
  /// open, records it.
  @discardableResult
  public func shred(_ scopes: Set<KeyScope>) throws(StoreError) -> [KeyScope: Receipt] {
    guard let keyring = writer.keyring else { throw .keyset(.unkeyed) }
    for scope in scopes { _ = try self.keyring(for: scope) }
    return try shredding.withLock { _ throws(StoreError) in
      var receipts = try record(keyring)
      try writer.checkRunning()
      do throws(CommitFailure) {
        try keyring.shred(scopes.map { KeyScopeID($0) })
      } catch {
        switch error {
        case .notWritten(let error): throw error
        case .latched(let error), .uncertain(let error):
          writer.stop(.latched("\(error)"))
          throw .latched("\(error)")
        }
      }
      receipts.merge(try record(keyring)) { _, new in new }
      var named: [KeyScope: Receipt] = [:]
      for scope in scopes { named[scope] = receipts[KeyScopeID(scope)] }
      return named
    }
  }
}
