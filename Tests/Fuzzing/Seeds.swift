// Good bytes to begin from, taken out of a store that has a little of everything: mutating what is
// valid reaches further than mutating nothing.

import Ambient
import Bytes
import Digests
import DiskSimulation
import DurableFiles

@testable import EventStore

enum Seeds {
  /// Writes the target's seeds as files.
  static func write(for target: FuzzTarget, into directory: String) {
    do {
      let disk = try PosixDisk(root: directory)
      for (number, seed) in try seeds(for: target).enumerated() {
        try AtomicReplace.write(
          seed, to: FilePath.root.appending("seed-\(number)"), mode: 0o600, replacing: true,
          on: disk, entropy: .live)
      }
    } catch {
      fatalError("the seeds were not written: \(error)")
    }
  }

  private static func seeds(for target: FuzzTarget) throws -> [[UInt8]] {
    let disk = SimulatedDisk(seed: 1, faults: .none)
    let (store, receipts) = try makeStore(disk)
    let checkpoint = try store.reader.checkpoint(at: WallTime(microseconds: 1))
    try store.close()
    let bodies = try frames(disk)
    switch target {
    case .frame: return bodies
    case .header:
      return receipts.map { receipt in
        var writer = ByteWriter()
        receipt.header.encode(into: &writer)
        return writer.take()
      }
    case .receipt: return receipts.map { inner($0.encoded) }
    case .checkpoint: return [inner(checkpoint.encoded)]
    case .meta: return [inner(try bytes(of: StoreNames.meta, disk))]
    case .footer: return [inner(try bytes(of: StoreNames.index(fuzzedSegment), disk))]
    case .manifest, .origin:
      let path = target == .manifest ? StoreNames.manifest : StoreNames.origin
      let copy = SimulatedDisk(seed: 2, faults: .none)
      let reader = try EventReader.open(on: disk)
      if target == .manifest {
        _ = try reader.snapshot(to: copy)
      } else {
        _ = try reader.fork(to: copy)
      }
      return [inner(try bytes(of: path, copy))]
    case .cursor:
      var writer = ByteWriter()
      writer.append(1 as UInt64)
      writer.append(1 as UInt64)
      writer.append(digest: receipts[0].commitment.digest)
      writer.append(id: FuzzedStore.lineage.id)
      writer.append(prefixed: Array("name".utf8))
      Region(entityPrefix: "file", scope: "test", kind: .category(1), lane: .main, sequences: 1...9)
        .encode(into: &writer)
      return [writer.take()]
    case .keyset: return [Array(repeating: 0, count: 32) + records()]
    case .request: return FuzzedRequests.seeds
    case .sealed, .part: return FuzzedSealing.seeds(for: target)
    case .stream:
      let reader = try EventReader.open(on: disk)
      var exporter = try EventExporter(reader)
      var stream: [UInt8] = []
      while let line = try exporter.next() { stream += line }
      return [stream]
    case .heads:
      let rows = [[UInt8]](repeating: Array(1...8) + [0, 0, 0, 0], count: 2)
      return [[2, 0, 0, 0] + rows.joined()]
    case .segment:
      var input: [UInt8] = []
      for body in bodies {
        let isMark = body[0] == FrameKind.mark.rawValue
        input += isMark ? [0, 1] : [UInt8(body.count & 0xFF), UInt8(body.count >> 8) << 1]
        if !isMark { input += body }
      }
      return [input]
    }
  }

  /// Records of a keyset without their checksums.
  private static func records() -> [UInt8] {
    var found: [UInt8] = []
    for (index, content) in [
      KeyRecord.Content.key(
        durableBelow: 0, nonce: Array(repeating: 1, count: 24),
        wrapped: Array(repeating: 2, count: 48)), .shredded(epoch: 1),
    ].enumerated() {
      var writer = ByteWriter()
      KeyRecord(scope: KeyScopeID(high: 1, low: 2), generation: UInt32(index), content: content)
        .encode(at: index, KeysetSalt(high: 1, low: 2), into: &writer)
      found += writer.bytes.dropLast(4)
    }
    return found
  }

  private static func makeStore(_ disk: SimulatedDisk) throws -> (EventStore, [Receipt]) {
    var options = StoreOptions()
    options.maintenance = .inline
    options.entropy = .seeded(1)
    options.preallocationBytes = 0
    let seed = Array(repeating: 7 as UInt8, count: 32)
    options.signing = .required(
      SigningKey(try Ed25519.KeyPair(seed: SecretBytes(copying: seed.span))))
    let store = try EventStore.open(on: disk, options)
    var receipts: [Receipt] = []
    for number in 0..<6 {
      var event = NewEvent(
        try Coordinate(entity: "file:\(number % 2)", scope: "test"),
        kind: EventKind(rawValue: 0x1001), payload: [UInt8(number), 1])
      event.key = try IdempotencyKey("key \(number)")
      if number == 3 {
        event.lane = Lane(1)
        event.correlation = CorrelationID(EventID(high: 1, low: 1))
        event.causation = CausationID(receipts[0].id)
        event.extensions = [try EventExtension("test.name", [1, 2])]
      }
      receipts.append(try store.append(event))
    }
    receipts += try store.append(batch: [
      NewEvent(
        try Coordinate(entity: "file:1", scope: "other"), kind: EventKind(rawValue: 0x2001),
        payload: []),
      NewEvent(
        try Coordinate(entity: "file:1:child", scope: "test"), kind: EventKind(rawValue: 0x1001),
        payload: [9]),
    ])
    let fence = try store.openFence()
    try fence.append(
      NewEvent(
        try Coordinate(entity: "file:2", scope: "test"), kind: EventKind(rawValue: 0x1001),
        payload: [9]))
    try fence.cancel()
    return (store, receipts)
  }

  private static func bytes(of path: FilePath, _ disk: any Disk) throws -> [UInt8] {
    try OpenFile(path, .reading, on: disk).readAll(bytesMax: 1 << 20)
  }

  /// A small file without its envelope.
  private static func inner(_ file: [UInt8]) -> [UInt8] {
    Array(file[Sidecar.headerCount..<file.count - Sidecar.digestCount])
  }

  /// The bodies of a segment's frames, in order.
  private static func frames(_ disk: any Disk) throws -> [[UInt8]] {
    let file = try bytes(of: StoreNames.segment(fuzzedSegment), disk)
    var bodies: [[UInt8]] = []
    var offset = SegmentHeader.count
    while case .frame(_, let body, _) = Frame.read(
      file.span, at: offset, base: 0, in: fuzzedSegment)
    {
      bodies.append(Array(file[body]))
      offset = body.upperBound
    }
    return bodies
  }
}
