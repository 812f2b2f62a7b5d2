// Data keys that were unwrapped a short while ago. Two halves: what is used moves to the young one,
// and when that is full the old one goes, so the cost is bounded and no list is kept.

internal import Digests

struct KeyCache {
  private struct Name: Hashable {
    let scope: KeyScopeID
    let generation: UInt32
  }

  private var young: [Name: SecretBytes] = [:]
  private var old: [Name: SecretBytes] = [:]

  /// The key, if it is still there.
  mutating func key(_ scope: KeyScopeID, _ generation: UInt32) -> SecretBytes? {
    let name = Name(scope: scope, generation: generation)
    if let key = young[name] { return key }
    guard let key = old.removeValue(forKey: name) else { return nil }
    insert(key, name)
    return key
  }

  mutating func insert(_ key: SecretBytes, _ scope: KeyScopeID, _ generation: UInt32) {
    insert(key, Name(scope: scope, generation: generation))
  }

  private mutating func insert(_ key: SecretBytes, _ name: Name) {
    if young.count >= EventStoreLimits.keysCachedMax / 2 {
      old = young
      young = [:]
    }
    young[name] = key
  }

  /// Forgets a key that was destroyed.
  mutating func remove(_ scope: KeyScopeID, _ generation: UInt32) {
    let name = Name(scope: scope, generation: generation)
    young[name] = nil
    old[name] = nil
  }

  mutating func removeAll() {
    self = KeyCache()
  }
}
