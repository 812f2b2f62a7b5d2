// What the writer needs of the store around it: the next segment when one is full, and a way to tell
// other processes how far the log has come. Called by the leader alone.

internal import Ambient
internal import DurableFiles
internal import Synchronization

final class LogPublisher: Sendable {
  private let files: SegmentFiles
  private let catalog: CatalogBox
  private let words: LiveWords
  private let preallocationBytes: Int
  private let epoch = Mutex<UInt64>(1)

  init(
    files: SegmentFiles, catalog: CatalogBox, words: LiveWords, preallocationBytes: Int
  ) {
    self.files = files
    self.catalog = catalog
    self.words = words
    self.preallocationBytes = preallocationBytes
  }

  /// Seals the full segment and begins the next.
  ///
  /// When that fails the full one goes on as it was, without its footer.
  func roll(_ line: CommitLine, at time: WallTime) throws(CommitFailure) -> CommitLine {
    do throws(StoreError) {
      let old = line.segment
      let tables = try completeTables(of: old)
      let sealed = try files.seal(old, tables)
      let name = SegmentName(first: tables.accumulator.count + 1, generation: 0)
      let segment = try files.make(name, after: tables.accumulator, at: time)
      catalog.change { catalog in
        catalog.segments.removeLast()
        catalog.segments += [sealed, segment]
      }
      epoch.withLock { $0 += 1 }
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
    epoch.withLock { $0 += 1 }
  }

  /// The tables over a whole segment; scanned anew where a part of them is in a sidecar.
  func completeTables(of segment: Segment) throws(StoreError) -> IndexTables {
    guard let tail = segment.tail else { preconditionFailure("only the active segment is sealed") }
    if segment.indexes.count == 1 { return tail.withTables { $0 } }
    let before = catalog.current.segments.dropLast().last?.accumulator ?? Accumulator()
    let end = tail.withTables { $0.endOffset }
    let scanner = TailScanner(
      file: segment.file, path: segment.path, segment: segment.name, durableBelow: end, limit: end)
    return try scanner.scan(IndexTables(segment: segment.name, accumulator: before)).tables
  }

  /// Leaves the tables of the active segment for the next open.
  func leaveTables(of segment: Segment) throws(StoreError) {
    try files.writeIndex(segment, try completeTables(of: segment))
  }

  /// Tells other processes how far the log has come.
  func publish(_ line: CommitLine, visible: UInt64) {
    words.publish(
      LiveState(
        segment: line.segment.name, durableOffset: line.used, visible: visible,
        epoch: epoch.withLock { $0 }))
  }
}
