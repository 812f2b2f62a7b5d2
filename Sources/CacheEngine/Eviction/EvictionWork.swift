// What one eviction is from end to end, in the file's turn: may it go at all, is its stored copy known to
// be there, and then the departure with the event in its middle.

internal import Ambient
internal import ColdStorage
internal import DurableFiles
internal import Manifest

/// Why a file was not evicted, for counters, plans and the log.
enum StayReason: Equatable, Sendable {
  /// Its row says that it may not go, or it is not hot at all.
  case notEvictable
  case pinned
  /// It was read less than `min_age` ago.
  case recent
  /// Somebody else acts on it.
  case beingWorkedOn
  case refused(EvictionRefusal)
  /// What is stored of it is missing or wrong; it is dirty now.
  case notStored
  case failed(EngineError)
}

/// What came of trying to evict a file.
enum EvictionEnd: Equatable, Sendable {
  case evicted(bytes: UInt64)
  case stays(StayReason)
}

/// Evicts single files.
struct EvictionWork: Sendable {
  let ledger: Ledger
  let depot: Depot
  let check: StoredCheck
  let clock: WallClock
  let log: Log
  let settings: SettingsInForce

  /// How long ago a file must have been read.
  private var minAge: Duration { settings.now.cache.minimumAge }
  /// How long the word that a stored copy is there is believed.
  private var verifyAfter: Duration { settings.now.cache.verifyBeforeEvictAfter }

  /// Evicts a file, if nothing speaks against it; with `generation`, only as it was judged then. One
  /// that was asked for by name goes whenever it was read, and its turn is waited for.
  func run(
    _ path: FilePath, judged generation: UInt64? = nil, isAsked: Bool = false
  ) -> EvictionEnd {
    do throws(EngineError) {
      if let refusal = ledger.refusal { throw .journal(refusal.sentence) }
      guard var turn = try ledger.turn(of: path, waits: isAsked) else {
        return .stays(.beingWorkedOn)
      }
      if let generation, turn.row?.generation != generation { throw .changed(path) }
      guard let row = turn.row, row.state == .clean, let hot = row.hot, let stored = row.stored
      else { return .stays(.notEvictable) }
      if row.isPinned { return .stays(.pinned) }
      // A time that lies ahead is from before the clock was set back, and says nothing.
      let age = clock.now() - row.accessed
      if !isAsked, age >= .zero, age < minAge { return .stays(.recent) }
      guard try isStored(stored, hot, &turn) else { return .stays(.notStored) }
      return try depart(hot, &turn)
    } catch {
      return .stays(.failed(error))
    }
  }

  private func depart(
    _ hot: HotCopy, _ turn: inout FileTurn
  ) throws(EngineError) -> EvictionEnd {
    let departure: Departure
    do throws(EvictionRefusal) {
      departure = try Departure.begin(
        turn.path, judged: hot, generation: turn.row?.generation ?? 0, in: depot)
    } catch {
      try settle(error, &turn)
      return .stays(.refused(error))
    }
    do throws(EngineError) {
      try turn.append(.evicted)
    } catch {
      note(departure.putBack(), &turn)
      throw error
    }
    guard departure.isUndisturbed else {
      note(departure.putBack(), &turn)
      return .stays(.refused(.inUse))
    }
    do throws(DiskError) {
      try departure.drop()
    } catch {
      // It lies aside, and the next start puts it back; its row says cold, which a look corrects.
      log.write(.warning, "an evicted file was not removed", [LogField("why", "\(error)")])
      ledger.oweRescan()
    }
    return .evicted(bytes: hot.details.size)
  }

  /// Writes down what a refusal says of the file.
  private func settle(
    _ refusal: EvictionRefusal, _ turn: inout FileTurn
  ) throws(EngineError) {
    switch refusal {
    case .gone:
      if try depot.copy(at: turn.path, turn.path) == nil { try turn.append(.vanished) }
    case .differs(let now): try turn.append(.written(now, .differs))
    case .disturbed(let outcome): note(outcome, &turn)
    case .inUse, .linked, .unsupported, .inTheWay, .disk: break
    }
  }

  /// Writes down where a file is that was put back.
  private func note(_ outcome: PutBack, _ turn: inout FileTurn) {
    do throws(EngineError) {
      switch outcome {
      case .back(let now): try turn.append(.written(now, .putBack))
      case .displaced(let place):
        log.write(
          .warning, "a file was displaced by another of its name",
          [LogField("path", "\(turn.path)"), LogField("kept", "\(place)")])
        if let now = try depot.copy(at: turn.path, turn.path) {
          try turn.append(.written(now, .differs))
        }
      case .stuck(let error):
        log.write(
          .error, "a file could not be put back; the next start does it",
          [LogField("path", "\(turn.path)"), LogField("why", "\(error)")])
        ledger.oweRescan()
      }
    } catch {
      // A look through the depot finds what it is now.
      ledger.oweRescan()
    }
  }

  /// Whether the stored copy is there, looking again when that was long ago; a file whose copy is
  /// missing is dirty.
  private func isStored(
    _ stored: StoredCopy, _ hot: HotCopy, _ turn: inout FileTurn
  ) throws(EngineError) -> Bool {
    let now = clock.now()
    let age = now - stored.verified
    if age >= .zero, age < verifyAfter { return true }
    let damage: Damage?
    do throws(StorageError) {
      damage = try check.look(at: stored)
    } catch {
      throw .backend(turn.path, error)
    }
    guard let damage else {
      try turn.append(.verified(now))
      return true
    }
    try turn.append(.found(damage.kind, detail: damage.detail))
    try turn.append(.written(hot, .lost))
    log.write(
      .error, "a stored copy is not what it was; the file is uploaded again",
      [LogField("path", "\(turn.path)"), LogField("why", damage.detail)])
    return false
  }
}
