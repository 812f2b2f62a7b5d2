// Making the tables anew: when there are none, when they are another log's, and when they turn out
// to be damaged while they are in use. The log answers for single files meanwhile; pages and counts
// are of what the tables hold, which is nothing, and the lag says how far the build has come.

internal import Ambient
internal import DurableFiles
internal import EventStore
internal import SQLite
internal import Synchronization

extension Manifest {
  /// How often tables are made anew before the manifest gives up on its disk.
  static let startsOverMax = 3

  /// Puts the tables aside and begins with empty ones.
  func startOver(because reason: String) throws(ManifestError) {
    let isHopeless = state.withLock { $0.startsOver >= Self.startsOverMax }
    guard case .directory(let disk, _) = place, !isHopeless else {
      throw .database(.corrupt("the manifest", detail: reason))
    }
    try expectWholeLog()
    journal.write(
      .warning, "moved the manifest aside and makes it again", [LogField("why", reason)])
    let target = try inLog { () throws(StoreError) in try log.lastSequence }
    try databases.replace { () throws(ManifestError) in try OpenedTables.setAside(on: disk) }
    let remaking = Remaking(reason: reason, since: options.monotonicClock.now())
    state.withLock { $0.remaking = remaking }
    try settle(on: Standing(), Counts(), target: target)
  }

  /// Makes the tables again from the log because somebody asked, and brings them after it; the old
  /// ones are moved aside.
  package func rebuild(
    progress: (BuildProgress) -> Void = { _ in }
  ) throws(ManifestError) {
    let total = try inLog { () throws(StoreError) in try log.lastSequence }
    try turn.withLock { (_) throws(ManifestError) in
      try startOver(because: "it was asked for")
      // What somebody asks for says nothing of the disk, and may be asked for as often as one likes.
      state.withLock { $0.startsOver -= 1 }
    }
    var isBehind = true
    while isBehind {
      isBehind = try applyPending()
      let (scanned, counts) = state.withLock { ($0.scanned, $0.counts) }
      progress(
        BuildProgress(
          step: .folding, events: scanned, eventsTotal: total, files: counts.total.files))
    }
  }

  /// Builds the tables at once when nothing is in them and the log is long; false when not.
  func buildIfNew() throws(ManifestError) -> Bool {
    guard case .directory(let disk, let path) = place,
      state.withLock({ $0.standing.watermark == 0 }),
      case let total = try inLog({ () throws(StoreError) in try log.lastSequence }),
      total >= options.bulkEventsMin
    else { return false }
    defer { state.withLock { $0.building = nil } }
    try expectWholeLog()
    let (standing, counts) = try build(on: disk, at: path)
    try databases.replace { () throws(ManifestError) in
      try OpenedTables.install(TableBuilder.database, on: disk)
      try onDisk { () throws(DiskError) in try TableBuilder.clear(disk) }
    }
    try settle(on: standing, counts, target: nil)
    return true
  }

  /// Throws when events were removed from the log: what it holds then makes no true row.
  func expectWholeLog() throws(ManifestError) {
    let removals = try inLog { () throws(StoreError) in
      try log.events(in: Region(kind: .exactly(.removal)), limit: 1, order: .newestFirst)
    }
    if let removal = removals.events.first {
      throw .incomplete(removedBefore: removal.header.sequence)
    }
  }

  /// Looks at the whole database, which takes minutes for millions of files; what is found is noted,
  /// and the tables are made anew by the next batch. Returns what is wrong with them.
  package func verify() throws(ManifestError) -> [String] {
    var problems: [String] = []
    do throws(ManifestError) {
      problems = try reading { (connection) throws(SQLiteError) in
        try connection.problems(.full)
      }
      let (kept, counted) = try recount()
      if kept != counted { problems.append("its counts are not those of its rows") }
      var place: RowPlace?
      repeat {
        place = try keptPage(RowQuery(limit: RowQuery.rowsMax), after: place).next
      } while place != nil
    } catch .database(let error) where error.isDamage {
      problems.append("\(error)")
    }
    if let first = problems.first {
      state.change { (state: inout State) in
        state.damage = state.damage ?? first
        state.hasNews = true
      }
    }
    return problems
  }

  private func build(
    on disk: any Disk, at path: [UInt8]
  ) throws(ManifestError) -> (Standing, Counts) {
    var builder = try TableBuilder(
      log, on: disk, at: path, options,
      isWanted: { [state] in !state.withLock { $0.isClosed } },
      tell: { [state] progress in state.withLock { $0.building = progress } })
    try builder.build()
    return (builder.standing, builder.counts)
  }

  /// Lets the overlay lie over other tables than before.
  private func settle(
    on standing: Standing, _ counts: Counts, target: UInt64?
  ) throws(ManifestError) {
    while true {
      let paths = state.withLock { $0.overlay.paths }
      var kept: [FilePath: FileRow] = [:]
      for path in paths {
        kept[path] = try reading { (connection) throws(SQLiteError) in
          try FileTable.find(path, in: connection)?.row
        }
      }
      let isSettled = state.change { [kept] (state: inout State) -> Bool in
        guard state.overlay.paths == paths else { return false }
        for path in paths {
          state.overlay.settle(path, kept: kept[path], watermark: standing.watermark)
        }
        if let target {
          state.startsOver += 1
          state.replayTarget = target
        }
        state.standing = standing
        state.scanned = standing.watermark
        state.counts = counts
        state.damage = nil
        return true
      }
      if isSettled { return }
    }
  }
}
