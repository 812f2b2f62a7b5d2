// What sealing promises: nobody reads a payload without the key, everybody with the key reads it in
// every way, and a ciphertext opens nowhere but where it was put.

import Ambient
import Bytes
import Digests
import DiskSimulation
import DurableFiles
import Testing

@testable import EventStore

@Suite struct PayloadSealingTests {
  private let secret = "the plaintext that nobody may find"

  @Test(arguments: KeyGranularity.allCases)
  func `a sealed payload is read with the key and lies in no file`(_ granularity: KeyGranularity)
    throws
  {
    var sealed = SealedStore()
    sealed.granularity = granularity
    let store = try sealed.open()
    let receipt = try store.append(.of("user:1", secret))
    let second = try store.append(.of("user:2", "other"))
    #expect(receipt.header.sealing != nil)
    #expect(receipt.verify().isValid)
    #expect(try store.reader.event(receipt.id).bytes == Array(secret.utf8))
    #expect(try sealed.files(holding: Array(secret.utf8)).isEmpty)
    try store.close()

    let again = try sealed.open()
    #expect(try again.reader.event(receipt.sequence).bytes == Array(secret.utf8))
    #expect(try again.reader.event(second.sequence).bytes == Array("other".utf8))
    #expect(try again.reader.receipt(receipt.sequence) == receipt)
    #expect(try again.reader.verify().isIntact)
    #expect(try again.reader.verify().sealed == 2)
    try again.close()
  }

  @Test func `every reader opens what is sealed, and one without keys sees that it is`() throws {
    let sealed = SealedStore()
    let store = try sealed.open()
    let first = try store.append(.of("user:1", "a"))
    let last = try store.append(.of("user:1", "b"))
    for reader in [store.reader, try sealed.reader()] {
      #expect(try reader.event(first.id).bytes == [UInt8(ascii: "a")])
      #expect(try reader.texts("user") == ["a", "b"])
      #expect(try reader.latest("user:1")?.bytes == [UInt8(ascii: "b")])
      #expect(try reader.ancestors(of: last.id).events.first?.bytes == [UInt8(ascii: "a")])
    }
    let blind = try EventReader.open(on: sealed.disk.startProcess(readOnly: true))
    #expect(try blind.event(first.id).payload == .sealed)
    #expect(try blind.texts("user") == [nil, nil])
    #expect(try blind.event(1).bytes != nil, "the store's own events are never sealed")
    let raw = try store.reader.readRaw(first.sequence)
    #expect(raw.stored.count == 1 + 16 && PayloadDigest(of: raw.stored.span) == first.digest)
    try store.close()
  }

  @Test func `a reader in another process opens what is sealed with keys minted later`() throws {
    let sealed = SealedStore()
    let store = try sealed.open()
    try store.append(.of("user:0", "0"))
    let reader = try sealed.reader()
    for number in 1..<40 {
      let receipt = try store.append(.of("user:\(number)", "\(number)"))
      #expect(try reader.event(receipt.sequence).bytes == Array("\(number)".utf8))
    }
    try store.close()
  }

  @Test func `batches, fences and buffered events are sealed with keys that are durable`() throws {
    var sealed = SealedStore()
    var store = try sealed.open()
    _ = try store.append(batch: (0..<5).map { .of("batch:\($0)", "b\($0)") })
    let fence = try store.openFence()
    try fence.append(.of("fence:1", "f"))
    try fence.commit()
    let lax = Durability.buffered(eventsMax: 100, timeMax: .seconds(60))
    for number in 0..<5 { try store.append(.of("lax:\(number)", "l\(number)"), lax) }
    try store.flush()
    sealed.crash()
    store = try sealed.open()
    #expect(try store.reader.texts("batch") == (0..<5).map { "b\($0)" })
    #expect(try store.reader.texts("fence") == ["f"])
    #expect(try store.reader.texts("lax") == (0..<5).map { "l\($0)" })
    try store.close()
  }

