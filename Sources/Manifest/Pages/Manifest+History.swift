// A file's past, out of the log: every transition with its time and the id of its receipt, and the
// row as it was at a moment. The log alone answers, so the past is as long as the log is kept.

package import Ambient
package import DurableFiles
package import EventStore

/// One transition of a file.
package struct HistoryEntry: Hashable, Sendable {
  package let event: FileEvent
  package let place: EventPlace
  /// Of the event, and of its receipt.
  package let id: EventID
}

/// Some transitions of a file, and where to go on.
package struct HistoryPage: Sendable {
  package var entries: [HistoryEntry]
  /// The sequence behind which the next page goes on; nil when there was nothing more.
  package var next: UInt64?
}

/// A file as it was.
package enum PastRow: Hashable, Sendable {
  /// What was known then; nil when the file was absent.
  case row(FileRow?)
  /// The log does not reach back to the file's beginning.
  case forgotten
}

extension Manifest {
  /// The transitions of a file behind a sequence, 0 for the end that the order begins at.
  package func history(
    of path: FilePath, after sequence: UInt64 = 0, limit: Int = 100,
    order: PageOrder = .newestFirst
  ) throws(ManifestError) -> HistoryPage {
    let region = Region(
      entityPrefix: FileEvent.coordinate(of: path).entity, kind: .category(FileEvent.category))
    let page = try inLog { () throws(StoreError) in
      try log.events(in: region, after: sequence, limit: limit, order: order)
    }
    let entries = page.events.compactMap { event -> HistoryEntry? in
      guard let found = FileEvent(event), found.path == path else { return nil }
      return HistoryEntry(event: found, place: EventPlace(event.header), id: event.header.id)
    }
    return HistoryPage(entries: entries, next: page.isEnd ? nil : page.position)
  }

  /// A file's row as it was at a moment.
  package func row(at path: FilePath, asOf time: WallTime) throws(ManifestError) -> PastRow {
    var row: FileRow?
    var isFirst = true
    var isForgotten = false
    try eachTransition(of: path, in: 1...UInt64.max) { event, header in
      if isFirst, header.streamSequence > 1 { isForgotten = true }
      isFirst = false
      guard header.time <= time else { return }
      row = FileRow.applying(event, at: EventPlace(header), to: row).row
    }
    return isForgotten ? .forgotten : .row(row)
  }
}

extension FileEvent {
  /// The transition that an event of the log is; nil when it is none, or cannot be read.
  package init?(_ event: Event) {
    guard let bytes = event.bytes else { return nil }
    do throws(PayloadFault) {
      try self.init(kind: event.header.kind, payload: bytes)
    } catch {
      // The applier counts it among the oddities; of its file it says nothing.
      return nil
    }
  }
}
