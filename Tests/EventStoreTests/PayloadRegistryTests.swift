// What typed payloads promise: an ambiguous or incomplete registry opens no store, nothing is written
// under a type that was not registered, and old versions are read as the newest.

import Ambient
import DurableFiles
import EventStore
import ScratchFiles
import Testing

@Suite struct PayloadRegistryTests {
  private static let kind = EventKind(category: 2, type: 7)!

  /// A name whose version 1 was bare, version 2 had a greeting, and version 3 an ending too.
  private static func greeting(
    _ version: UInt16, kind: EventKind = kind, steps: [UInt16]
  ) -> PayloadType<String> {
    PayloadType(
      kind, version: version,
      upcasts: steps.map { from in
        Upcast(from: from) { bytes throws(PayloadFault) in
          from == 1 ? Array("dear ".utf8) + bytes : bytes + Array("!".utf8)
        }
      },
      encode: { text throws(PayloadFault) in
        if text.isEmpty { throw PayloadFault("is empty") }
        return Array(text.utf8)
      },
      decode: { bytes throws(PayloadFault) in
        guard let text = String(validating: bytes, as: UTF8.self) else {
          throw PayloadFault("is not UTF-8")
        }
        return text
      })
  }

  private func open(_ scratch: Scratch, _ types: PayloadType<String>...) throws -> EventStore {
    var options = StoreOptions()
    for type in types { options.payloads.register(type) }
    return try EventStore.open(on: scratch.disk, options)
  }

  @Test(
    arguments: [
      ([(1, [])], nil),
      ([(3, [2, 1])], nil),
      ([(1, []), (1, [])], "twice"),
      ([(3, [1])], "no step from version 2"),
      ([(2, [])], "no step from version 1"),
      ([(2, [1, 1])], "two steps from version 1"),
      ([(2, [1, 2])], "leads nowhere"),
      ([(2, [1, 0])], "leads nowhere"),
      ([(0, [])], "version 0"),
    ] as [([(UInt16, [UInt16])], String?)])
  func `an ambiguous or incomplete registry opens no store`(
    _ types: [(UInt16, [UInt16])], _ fault: String?
  ) throws {
    let scratch = try Scratch()
    var options = StoreOptions()
    for (version, steps) in types {
      options.payloads.register(Self.greeting(version, steps: steps))
    }
    do throws(StoreError) {
      try EventStore.open(on: scratch.disk, options).close()
      #expect(fault == nil)
    } catch {
      guard case .badRegistry(let found) = error else { throw error }
      #expect(fault.map { found.contains($0) } == true, "\(found)")
    }
  }

  @Test(arguments: [EventKind.opened, EventKind(category: 0xD, type: 1)!])
  func `a registry cannot claim the store's own kinds`(_ kind: EventKind) throws {
    let scratch = try Scratch()
    #expect(throws: StoreError.badRegistry("claims kind \(kind), which is the store's own")) {
      try open(scratch, Self.greeting(1, kind: kind, steps: []))
    }
    #expect(try scratch.disk.status(at: "store.larder") == nil)
  }

  @Test func `nothing is appended under a type that was not registered`() throws {
    let scratch = try Scratch()
    let registered = Self.greeting(2, steps: [1])
    let store = try open(scratch, registered)
    let last = try store.reader.lastSequence
    let place = try Coordinate(entity: "e", scope: "s")
    let other = EventKind(category: 2, type: 8)!
    #expect(throws: StoreError.unregistered(other, version: 1)) {
      try store.append("x", as: Self.greeting(1, kind: other, steps: []), at: place)
    }
    #expect(throws: StoreError.unregistered(Self.kind, version: 1)) {
      try store.append("x", as: Self.greeting(1, steps: []), at: place)
    }
    let event = NewEvent(place, kind: other, payload: [], payloadVersion: 9)
    let refusal = StoreError.unregistered(other, version: 9)
    #expect(throws: refusal) { try store.append(event) }
    #expect(throws: refusal) { try store.append(batch: [event]) }
    #expect(throws: refusal) { try store.openFence().append(event) }
    #expect(throws: StoreError.badPayload(Self.kind, "is empty")) {
      try store.append("", as: registered, at: place)
    }
    #expect(try store.reader.lastSequence == last)
    try store.append(NewEvent(place, kind: other, payload: [1]))
    try store.close()
  }

  @Test func `old versions are read as the newest, one step at a time`() throws {
    let scratch = try Scratch()
    let place = try Coordinate(entity: "e", scope: "s")
    let types = [
      Self.greeting(1, steps: []), Self.greeting(2, steps: [1]), Self.greeting(3, steps: [1, 2]),
    ]
    for type in types {
      let store = try open(scratch, type)
      let receipt = try store.append("reader", as: type, at: place) { $0.lane = Lane(0) }
      #expect(receipt.header.payloadVersion == type.version)
      try store.close()
    }
    let reader = try EventReader.open(on: scratch.disk)
    let events = try reader.events(in: Region(kind: .exactly(Self.kind))).events
    let values = try events.map { try reader.value(of: $0, as: types[2]) }
    #expect(values == ["dear reader!", "reader!", "reader"])
    #expect(throws: StoreError.badPayload(Self.kind, "has version 3, and this program knows 1")) {
      try reader.value(of: events[2], as: types[0])
    }
  }

  @Test func `bytes without a type, or of another kind, are no value`() throws {
    let scratch = try Scratch()
    let store = try open(scratch)
    let event = try store.reader.event(try store.append(.of("e", "x", kind: Self.kind)).id)
    #expect(throws: StoreError.badPayload(Self.kind, "has no type")) {
      try store.reader.value(of: event, as: Self.greeting(1, steps: []))
    }
    let opened = try store.reader.event(1)
    #expect(throws: StoreError.self) {
      try store.reader.value(of: opened, as: Self.greeting(1, steps: []))
    }
    try store.close()
  }
}
