// Another key-encryption key for a store that seals: every data key is wrapped anew, nothing is shredded,
// and a crash at any operation leaves a keyset of one of the two keys.

import Ambient
import DiskSimulation
import DurableFiles
import Testing

@testable import EventStore

@Suite struct KeyRotationTests {
  private static let other = KeyEncryptionKey(from: .seeded(43))

  /// A store with keys of three entities, one of them destroyed; it is closed.
  private func make(_ seed: UInt64 = 1) throws -> (SealedStore, [Receipt]) {
    let sealed = SealedStore(seed: seed)
    let store = try sealed.open()
    var receipts = try ["user:1", "user:2", "user:3"].map { try store.append(.of($0, "of \($0)")) }
    try store.shred(.entity("user:2"))
    receipts.append(try store.append(.of("user:2", "again")))
    try store.close()
    return (sealed, receipts)
  }

  private func rotate(_ sealed: SealedStore) throws(StoreError) -> KeyRotation {
    var options = sealed.options
    options.keys = nil
    return try EventStore.rotateKey(
      on: sealed.disk, from: .key(sealed.key), to: .key(Self.other), options)
  }

  private func payloads(_ store: EventStore, _ receipts: [Receipt]) throws -> [Payload] {
    try receipts.map { try store.reader.event($0.sequence).payload }
  }

  private static let expected: [Payload] = [
    .bytes(Array("of user:1".utf8)), .shredded, .bytes(Array("of user:3".utf8)),
    .bytes(Array("again".utf8)),
  ]

  @Test func `a new key opens everything that the old one did, and the old one nothing`() throws {
    var (sealed, receipts) = try make()
    let before = try #require(try sealed.bytes("keys/keyset"))
    let wrapped = Array(before[KeysetHead.count + 56..<KeysetHead.count + 104])
    #expect(try rotate(sealed) == KeyRotation(keys: 3, isDone: true))
    #expect(throws: StoreError.keyset(.otherKey)) { try sealed.open() }
    #expect(throws: StoreError.keyset(.otherKey)) { try sealed.reader() }
    sealed.key = Self.other
    let store = try sealed.open()
    #expect(try payloads(store, receipts) == Self.expected)
    let fresh = try store.append(.of("user:4", "minted under the new key"))
    #expect(
      try sealed.reader().event(fresh.sequence).bytes == Array("minted under the new key".utf8))
    try store.shred(.entity("user:1"))
    let report = try store.reader.verify()
    #expect(report.isIntact, "\(report.findings)")
    try store.close()
    // Not even wrapped by the old key is a data key left.
    #expect(try sealed.files(holding: wrapped) == [])
  }

  @Test func `a rotation that was done is found done, and needs the old key no more`() throws {
    let (sealed, _) = try make()
    _ = try rotate(sealed)
    let lost = KeySource.file(Array("/nonexistent/old.key".utf8))
    let again = try EventStore.rotateKey(on: sealed.disk, from: lost, to: .key(Self.other))
    #expect(again == KeyRotation(keys: 3, isDone: false))
  }

  @Test func `a keyset of neither key, a store without keys and one in use are refused`() throws {
    let (sealed, _) = try make()
    let third = KeyEncryptionKey(from: .seeded(44))
    #expect(throws: StoreError.keyset(.otherKey)) {
      try EventStore.rotateKey(on: sealed.disk, from: .key(third), to: .key(Self.other))
    }
    let store = try sealed.open()
    let other = sealed.disk.startProcess()
    #expect(throws: StoreError.locked(holder: sealed.disk.process)) {
      try EventStore.rotateKey(on: other, from: .key(sealed.key), to: .key(Self.other))
    }
    try store.close()
    let plain = SimulatedDisk(seed: 2)
    try EventStore.open(on: plain).close()
    #expect(throws: StoreError.keyset(.unkeyed)) {
      try EventStore.rotateKey(on: plain, from: .key(sealed.key), to: .key(Self.other))
    }
  }

  /// The store, or nil when its keyset is of another key.
  private func openedByOldKey(_ sealed: SealedStore) throws(StoreError) -> EventStore? {
    do throws(StoreError) {
      return try sealed.open()
    } catch .keyset(.otherKey) {
      return nil
    }
  }

  @Test(arguments: [Fault.crash, .killed, .writeFails, .syncFails, .full])
  func `whatever ends a rotation leaves a keyset of one key, and another finishes it`(
    _ fault: Fault
  ) throws {
    var (kept, changed) = (0, 0)
    for operation in 1...200 {
      var (sealed, receipts) = try make(UInt64(operation))
      sealed.disk.arm(.honest.arming(fault, at: sealed.disk.operations + operation))
      let fired = sealed.disk.faultCounts[fault, default: 0]
      do throws(StoreError) {
        _ = try rotate(sealed)
      } catch {
        // As it was to be.
      }
      let isReached = sealed.disk.faultCounts[fault, default: 0] > fired
      sealed.crash()
      if let store = try openedByOldKey(sealed) {
        #expect(try payloads(store, receipts) == Self.expected, "operation \(operation)")
        try store.close()
        kept += 1
      } else {
        changed += 1
      }
      #expect(try rotate(sealed).keys == 3, "operation \(operation)")
      sealed.key = Self.other
      let store = try sealed.open()
      #expect(try payloads(store, receipts) == Self.expected, "operation \(operation)")
      #expect(try store.reader.verify().isIntact)
      try store.close()
      if !isReached { break }
    }
    #expect(kept > 0 && changed > 0)
  }
}
