// What is fuzzed, and what must hold of whatever decodes: it encodes again to the same bytes, and
// everything that can be asked of it has an answer.

import Ambient
import Bytes
import Digests
import DurableFiles

@testable import EventStore

/// One decoder under test.
enum FuzzTarget: String, CaseIterable {
  case frame, header, footer, checkpoint, receipt, meta, segment

  /// Decodes the input; ends the process when a promise is broken.
  func run(_ input: [UInt8]) {
    switch self {
    case .frame: fuzzFrame(input)
    case .header: fuzzHeader(input)
    case .footer: fuzzFooter(input)
    case .checkpoint: fuzzCheckpoint(input)
    case .receipt: fuzzReceipt(input)
    case .meta: fuzzMeta(input)
    case .segment: fuzzSegment(input)
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
  _ = index.keyCount(after: index.count / 2)
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

private func fuzzMeta(_ input: [UInt8]) {
  for bytes in raws(input, .meta) {
    let store = FuzzedStore()
    store.put(bytes, at: StoreNames.meta)
    store.use()
  }
}

/// A segment out of frames that the input gives, in a store that is then read, verified, opened and
/// appended to.
private func fuzzSegment(_ input: [UInt8]) {
  let store = FuzzedStore()
  store.put(FuzzedStore.segment(of: input), at: StoreNames.segment(fuzzedSegment))
  store.use()
}
