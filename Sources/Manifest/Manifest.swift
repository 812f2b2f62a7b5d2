// The files of a depot, as the log has made them. Three things are known of a file, and the newest
// wins: what was accepted and is not yet applied (in memory), what the log holds behind the rows,
// and the rows.
//
//   append ─▶ accept ─▶ overlay ┄┄┄┄┄┄┄┄┄┄┄┄┄▶ dropped
//      └────▶ log ─▶ applier, in order, in batches ─▶ rows, counts, directories, watermark: one commit
//
// A crash loses the overlay and perhaps the last commits, both of which the log gives again.

package import Ambient
package import DurableFiles
package import EventStore
internal import SQLite
internal import Synchronization

/// What is true of every file.
///
/// It must be closed, for its worker keeps it.
package final class Manifest: Sendable {
  struct State {
    var overlay = Overlay()
    /// Everything up to here was looked at; between the tables' watermark and this, no file changed.
    var scanned: UInt64
    /// Counts of what is in the tables.
    var counts: Counts
    /// Everything up to here was in the log when the manifest opened.
    var replayTarget: UInt64
    /// What the tables say of themselves.
    var standing: Standing
    /// Reads that are not written yet.
    var touches: [FilePath: WallTime] = [:]
    /// Why the tables cannot be believed any more; they are made anew.
    var damage: String?
    /// How often they were, since the manifest was opened.
    var startsOver = 0
    /// How far a build has come; nil when there is none.
    var building: BuildProgress?
    /// Why the tables are made anew, and since when; nil once they have all that the log had then.
    var remaking: Remaking?
    /// Why the last batch could not be applied.
    var fault: ManifestError?
    /// Something was accepted that the worker has not looked for.
    var hasNews = true
    var isClosed = false

    var isReplaying: Bool { scanned < replayTarget }
  }
  let place: ManifestPlace
  let log: EventReader
  let databases: Databases
  let options: ManifestOptions
  let journal: Log
  let state: Monitor<State>
  /// Held by whoever applies.
  let turn = Mutex(())
  private let worker = Mutex<Worker?>(nil)

  /// Opens the rows of a log, which are made again when they are missing, damaged or another log's.
  ///
  /// Throws `.database` with `.newer` or `.foreign` for a file that is not ours to replace. The tail
  /// of the log that is not in the rows is applied afterwards; every answer counts it in already,
  /// but for pages and counts.
  package static func open(
    _ place: ManifestPlace, log: EventReader, _ options: ManifestOptions = ManifestOptions()
  ) throws(ManifestError) -> Manifest {
    let opened = try OpenedTables.open(place, log: log, options)
    let visible = try inLog { () throws(StoreError) in try log.lastSequence }
    let manifest = Manifest(
      place, opened, log: log, options, replayTarget: visible,
      remaking: try remaking(opened, log, options))
    if opened.standing.watermark == 0 { try manifest.expectWholeLog() }
    if case .directory(let disk, _) = place, !opened.databases.isFrozen {
      try onDisk { () throws(DiskError) in try TableBuilder.clear(disk) }
    }
    if options.applying == .worker, !opened.databases.isFrozen { manifest.startWorker() }
    return manifest
  }

  init(
    _ place: ManifestPlace, _ opened: OpenedTables, log: EventReader, _ options: ManifestOptions,
    replayTarget: UInt64, scanned: UInt64? = nil, remaking: Remaking? = nil
  ) {
    self.place = place
    self.log = log
    self.options = options
    databases = opened.databases
    journal = Log(room: "manifest", to: options.log)
    state = Monitor(
      State(
        scanned: scanned ?? opened.standing.watermark, counts: opened.counts,
        replayTarget: replayTarget,
        standing: opened.standing,
        remaking: remaking))
    if let doubt = opened.setAside {
      journal.write(
        .warning, "moved the manifest aside and makes it again", [LogField("why", doubt)])
    }
  }

  /// Why tables that were just opened are made anew; nil when they are not, or of nothing.
  private static func remaking(
    _ opened: OpenedTables, _ log: EventReader, _ options: ManifestOptions
  ) throws(ManifestError) -> Remaking? {
    guard opened.standing.watermark == 0 else { return nil }
    let first = try inLog { () throws(StoreError) in
      try log.events(in: Region(kind: .category(FileEvent.category)), limit: 1)
    }
    if first.events.isEmpty { return nil }
    return Remaking(
      reason: opened.setAside ?? "there was none", since: options.monotonicClock.now())
  }

  private func startWorker() {
    worker.withLock { worker in
      worker = Worker("manifest") { [self] in applyUntilClosed() }
    }
  }

  /// Applies what is left, and ends the worker; what cannot be applied now is when it opens again.
  package func close() throws(ManifestError) {
    let first = state.change { (state: inout State) -> Bool in
      defer { state.isClosed = true }
      return !state.isClosed
    }
    guard first else { return }
    worker.withLock { $0.take() }?.join()
    while try applyBatch(writesStanding: true) {}
    guard !databases.isFrozen else { return }
    // With nothing left beside it, the file alone is the database.
    try inManifest { () throws(SQLiteError) in
      try databases.write { (connection) throws(SQLiteError) in _ = try connection.checkpoint() }
    }
  }

  // MARK: - The truth of one file

  /// The row of a file as every accepted transition has made it; nil when it is absent.
  package func row(at path: FilePath) throws(ManifestError) -> FileRow? {
    let (answer, touched, isReplaying) = state.withLock { state in
      (state.overlay.row(at: path), state.touches[path], state.isReplaying)
    }
    var row: FileRow?
    switch answer {
    case .row(let found): row = found
    case .unknown:
      do throws(ManifestError) {
        row =
          if isReplaying { try base(of: path).row } else { try kept(path) }
      } catch .database(let error) where error.isDamage {
        // The tables are made again meanwhile; the log holds all that they held.
        row = try logged(path)
      }
    }
    if let touched, let accessed = row?.accessed { row?.accessed = max(accessed, touched) }
    return row
  }

  /// What the tables have of a file.
  private func kept(_ path: FilePath) throws(ManifestError) -> FileRow? {
    try reading { (connection) throws(SQLiteError) in
      try FileTable.find(path, in: connection)?.row
    }
  }

  /// What the log alone says of a file.
  private func logged(_ path: FilePath) throws(ManifestError) -> FileRow? {
    var row: FileRow?
    try eachTransition(of: path, in: 1...UInt64.max) { event, header in
      row = FileRow.applying(event, at: EventPlace(header), to: row).row
    }
    return row
  }

  /// Lends a connection that reads; a database that turns out to be damaged is made again.
  func reading<Result>(
    _ body: (borrowing Connection) throws(SQLiteError) -> Result
  ) throws(ManifestError) -> Result {
    do throws(SQLiteError) {
      return try databases.read(body)
    } catch {
      if error.isDamage {
        state.change { (state: inout State) in
          state.damage = state.damage ?? "\(error)"
          state.hasNews = true
        }
      }
      throw .database(error)
    }
  }

  /// What an event that was just appended makes of its file; called in the file's turn, before
  /// anybody else may decide on it. Every answer counts it in from now on.
  ///
  /// Waits for room when many files are ahead of the tables, as long as the tables come nearer; when
  /// they do not within the timeout it goes on, and whoever comes next waits as long.
  @discardableResult
  package func accept(
    _ event: FileEvent, at place: EventPlace
  ) throws(ManifestError) -> Applied {
    let applied = try take(event, at: place)
    waitForRoom(place.sequence)
    return applied
  }

  private func take(_ event: FileEvent, at place: EventPlace) throws(ManifestError) -> Applied {
    while true {
      let known = state.change { (state: inout State) -> Applied? in
        state.hasNews = true
        return state.overlay.take(event, at: place)
      }
      if let known { return known }
      let base = try base(of: event.path, before: place.sequence)
      let applied = state.withLock { (state: inout State) -> Applied? in
        // The tables moved on between the two looks: what was read is of another moment.
        guard state.standing.watermark == base.watermark else { return nil }
        guard place.sequence > base.watermark else { return Applied(row: base.row) }
        let applied = FileRow.applying(event, at: place, to: base.row)
        state.overlay.put(
          applied.row, of: event.path, at: place.sequence, over: base.kept)
        return applied
      }
      if let applied { return applied }
    }
  }

  /// A file without the overlay.
  private struct Base {
    /// What the tables have.
    let kept: FileRow?
    /// The same with what the log holds behind it.
    var row: FileRow?
    /// What the tables were made of when they were read.
    let watermark: UInt64
  }

  private func base(
    of path: FilePath, before sequence: UInt64 = .max
  ) throws(ManifestError) -> Base {
    let (kept, watermark) = try reading { (connection) throws(SQLiteError) in
      try connection.view { () throws(SQLiteError) in
        (
          try FileTable.find(path, in: connection)?.row,
          try Standing.watermark(connection)
        )
      }
    }
    var base = Base(kept: kept, row: kept, watermark: watermark)
    let (isReplaying, target) = state.withLock { ($0.isReplaying, $0.replayTarget) }
    guard isReplaying, watermark < target, sequence > watermark + 1 else { return base }
    let behind = watermark + 1...min(target, sequence - 1)
    try eachTransition(of: path, in: behind) { event, header in
      base.row = FileRow.applying(event, at: EventPlace(header), to: base.row).row
    }
    return base
  }

  /// Reads a file's transitions out of the log, the oldest first.
  func eachTransition(
    of path: FilePath, in sequences: ClosedRange<UInt64>,
    _ body: (FileEvent, EventHeader) -> Void
  ) throws(ManifestError) {
    let region = Region(
      entityPrefix: FileEvent.coordinate(of: path).entity,
      kind: .category(FileEvent.category), sequences: sequences)
    var position = sequences.lowerBound - 1
    while true {
      let page = try inLog { () throws(StoreError) in
        try log.events(in: region, after: position, limit: 256)
      }
      for event in page.events {
        guard let found = FileEvent(event), found.path == path else { continue }
        body(found, event.header)
      }
      if page.isEnd { return }
      position = page.position
    }
  }

  /// The event is taken in by now, so nothing that happens here makes it fail: what keeps the tables
  /// behind is told by `lag`.
  private func waitForRoom(_ sequence: UInt64) {
    let max = options.overlayFilesMax
    guard state.withLock({ $0.overlay.filesCount > max }) else { return }
    if options.applying == .inline {
      do throws(ManifestError) {
        while try applyPending() {}
      } catch {
        journal.write(.error, "could not be brought after the log", [LogField("why", "\(error)")])
      }
      return
    }
    var scanned = state.withLock { $0.scanned }
    while true {
      let hasRoom = state.wait(timeout: options.roomTimeout) { (state: inout State) -> Bool? in
        let isNear = state.overlay.filesCount <= max || state.scanned >= sequence
        return isNear || state.isClosed ? true : nil
      }
      let now = state.withLock { $0.scanned }
      if hasRoom == true || now == scanned { return }
      scanned = now
    }
  }

  /// Notes that a file was read; written with the next batch.
  package func touch(_ path: FilePath, at time: WallTime) {
    let max = options.touchesMax
    state.withLock { (state: inout State) in
      if let known = state.touches[path] {
        state.touches[path] = Swift.max(known, time)
      } else if state.touches.count < max {
        state.touches[path] = time
      }
      // A read that finds no room costs recency and nothing else.
      state.hasNews = true
    }
  }
}