  @Test func `only what the policy names is sealed`() throws {
    var sealed = SealedStore()
    sealed.policy = .only([.category(2)])
    let store = try sealed.open()
    let clear = try store.append(.of("user:1", "clear"))
    let hidden = try store.append(
      .of("user:1", "hidden", kind: EventKind(category: 2, type: 1)!))
    #expect(clear.header.sealing == nil && hidden.header.sealing != nil)
    #expect(try store.reader.texts("user") == ["clear", "hidden"])
    #expect(SealingPolicy.allBut([.category(2)]).seals(clear.header.kind))
    #expect(!SealingPolicy.all.seals(.opened))
    try store.close()
  }

  @Test func `a retry is told by its plaintext, and other plaintext is a conflict`() throws {
    let sealed = SealedStore()
    let store = try sealed.open()
    var event = NewEvent.of("user:1", "once")
    event.key = try IdempotencyKey("k")
    let receipt = try store.append(event)
    #expect(try store.append(event).encoded == receipt.encoded)
    event.payload = Array("else".utf8)
    #expect(throws: StoreError.keyConflict(try IdempotencyKey("k"))) { try store.append(event) }
    event.payload = Array("once".utf8)
    try store.shred(.entity("user:1"))
    #expect(throws: StoreError.shredded(receipt.id)) { try store.append(event) }
    try store.close()
  }

  @Test func `a ciphertext opens at no other coordinate, kind, version or id`() throws {
    let sealed = SealedStore()
    let store = try sealed.open()
    let receipt = try store.append(.of("user:1", secret))
    let keyring = try #require(store.reader.keyring)
    let raw = try store.reader.readRaw(receipt.sequence)
    let sealing = try #require(raw.header.sealing)
    func opens(_ change: (inout EventHeader) throws -> Void) throws -> Bool {
      var header = raw.header
      try change(&header)
      return try keyring.open(raw.stored.span, header, sealing) != nil
    }
    #expect(try opens { _ in })
    #expect(try !opens { $0.coordinate = try Coordinate(entity: "user:2", scope: "test") })
    #expect(try !opens { $0.coordinate = try Coordinate(entity: "user:1", scope: "tesu") })
    #expect(try !opens { $0.kind = EventKind(category: 1, type: 2)! })
    #expect(try !opens { $0.payloadVersion = 1 })
    #expect(try !opens { $0.id = EventID(high: $0.id.high, low: $0.id.low ^ 1) })
    try store.close()
  }

  @Test func `a store with keys opens for writing only with them`() throws {
    var sealed = SealedStore()
    try sealed.open().close()
    var options = sealed.options
    options.keys = nil
    #expect(throws: StoreError.keyset(.unopened)) {
      try EventStore.open(on: sealed.disk, options)
    }
    sealed.granularity = .kind
    #expect(throws: StoreError.keyset(.otherGranularity(stored: .entity, asked: .kind))) {
      try sealed.open()
    }
    sealed.granularity = nil
    let store = try sealed.open()
    #expect(throws: StoreError.keyset(.otherGranularity(stored: .entity, asked: .event))) {
      try store.shred(.event(EventID(high: 1, low: 1)))
    }
    try store.close()
    sealed.key = KeyEncryptionKey(from: .seeded(43))
    #expect(throws: StoreError.keyset(.otherKey)) { try sealed.open() }
    #expect(throws: StoreError.keyset(.otherKey)) { try sealed.reader() }
  }

  @Test func `a store without keys gets them when asked, and not without a granularity`() throws {
    var sealed = SealedStore()
    sealed.granularity = nil
    #expect(throws: StoreError.keyset(.noGranularity)) { try sealed.open() }
    var options = sealed.options
    options.keys = nil
    let plain = try EventStore.open(on: sealed.disk, options)
    try plain.append(.of("user:1", "clear"))
    #expect(throws: StoreError.keyset(.unkeyed)) { try plain.shred(.entity("user:1")) }
    try plain.close()
    #expect(throws: StoreError.keyset(.noGranularity)) { try sealed.open() }
    sealed.granularity = .entity
    let store = try sealed.open()
    let receipt = try store.append(.of("user:1", "sealed"))
    #expect(receipt.header.sealing != nil)
    #expect(try store.reader.texts("user") == ["clear", "sealed"])
    try store.close()
  }
}
