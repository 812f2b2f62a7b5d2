// The tables of an index as bytes: the payload of a sealed segment's footer, and of the sidecar that
// a clean close leaves so that the next open need not scan. Everything is little-endian and fixed in
// width, so that it is searched where it lies in a memory map.
//
//     0   8  first sequence the segment may hold        64   8  time of the first event
//     8   4  generation                                 72   8  time of the last
//    12   4  0                                          80  16  id of the first
//    16   8  first sequence covered                     96  16  id of the last
//    24   8  sequences covered                         112  32  accumulator's root after the last
//    32   8  where the last mark ends                  144  64  signature of the seal, or zeros
//    40   8  last mark's group                         208 208  13 tables: start (8), bytes (8)
//    48   4  last mark's chain                         416   .  the tables
//    52   4  0
//    56   8  0
//
//   peaks      32     tops of the accumulator after the last event
//   offsets     4     where each event's frame begins, by ordinal
//   streams    40     start of name (8), its bytes (4), lane (4), first posting (4), postings (4),
//                     sequence in the lane (8), last ordinal (4), 0 (4); by name and lane
//   streamRows  4     ordinals of each stream in turn
//   kinds      12     kind (2), 0 (2), first posting (4), postings (4); by kind
//   kindRows    4     ordinals of each kind in turn; empty where there is but one kind, of all
//   scopes     24     start of name (8), its bytes (4), 0 (4), first posting (4), postings (4)
//   scopeRows   4     likewise; empty where there is but one scope, of all
//   keys       20     hash of the key (16), ordinal (4); by hash
//   cancelled   4     ordinals of members of cancelled fences, ascending
//   filter      1     bits of a Bloom filter over the streams' keys
//   nodes      44     height (4), index (8), top (32), by height and index
//   names       1     the names that others point into
//
// In the file a footer is a sidecar envelope around this, then its length (8) and "LARDEND" and 1.

internal import Ambient
internal import Bytes
internal import Digests

/// The tables of the image, in their order.
enum IndexTable: Int, CaseIterable {
  case peaks, offsets, streams, streamRows, kinds, kindRows, scopes, scopeRows, keys, cancelled
  case filter, nodes, names

  /// Bytes of one row.
  var rowCount: Int {
    switch self {
    case .peaks: 32
    case .offsets, .streamRows, .kindRows, .scopeRows, .cancelled: 4
    case .streams: 40
    case .kinds: 12
    case .scopes: 24
    case .keys: 20
    case .nodes: 44
    case .filter, .names: 1
    }
  }
}

enum IndexImage {
  static let format: UInt16 = 1
  static let headerCount = 208 + IndexTable.allCases.count * 16
  static let endMagic = Array("LARDEND".utf8) + [1]
  static let trailerCount = 16

  /// The image of the tables; `sign` is given the statement of the seal.
  static func encode(
    _ tables: inout IndexTables, sign: (SealStatement) -> [UInt8]?
  ) -> [UInt8] {
    var parts: [IndexTable: ByteWriter] = [:]
    var names = ByteWriter()
    parts[.peaks] = encoded { writer in
      for peak in tables.accumulator.peaks { writer.append(digest: peak) }
    }
    parts[.offsets] = encoded { writer in
      for offset in tables.offsets { writer.append(offset) }
    }
    (parts[.streams], parts[.streamRows], parts[.filter]) = streams(&tables, &names)
    (parts[.kinds], parts[.kindRows]) = kinds(tables)
    (parts[.scopes], parts[.scopeRows]) = scopes(tables, &names)
    parts[.keys] = encoded { writer in
      let rows = tables.keys.flatMap { key, ordinals in ordinals.map { (key, $0) } }
      for (key, ordinal) in rows.sorted(by: {
        ($0.0.high, $0.0.low, $0.1) < ($1.0.high, $1.0.low, $1.1)
      }) {
        writer.append(key.high)
        writer.append(key.low)
        writer.append(ordinal)
      }
    }
    parts[.cancelled] = encoded { writer in
      for ordinal in tables.cancelled.sorted() { writer.append(ordinal) }
    }
    parts[.nodes] = encoded { writer in
      for (name, top) in tables.nodes.sorted(by: {
        ($0.key.height, $0.key.index) < ($1.key.height, $1.key.index)
      }) {
        writer.append(UInt32(name.height))
        writer.append(name.index)
        writer.append(digest: top)
      }
    }
    parts[.names] = names
    return assembled(tables, parts, sign: sign)
  }

  private static func assembled(
    _ tables: IndexTables, _ parts: [IndexTable: ByteWriter], sign: (SealStatement) -> [UInt8]?
  ) -> [UInt8] {
    let root = tables.accumulator.root
    let statement = SealStatement(count: tables.accumulator.count, root: root)
    var writer = ByteWriter(reserving: headerCount + parts.values.reduce(0) { $0 + $1.count })
    writer.append(tables.segment.first)
    writer.append(tables.segment.generation)
    writer.append(0 as UInt32)
    writer.append(tables.firstSequence)
    writer.append(UInt64(tables.count))
    writer.append(tables.endOffset)
    writer.append(tables.lastMark?.group ?? 0)
    writer.append(tables.lastMark?.chain ?? 0)
    writer.append(repeating: 0, count: 12)
    writer.append(tables.firstTime?.microseconds ?? 0)
    writer.append(tables.lastTime?.microseconds ?? 0)
    writer.append(id: tables.firstID ?? EventID(high: 0, low: 0))
    writer.append(id: tables.lastID ?? EventID(high: 0, low: 0))
    writer.append(digest: root)
    writer.append(bytes: sign(statement) ?? Array(repeating: 0, count: 64))
    var start = headerCount
    for table in IndexTable.allCases {
      let count = parts[table]?.count ?? 0
      writer.append(UInt64(start))
      writer.append(UInt64(count))
      start += count
    }
    for table in IndexTable.allCases {
      if let part = parts[table] { writer.append(bytes: part.bytes) }
    }
    return writer.take()
  }

