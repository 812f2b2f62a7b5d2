// Data keys that are lent: durable before they are lent, gone for good when they are shredded, from
// the store and from every older copy of its keyset.

import Ambient
import Digests
import DiskSimulation
import DurableFiles
import Testing

@testable import EventStore

/// A store whose key-encryption key is a file that a shred renews.
private struct RenewingStore {
  var disk: SimulatedDisk
  let clock = ManualClock()
  static let file: FilePath = "secrets/kek"
  static let next: FilePath = "secrets/kek.next"

  init(seed: UInt64 = 1, faults: FaultPlan = .honest) {
    disk = SimulatedDisk(seed: seed, faults: faults, clock: clock)
  }

  /// Makes the file of the key, as an operator does before the first start.
  func makeKey() throws {
    try disk.makeDirectory("secrets", mode: 0o700)
    try disk.syncDirectory(.root)
    try KeyEncryptionKey(from: .seeded(42)).withFileBytes { bytes in
      var text: [UInt8] = []
      for index in bytes.indices { text.append(bytes[index]) }
      try AtomicReplace.write(
        text, to: Self.file, mode: 0o600, replacing: false, on: disk, entropy: .seeded(4))
    }
  }

  func open() throws(StoreError) -> EventStore {
    var options = StoreOptions()
    options.wallClock = clock.wall
    options.monotonicClock = clock.monotonic
    options.maintenance = .inline
    options.preallocationBytes = 4_096
    options.keys = StoreKeys(
      .replaceable(KeyFile(Self.file, on: disk)), granularity: .entity, policy: .only([]))
    return try EventStore.open(on: disk, options)
  }

  mutating func crash() {
    disk.crash()
    disk = disk.reopen()
    disk.arm(.honest)
  }

  /// Every key-encryption key that lies on the disk.
  func keys() throws -> [KeyEncryptionKey] {
    var keys: [KeyEncryptionKey] = []
    for entry in try disk.list("secrets") {
      let path = FilePath("secrets").appending(entry.name)
      var text = try OpenFile(path, .reading, on: disk).readAll(bytesMax: 256)
      keys.append(try KeyEncryptionKey(taking: &text))
    }
    return keys
  }
}

@Suite struct DataKeyTests {
  private func secret(_ standing: DataKeyStanding) -> SecretBytes? {
    guard case .key(let key) = standing else { return nil }
    return key.secret
  }

  private func isShredded(_ standing: DataKeyStanding) -> Bool {
    if case .shredded = standing { true } else { false }
  }

  private func isAbsent(_ standing: DataKeyStanding) -> Bool {
    if case .absent = standing { true } else { false }
  }

  /// All of the keyset, in parts of a few records.
  private func copy(_ store: EventStore, part count: Int = 2) throws -> [[UInt8]] {
    let extent = try store.keysetExtent
    return try stride(from: 0, to: max(extent.records, 1), by: count).map { start in
      try store.keysetPart(start..<min(start + count, extent.records), of: extent)
    }
  }

  private func store() throws -> (RenewingStore, EventStore) {
    let renewing = RenewingStore()
    try renewing.makeKey()
    return (renewing, try renewing.open())
  }

  @Test func `a scope has one key until it is shredded, and another after it`() throws {
    let (_, store) = try store()
    let first = try store.sealingKey(of: .entity("file:1"))
    let other = try store.sealingKey(of: .entity("file:2"))
    #expect(first.id.generation == 1 && first.secret != other.secret)
    #expect(try store.sealingKey(of: .entity("file:1")).secret == first.secret)
    #expect(try secret(store.dataKey(first.id)) == first.secret)
    #expect(isAbsent(try store.dataKey(DataKeyID(.entity("file:3"), generation: 1))))
    #expect(isAbsent(try store.dataKey(DataKeyID(.entity("file:1"), generation: 2))))

    let receipts = try store.shred([.entity("file:1"), .entity("file:3")])
    #expect(Set(receipts.keys) == [.entity("file:1")])
    #expect(isShredded(try store.dataKey(first.id)))
    #expect(try secret(store.dataKey(other.id)) == other.secret)
    let second = try store.sealingKey(of: .entity("file:1"))
    #expect(second.id.generation == 2 && second.secret != first.secret)
    #expect(isShredded(try store.dataKey(first.id)))
    #expect(try store.reader.verify().isIntact)
    try store.close()
  }

