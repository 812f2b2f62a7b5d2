// Appending and reading back, as a caller sees it, on a real disk and on one that is full.

import Ambient
import DiskSimulation
import DurableFiles
import EventStore
import ScratchFiles
import Testing

@Suite struct AppendTests {
  @Test func `an appended event reads back after the store is opened again`() throws {
    let scratch = try Scratch()
    let store = try EventStore.open(on: scratch.disk)
    let receipt = try store.append(.of("file:1", "hello"))
    #expect(receipt.header.streamSequence == 1)
    #expect(try store.reader.event(receipt.id).bytes == Array("hello".utf8))
    let second = try store.append(.of("file:1", "again"))
    #expect(second.header.ancestry.predecessor?.sequence == receipt.sequence)
    #expect(second.header.ancestry.predecessor?.commitment == receipt.commitment)
    try store.close()

    let again = try EventStore.open(on: scratch.disk, creating: false)
    #expect(try again.reader.event(receipt.sequence).bytes == Array("hello".utf8))
    #expect(try again.reader.receipt(second.sequence) == second)
    #expect(try again.reader.latest("file:1")?.header.id == second.id)
    let third = try again.append(.of("file:1", "third"))
    #expect(third.header.streamSequence == 3)
    #expect(try again.reader.ancestors(of: third.id).events.count == 2)
    try again.close()
  }

  @Test func `a store that was never closed opens with everything acknowledged`() throws {
    let scratch = try Scratch()
    var receipts: [Receipt] = []
    do {
      let store = try EventStore.open(on: scratch.disk)
      for number in 0..<300 {
        receipts.append(try store.append(.of("file:\(number % 7)", "\(number)")))
      }
    }
    let again = try EventStore.open(on: scratch.disk)
    for receipt in receipts { #expect(try again.reader.receipt(receipt.sequence) == receipt) }
    try again.close()
  }

  @Test func `an append that has its room is stored, though there is none for zeros ahead of it`()
    throws
  {
    let disk = SimulatedDisk(seed: 1, faults: .none, clock: ManualClock())
    var options = StoreOptions.still
    options.preallocationBytes = 65_536
    let store = try EventStore.open(on: disk, options)
    var receipts: [Receipt] = []
    for number in 0..<400 {
      // The first call of an append writes its group; a second one before the sync writes zeros.
      disk.arm(.none.arming(.full, at: disk.operations + 2))
      receipts.append(try store.append(.of("file:1", "\(number)")))
    }
    #expect(disk.faultCounts[.full] == 1, "zeros were written, and once there was no room for them")
    disk.arm(.honest)
    disk.crash()
    let again = try EventStore.open(on: disk.reopen(), .still)
    for receipt in receipts { #expect(try again.reader.receipt(receipt.sequence) == receipt) }
    #expect(try again.reader.verify().isIntact)
  }

  @Test func `many segments are read through their footers`() throws {
    let scratch = try Scratch()
    var options = StoreOptions()
    options.segmentBytes = 8_192
    let store = try EventStore.open(on: scratch.disk, options)
    var receipts: [Receipt] = []
    for number in 0..<500 {
      receipts.append(try store.append(.of("file:\(number % 5)", "\(number)")))
    }
    var position: UInt64 = 0
    var found: [Event] = []
    while true {
      let page = try store.reader.events(
        in: Region(entityPrefix: "file:3"), after: position, limit: 7)
      found += page.events
      position = page.position
      if page.isEnd { break }
    }
    #expect(found.count == 100)
    let newest = try store.reader.events(
      in: Region(entityPrefix: "file"), limit: 10, order: .newestFirst)
    #expect(newest.events.map(\.header.id) == receipts.suffix(10).reversed().map(\.id))
    try store.close()
    let again = try EventStore.open(on: scratch.disk, options)
    for receipt in receipts {
      #expect(try again.reader.event(receipt.id).commitment == receipt.commitment)
    }
    try again.close()
  }

  @Test func `a clean close leaves nothing for the next open to cut`() throws {
    let scratch = try Scratch()
    for _ in 0..<3 {
      let store = try EventStore.open(on: scratch.disk)
      try store.append(.of("file:1", "hello"))
      try store.close()
    }
    let reader = try EventReader.open(on: scratch.disk)
    let opened = try reader.events(in: Region(kind: .exactly(.opened))).events
    #expect(opened.count == 3)
    for event in opened {
      let text = String(decoding: event.bytes ?? [], as: UTF8.self)
      #expect(text.contains("\"cut\":null"), "\(text)")
    }
  }

  @Test func `a second writer is refused with the holder's process`() throws {
    let scratch = try Scratch()
    let store = try EventStore.open(on: scratch.disk)
    let other = try PosixDisk(root: scratch.path("."))
    #expect(throws: StoreError.self) { try EventStore.open(on: other) }
    try store.close()
  }
}
