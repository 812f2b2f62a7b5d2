// The reserved categories: no public door takes them, and one door of the package takes effects.

import Ambient
import EventStore
import ScratchFiles
import Testing

@Suite struct EffectDoorTests {
  private static let effect = EventKind(category: 0xD, type: 1)!

  @Test(arguments: [effect, .opened, .denial, EventKind(category: 0, type: 900)!])
  func `no public door takes a reserved kind`(_ kind: EventKind) throws {
    let scratch = try Scratch()
    let store = try EventStore.open(on: scratch.disk)
    let event = NewEvent.of("e", "x", kind: kind)
    #expect(throws: StoreError.reservedKind(kind)) { try store.append(event) }
    #expect(throws: StoreError.reservedKind(kind)) { try store.append(batch: [event]) }
    #expect(throws: StoreError.reservedKind(kind)) { try store.openFence().append(event) }
    try store.close()
  }

  @Test func `effects and what goes with them are one transaction`() throws {
    let scratch = try Scratch()
    let store = try EventStore.open(on: scratch.disk)
    let receipts = try store.append(effects: [
      .of("file:1", "drop the hot copy", kind: Self.effect), .of("operation:1", "done"),
    ])
    #expect(receipts.map(\.header.batch?.count) == [2, 2])
    #expect(try store.reader.event(receipts[0].id).header.kind == Self.effect)
    #expect(throws: StoreError.reservedKind(.opened)) {
      try store.append(effects: [.of("e", "x", kind: .opened)])
    }
    try store.close()
    #expect(try EventReader.verify(on: scratch.disk).isIntact)
  }
}