  @Test func `the name of a key goes through its bytes`() throws {
    let id = DataKeyID(.entity("file:1"), generation: 7)
    #expect(id.scopeBytes.count == 16)
    #expect(DataKeyID(scopeBytes: id.scopeBytes, generation: 7) == id)
    #expect(DataKeyID(scopeBytes: [1], generation: 7) == nil)
  }

  @Test func `a store without keys, or with others, lends none`() throws {
    let sealed = SealedStore()
    let store = try sealed.open()
    #expect(throws: StoreError.self) { try store.sealingKey(of: .category(3)) }
    // Its key-encryption key comes from outside, so a shred cannot reach older copies.
    #expect(!store.shredReachesCopies)
    try store.close()
    let plain = try EventStore.open(on: SimulatedDisk(seed: 3), StoreOptions())
    #expect(throws: StoreError.keyset(.unkeyed)) { try plain.sealingKey(of: .entity("a")) }
    #expect(throws: StoreError.keyset(.unkeyed)) { try plain.shred([.entity("a")]) }
    try plain.close()
  }

  @Test func `events stay in the clear, and payloads too`() throws {
    let (_, store) = try store()
    _ = try store.sealingKey(of: .entity("user:1"))
    let receipt = try store.append(.of("user:1", "in the clear"))
    #expect(try store.reader.event(receipt.sequence).bytes == Array("in the clear".utf8))
    try store.shred([.entity("user:1")])
    #expect(try store.reader.event(receipt.sequence).bytes == Array("in the clear".utf8))
    try store.close()
  }

  @Test func `a copy of the keyset opens with its key-encryption key alone`() throws {
    let (renewing, store) = try store()
    let keys = try (0..<5).map { try store.sealingKey(of: .entity("file:\($0)")) }
    let parts = try copy(store)
    #expect(parts.count == 3)
    let kek = try #require(try renewing.keys().first)
    let copy = try KeysetCopy(parts.shuffled() + [parts[1]], kek)
    #expect(copy.records == 5 && copy.lineage == store.lineage)
    for key in keys { #expect(try secret(copy.dataKey(key.id)) == key.secret) }
    #expect(isAbsent(try copy.dataKey(DataKeyID(.entity("x"), generation: 1))))

    #expect(throws: StoreError.keyset(.otherKey)) {
      try KeysetCopy(parts, KeyEncryptionKey(from: .seeded(1)))
    }
    #expect(throws: StoreError.keyset(.missing)) { try KeysetCopy([], kek) }
    for missing in 0..<2 {
      var fewer = parts
      fewer.remove(at: missing)
      #expect(throws: StoreError.self) { try KeysetCopy(fewer, kek) }
    }
    for index in stride(from: 0, to: parts[2].count, by: 7) {
      var damaged = parts
      damaged[2][index] ^= 1
      #expect(throws: StoreError.self, "byte \(index)") { try KeysetCopy(damaged, kek) }
    }
    try store.close()
  }

  @Test func `after a shred an older copy opens nothing, and a newer one says shredded`() throws {
    let (renewing, store) = try store()
    #expect(store.shredReachesCopies)
    let gone = try store.sealingKey(of: .entity("file:1"))
    let kept = try store.sealingKey(of: .entity("file:2"))
    let older = try copy(store)
    let extent = try store.keysetExtent
    let before = try #require(try renewing.keys().first)
    try store.shred([.entity("file:1")])
    let after = try renewing.keys()
    #expect(after.count == 1 && after[0].id != before.id)
    #expect(throws: StoreError.keyset(.otherKey)) { try KeysetCopy(older, after[0]) }
    let newer = try KeysetCopy(older + (try copy(store)), after[0])
    #expect(isShredded(try newer.dataKey(gone.id)))
    #expect(try secret(newer.dataKey(kept.id)) == kept.secret)
    #expect(throws: StoreError.self) { try store.keysetPart(0..<1, of: extent) }
    try store.close()

    let again = try renewing.open()
    #expect(isShredded(try again.dataKey(gone.id)))
    #expect(try secret(again.dataKey(kept.id)) == kept.secret)
    try again.close()
  }

