// The applier: follows the log in order and brings the tables after it. A batch is one page of the
// log, folded, and one transaction with the watermark in it, so the tables are always exactly what
// the log had made up to some event. Between the commit and dropping the overlay's part nobody can
// see a difference: both say the same.

package import Ambient
internal import DurableFiles
internal import EventStore
internal import SQLite
internal import Synchronization

/// How far the tables are behind the log.
package struct ManifestLag: Sendable {
  /// Events that were not looked at yet.
  package let events: UInt64
  /// Files of which something is accepted and not applied.
  package let files: Int
  /// What the log held at opening is not all applied yet; pages and counts are of an earlier moment.
  package let isReplaying: Bool
  /// The tables are made from the whole log, and this far; nil when they are not.
  package let building: BuildProgress?
  /// What the last batch failed of; it is tried again.
  package let fault: ManifestError?
  /// Why the tables are being made anew; nil when they are not.
  package let remaking: Remaking?
  /// How far they are followed, and how far the log went when it was opened or they were set aside.
  package let replayed: (done: UInt64, all: UInt64)
}

/// Why tables are made anew.
package struct Remaking: Equatable, Sendable {
  /// The rest of a sentence.
  package let reason: String
  package let since: MonotonicTime
}

extension Manifest {
  /// How far the tables are behind.
  package func lag() throws(ManifestError) -> ManifestLag {
    let visible = try inLog { () throws(StoreError) in try log.lastSequence }
    return state.withLock { state in
      ManifestLag(
        events: visible - min(visible, state.scanned), files: state.overlay.filesCount,
        isReplaying: state.isReplaying, building: state.building, fault: state.fault,
        remaking: state.isReplaying ? state.remaking : nil,
        replayed: (min(state.scanned, state.replayTarget), state.replayTarget))
    }
  }

  /// Applies one batch; false when nothing was left behind it.
  @discardableResult
  package func applyPending() throws(ManifestError) -> Bool {
    try applyBatch(writesStanding: false)
  }

  func applyBatch(writesStanding: Bool) throws(ManifestError) -> Bool {
    try turn.withLock { (_) throws(ManifestError) in
      do throws(ManifestError) {
        if databases.isFrozen { return false }
        if let damage = state.withLock({ $0.damage }) { try startOver(because: damage) }
        if try buildIfNew() { return true }
        let more = try applyNext(writesStanding)
        state.withLock { $0.fault = nil }
        return more
      } catch .database(let error) where error.isDamage {
        try startOver(because: "\(error)")
        return true
      } catch {
        state.withLock { $0.fault = error }
        throw error
      }
    }
  }

  /// The worker's whole life.
  func applyUntilClosed() {
    while !state.withLock({ $0.isClosed }) {
      do throws(ManifestError) {
        if try !applyPending() { waitForNews() }
      } catch {
        journal.write(.error, "could not be brought after the log", [LogField("why", "\(error)")])
        pause(for: Self.retryDelay)
      }
    }
  }

  /// How long the worker waits after a failure.
  private static let retryDelay = Duration.seconds(1)
  /// How often the log is looked at when nobody accepts anything.
  private static let idleDelay = Duration.seconds(1)

  /// Lets transitions gather, and then sleeps until there is one.
  private func waitForNews() {
    let isPressed = state.withLock { $0.overlay.filesCount > options.overlayFilesMax / 2 }
    if !isPressed { pause(for: options.gathering) }
    // Accepted events may become visible a little later, so while there are some the log is looked
    // at again without being told.
    let waits = state.withLock { $0.overlay.filesCount == 0 }
    guard waits else { return }
    _ = state.wait(timeout: Self.idleDelay) { (state: inout State) -> Bool? in
      guard state.hasNews || state.isClosed else { return nil }
      state.hasNews = false
      return true
    }
  }

  private func pause(for duration: Duration) {
    _ = state.wait(timeout: duration) { (state: inout State) -> Bool? in
      state.isClosed ? true : nil
    }
  }

  private func applyNext(_ writesStanding: Bool) throws(ManifestError) -> Bool {
    let (scanned, before, countsBefore) = state.withLock { state in
      (state.scanned, state.standing, state.counts)
    }
    let page = try inLog { () throws(StoreError) in
      try log.events(
        in: Region(kind: .category(FileEvent.category)), after: scanned,
        limit: options.batchEventsMax)
    }
    let touches = state.withLock { $0.touches }
    let writesWatermark = writesStanding && page.position != before.watermark
    guard !page.events.isEmpty || !touches.isEmpty || writesWatermark else {
      state.change { $0.scanned = max($0.scanned, page.position) }
      return !page.isEnd
    }
    var standing = before
    standing.watermark = page.position
    (standing.lineage, standing.commitment) = try inLog { () throws(StoreError) in
      (try log.lineage, try log.commitment(of: page.position))
    }
    let batch = try write(page, touches, &standing, countsBefore)
    let counts = batch.counts(after: countsBefore)
    state.change { [standing] (state: inout State) in
      state.standing = standing
      state.scanned = standing.watermark
      state.counts = counts
      for (path, row) in batch.rows {
        state.overlay.settle(path, kept: row, watermark: standing.watermark)
      }
      for (path, time) in touches where state.touches[path] == time { state.touches[path] = nil }
    }
    return !page.isEnd
  }

  private func write(
    _ page: Page, _ touches: [FilePath: WallTime], _ standing: inout Standing, _ counts: Counts
  ) throws(ManifestError) -> Batch {
    var written = standing
    let batch = try inManifest { () throws(SQLiteError) in
      try databases.write { (connection) throws(SQLiteError) in
        try connection.transaction { () throws(SQLiteError) -> Batch in
          var batch = Batch()
          for event in page.events { try batch.take(event, connection) }
          for (path, time) in touches where !batch.touch(path, at: time) {
            try FileTable.touch(path, at: time, connection)
          }
          try batch.write(connection)
          try batch.counts(after: counts).write(over: counts, connection)
          try OddityTable.add(batch.oddities, after: written.oddities, connection)
          written.oddities += Int64(batch.oddities.count)
          try written.write(connection)
          return batch
        }
      }
    }
    standing = written
    return batch
  }
}
