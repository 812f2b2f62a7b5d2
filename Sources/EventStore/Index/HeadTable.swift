// Which segment holds the last event of a stream, for all streams of a run of sealed segments: one
// look here stands for asking each of the segments. Streams are spread over buckets by the high word
// of their key, in its order, so a bucket answers for a stream that is there and for one that is not.
//
//   0   8  "LARDHEA" and 1                       first bucket at the next multiple of 4,096, then
//   8   8  first sequence of the run             one every 4,096 bytes:
//  16   8  last sequence of the run                 0    2  rows
//  24   8  rows                                     2    2  0
//  32   4  buckets                                  4  12r  key (8), number of the segment (4)
//  36   4  segments, n                              .    .  0
//  40  32  root over all events up to the last   4092    4  CRC-32C of the bucket's number (8) and
//  72 16n  first sequence (8), generation (4)               the 4,092 bytes before
//          and 0 (4) of each segment
//   .  32  BLAKE3 of everything before
//
// The file is regenerable, and a table counts only over the very segments that it was made from. What
// it says of a segment is looked up there; what it says of none rests on the bucket's checksum.

internal import Bytes
internal import Digests
internal import DurableFiles
internal import Synchronization

/// What a table says of a stream.
enum HeadAnswer: Equatable {
  /// Its last event in the run is in this segment, counted from the oldest, if the key is its own.
  case segment(Int)
  /// It has none in the run.
  case absent
  /// The bucket cannot be read.
  case damaged
}

/// One stream's row: the high word of its key, and the newest segment that has it.
struct HeadRow: Equatable {
  let key: UInt64
  let segment: UInt32
}

/// The heads over one run of sealed segments.
final class HeadTable: Sendable {
  static let blockBytes = 4_096
  static let rowsMax = (blockBytes - 8) / rowBytes
  static let rowBytes = 12
  /// The most segments of one table.
  static let segmentsMax = 65_536
  static let magic = Array("LARDHEA".utf8) + [1]

  private let map: any MappedBytes
  let run: HeadRun
  let rows: UInt64
  let buckets: UInt32
  private let start: Int
  private let damage = Atomic(false)

  /// Opens a table; its buckets are checked as they are read.
  init(_ map: any MappedBytes) throws(FormatFault) {
    self.map = map
    let head = try map.withBytes { (bytes: Span<UInt8>) throws(FormatFault) -> HeadTableHead in
      try HeadTableHead(bytes)
    }
    run = head.run
    rows = head.rows
    buckets = head.buckets
    start = head.start
  }

  /// Whether a bucket was found that cannot be read; the table is made anew then.
  var isDamaged: Bool { damage.load(ordering: .relaxed) }

  /// Which bucket a stream belongs to.
  static func bucket(of key: UInt64, among buckets: UInt32) -> Int {
    Int(key.multipliedFullWidth(by: UInt64(buckets)).high)
  }

  /// What the table says of a stream.
  func find(_ key: StreamKey) -> HeadAnswer {
    map.withBytes { bytes in
      let bucket = Self.bucket(of: key.high, among: buckets)
      guard let count = rowCount(bytes, bucket) else { return .damaged }
      let low = (0..<count).partition { row(bytes, bucket, $0).key >= key.high }
      guard low < count, row(bytes, bucket, low).key == key.high else { return .absent }
      let segment = Int(row(bytes, bucket, low).segment)
      return segment < run.segments.count ? .segment(segment) : .damaged
    }
  }

  /// The rows of a bucket, by their keys; nil when it is damaged.
  func rows(of bucket: Int) -> [HeadRow]? {
    map.withBytes { bytes in
      rowCount(bytes, bucket).map { count in (0..<count).map { row(bytes, bucket, $0) } }
    }
  }

  /// How many rows a bucket has; nil when its checksum does not fit.
  private func rowCount(_ bytes: Span<UInt8>, _ bucket: Int) -> Int? {
    let place = start + bucket * Self.blockBytes
    let block = bytes.extracting(place..<place + Self.blockBytes)
    let count = Int(block[0]) | Int(block[1]) << 8
    guard count <= Self.rowsMax,
      Self.checksum(block, of: bucket) == littleEndianUInt32(block, at: Self.blockBytes - 4)
    else {
      damage.store(true, ordering: .relaxed)
      return nil
    }
    return count
  }