  @Test func `keys that are minted while others are shredded are wrapped anew too`() throws {
    let (renewing, store) = try store()
    for round in 0..<20 {
      let name = "file:\(round)"
      let key = try store.sealingKey(of: .entity(name))
      try store.shred([.entity("file:\(round - 1)")])
      #expect(try secret(store.dataKey(key.id)) == key.secret)
    }
    let last = try store.sealingKey(of: .entity("file:19"))
    try store.close()
    let again = try renewing.open()
    #expect(try secret(again.dataKey(last.id)) == last.secret)
    #expect(try again.keysetExtent.records == 20)
    try again.close()
  }

  // MARK: - Power cuts

  private struct Life {
    var lent: [DataKey] = []
    /// Parts that were copied out before the shred.
    var copied: [[UInt8]] = []
    var asked: Set<DataKeyID> = []
    var isAnswered = false
  }

  private func live(_ renewing: RenewingStore, _ life: inout Life) throws(StoreError) {
    let store = try renewing.open()
    for name in ["a", "b", "c"] { life.lent.append(try store.sealingKey(of: .entity(name))) }
    let extent = try store.keysetExtent
    life.copied = [try store.keysetPart(0..<3, of: extent)]
    life.asked = Set(life.lent[..<2].map(\.id))
    try store.shred([.entity("a"), .entity("b")])
    life.isAnswered = true
    life.lent.append(try store.sealingKey(of: .entity("a")))
    try store.close()
    let again = try renewing.open()
    life.lent.append(try again.sealingKey(of: .entity("d")))
    try again.close()
  }

  private func judge(_ life: Life, _ renewing: RenewingStore, _ place: String) throws {
    let store = try renewing.open()
    var destroyed = 0
    for key in life.lent {
      let standing = try store.dataKey(key.id)
      if life.asked.contains(key.id), life.isAnswered || isShredded(standing) {
        #expect(isShredded(standing), "\(place)")
        destroyed += 1
      } else {
        #expect(secret(standing) == key.secret, "\(place)")
      }
    }
    #expect(destroyed == 0 || destroyed == life.asked.count, "\(place): half of a shred")
    // One key lies there, of the keyset as it is; what was copied before a shred does not open.
    let keys = try renewing.keys()
    #expect(keys.count == 1, "\(place)")
    for part in [life.copied] where destroyed > 0 {
      for key in keys {
        #expect(throws: StoreError.keyset(.otherKey), "\(place)") { try KeysetCopy(part, key) }
      }
    }
    let report = try store.reader.verify()
    #expect(report.isIntact, "\(place): \(report.findings)")
    let records = try store.reader.events(in: Region(kind: .exactly(.shred))).events
    #expect(records.count == destroyed, "\(place)")
    try store.close()
  }

  @Test(arguments: [1, 2] as [UInt64])
  func `power cut at any operation leaves keys where they were promised, or nowhere`(
    _ seed: UInt64
  ) throws {
    let whole = RenewingStore(seed: seed)
    try whole.makeKey()
    let start = whole.disk.operations
    var life = Life()
    try live(whole, &life)
    try judge(life, whole, "no crash")
    let operations = whole.disk.operations
    #expect(operations - start > 100)
    for operation in start + 1...operations {
      var renewing = RenewingStore(seed: seed)
      try renewing.makeKey()
      renewing.disk.arm(.honest.arming(.crash, at: operation))
      var life = Life()
      do throws(StoreError) {
        try live(renewing, &life)
      } catch {
        // The power failed, as it was to.
      }
      renewing.crash()
      try judge(life, renewing, "operation \(operation) of seed \(seed)")
    }
  }

  @Test func `a failing disk at any operation of a shred leaves it done or not`() throws {
    for fault in [Fault.writeFails, .syncFails, .full] {
      var fired = 0
      for operation in 0..<60 {
        var renewing = RenewingStore(seed: 9)
        try renewing.makeKey()
        let store = try renewing.open()
        var life = Life()
        for name in ["a", "b", "c"] { life.lent.append(try store.sealingKey(of: .entity(name))) }
        life.copied = try copy(store)
        life.asked = Set(life.lent[..<2].map(\.id))
        renewing.disk.arm(.honest.arming(fault, at: renewing.disk.operations + operation))
        do throws(StoreError) {
          try store.shred([.entity("a"), .entity("b")])
          life.isAnswered = true
        } catch {
          fired += 1
        }
        renewing.crash()
        try judge(life, renewing, "\(fault) at \(operation)")
      }
      #expect(fired > 0, "\(fault) never fired")
    }
  }
}
