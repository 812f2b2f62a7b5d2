// The step of a rehearsal that destroys a key. The seed decides whether a store has keys at all, and
// how much one of them seals.

import Ambient
import EventStore

extension StoreRehearsal {
  /// Kinds of this type are left in the clear, so that both sorts meet.
  static let clearType: UInt16 = 2

  /// Keys for half of all seeds.
  static func keys(_ generator: inout SeededGenerator) -> StoreKeys? {
    let seed = generator.next()
    let granularity = KeyGranularity.allCases[
      generator.below(KeyGranularity.allCases.count)]
    guard generator.chance(oneIn: 2) else { return nil }
    return StoreKeys(
      .key(KeyEncryptionKey(from: .seeded(seed))), granularity: granularity,
      policy: .allBut([.exactly(EventKind(category: 1, type: clearType)!)]))
  }

  /// Destroys the key of some scope.
  mutating func shred() throws {
    guard let store, let scope = scopeToShred() else { return }
    let index = model.askShred(of: scope)
    do throws(StoreError) {
      try store.shred(scope)
    } catch {
      if case .absent = error { return model.dropShred(index) }
      return try meet(error)
    }
    do {
      try model.endShred(index, store.reader)
    } catch let error as StoreError {
      try meet(error)
    }
  }

  private mutating func scopeToShred() -> KeyScope? {
    switch keys?.granularity {
    case .entity: return .entity("file:\(generator.below(6))")
    case .category: return .category(1)
    case .kind: return .kind(EventKind(category: 1, type: UInt16(generator.below(3)))!)
    case .event:
      let sealed = model.acknowledged.filter { $0.header.sealing != nil }
      return sealed.isEmpty ? nil : .event(sealed[generator.below(sealed.count)].id)
    case nil: return nil
    }
  }
}
