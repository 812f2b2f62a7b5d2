// How a store becomes usable: what the directory holds is listed, the last segment is scanned, and
// a torn tail is cut before anything new is written. Every step may be interrupted by a crash and
// is simply done again by the next open; none destroys what the next one needs.

internal import Ambient
internal import Bytes
internal import Digests
internal import DurableFiles

/// A store's log as it was found.
struct OpenedLog {
  /// All segments in order; the last is the active one.
  var segments: [Segment]
  /// What the scan of the active segment found.
  var scan: TailScan

  /// The segment that is written next.
  var active: Segment { segments[segments.count - 1] }
}

extension Segment {
  /// Makes the groups durable that no later mark vouches for.
  ///
  /// A sync that failed for the writer before may have left them readable in memory and nowhere
  /// else, and the kernel would not write them again by itself; so they are written once more.
  func secure(_ tables: IndexTables) throws(StoreError) {
    guard let mark = tables.lastMark, mark.durableBelow < tables.endOffset else { return }
    let bytes = try file.read(
      at: mark.durableBelow, count: Int(tables.endOffset - mark.durableBelow))
    try file.write(bytes.span, at: mark.durableBelow)
    try file.sync(.all)
  }
}

struct LogOpener {
  let files: SegmentFiles
  /// What the writer before published, if anything.
  let live: LiveState?
  /// True for the writer, which repairs what a crash left.
  let repairs: Bool

  /// Opens every segment; nil when there is none.
  func open() throws(StoreError) -> OpenedLog? {
    if repairs { try files.sweep() }
    var succession = SegmentSuccession(try files.list())
    var segments: [Segment] = []
    var accumulator = Accumulator()
    while let name = succession.next() {
      let isCompacted = name.generation > 0
      if succession.following == nil && !isCompacted {
        let (segment, scan) = try openLast(name, after: accumulator)
        segments.append(segment)
        return try settled(OpenedLog(segments: segments, scan: scan), succession.replaced)
      }
      let segment: Segment
      if let sealed = try files.openSealed(name) {
        segment = sealed
      } else if let next = succession.following, !isCompacted {
        segment = try openComplete(name, before: next, after: accumulator)
      } else {
        throw FormatFault("has no whole footer at its end").at(StoreNames.segment(name))
      }
      try check(segment.header, follows: accumulator, segment.path)
      try succession.skip(coveredBy: name, to: segment.lastSequence)
      accumulator = segment.accumulator
      segments.append(segment)
    }
    guard let last = segments.last else { return nil }
    throw FormatFault("is the last, and the one that was written next is missing").at(last.path)
  }

  /// The log with compactions that a crash interrupted taken to their end, and the files gone that
  /// newer ones replaced.
  private func settled(
    _ log: OpenedLog, _ replaced: [SegmentName]
  ) throws(StoreError) -> OpenedLog {
    var log = log
    let late = try settlePending(&log.segments)
    guard repairs else { return log }
    for name in replaced + late {
      try SmallFile.remove(StoreNames.segment(name), on: files.disk)
      try SmallFile.remove(StoreNames.index(name), on: files.disk)
    }
    return log
  }

  private func check(
    _ header: SegmentHeader, follows accumulator: Accumulator, _ path: FilePath
  ) throws(StoreError) {
    guard header.name.first == accumulator.count + 1, header.root == accumulator.root else {
      throw FormatFault("does not follow from the segments before it").at(path)
    }
  }

  /// Opens a segment that has a successor but no footer: all of it was durable when the successor
  /// was made, so whatever does not read is corruption.
  private func openComplete(
    _ name: SegmentName, before next: SegmentName, after accumulator: Accumulator
  ) throws(StoreError) -> Segment {
    let file = try SegmentFile(StoreNames.segment(name), .reading, on: files.disk)
    let header = try files.header(of: name, file)
    let scanner = TailScanner(
      file: file, path: file.path, segment: name, durableBelow: 0, limit: nil)
    let scan = try scanner.scan(IndexTables(segment: name, accumulator: accumulator))
    guard scan.tables.accumulator.count + 1 == next.first else {
      throw (scan.torn ?? FormatFault("ends before the segment after it begins"))
        .at(file.path, scan.tables.endOffset)
    }
    let segment = Segment(
      header: header, path: file.path, file: file, map: nil, indexes: [TailIndex(scan.tables)])
    return repairs ? try files.seal(segment, scan.tables) : segment
  }

  /// Opens the active segment: the tables of the last clean close, and a scan of what came since.
  private func openLast(
    _ name: SegmentName, after accumulator: Accumulator
  ) throws(StoreError) -> (Segment, TailScan) {
    let path = StoreNames.segment(name)
    let file = try SegmentFile(path, repairs ? .writing : .reading, on: files.disk)
    let header = try files.header(of: name, file)
    try check(header, follows: accumulator, path)
    var tables = IndexTables(segment: name, accumulator: accumulator)
    var indexes: [any SegmentIndex] = []
    if let index = try files.openIndex(name), index.firstSequence == accumulator.count + 1 {
      guard index.endOffset <= (try file.size()) else {
        throw FormatFault("ends before what the last clean close saw of it").at(path)
      }
      tables = IndexTables(after: index)
      indexes.append(index)
    }
    let published = live.flatMap { $0.segment == name ? $0.durableOffset : nil }
    let scanner = TailScanner(
      file: file, path: path, segment: name,
      durableBelow: max(tables.endOffset, published ?? 0), limit: repairs ? nil : published)
    let scan = try scanner.scan(tables)
    indexes.append(TailIndex(scan.tables))
    return (
      Segment(header: header, path: path, file: file, map: nil, indexes: indexes), scan
    )
  }
}

extension Segment {
  /// The accumulator after its last event.
  var accumulator: Accumulator {
    switch indexes[indexes.count - 1] {
    case let footer as FooterIndex: footer.accumulator
    case let tail as TailIndex: tail.withTables { $0.accumulator }
    default: preconditionFailure("an index is in memory or in a footer")
    }
  }
}
