// What is fuzzed, and what must hold of whatever decodes: it encodes again to the same bytes, and
// everything that can be asked of it has an answer.

import Ambient
import Bytes
import Digests
import DurableFiles

@testable import EventStore

/// One decoder under test.
enum FuzzTarget: String, CaseIterable {
  case frame, header, footer, checkpoint, receipt, meta, manifest, origin, cursor, keyset, stream
  case segment, request, heads, sealed, part

  /// Decodes the input; ends the process when a promise is broken.
  func run(_ input: [UInt8]) {
    switch self {
    case .frame: fuzzFrame(input)
    case .header: fuzzHeader(input)
    case .footer: fuzzFooter(input)
    case .checkpoint: fuzzCheckpoint(input)
    case .receipt: fuzzReceipt(input)
    case .meta: fuzzFile(input, .meta, StoreNames.meta)
    case .manifest: fuzzFile(input, .manifest, StoreNames.manifest)
    case .origin: fuzzFile(input, .origin, StoreNames.origin)
    case .cursor: fuzzCursor(input)
    case .keyset: fuzzKeyset(input)
    case .stream: fuzzStream(input)
    case .segment: fuzzSegment(input)
    case .heads: fuzzHeads(input)
    case .request: fuzzRequest(input)
    case .sealed: fuzzSealed(input)
    case .part: fuzzPart(input)
    }
  }
}

/// What a decoder made of bytes; nil when it refused them, which is a good answer.
func decoded<Value>(_ body: () throws -> Value) -> Value? {
  do { return try body() } catch { return nil }
}

/// The input as it is, then with the envelope that a payload of this kind has.
private func raws(_ input: [UInt8], _ kind: SidecarKind) -> [[UInt8]] {
  [input, Sidecar.encode(kind, format: 1, payload: input)]
}

let fuzzedSegment = SegmentName(first: 1, generation: 0)

private func fuzzFrame(_ input: [UInt8]) {
  _ = Frame.read(input.span, at: 0, base: 0, in: fuzzedSegment)
  // The same body once more behind an envelope that fits.
  var writer = ByteWriter()
  let start = Envelope.open(in: &writer)
  writer.append(bytes: input)
  Envelope.seal(&writer, start: start, end: writer.count, base: 0, in: fuzzedSegment)
  let bytes = writer.bytes
  switch Frame.read(bytes.span, at: 0, base: 0, in: fuzzedSegment) {
  case .frame(.event(let event), _, _):
    _ = decoded { try EventHeader.decode(bytes.span, event.header) }
  case .frame(.husk(let husk), _, _):
    if let kept = husk.kept { _ = decoded { try EventHeader.decode(bytes.span, kept.header) } }
  case .frame, .end, .needs, .damage: break
  }
}

private func fuzzHeader(_ input: [UInt8]) {
  guard let header = decoded({ try EventHeader.decode(input.span, 0..<input.count) }) else {
    return
  }
  var writer = ByteWriter()
  header.encode(into: &writer)
  precondition(writer.bytes == input, "a header has two spellings")
}

private func fuzzFooter(_ input: [UInt8]) {
  for bytes in raws(input, .index) {
    let index = decoded {
      try FooterIndex(
        MemoryMap(bytes),
        try Sidecar.payload(.index, format: IndexImage.format, in: bytes.span))
    }
    if let index { ask(index) }
  }
}

/// Asks an index everything that readers ask.
private func ask(_ index: FooterIndex) {
  let entity = Array("file:1".utf8)
  let key = StreamKey(entity: entity, lane: .main)
  _ = index.head(of: entity, lane: .main, key: key)
  for ordinal in 0..<min(index.count, 64) {
    _ = index.offset(of: ordinal)
    _ = index.isCancelled(ordinal)
  }
  let regions = [
    Region.everything, Region(entityPrefix: "file"), Region(scope: "test"),
    Region(kind: .exactly(EventKind(rawValue: 0x1001))), Region(kind: .category(1)),
  ]
  for region in regions {
    for order in [PageOrder.oldestFirst, .newestFirst] {
      let start = order == .oldestFirst ? 0 : UInt32(clamping: index.count)
      let page = index.candidates(for: region, from: start, max: 100, order: order)
      precondition(page.ordinals.count <= 100, "an index told more than was asked")
    }
  }
  _ = index.predecessor(of: entity, lane: .main, key: key, before: index.count)
  _ = index.keyCount(after: index.count / 2)
  if let key = decoded({ try IdempotencyKey(Array("key".utf8)) }) {
    for ordinal in index.keyed(KeyHash(key)) { _ = index.offset(of: ordinal) }
  }
  for height in 0..<64 { _ = index.top(of: SubtreeName(height: height, index: 0)) }
}

private func fuzzCheckpoint(_ input: [UInt8]) {
  for bytes in raws(input, .checkpoint) {
    guard let checkpoint = decoded({ try Checkpoint(decoding: bytes) }) else { continue }
    _ = checkpoint.verify()
    precondition(checkpoint.encoded == bytes, "a checkpoint has two spellings")
  }
}

