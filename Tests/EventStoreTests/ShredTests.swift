// What a shred promises: the payloads of its scope are gone for everyone, at once and for ever, and
// nothing else changes. A keyset from before it is never taken back.

import Ambient
import Bytes
import Digests
import DiskSimulation
import DurableFiles
import ScratchFiles
import Testing

@testable import EventStore

@Suite struct ShredTests {
  private let secret = "the plaintext that must be gone"

  @Test func `after a shred readers say so, and the chain and its receipts hold`() throws {
    let sealed = SealedStore()
    let store = try sealed.open()
    let gone = try store.append(.of("user:1", secret))
    let kept = try store.append(.of("user:2", "kept"))
    let tail = try sealed.reader()
    #expect(try tail.event(gone.id).bytes == Array(secret.utf8))
    #expect(try store.reader.extent(of: .entity("user:1")) == SealedExtent(events: 1, bytes: 31))
    let record = try store.shred(.entity("user:1"))
    #expect(record.header.kind == .shred)
    let blind = try EventReader.open(on: sealed.disk.startProcess(readOnly: true))
    for reader in [store.reader, tail, try sealed.reader()] {
      #expect(try reader.event(gone.id).payload == .shredded)
      #expect(try reader.texts("user") == [nil, "kept"])
      #expect(try reader.receipt(gone.sequence) == gone)
      let report = try reader.verify()
      #expect(report.isIntact && report.shredded == 1 && report.sealed == 1, "\(report.findings)")
    }
    #expect(try blind.verify().shredded == 1)
    #expect(try tail.ancestors(of: try store.append(.of("user:1", "new")).id).shredded == [gone.id])
    #expect(gone.verify().isValid && kept.verify().isValid)
    #expect(try store.reader.extent(of: .entity("user:1")) == SealedExtent(events: 1, bytes: 3))
    try store.close()
  }

  @Test func `what is appended to a shredded scope gets a key of its own`() throws {
    var sealed = SealedStore()
    var store = try sealed.open()
    for round in 1...4 as ClosedRange<UInt32> {
      let receipt = try store.append(.of("user:1", "round \(round)"))
      #expect(receipt.header.sealing?.generation == round)
      #expect(try store.reader.event(receipt.id).bytes != nil)
      try store.shred(.entity("user:1"))
      #expect(try store.reader.event(receipt.id).payload == .shredded)
      if round == 2 {
        sealed.crash()
        store = try sealed.open()
      }
    }
    #expect(try store.reader.texts("user:1") == [nil, nil, nil, nil])
    #expect(throws: StoreError.self) { try store.shred(.entity("user:1")) }
    #expect(throws: StoreError.self) { try store.shred(.entity("nobody")) }
    try store.close()
  }

  @Test(arguments: KeyGranularity.allCases)
  func `a shred takes exactly its scope`(_ granularity: KeyGranularity) throws {
    var sealed = SealedStore()
    sealed.granularity = granularity
    let store = try sealed.open()
    let wanted = try store.append(.of("user:1", "a", kind: EventKind(category: 2, type: 1)!))
    try store.append(.of("user:1:x", "b", kind: EventKind(category: 3, type: 2)!))
    try store.append(.of("user:10", "c", kind: EventKind(category: 3, type: 1)!))
    let scope: KeyScope =
      switch granularity {
      case .entity: .entity("user:1")
      case .category: .category(2)
      case .kind: .kind(EventKind(category: 2, type: 1)!)
      case .event: .event(wanted.id)
      }
    #expect(try store.reader.extent(of: scope).events == 1)
    try store.shred(scope)
    let found = try store.reader.events(in: Region()).events.filter { $0.payload == .shredded }
    #expect(found.map(\.header.id) == [wanted.id])
    try store.close()
  }

