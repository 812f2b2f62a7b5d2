// What the engine works off: dirty files, files to evict, failed files, objects to remove; and the
// counts. Each row is looked at again in the overlay before it is given out, so what is returned is
// of the newest truth, and a page may be shorter than was asked for without being the last.

package import Ambient
internal import DurableFiles
internal import SQLite

/// A place in a queue, behind which the next page goes on.
package struct QueuePlace: Hashable, Sendable {
  /// What the queue's index compares, the row's number last.
  let key: [Int64]
}

/// Some of what waits in a queue.
package struct QueuePage: Sendable {
  package var rows: [FileRow]
  /// Nil when the tables hold no more; what was accepted since is in this page then.
  package var next: QueuePlace?
}

extension Manifest {
  /// Counts of the newest truth.
  package func counts() -> Counts {
    state.withLock { $0.counts + $0.overlay.difference }
  }

  /// Counts the rows of the tables one by one, with what the tables have kept beside; they differ
  /// only by a mistake. Takes a second for each ten million rows or so.
  package func recount() throws(ManifestError) -> (kept: Counts, counted: Counts) {
    try reading { (connection) throws(SQLiteError) in
      try connection.view { () throws(SQLiteError) in
        (try Counts.read(connection), try Counts.recount(connection))
      }
    }
  }

  /// Dirty files that were never tried, in the order of writing.
  package func dirty(
    after place: QueuePlace? = nil, limit: Int = 64
  ) throws(ManifestError) -> QueuePage {
    try queue(
      Keyset(
        index: "file_due", condition: ["state = 1", "retry IS NULL"], columns: ["changed", "id"]),
      after: place, limit, key: { [$0.changed.microseconds] },
      wanted: { $0.state == .dirty && $0.retryAt == nil })
  }

  /// Dirty files whose next attempt is due, the longest due first.
  package func due(
    by time: WallTime, after place: QueuePlace? = nil, limit: Int = 64
  ) throws(ManifestError) -> QueuePage {
    try queue(
      Keyset(
        index: "file_due", condition: ["state = 1", "retry <= ?1"],
        values: [.integer(time.microseconds)], columns: ["retry", "changed", "id"]),
      after: place, limit, key: { [$0.retryAt?.microseconds ?? 0, $0.changed.microseconds] },
      wanted: { row in row.state == .dirty && (row.retryAt.map { $0 <= time } ?? false) })
  }

  /// When the next attempt of a dirty file is due; nil when none waits for its deadline.
  package func nextRetry() throws(ManifestError) -> WallTime? {
    let kept = try reading { (connection) throws(SQLiteError) in
      try connection.first(
        """
        SELECT retry FROM file INDEXED BY file_due WHERE state = 1 AND retry IS NOT NULL
        ORDER BY retry LIMIT 1
        """
      ) { row in WallTime(microseconds: row.integer(0)) }
    }
    let newer = state.withLock { state in
      state.overlay.rows.compactMap { $0.row?.state == .dirty ? $0.row?.retryAt : nil }.min()
    }
    return [kept, newer].compactMap { $0 }.min()
  }

  /// Files that may be evicted: clean, hot and not pinned, the longest unread first.
  package func evictable(
    after place: QueuePlace? = nil, limit: Int = 64
  ) throws(ManifestError) -> QueuePage {
    try queue(
      Keyset(
        index: "file_evictable", condition: ["state = 3", "hot = 1", "pinned = 0"],
        columns: ["accessed", "id"]),
      after: place, limit, key: { [$0.accessed.microseconds] },
      wanted: { $0.state == .clean && $0.isHot && !$0.isPinned })
  }

  /// Since when the file has not been stored that has waited longest; nil when all are stored.
  package func oldestAtRisk() throws(ManifestError) -> WallTime? {
    var oldest: WallTime?
    for state in [FileState.dirty, .failed] {
      var place: QueuePlace?
      repeat {
        let page = try queue(
          Keyset(
            index: "file_state", condition: ["state = \(state.rawValue)"],
            columns: ["changed", "id"]),
          after: place, 16, key: { [$0.changed.microseconds] }, wanted: \.isAtRisk)
        if let first = page.rows.map(\.changed).min() {
          oldest = min(oldest ?? first, first)
          break
        }
        place = page.next
      } while place != nil
    }
    return oldest
  }

  /// How many transitions made no sense, ever.
  package var oddityCount: UInt64 { state.withLock { UInt64(clamping: $0.standing.oddities) } }

  /// Files whose uploads were given up, the longest given up first.
  package func failed(
    after place: QueuePlace? = nil, limit: Int = 64
  ) throws(ManifestError) -> QueuePage {
    try queue(
      Keyset(index: "file_state", condition: ["state = 2"], columns: ["changed", "id"]),
      after: place, limit, key: { [$0.changed.microseconds] }, wanted: { $0.state == .failed })
  }

  private func queue(
    _ keyset: Keyset, after place: QueuePlace?, _ limit: Int, key: (FileRow) -> [Int64],
    wanted: (FileRow) -> Bool
  ) throws(ManifestError) -> QueuePage {
    let kept = try reading { (connection) throws(SQLiteError) in
      try keyset.rows(
        after: place?.key.map(SQLValue.integer), limit: limit, connection)
    }
    var page = QueuePage(rows: [], next: nil)
    for candidate in kept {
      if let row = try row(at: candidate.row.path), wanted(row) { page.rows.append(row) }
    }
    if kept.count == limit, let last = kept.last {
      page.next = QueuePlace(key: key(last.row) + [last.id])
      return page
    }
    // Those that the tables have in the queue as well came at their place there.
    let newer = state.withLock { state in
      state.overlay.rows.compactMap { row, kept -> FileRow? in
        guard let row, wanted(row), !(kept.map(wanted) ?? false) else { return nil }
        return row
      }
    }
    page.rows += newer.sorted { left, right in
      (key(left) + [Int64(clamping: left.sequence)]).lexicographicallyPrecedes(
        key(right) + [Int64(clamping: right.sequence)])
    }
    return page
  }

  /// Objects whose removal is due, the oldest first; none that a file has taken up again.
  package func orphans(
    due time: WallTime, after id: Int64 = 0, limit: Int = 64
  ) throws(ManifestError) -> [Orphan] {
    let kept = try reading { (connection) throws(SQLiteError) in
      try OrphanTable.due(by: time, after: id, limit: limit, connection)
    }
    let taken = state.withLock { state in state.overlay.rows.compactMap { $0.row?.stored } }
    return kept.filter { orphan in !taken.contains { $0.isSameObject(as: orphan.copy) } }
  }

  /// The last transitions that made no sense, the newest first, and how many there ever were.
  package func oddities(limit: Int = 50) throws(ManifestError) -> (last: [Oddity], count: Int64) {
    let count = state.withLock { $0.standing.oddities }
    let last = try reading { (connection) throws(SQLiteError) in
      try OddityTable.last(limit, connection)
    }
    return (last, count)
  }
}