private func fuzzReceipt(_ input: [UInt8]) {
  for bytes in raws(input, .receipt) {
    guard let receipt = Receipt(decoding: bytes) else { continue }
    _ = receipt.verify()
    precondition(receipt.encoded == bytes, "a receipt has two spellings")
  }
}

/// A small file of the store's own, in a store that is then used.
private func fuzzFile(_ input: [UInt8], _ kind: SidecarKind, _ path: FilePath) {
  for bytes in raws(input, kind) {
    let store = FuzzedStore()
    store.put(bytes, at: path)
    store.use()
  }
}

/// A cursor's file: as it is, and with a head that fits the first bytes and a slot out of the rest.
private func fuzzCursor(_ input: [UInt8]) {
  _ = decoded { try CursorRecord(decoding: input) }
  let slot = input.prefix(CursorSlot.count - 32)
  var file = Sidecar.encode(.cursor, format: 1, payload: Array(input.dropFirst(slot.count)))
  guard slot.count == CursorSlot.count - 32, file.count <= CursorRecord.headBytes else { return }
  let bound = Array(file.suffix(32)) + slot
  file += Array(repeating: 0, count: CursorRecord.headBytes - file.count) + slot
  var writer = ByteWriter()
  writer.append(digest: Blake3.digest(of: bound))
  file += writer.bytes
  file += Array(repeating: 0, count: CursorRecord.fileBytes - file.count)
  guard let record = decoded({ try CursorRecord(decoding: file) }) else { return }
  let next = record.advanced(to: record.slot.position, record.slot.commitment)
  precondition(next.region == record.region && record.isOf(record.region))
}

/// A keyset whose head has the numbers of the first bytes and a proof that fits, and whose records have
/// checksums that fit, in a store that has keys.
private func fuzzKeyset(_ input: [UInt8]) {
  let store = FuzzedStore(sealed: true)
  store.put(input, at: KeysetFiles.keyset)
  store.use()
  guard input.count >= 32 else { return }
  let salt = KeysetSalt(high: 1, low: 2)
  let head = KeysetHead(
    granularity: .entity, lineage: FuzzedStore.lineage, keyID: FuzzedStore.key.id, salt: salt,
    epoch: UInt64(input[0]), history: ShredHistory.none, minted: UInt64(input[1]),
    records: littleEndianUInt64(input.span, at: 2) >> UInt64(input[10] & 63))
  var file = head.encode(with: FuzzedStore.key)
  var rest = input[32...]
  for index in 0... {
    let record = Array(rest.prefix(KeyRecord.count - 4))
    guard record.count == KeyRecord.count - 4 else { break }
    rest = rest.dropFirst(record.count)
    var writer = ByteWriter()
    writer.append(bytes: record)
    writer.append(KeyRecord.checksum(record.span, index, salt))
    file += writer.bytes
  }
  let other = FuzzedStore(sealed: true)
  other.put(file + rest, at: KeysetFiles.keyset)
  other.use()
}

/// Lines of an export, taken by a store that is then used.
private func fuzzStream(_ input: [UInt8]) {
  let store = FuzzedStore()
  store.take(input.split(separator: UInt8(ascii: "\n")).map(Array.init))
  store.use()
}

/// A segment out of frames that the input gives, in a store that is then read, verified, opened and
/// appended to.
private func fuzzSegment(_ input: [UInt8]) {
  let store = FuzzedStore()
  store.put(FuzzedStore.segment(of: input), at: StoreNames.segment(fuzzedSegment))
  store.use()
}

/// A table of heads: as it is, and behind a head and with checksums that fit.
private func fuzzHeads(_ input: [UInt8]) {
  if let table = decoded({ try HeadTable(MemoryMap(input)) }) { ask(table) }
  let buckets = 1 + input.count / HeadTable.blockBytes
  let run = HeadRun(sequences: 1...9, root: .zeros, segments: [fuzzedSegment])
  let head = HeadTableHead(run, rows: UInt64(input.count), buckets: UInt32(buckets))
  var writer = ByteWriter(continuing: head.encode())
  for bucket in 0..<buckets {
    var block = Array(
      input.dropFirst(bucket * HeadTable.blockBytes).prefix(HeadTable.blockBytes - 4))
    block += Array(repeating: 0, count: HeadTable.blockBytes - block.count)
    writer.append(bytes: block.dropLast(4))
    writer.append(HeadTable.checksum(block.span, of: bucket))
  }
  guard let table = decoded({ try HeadTable(MemoryMap(writer.take())) }) else {
    preconditionFailure("a table with checksums that fit is refused")
  }
  ask(table)
}

/// Asks a table for streams of every bucket, and for its rows.
private func ask(_ table: HeadTable) {
  for bucket in 0..<min(Int(table.buckets), 64) {
    for row in table.rows(of: bucket) ?? [] {
      if case .segment(let number) = table.find(StreamKey(high: row.key, low: 0)) {
        precondition(number < table.run.segments.count, "a table names a segment it does not have")
      }
    }
  }
  _ = table.find(StreamKey(high: .max, low: .max))
}
