// What the writer needs of the store around it: the next segment when one is full, and a way to tell
// other processes how far the log has come. Called by the leader alone. The full segment is handed to
// the sealer once its successor is durable, so appends go on while its footer is made.

internal import Ambient
internal import DurableFiles
internal import Synchronization

final class LogPublisher: Sendable {
  private let files: SegmentFiles
  private let catalog: CatalogBox
  private let words: LiveWords
  private let preallocationBytes: Int
  private let changes: ChangeCount
  /// Makes footers while appends go on.
  let sealer: Sealer
  /// Makes tables of heads behind them.
  let heads: HeadKeeper

  init(
    files: SegmentFiles, catalog: CatalogBox, words: LiveWords, heads: HeadKeeper,
    _ options: StoreOptions
  ) {
    self.heads = heads
    self.files = files
    self.catalog = catalog
    self.words = words
    preallocationBytes = options.preallocationBytes
    let changes = ChangeCount(after: words.readDurable()?.epoch ?? 0)
    self.changes = changes
    sealer = Sealer(
      maintenance: options.maintenance, log: Log(room: "event store", to: options.log)
    ) { (segment) throws(StoreError) in
      let tables = try Self.completeTables(of: segment, files, catalog.current)
      let sealed = try files.seal(segment, tables)
      catalog.change { catalog in
        guard let index = catalog.segments.firstIndex(where: { $0 === segment }) else { return }
        catalog.segments[index] = sealed
      }
      changes.note()
      heads.tend(catalog)
    }
  }

  /// Begins the next segment, and has the full one sealed.
  ///
  /// When that fails the full one goes on as it was.
  func roll(_ line: CommitLine, at time: WallTime) throws(CommitFailure) -> CommitLine {
    do throws(StoreError) {
      try sealer.makeRoom()
      let accumulator = line.tail.withTables { $0.accumulator }
      let name = SegmentName(first: accumulator.count + 1, generation: 0)
      let segment = try files.make(name, after: accumulator, at: time)
      catalog.change { $0.segments.append(segment) }
      changes.note()
      sealer.add(line.segment)
      return CommitLine(
        segment: segment, end: UInt64(SegmentHeader.count), filledTo: UInt64(SegmentHeader.count),
        lastMark: nil, preallocationBytes: preallocationBytes)
    } catch {
      do throws(StoreError) {
        try line.segment.file.cut(to: line.used)
      } catch {
        throw .latched(error)
      }
      throw .notWritten(error)
    }
  }

  /// Has other processes list the segments anew once the next state is published.
  func noteChange() {
    changes.note()
  }

  /// The tables over a whole segment; scanned anew where a part of them is in a sidecar.
  static func completeTables(
    of segment: Segment, _ files: SegmentFiles, _ catalog: Catalog
  ) throws(StoreError) -> IndexTables {
    guard let tail = segment.tail else { preconditionFailure("a segment is sealed once") }
    if segment.indexes.count == 1 { return tail.withTables { $0 } }
    let place = catalog.segments.firstIndex { $0 === segment } ?? 0
    let before = place > 0 ? catalog.segments[place - 1].accumulator : Accumulator()
    let end = tail.withTables { $0.endOffset }
    let scanner = TailScanner(
      file: segment.file, path: segment.path, segment: segment.name, durableBelow: end, limit: end)
    return try scanner.scan(IndexTables(segment: segment.name, accumulator: before)).tables
  }

  /// Leaves the tables of the active segment for the next open.
  func leaveTables(of segment: Segment) throws(StoreError) {
    try files.writeIndex(
      segment, try Self.completeTables(of: segment, files, catalog.current))
  }

  /// Ends the threads that tend to full segments.
  func stop() {
    sealer.stop()
    heads.stop()
  }

  /// Tells other processes that nothing more will be told.
  func retire() {
    words.retire()
  }

  /// Tells other processes how far the log has come.
  func publish(_ line: CommitLine, visible: UInt64) {
    words.publish(
      LiveState(
        segment: line.segment.name, durableOffset: line.used, visible: visible,
        epoch: changes.count))
  }
}

/// Counts changes of the segments, for other processes, on from where the writer before ended: a
/// reader must never take another's count for its own.
private final class ChangeCount: Sendable {
  private let value: Mutex<UInt64>

  init(after count: UInt64) {
    value = Mutex(count + 1)
  }

  var count: UInt64 { value.withLock { $0 } }

  func note() {
    value.withLock { $0 += 1 }
  }
}