  /// The whole footer around an image, as it stands at the end of a sealed segment.
  static func footer(_ image: [UInt8]) -> [UInt8] {
    var writer = ByteWriter(continuing: Sidecar.encode(.index, format: format, payload: image))
    writer.append(UInt64(writer.count))
    writer.append(bytes: endMagic)
    return writer.take()
  }

  private static func encoded(_ body: (inout ByteWriter) -> Void) -> ByteWriter {
    var writer = ByteWriter()
    body(&writer)
    return writer
  }

  private static func streams(
    _ tables: inout IndexTables, _ names: inout ByteWriter
  ) -> (ByteWriter, ByteWriter, ByteWriter) {
    let order = tables.streamsInOrder()
    var rows = ByteWriter(reserving: order.count * 40)
    var postings = ByteWriter(reserving: tables.count * 4)
    var filter = StreamFilter(streams: order.count)
    for row in order {
      let stream = tables.streams[Int(row)]
      rows.append(UInt64(names.count))
      let entity = tables.entity(ofStream: row)
      rows.append(UInt32(entity.count))
      rows.append(stream.lane.number)
      rows.append(UInt32(postings.count / 4))
      rows.append(UInt32(stream.ordinals.count))
      rows.append(stream.streamSequence)
      rows.append(stream.ordinals[stream.ordinals.count - 1])
      rows.append(0 as UInt32)
      names.append(bytes: entity)
      for ordinal in stream.ordinals { postings.append(ordinal) }
      filter.insert(tables.key(ofStream: row))
    }
    return (rows, postings, ByteWriter(continuing: filter.bytes))
  }

  private static func kinds(_ tables: IndexTables) -> (ByteWriter, ByteWriter) {
    var rows = ByteWriter()
    var postings = ByteWriter()
    let implied = tables.kinds.count == 1 && tables.kinds[0].ordinals.count == tables.count
    for (kind, ordinals) in tables.kinds.sorted(by: { $0.kind.rawValue < $1.kind.rawValue }) {
      rows.append(kind.rawValue)
      rows.append(0 as UInt16)
      rows.append(UInt32(postings.count / 4))
      rows.append(UInt32(ordinals.count))
      if !implied { for ordinal in ordinals { postings.append(ordinal) } }
    }
    return (rows, postings)
  }

  private static func scopes(
    _ tables: IndexTables, _ names: inout ByteWriter
  ) -> (ByteWriter, ByteWriter) {
    var rows = ByteWriter()
    var postings = ByteWriter()
    let implied = tables.scopes.count == 1 && tables.scopes[0].ordinals.count == tables.count
    for scope in tables.scopes.sorted(by: { $0.name.lexicographicallyPrecedes($1.name) }) {
      rows.append(UInt64(names.count))
      rows.append(UInt32(scope.name.count))
      rows.append(0 as UInt32)
      rows.append(UInt32(postings.count / 4))
      rows.append(UInt32(scope.ordinals.count))
      names.append(bytes: scope.name)
      if !implied { for ordinal in scope.ordinals { postings.append(ordinal) } }
    }
    return (rows, postings)
  }
}

/// What a seal, and a checkpoint, says: this many events have this root.
struct SealStatement: Equatable {
  let count: UInt64
  let root: Blake3Digest
}

/// A Bloom filter over the streams of a segment: ten bits a stream and seven probes, so that about
/// one in a hundred strangers passes.
struct StreamFilter {
  private(set) var bytes: [UInt8]
  private static let bitsPerStream = 10
  private static let probes = 7

  init(streams: Int) {
    bytes = Array(repeating: 0, count: max(8, (streams * Self.bitsPerStream + 7) / 8))
  }

  mutating func insert(_ key: StreamKey) {
    for probe in 0..<Self.probes {
      let bit = Self.bit(key, probe, of: bytes.count)
      bytes[bit >> 3] |= 1 << UInt8(bit & 7)
    }
  }

  /// False when the stream is certainly not among those inserted.
  static func mayContain(_ key: StreamKey, in filter: Span<UInt8>) -> Bool {
    for probe in 0..<probes {
      let bit = bit(key, probe, of: filter.count)
      if filter[bit >> 3] & 1 << UInt8(bit & 7) == 0 { return false }
    }
    return true
  }

  private static func bit(_ key: StreamKey, _ probe: Int, of byteCount: Int) -> Int {
    let mixed = key.high &+ UInt64(probe) &* (key.low | 1)
    return Int(mixed % UInt64(byteCount * 8))
  }
}
