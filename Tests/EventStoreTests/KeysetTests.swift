// What the keyset's file promises: a key is durable before what it seals is acknowledged, a torn mint
// is nobody's loss, and any damage or absence is a refusal.

import Ambient
import Bytes
import Digests
import DiskSimulation
import DurableFiles
import Testing

@testable import EventStore

@Suite struct KeysetTests {
  private func isKeyset(_ error: any Error) -> Bool {
    if case StoreError.keyset = error { true } else { false }
  }

  @Test func `a missing keyset is a refusal and never an empty one`() throws {
    let sealed = SealedStore()
    let store = try sealed.open()
    try store.append(.of("user:1", "a"))
    try store.close()
    try sealed.disk.remove("keys/keyset")
    #expect(throws: StoreError.keyset(.missing)) { try sealed.open() }
    #expect(throws: StoreError.keyset(.missing)) { try sealed.reader() }
    #expect(try !EventReader.verify(on: sealed.disk).isIntact)
    let blind = try EventReader.open(on: sealed.disk)
    #expect(try blind.texts("user") == [nil])
  }

  @Test func `any flipped bit of a keyset is a refusal`() throws {
    let sealed = SealedStore()
    let store = try sealed.open()
    for number in 0..<6 { try store.append(.of("user:\(number)", "\(number)")) }
    try store.shred(.entity("user:0"))
    for number in 6..<9 { try store.append(.of("user:\(number)", "\(number)")) }
    try store.close()
    let whole = try #require(try sealed.bytes("keys/keyset"))
    let end = KeysetHead.count + 9 * KeyRecord.count
    #expect(whole.count >= end)
    for offset in stride(from: 0, to: end, by: 7) {
      var bytes = whole
      bytes[offset] ^= 1 << UInt8(offset % 8)
      try sealed.write(bytes, to: "keys/keyset")
      #expect("byte \(offset)", performing: { try sealed.open() }, throws: isKeyset)
      #expect("byte \(offset)", performing: { try sealed.reader() }, throws: isKeyset)
    }
    try sealed.write(whole, to: "keys/keyset")
    #expect(try sealed.reader().texts("user").compactMap { $0 }.count == 8)
  }

  @Test func `a keyset cut short is a refusal at every length`() throws {
    let sealed = SealedStore()
    let store = try sealed.open()
    for number in 0..<6 { try store.append(.of("user:\(number)", "\(number)")) }
    try store.close()
    let whole = try #require(try sealed.bytes("keys/keyset"))
    let end = KeysetHead.count + 6 * KeyRecord.count
    for count in stride(from: 0, to: end, by: 32) {
      try sealed.write(Array(whole[..<count]), to: "keys/keyset")
      #expect("\(count) bytes", performing: { try sealed.open() }, throws: isKeyset)
    }
    try sealed.write(Array(whole[..<end]), to: "keys/keyset")
    try sealed.open().close()
  }

  @Test func `a torn record of a mint that nobody was told of is cleared`() throws {
    let sealed = SealedStore()
    var store = try sealed.open()
    try store.append(.of("user:1", "a"))
    try store.close()
    var bytes = try #require(try sealed.bytes("keys/keyset"))
    let end = KeysetHead.count + KeyRecord.count
    for index in 0..<60 { bytes[end + index] = UInt8(index) }
    try sealed.write(bytes, to: "keys/keyset")
    #expect(try sealed.reader().texts("user") == ["a"])
    store = try sealed.open()
    #expect(try sealed.bytes("keys/keyset")![end..<end + 60].allSatisfy { $0 == 0 })
    try store.append(.of("user:2", "b"))
    try store.close()
    #expect(try sealed.reader().texts("user") == ["a", "b"])
  }

  @Test func `a failed write of a key refuses the append and leaves the key dirty`() throws {
    var sealed = SealedStore()
    let store = try sealed.open()
    try store.append(.of("user:0", "0"))
    var failures = 0
    var acknowledged: [String] = []
    for number in 1..<8 {
      sealed.disk.arm(
        .honest.arming(.writeFails, at: sealed.disk.operations, below: "keys"))
      do throws(StoreError) {
        try store.append(.of("user:\(number)", "\(number)"))
      } catch {
        failures += 1
      }
      // The key is in memory now, and still has to reach the disk before this is acknowledged.
      try store.append(.of("user:\(number)", "again"))
      acknowledged.append("user:\(number)")
    }
    #expect(failures == 7)
    sealed.crash()
    let after = try sealed.open()
    for entity in acknowledged { #expect(try after.reader.texts(entity) == ["again"]) }
    try after.close()
  }

  @Test func `a failed sync of a key latches the store, and nothing of the append is there`() throws
  {
    var sealed = SealedStore()
    var store = try sealed.open()
    try store.append(.of("user:0", "0"))
    sealed.disk.arm(.honest.arming(.syncFails, at: sealed.disk.operations, below: "keys"))
    #expect(throws: StoreError.self) { try store.append(.of("user:1", "1")) }
    #expect(sealed.disk.faultCounts[.syncFails] == 1)
    #expect {
      try store.append(.of("user:0", "2"))
    } throws: { error in
      if case StoreError.latched = error { true } else { false }
    }
    sealed.crash()
    store = try sealed.open()
    #expect(try store.reader.texts("user") == ["0"])
    try store.append(.of("user:1", "3"))
    #expect(try store.reader.texts("user") == ["0", "3"])
    try store.close()
  }

