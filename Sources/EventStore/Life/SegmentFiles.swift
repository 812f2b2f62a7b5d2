// Makes, seals, lists and opens segment files.
//
// A segment appears whole: it is made under a temporary name with its header, synced, and renamed.
// When its successor exists, everything in it is durable; then its footer is appended, its trailer
// last of all. A crash in the middle of that leaves a footer without one behind the last mark, which
// the next open cuts away and writes anew. A newer generation of a range counts from its rename on; what it replaces is
// removed afterwards, and by the next open if a crash came between.

internal import Ambient
internal import Bytes
internal import Digests
internal import DurableFiles

struct SegmentFiles: Sendable {
  let disk: any Disk
  let lineage: Lineage
  let key: SigningKey?
  let entropy: Entropy
  /// What a fork descends from; its oldest segments are of these.
  var origins: [Origin] = []

  /// The segments, in order.
  func list() throws(StoreError) -> [SegmentName] {
    var names: [SegmentName] = []
    for entry in try entries() {
      if let name = Segment.name(fromFile: entry) { names.append(name) }
    }
    return names.sorted()
  }

  /// Segments that compaction wrote and that are not in force yet, in order.
  func listPending() throws(StoreError) -> [SegmentName] {
    try entries().compactMap(Segment.name(fromPending:)).sorted()
  }

  private func entries() throws(StoreError) -> [[UInt8]] {
    do throws(DiskError) {
      return try disk.list(StoreNames.segments).map(\.name)
    } catch {
      throw StoreError(error)
    }
  }

  /// Removes files that are not in their place yet, which a crash left.
  func sweep() throws(StoreError) {
    do throws(DiskError) {
      try disk.sweepTemporaries(in: StoreNames.segments)
      try disk.sweepTemporaries(in: .root)
    } catch {
      throw StoreError(error)
    }
  }

  /// Makes the names in the directory durable, which a writer before may have failed to do.
  func secureNames() throws(StoreError) {
    do throws(DiskError) {
      try disk.syncDirectory(StoreNames.segments)
      try disk.syncDirectory(.root)
    } catch {
      throw StoreError(error)
    }
  }

  /// Makes the next segment, empty, and opens it for writing.
  func make(
    _ name: SegmentName, after accumulator: Accumulator, at time: WallTime
  ) throws(StoreError) -> Segment {
    let path = StoreNames.segment(name)
    let header = SegmentHeader(
      name: name, lineage: lineage, made: time, root: accumulator.root, signer: key?.publicKey)
    try SmallFile.write(header.encode(), to: path, on: disk, entropy)
    let file = try SegmentFile(path, .writing, on: disk)
    let tail = TailIndex(IndexTables(segment: name, accumulator: accumulator))
    return Segment(header: header, path: path, file: file, map: nil, indexes: [tail])
  }

  /// The header of a segment, checked against the store it should belong to.
  func header(of name: SegmentName, _ file: SegmentFile) throws(StoreError) -> SegmentHeader {
    let path = StoreNames.segment(name)
    let bytes = try file.read(at: 0, count: SegmentHeader.count)
    let header: SegmentHeader
    do throws(FormatFault) {
      header = try SegmentHeader.decode(bytes)
    } catch {
      throw error.at(path)
    }
    guard header.name == name else {
      throw FormatFault("says that it is segment \(header.name.first)").at(path)
    }
    guard header.lineage == origins.lineage(at: name.first, own: lineage) else {
      throw FormatFault("belongs to the store \(header.lineage)").at(path)
    }
    return header
  }

