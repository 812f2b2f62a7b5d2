// Power cuts at every single operation of a life with keys: minting, appending, shredding, opening
// again. Whatever was acknowledged is read afterwards or was shredded on purpose, and a shred has
// happened or not.

import Ambient
import DiskSimulation
import DurableFiles
import Testing

@testable import EventStore

@Suite struct KeyCrashTests {
  /// What a life got answers to.
  private struct Life {
    var acknowledged: [(entity: String, text: String, receipt: Receipt)] = []
    var shreds: Set<String> = []
    var asked: Set<String> = []
    /// How many of the acknowledged came before the shred of their entity was asked for.
    var before: [String: Int] = [:]
  }

  private func live(_ sealed: SealedStore, _ life: inout Life) throws(StoreError) {
    let store = try sealed.open()
    for entity in ["user:1", "user:2", "user:3"] { try add(entity, "first", store, &life) }
    try shred("user:1", store, &life)
    try add("user:1", "second", store, &life)
    try add("user:4", "first", store, &life)
    try store.close()
    let again = try sealed.open()
    try shred("user:2", again, &life)
    try add("user:5", "first", again, &life)
    try again.close()
  }

  private func add(
    _ entity: String, _ text: String, _ store: EventStore, _ life: inout Life
  ) throws(StoreError) {
    let text = "\(text) of \(entity)"
    life.acknowledged.append((entity, text, try store.append(.of(entity, text))))
  }

  private func shred(
    _ entity: String, _ store: EventStore, _ life: inout Life
  ) throws(StoreError) {
    life.asked.insert(entity)
    life.before[entity] = life.acknowledged.count
    try store.shred(.entity(entity))
    life.shreds.insert(entity)
  }

  private func judge(_ life: Life, _ store: EventStore, _ place: String) throws {
    for (number, event) in life.acknowledged.enumerated() {
      let found = try store.reader.event(event.receipt.sequence)
      let isOld = number < life.before[event.entity] ?? 0
      if isOld && life.shreds.contains(event.entity) {
        #expect(found.payload == .shredded, "\(place): \(event.text)")
      } else if isOld && life.asked.contains(event.entity) {
        #expect(
          found.payload == .shredded || found.bytes == Array(event.text.utf8),
          "\(place): \(event.text)")
      } else {
        #expect(found.bytes == Array(event.text.utf8), "\(place): \(event.text)")
      }
      #expect(try store.reader.receipt(event.receipt.sequence) == event.receipt, "\(place)")
    }
    let report = try store.reader.verify()
    #expect(report.isIntact, "\(place): \(report.findings)")
    // Whatever the keyset destroyed, the log says so by now.
    let keyset = try #require(store.reader.keyring).keyset
    let records = try store.reader.events(in: Region(kind: .exactly(.shred))).events
    #expect(UInt64(records.count) == keyset.head.epoch, "\(place)")
    #expect(keyset.unrecorded == nil, "\(place)")
  }

  @Test(arguments: [1, 2] as [UInt64])
  func `power cut at any operation leaves every key where it was promised`(_ seed: UInt64) throws {
    let whole = SealedStore(seed: seed)
    var life = Life()
    try live(whole, &life)
    let operations = whole.disk.operations
    #expect(operations > 100 && life.shreds == ["user:1", "user:2"])
    for operation in 1...operations {
      var sealed = SealedStore(seed: seed, faults: .honest.arming(.crash, at: operation))
      var life = Life()
      do throws(StoreError) {
        try live(sealed, &life)
      } catch {
        // The power failed, as it was to.
      }
      #expect(sealed.disk.faultCounts[.crash] == 1, "operation \(operation) of seed \(seed)")
      sealed.crash()
      let store = try sealed.open()
      try judge(life, store, "operation \(operation) of seed \(seed)")
      try store.close()
    }
  }

  @Test func `power cuts at two operations are survived too`() throws {
    var generator = SeededGenerator(seed: 11)
    for round in 0..<60 {
      var sealed = SealedStore(
        seed: UInt64(round), faults: .honest.arming(.crash, at: 20 + generator.below(260)))
      var life = Life()
      do throws(StoreError) {
        try live(sealed, &life)
      } catch {
        // The power failed, or the life came to its end before.
      }
      sealed.crash()
      sealed.disk.arm(
        .honest.arming(.crash, at: sealed.disk.operations + 1 + generator.below(40)))
      do throws(StoreError) {
        try sealed.open().close()
      } catch {
        // The second failure, in the middle of recovery.
      }
      sealed.crash()
      let store = try sealed.open()
      try judge(life, store, "round \(round)")
      try store.close()
    }
  }

  @Test func `a failing disk at any operation of a shred leaves it done or not`() throws {
    for fault in [Fault.writeFails, .syncFails, .full, .readFails] {
      var fired = 0
      for operation in 0..<40 {
        var sealed = SealedStore(seed: 9)
        let store = try sealed.open()
        let receipt = try store.append(.of("user:1", "gone"))
        let kept = try store.append(.of("user:2", "kept"))
        sealed.disk.arm(.honest.arming(fault, at: sealed.disk.operations + operation))
        var isShredded = false
        do throws(StoreError) {
          try store.shred(.entity("user:1"))
          isShredded = true
        } catch {
          fired += 1
        }
        sealed.crash()
        let after = try sealed.open()
        let found = try after.reader.event(receipt.sequence)
        if isShredded { #expect(found.payload == .shredded, "\(fault) at \(operation)") }
        #expect(try after.reader.event(kept.sequence).bytes == Array("kept".utf8))
        if found.payload != .shredded {
          #expect(found.bytes == Array("gone".utf8))
          try after.shred(.entity("user:1"))
          #expect(try after.reader.event(receipt.sequence).payload == .shredded)
        }
        #expect(try after.reader.verify().isIntact)
        try after.close()
      }
      #expect(fired > 0 || fault == .readFails, "\(fault) never fired")
    }
  }
}