  @Test func `a group that minted many keys syncs the keyset once`() throws {
    let sealed = SealedStore()
    let store = try sealed.open()
    try store.append(.of("user:0", "0"))
    let before = sealed.disk.operations
    _ = try store.append(batch: (1..<100).map { .of("user:\($0)", "\($0)") })
    let syncs = sealed.disk.lastOperations.suffix(sealed.disk.operations - before)
      .filter { $0.contains("sync") && $0.contains("keys/keyset") }
    #expect(syncs.count == 1, "\(syncs)")
    try store.close()
  }

  @Test func `a table of many keys finds each of them`() {
    var table = KeyTable()
    var generator = SeededGenerator(seed: 5)
    // Some of them share their slots.
    let scopes = (0..<20_000).map { index in
      KeyScopeID(
        high: generator.next(), low: index < 200 ? generator.next() % 8 : generator.next())
    }
    for (index, scope) in scopes.enumerated() { table.set(index, of: scope) { scopes[$0] } }
    #expect(scopes.indices.allSatisfy { table.record(of: scopes[$0]) { scopes[$0] } == $0 })
    #expect(table.record(of: KeyScopeID(high: 1, low: 1)) { scopes[$0] } == nil)
  }

  @Test func `more keys than the cache holds are all still opened`() throws {
    let sealed = SealedStore()
    let store = try sealed.open()
    let count = EventStoreLimits.keysCachedMax * 3
    _ = try store.append(batch: (0..<count).map { .of("user:\($0)", "\($0)") })
    let page = try store.reader.events(in: Region(entityPrefix: "user"), limit: count).events
    #expect(
      page.map { String(decoding: $0.bytes ?? [], as: UTF8.self) } == (0..<count).map { "\($0)" })
    try store.close()
    #expect(try sealed.reader().texts("user:7") == ["7"])
  }

  @Test func `hostile bytes behind good checksums are refused or answered, and end nothing`() throws
  {
    let sealed = SealedStore()
    let store = try sealed.open()
    for number in 0..<6 { try store.append(.of("user:\(number)", "\(number)")) }
    try store.shred(.entity("user:0"))
    try store.close()
    let whole = try #require(try sealed.bytes("keys/keyset"))
    var generator = SeededGenerator(seed: 3)
    var (refused, taken) = (0, 0)
    for _ in 0..<2_000 {
      var bytes = Array(whole.prefix(KeysetHead.count + 8 * KeyRecord.count))
      for _ in 0...generator.below(6) {
        // Mostly the counts of the head and the numbers of records, where arithmetic is done.
        let start = generator.chance(oneIn: 2) ? 64 : KeysetHead.count
        let offset = start + generator.below(generator.chance(oneIn: 2) ? 56 : 6 * KeyRecord.count)
        bytes[offset] = generator.chance(oneIn: 3) ? 0xFF : UInt8(generator.below(256))
      }
      mend(&bytes)
      do throws(KeysetFault) {
        let state = try KeysetState(
          KeysetHead.decode(Array(bytes[..<KeysetHead.count])), Memory(bytes),
          KeysetExpectation())
        _ = state.minted
        _ = state.index(of: KeyScopeID(.entity("user:1")))
        taken += 1
      } catch {
        refused += 1
      }
    }
    #expect(refused > 0 && taken > 0, "\(refused) refused, \(taken) taken")
  }

  /// Makes every checksum of a keyset right again.
  private func mend(_ bytes: inout [UInt8]) {
    let digest = Blake3.digest(of: Array(bytes[..<(KeysetHead.count - 32)])).bytes
    bytes.replaceSubrange(KeysetHead.count - 32..<KeysetHead.count, with: digest)
    let salt = KeysetSalt(
      high: littleEndianUInt64(bytes.span, at: 48), low: littleEndianUInt64(bytes.span, at: 56))
    for index in 0..<(bytes.count - KeysetHead.count) / KeyRecord.count {
      let start = KeyRecords.offset(of: index)
      let end = start + KeyRecord.count - 4
      let checksum = KeyRecord.checksum(bytes.span.extracting(start..<end), index, salt)
      for shift in 0..<4 { bytes[end + shift] = UInt8(truncatingIfNeeded: checksum >> (8 * shift)) }
    }
  }

  /// Bytes in memory where a keyset wants a mapped file.
  private final class Memory: MappedBytes {
    private let bytes: [UInt8]

    init(_ bytes: [UInt8]) {
      self.bytes = bytes
    }

    var count: Int { bytes.count }

    func withBytes<Result, Failure: Error>(
      _ body: (Span<UInt8>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
      let bytes = bytes
      return try body(bytes.span)
    }
  }
}