  private func row(_ bytes: Span<UInt8>, _ bucket: Int, _ row: Int) -> HeadRow {
    let place = start + bucket * Self.blockBytes + 4 + row * Self.rowBytes
    return HeadRow(
      key: littleEndianUInt64(bytes, at: place), segment: littleEndianUInt32(bytes, at: place + 8))
  }

  static func checksum(_ block: Span<UInt8>, of bucket: Int) -> UInt32 {
    var crc = Crc32c()
    crc.update(word: UInt64(bucket))
    crc.update(block.extracting(0..<blockBytes - 4))
    return crc.value
  }
}

/// A run of sealed segments.
struct HeadRun: Equatable {
  let sequences: ClosedRange<UInt64>
  /// The root over all events up to the last of the run, which says that the run is of this log.
  let root: Blake3Digest
  /// The oldest first.
  let segments: [SegmentName]
}

/// What stands before the buckets.
struct HeadTableHead: Equatable {
  let run: HeadRun
  let rows: UInt64
  let buckets: UInt32

  private static let fixedBytes = 72

  /// Where the first bucket begins.
  var start: Int {
    let end = Self.fixedBytes + run.segments.count * 16 + 32
    return (end + HeadTable.blockBytes - 1) / HeadTable.blockBytes * HeadTable.blockBytes
  }

  /// The head's bytes, up to the first bucket.
  func encode() -> [UInt8] {
    var writer = ByteWriter(reserving: start)
    writer.append(bytes: HeadTable.magic)
    writer.append(run.sequences.lowerBound)
    writer.append(run.sequences.upperBound)
    writer.append(rows)
    writer.append(buckets)
    writer.append(UInt32(run.segments.count))
    writer.append(digest: run.root)
    for segment in run.segments {
      writer.append(segment.first)
      writer.append(segment.generation)
      writer.append(0 as UInt32)
    }
    writer.append(digest: Blake3.digest(of: writer.bytes))
    writer.append(repeating: 0, count: start - writer.count)
    return writer.take()
  }

  init(_ run: HeadRun, rows: UInt64, buckets: UInt32) {
    self.run = run
    self.rows = rows
    self.buckets = buckets
  }

  /// Reads the head of a whole file.
  init(_ bytes: Span<UInt8>) throws(FormatFault) {
    let head: HeadTableHead?
    do throws(BytesError) { head = try Self(reading: bytes) } catch { throw FormatFault(error) }
    guard let head else { throw FormatFault("is no table of heads") }
    let end = Self.fixedBytes + head.run.segments.count * 16
    guard storedDigest(bytes, end..<end + 32) == Blake3.digest(of: bytes.extracting(0..<end))
    else { throw FormatFault("does not match its hash") }
    guard bytes.count == head.start + Int(head.buckets) * HeadTable.blockBytes else {
      throw FormatFault("is not as long as it says")
    }
    self = head
  }

  private init?(reading bytes: Span<UInt8>) throws(BytesError) {
    var cursor = ByteCursor(0..<bytes.count)
    guard try cursor.bytes(8, in: bytes) == HeadTable.magic else { return nil }
    let first = try cursor.uint64(in: bytes)
    let last = try cursor.uint64(in: bytes)
    rows = try cursor.uint64(in: bytes)
    buckets = try cursor.uint32(in: bytes)
    let count = Int(try cursor.uint32(in: bytes))
    let root = try cursor.digest(in: bytes)
    guard first > 0, first <= last, buckets > 0, (1...HeadTable.segmentsMax).contains(count),
      cursor.left >= count * 16 + 32
    else { return nil }
    var segments: [SegmentName] = []
    for _ in 0..<count {
      segments.append(
        SegmentName(
          first: try cursor.uint64(in: bytes), generation: try cursor.uint32(in: bytes)))
      guard try cursor.uint32(in: bytes) == 0 else { return nil }
    }
    run = HeadRun(sequences: first...last, root: root, segments: segments)
  }
}
