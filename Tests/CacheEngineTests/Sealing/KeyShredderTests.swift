// Keys that are destroyed while others are held: nobody holds one that goes meanwhile, and nobody waits for
// ever, however many come.

import Ambient
import Digests
import DiskSimulation
import EventStore
import Testing

@testable import CacheEngine

@Suite struct KeyShredderTests {
  private func store() throws -> EventStore {
    var options = StoreOptions()
    options.maintenance = .inline
    options.keys = StoreKeys(
      .key(KeyEncryptionKey(from: .seeded(1))), granularity: .entity, policy: .only([]))
    return try EventStore.open(on: SimulatedDisk(seed: 1, faults: .none), options)
  }

  private struct Tally {
    var shreddersLeft = 4
    var holdersLeft = 4
    /// How often keys were held, and how often one went meanwhile.
    var held = 0
    var torn = 0
  }

  @Test func `whoever holds keys holds living ones, and all shreds come to their end`() throws {
    let store = try store()
    let shredder = KeyShredder(store)
    let scopes = (0..<40).map { KeyScope.entity("file:\($0)") }
    for scope in scopes { _ = try store.sealingKey(of: scope) }
    let tally = Monitor(Tally())
    for number in 0..<4 {
      Worker("holder-\(number)") {
        while tally.withLock({ $0.shreddersLeft > 0 }) {
          let isTorn = shredder.living {
            Self.living(scopes, store) != Self.living(scopes, store)
          }
          tally.withLock { ($0.held, $0.torn) = ($0.held + 1, $0.torn + (isTorn ? 1 : 0)) }
        }
        tally.change { $0.holdersLeft -= 1 }
      }.detach()
      Worker("shredder-\(number)") {
        for scope in scopes[(number * 10)..<(number * 10 + 10)] {
          do throws(StoreError) {
            try shredder.shred(scope)
          } catch {
            Issue.record("a shred failed: \(error)")
          }
        }
        tally.change { $0.shreddersLeft -= 1 }
      }.detach()
    }
    _ = tally.wait { $0.shreddersLeft + $0.holdersLeft == 0 ? true : nil }
    #expect(Self.living(scopes, store) == 0)
    let (held, torn) = tally.withLock { ($0.held, $0.torn) }
    #expect(torn == 0)
    #expect(held > 0)
    try store.close()
  }

  /// How many of the scopes have a living key.
  private static func living(_ scopes: [KeyScope], _ store: EventStore) -> Int {
    scopes.count { scope in
      do throws(StoreError) {
        guard case .key = try store.dataKey(DataKeyID(scope, generation: 1)) else { return false }
        return true
      } catch {
        Issue.record("a key cannot be asked about: \(error)")
        return false
      }
    }
  }
}