  @Test func `neither plaintext nor data key is in any file after a shred`() throws {
    let scratch = try Scratch()
    var options = StoreOptions()
    let key = KeyEncryptionKey(from: .live)
    options.keys = StoreKeys(.key(key), granularity: .entity)
    let store = try EventStore.open(on: scratch.disk, options)
    try store.append(.of("user:1", secret))
    try store.append(.of("user:2", "kept"))
    let keyset = try #require(store.reader.keyring).keyset
    let scope = KeyScopeID(.entity("user:1"))
    guard case (.key(let record), 1) = try keyset.newest(of: scope),
      case .key(_, let nonce, let wrapped) = record.content
    else { throw StoreError.absent("the key") }
    let name = DataKeyName(granularity: .entity, scope: scope, generation: 1)
    let dataKey = try #require(key.unwrap(wrapped, nonce: nonce, name)).withBytes {
      copy($0, 0..<32)
    }
    #expect(try SealedStore.files(on: scratch.disk, holding: wrapped) == ["keys/keyset"])
    let old = try OpenFile("keys/keyset", .reading, on: scratch.disk)
    try store.shred(.entity("user:1"))
    for bytes in [Array(secret.utf8), dataKey, wrapped] {
      #expect(try SealedStore.files(on: scratch.disk, holding: bytes).isEmpty)
    }
    #expect(try !old.readAll(bytesMax: 1 << 20).holds(wrapped), "the file it replaced has it still")
    #expect(try scratch.disk.list("keys").map(\.name) == [Array("keyset".utf8)])
    try store.close()
  }

  @Test func `a keyset from before a shred is refused`() throws {
    let sealed = SealedStore()
    let store = try sealed.open()
    let gone = try store.append(.of("user:1", secret))
    try store.append(.of("user:2", "kept"))
    let before = try #require(try sealed.bytes("keys/keyset"))
    try store.shred(.entity("user:1"))
    let reader = try sealed.reader()
    try store.close()
    let newest = try #require(try sealed.bytes("keys/keyset"))

    try sealed.write(before, to: "keys/keyset")
    for open in [{ _ = try sealed.open() }, { _ = try sealed.reader() }] {
      #expect {
        try open()
      } throws: { error in
        if case StoreError.keyset(.older) = error { true } else { false }
      }
    }
    #expect(throws: StoreError.self) { try reader.event(gone.id) }
    #expect(try !EventReader.verify(on: sealed.disk).isIntact)
    try sealed.write(newest, to: "keys/keyset")
    #expect(try sealed.reader().event(gone.id).payload == .shredded)
    #expect(try EventReader.verify(on: sealed.disk).isIntact)
  }

  @Test func `a keyset that shredded another key than the log says is refused`() throws {
    let sealed = SealedStore()
    var store = try sealed.open()
    try store.append(.of("user:1", "a"))
    try store.append(.of("user:2", "b"))
    try store.close()
    // A copy of the store goes its own way and shreds something else.
    var copies: [(FilePath, [UInt8])] = [
      ("keys/keyset", try #require(try sealed.bytes("keys/keyset")))
    ]
    for entry in try sealed.disk.list("segments") {
      let path = FilePath("segments").appending(entry.name)
      copies.append((path, try #require(try sealed.bytes(path))))
    }
    store = try sealed.open()
    try store.shred(.entity("user:2"))
    try store.close()
    let other = try #require(try sealed.bytes("keys/keyset"))
    for (path, bytes) in copies { try sealed.write(bytes, to: path) }
    store = try sealed.open()
    try store.shred(.entity("user:1"))
    try store.close()
    try sealed.write(other, to: "keys/keyset")
    #expect {
      try sealed.open()
    } throws: { error in
      if case StoreError.keyset(.older) = error { true } else { false }
    }
  }

  @Test func `an old record that was put back into the keyset is found by verification`() throws {
    let sealed = SealedStore()
    let store = try sealed.open()
    try store.append(.of("user:1", "a"))
    let keyset = try #require(store.reader.keyring).keyset
    guard case (.key(let old), 1) = try keyset.newest(of: KeyScopeID(.entity("user:1"))) else {
      throw StoreError.absent("the key")
    }
    try store.shred(.entity("user:1"))
    var writer = ByteWriter()
    old.encode(at: 0, keyset.head.salt, into: &writer)
    try store.close()
    var bytes = try #require(try sealed.bytes("keys/keyset"))
    #expect(try EventReader.verify(on: sealed.disk).isIntact)
    bytes.replaceSubrange(KeysetHead.count..<KeysetHead.count + KeyRecord.count, with: writer.bytes)
    try sealed.write(bytes, to: "keys/keyset")
    let report = try EventReader.verify(on: sealed.disk)
    #expect(report.others.count == 1 && report.others[0].fault.contains("the keyset has it"))
  }
}
