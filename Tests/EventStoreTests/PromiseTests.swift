// Promises that a well-known journal broke, each by name, where no other suite is about them.

import Ambient
import Digests
import DurableFiles
import ScratchFiles
import Testing

@testable import EventStore

@Suite struct PromiseTests {
  @Test func `a retry is recognised before its position is looked at`() throws {
    let scratch = try Scratch()
    let store = try EventStore.open(on: scratch.disk)
    var event = NewEvent.of("file:1", "first")
    event.key = try IdempotencyKey("key")
    event.expected = .noStream
    let receipt = try store.append(event)
    // The stream has an event now, which is this one.
    #expect(try store.append(event) == receipt)
    #expect(try store.append(batch: [event]) == [receipt])
    event.key = try IdempotencyKey("another")
    #expect(throws: StoreError.self) { try store.append(event) }
    try store.close()
  }

  @Test func `a key that was used for other content is a conflict, never the old receipt`() throws {
    let scratch = try Scratch()
    let store = try EventStore.open(on: scratch.disk)
    let key = try IdempotencyKey("key")
    var event = NewEvent.of("file:1", "first")
    event.key = key
    try store.append(event)
    var others = [event, event, event, event]
    others[0].payload.append(0)
    others[1].kind = EventKind(category: 1, type: 2)!
    others[2].coordinate = try Coordinate(entity: "file:2", scope: "test")
    others[3].extensions = [try EventExtension("test.name", [1])]
    for other in others {
      #expect(throws: StoreError.keyConflict(key)) { try store.append(other) }
    }
    try store.close()
  }

  @Test func `signing that is required opens no store without a key, and is never downgraded`()
    throws
  {
    let scratch = try Scratch()
    var options = StoreOptions()
    options.signing = .required(nil)
    #expect(throws: StoreError.signing("this store must be signed and no key was given")) {
      try EventStore.open(on: scratch.disk, options)
    }
    #expect(try scratch.disk.status(at: "store.larder") == nil)
    options.signing = .required(SigningKey(Ed25519.KeyPair(from: .live)))
    var store = try EventStore.open(on: scratch.disk, options)
    #expect(try store.append(.of("file:1", "x")).verify().isSigned)
    try store.close()

    // Only signing that is merely preferred may be left out, and then the log says so.
    options.signing = .preferSigned(nil)
    store = try EventStore.open(on: scratch.disk, options)
    let opened = try store.reader.events(
      in: Region(kind: .exactly(.opened)), limit: 1, order: .newestFirst)
    let record = String(decoding: opened.events[0].bytes ?? [], as: UTF8.self)
    #expect(record.contains("\"downgraded\":true"), "\(record)")
    try store.close()
  }

  @Test func `no bytes make the decoders of cursors, snapshots and proofs trap`() throws {
    let region = Region(
      entityPrefix: "file", scope: "s", kind: .category(3), lane: Lane(2), sequences: 4...9)
    let lineage = Lineage(id: EventID(high: 1, low: 2))
    let digest = Blake3.digest(of: [1])
    let cursor = try CursorRecord(
      lineage: lineage, name: "job", region: region,
      slot: CursorSlot(commits: 1, position: 7, commitment: Commitment(digest)))
    let snapshot = ProjectionSnapshot(
      lineage: lineage, name: "job", version: 3, region: region, position: 7,
      commitment: Commitment(digest), state: [1, 2, 3])
    let inclusion = InclusionProof(
      sequence: 3, count: 5, siblings: [digest, digest], peaks: [digest, digest])
    let growth = ConsistencyProof(
      oldCount: 3, newCount: 5, oldPeaks: [digest, digest], growth: [digest, digest])
    #expect(try CursorRecord(decoding: cursor.encoded) == cursor)
    #expect(try ProjectionSnapshot(decoding: snapshot.encoded) == snapshot)
    #expect(InclusionProof(decoding: inclusion.encoded) == inclusion)
    #expect(ConsistencyProof(decoding: growth.encoded) == growth)

    var generator = SeededGenerator(seed: 1)
    var understood = 0
    for kind in [SidecarKind.projection, .inclusion, .growth] {
      let whole =
        switch kind {
        case .projection: snapshot.encoded
        case .inclusion: inclusion.encoded
        default: growth.encoded
        }
      let payload = Array(whole[Sidecar.headerCount..<whole.count - Sidecar.digestCount])
      for _ in 0..<2_000 {
        var bytes = payload
        for _ in 0...generator.below(3) {
          bytes[generator.below(bytes.count)] = generator.bytes(1)[0]
        }
        if generator.chance(oneIn: 3) { bytes.removeLast(generator.below(bytes.count)) }
        // The checksum is mended, so that what it guards is reached.
        let file = Sidecar.encode(kind, format: 1, payload: bytes)
        let again: [UInt8]?
        switch kind {
        case .projection:
          do throws(FormatFault) {
            again = try ProjectionSnapshot(decoding: file).encoded
          } catch {
            again = nil
          }
        case .inclusion:
          let proof = InclusionProof(decoding: file)
          _ = proof?.holds(for: Commitment(digest), under: digest)
          again = proof?.encoded
        default:
          let proof = ConsistencyProof(decoding: file)
          _ = proof?.holds(from: digest, to: digest)
          again = proof?.encoded
        }
        guard let again else { continue }
        understood += 1
        // A snapshot at position 0 has no commitment, whatever stood there.
        #expect(kind == .projection || again == file)
      }
    }
    #expect(understood > 100)
  }
}
