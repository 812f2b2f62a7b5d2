// Writes a newer generation of a run of segments. Every frame gets a new envelope, for its file and
// its place are salted into the checksum; the bodies of kept events are copied as they stand. The
// file is written under the name of one that is not in force yet, whole and synced, and is opened
// again and compared before anyone relies on it.
//
// Marks end a group every so many bytes and say that nothing before them was durable: the file is
// synced as a whole before it has a name, so it has no torn tail.

internal import Ambient
internal import Bytes
internal import Digests
internal import DurableFiles

struct SegmentRewrite: ~Copyable {
  private var replacement: AtomicReplace
  private let name: SegmentName
  private var tables: IndexTables
  private var buffer = ByteWriter(reserving: groupBytes + 65_536)
  /// The file's offset of the buffer's first byte.
  private var base: UInt64 = 0
  private var chain: UInt32 = 0
  private var group: UInt64 = 0
  private var framesInGroup = 0

  /// A group is closed when it has this many bytes.
  private static let groupBytes = 1 << 20

  /// Begins the file behind an accumulator.
  init(
    _ header: SegmentHeader, after accumulator: Accumulator, _ files: SegmentFiles
  ) throws(StoreError) {
    name = header.name
    tables = IndexTables(segment: header.name, accumulator: accumulator)
    do throws(DiskError) {
      replacement = try AtomicReplace(
        StoreNames.pending(header.name), mode: 0o600, on: files.disk, entropy: files.entropy)
    } catch {
      throw StoreError(error)
    }
    buffer.append(bytes: header.encode())
  }

  private var offset: UInt64 { base + UInt64(buffer.count) }

  /// Copies an event's frame.
  mutating func keep(
    _ bytes: Span<UInt8>, _ body: Range<Int>, _ commitment: Commitment, _ header: EventHeader
  ) throws(StoreError) {
    let place = offset
    let start = Envelope.open(in: &buffer)
    buffer.append(bytes: bytes.extracting(body))
    tables.append(header, at: place)
    tables.accumulate([commitment])
    try close(start)
  }

  /// Writes what is left of a removed event; `header` when that is kept.
  mutating func leave(
    sequence: UInt64, removal: UInt64, commitment: Commitment,
    kept: (header: [UInt8], digest: PayloadDigest, signature: [UInt8]?)?,
    _ header: EventHeader?
  ) throws(StoreError) {
    let place = offset
    let start = Envelope.open(in: &buffer)
    HuskFrame.encode(
      sequence: sequence, removal: removal, commitment: commitment, kept: kept, into: &buffer)
    if kept != nil, let header {
      tables.append(header, at: place)
    } else {
      tables.append(huskAt: place)
    }
    tables.accumulate([commitment])
    try close(start)
  }

  /// Notes that the last event was a member of a fence that was cancelled.
  mutating func cancelLast() {
    tables.cancel(sequences: CollectionOfOne(tables.accumulator.count))
  }

  private mutating func close(_ start: Int) throws(StoreError) {
    let crc = Envelope.seal(&buffer, start: start, end: buffer.count, base: base, in: name)
    chain = chained(chain, crc)
    framesInGroup += 1
    if buffer.count >= Self.groupBytes { try endGroup() }
  }

  private mutating func endGroup() throws(StoreError) {
    if framesInGroup > 0 {
      group += 1
      let mark = Mark(
        group: group, durableBelow: 0, lastSequence: tables.accumulator.count, chain: chain)
      let start = Envelope.open(in: &buffer)
      mark.encode(into: &buffer)
      Envelope.seal(&buffer, start: start, end: buffer.count, base: base, in: name)
      tables.lastMark = mark
      framesInGroup = 0
    }
    tables.endOffset = offset
    try write(buffer.bytes)
    base = offset
    buffer.removeAll()
  }

  private mutating func write(_ bytes: [UInt8]) throws(StoreError) {
    do throws(DiskError) { try replacement.append(bytes) } catch { throw StoreError(error) }
  }

  /// Ends the file with its footer and gives it its name; the signature is of the last source's
  /// seal, which is over the same events.
  consuming func finish(signature: [UInt8]?) throws(StoreError) {
    try endGroup()
    let image = IndexImage.encode(&tables) { _ in signature }
    try write(IndexImage.footer(image))
    do throws(DiskError) {
      try replacement.commit(replacing: true)
    } catch {
      throw StoreError(error)
    }
  }
}