  /// Opens a sealed segment through its footer; nil when it has none that is whole. One that is not
  /// in force yet lies at another place.
  func openSealed(
    _ name: SegmentName, at place: FilePath? = nil
  ) throws(StoreError) -> Segment? {
    let path = StoreNames.segment(name)
    let file = try SegmentFile(place ?? path, .reading, on: disk)
    let header = try header(of: name, file)
    let size = try file.size()
    guard size >= UInt64(SegmentHeader.count + IndexImage.trailerCount) else { return nil }
    let trailer = try file.read(
      at: size - UInt64(IndexImage.trailerCount), count: IndexImage.trailerCount)
    guard trailer.suffix(8).elementsEqual(IndexImage.endMagic) else { return nil }
    let footerCount = littleEndianUInt64(trailer.span, at: 0)
    guard footerCount >= UInt64(Sidecar.headerCount + Sidecar.digestCount),
      footerCount <= size - UInt64(SegmentHeader.count + IndexImage.trailerCount)
    else { return nil }
    let map = try file.map()
    let start = map.count - IndexImage.trailerCount - Int(footerCount)
    let image =
      start + Sidecar.headerCount..<map.count - IndexImage.trailerCount - Sidecar.digestCount
    do throws(FormatFault) {
      let index = try FooterIndex(map, image)
      guard index.segment == name, index.endOffset <= UInt64(start) else {
        throw FormatFault("has the footer of another segment")
      }
      return Segment(header: header, path: path, file: file, map: map, indexes: [index])
    } catch {
      throw error.at(path, UInt64(start))
    }
  }

  /// The tables that a clean close left beside a segment; nil when there are none that are whole,
  /// for they can be made again.
  func openIndex(_ name: SegmentName) throws(StoreError) -> FooterIndex? {
    let path = StoreNames.index(name)
    let map: any MappedBytes
    do throws(DiskError) {
      guard let status = try disk.status(at: path) else { return nil }
      map = try OpenFile(path, .reading, on: disk).map(count: Int(status.size))
    } catch {
      throw StoreError(error)
    }
    do throws(FormatFault) {
      let payload = try map.withBytes { (bytes: Span<UInt8>) throws(FormatFault) -> Range<Int> in
        try Sidecar.payload(.index, format: IndexImage.format, in: bytes)
      }
      let index = try FooterIndex(map, payload)
      return index.segment == name ? index : nil
    } catch {
      // A sidecar of tables is regenerable: without it the segment is scanned.
      return nil
    }
  }

  /// Appends the footer to a segment that is complete, and opens it as sealed.
  func seal(_ segment: Segment, _ tables: IndexTables) throws(StoreError) -> Segment {
    var tables = tables
    let footer = IndexImage.footer(image(&tables, of: segment.header))
    let file = try SegmentFile(segment.path, .writing, on: disk)
    try file.truncate(to: tables.endOffset)
    // The trailer says that the tables are whole, so they are durable before it is written: of one
    // write a crash could keep the end and lose the middle.
    let body = footer.count - IndexImage.trailerCount
    try file.write(footer.span.extracting(0..<body), at: tables.endOffset)
    try file.sync()
    try file.write(
      footer.span.extracting(body..<footer.count), at: tables.endOffset + UInt64(body))
    try file.sync()
    try SmallFile.remove(StoreNames.index(segment.name), on: disk)
    guard let sealed = try openSealed(segment.name) else {
      throw FormatFault("has no footer although one was written").at(segment.path)
    }
    return sealed
  }

  /// Leaves the tables of the active segment for the next open.
  func writeIndex(_ segment: Segment, _ tables: IndexTables) throws(StoreError) {
    var tables = tables
    let image = image(&tables, of: segment.header)
    try SmallFile.write(
      Sidecar.encode(.index, format: IndexImage.format, payload: image),
      to: StoreNames.index(segment.name), on: disk, entropy)
  }

  private func image(_ tables: inout IndexTables, of header: SegmentHeader) -> [UInt8] {
    let lineage = header.lineage
    // A seal of another key than the segment's would hold for nobody.
    let key = header.signer == key?.publicKey ? key : nil
    return IndexImage.encode(&tables) { statement in
      key?.sign(ChainHash.statement(statement, lineage))
    }
  }
}
