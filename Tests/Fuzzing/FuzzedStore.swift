// A store on a disk in memory, some of whose files are hostile.

import Ambient
import Bytes
import DiskSimulation
import DurableFiles

@testable import EventStore

struct FuzzedStore {
  private let disk = SimulatedDisk(seed: 1, faults: .none)
  private let options: StoreOptions
  private let keys: KeySource?
  static let lineage = Lineage(id: EventID(high: 1, low: 2))
  static let key = KeyEncryptionKey(from: .seeded(42))

  init(sealed: Bool = false) {
    var options = StoreOptions()
    options.maintenance = .inline
    options.entropy = .seeded(3)
    options.preallocationBytes = 0
    if sealed { options.keys = StoreKeys(.key(Self.key), granularity: .entity) }
    self.options = options
    keys = sealed ? .key(Self.key) : nil
    do {
      try disk.makeDirectory(StoreNames.segments, mode: 0o700)
      var meta = StoreMeta(lineage: Self.lineage, made: WallTime(microseconds: 1))
      if sealed {
        meta.granularity = .entity
        try disk.makeDirectory(KeysetFiles.directory, mode: 0o700)
      }
      try meta.write(on: disk, .seeded(1))
    } catch {
      preconditionFailure("\(error)")
    }
  }

  /// Puts a file in its place.
  func put(_ bytes: [UInt8], at path: FilePath) {
    do {
      try AtomicReplace.write(
        bytes, to: path, mode: 0o600, replacing: true, on: disk, entropy: .seeded(2))
    } catch {
      preconditionFailure("\(error)")
    }
  }

  /// Imports the lines of a stream, as far as they are taken.
  func take(_ lines: [[UInt8]]) {
    _ = decoded {
      let store = try EventStore.open(on: disk, options)
      var importer = EventImporter(into: store)
      for line in lines { try importer.take(line) }
      _ = try importer.finish()
      try store.close()
    }
  }

  /// Does with the store what users do; it may refuse at any point, by name.
  func use() {
    _ = decoded { try EventReader.verify(on: disk) }
    _ = decoded {
      let reader = try EventReader.open(on: disk, keys: keys)
      for order in [PageOrder.oldestFirst, .newestFirst] {
        let page = try reader.events(in: Region(entityPrefix: "file"), limit: 50, order: order)
        for event in page.events { _ = decoded { try reader.ancestors(of: event.header.id) } }
      }
      _ = try reader.latest("file:1")
      let last = try reader.lastSequence
      if last > 0 {
        _ = try reader.receipt(last)
        _ = try reader.inclusionProof(of: 1)
        _ = try reader.root(count: last)
      }
    }
    _ = decoded {
      let store = try EventStore.open(on: disk, options)
      let receipt = try store.append(
        NewEvent(
          try Coordinate(entity: "file:1", scope: "test"), kind: EventKind(rawValue: 0x1001),
          payload: [1, 2, 3]))
      let event = try store.reader.event(receipt.sequence)
      precondition(event.bytes == [1, 2, 3], "what was appended does not read back")
      try store.close()
      _ = try EventReader.verify(on: disk)
    }
  }

  /// A segment file whose frames the input tells: each is a length in 15 bits and its body. An
  /// odd second byte stands for a mark that ends the group as it should.
  static func segment(of input: [UInt8]) -> [UInt8] {
    let header = SegmentHeader(
      name: fuzzedSegment, lineage: lineage, made: WallTime(microseconds: 1),
      root: Accumulator().root, signer: nil)
    var writer = ByteWriter()
    writer.append(bytes: header.encode())
    var rest = input[...]
    var group: UInt64 = 0
    var chain: UInt32 = 0
    var sequence: UInt64 = 0
    while rest.count >= 2 {
      let (low, high) = (rest.removeFirst(), rest.removeFirst())
      let offset = UInt64(writer.count)
      let start = Envelope.open(in: &writer)
      if high & 1 == 1 {
        group += 1
        Mark(group: group, durableBelow: offset, lastSequence: sequence, chain: chain)
          .encode(into: &writer)
      } else {
        let body = rest.prefix(Int(high >> 1) << 8 | Int(low))
        rest = rest.dropFirst(body.count)
        writer.append(bytes: Array(body))
        sequence += 1
      }
      guard writer.count > start + Envelope.count else { continue }
      let checksum = Envelope.seal(
        &writer, start: start, end: writer.count, base: 0, in: fuzzedSegment)
      if high & 1 == 0 { chain = chained(chain, checksum) }
    }
    return writer.take()
  }
}
