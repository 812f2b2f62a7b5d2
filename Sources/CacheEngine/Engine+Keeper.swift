// What the engine does by itself besides transfers: it is told of changes and takes them in, it looks
// through the depot when something may have been missed, and removes objects that no file needs.

internal import Ambient
internal import ColdStorage
internal import DurableFiles
internal import EventStore
internal import Manifest
internal import Telemetry

/// Something to be looked at.
enum IntakeJob: Equatable, Sendable {
  case event(ChangeEvent)
  case look(FilePath)
}

extension Engine {
  /// The most changes that wait to be taken in; then whoever tells them waits.
  static let intakeMax = 65_536
  /// Threads that take in what changed, so that their events share commits.
  static let intakeThreads = 16
  /// How long after a look through the depot the next may begin: so many times as long as it took,
  /// and no longer than the longest.
  private static let rescanRests = 10
  static let rescanCooldownMin = Duration.seconds(1)
  static let rescanCooldownMax = Duration.seconds(30)
  /// How long until who tells of changes is made anew after a failure.
  private static let watchPause = Duration.seconds(5)
  /// Objects that are removed on one round, and how long between rounds.
  private static let orphansMax = 256
  private static let keeperPause = Duration.seconds(1)
  /// How long until it is looked again whether the manifest has caught up.
  private static let replayPause = Duration.milliseconds(100)

  // MARK: - Changes

  /// Passes on what the watcher tells, until the engine stops.
  func watch() {
    while !isStopping {
      do throws(DiskError) {
        guard let make = parts.watch else { return }
        let watcher = try make()
        // Whatever happened before it was made nobody has told. The debt comes first, so that one look
        // pays it together with the one at the start.
        ledger.oweRescan()
        let now = parts.wallClock.now()
        let goesOn = life.change { (life: inout Life) -> Bool in
          life.watcher = watcher
          life.watcherFault = nil
          life.watcherSince = now
          return !life.isStopping
        }
        changes.note()
        guard goesOn else { return watcher.stop() }
        while let events = try watcher.next(timeout: .seconds(60)) {
          guard leave(events.map(IntakeJob.event)) else { return }
        }
        return
      } catch {
        let now = parts.wallClock.now()
        life.change { (life: inout Life) in
          if life.watcherFault == nil { life.watcherSince = now }
          life.watcherFault = "\(error)"
        }
        changes.note()
        log.write(.error, "changes of the depot are not told", [LogField("why", "\(error)")])
        ledger.oweRescan()
        pause(Self.watchPause)
      }
    }
  }

  /// Leaves something to be taken in, and waits for room; false once the engine stops.
  private func leave(_ jobs: [IntakeJob]) -> Bool {
    // Counted before it is there, so that at no moment something is due and nobody knows.
    life.withLock { $0.untaken += jobs.count }
    for job in jobs where box.send(job) != .accepted { return false }
    return true
  }

  /// Takes in until the box is closed.
  func takeIn() {
    while let job = box.receive() {
      defer { tookIn() }
      do throws(EngineError) {
        try take(job)
      } catch {
        ledger.oweRescan()
        log.write(.warning, "a change was not taken in", [LogField("why", "\(error)")])
      }
    }
  }

  private func tookIn() {
    let isLast = life.withLock { (life: inout Life) -> Bool in
      life.untaken -= 1
      return life.untaken == 0
    }
    if isLast { changes.note() }
  }

  /// Takes one thing in.
  func take(_ job: IntakeJob) throws(EngineError) {
    switch job {
    case .look(let path):
      guard try admitsFound(path) else { return }
      if try look.look(at: path, .found) { uploads.notice() }
    case .event(let event):
      counters.changes.add()
      guard try admits(event) else { return }
      switch try intake.take(event) {
      case .nothing: return
      case .changed: uploads.notice()
      case .rescan:
        counters.overflows.add()
        let now = parts.wallClock.now()
        life.withLock { $0.lastOverflow = now }
        ledger.oweRescan()
        wake()
      }
    }
    evictions.nudge()
  }

  // MARK: - Looking through the depot

  /// Looks through the depot whenever that is owed, and not too often.
  func rescanWhenOwed() {
    waitForWatcher()
    while !isStopping {
      if ledger.refusal == nil, takeRescan() {
        let begun = parts.monotonicClock.now()
        rescan { path in leave([.look(path)]) }
        pause(Self.cooldown(after: parts.monotonicClock.now() - begun))
      } else {
        pause(Self.keeperPause)
      }
    }
  }

  /// How long to rest after a look that took so long.
  static func cooldown(after took: Duration) -> Duration {
    min(max(took * rescanRests, rescanCooldownMin), rescanCooldownMax)
  }

  /// A look before changes are told would have to be repeated as soon as they are.
  private func waitForWatcher() {
    guard parts.watch != nil else { return }
    _ = life.wait { $0.watcher != nil || $0.watcherFault != nil || $0.isStopping ? true : nil }
  }

  /// Takes the debt of a look over; it is shown as under way before it is no debt any more.
  private func takeRescan() -> Bool {
    guard ledger.owesRescan else { return false }
    life.change { $0.isRescanning = true }
    if ledger.takeRescan() { return true }
    life.change { $0.isRescanning = false }
    return false
  }

  /// Goes through all files of the depot and all rows that should have one; `each` is given every path
  /// that must be looked at and may wait. Bounded in memory, whatever the depot holds.
  func rescan(_ each: (FilePath) -> Bool) {
    life.change { $0.isRescanning = true }
    changes.note()
    defer {
      life.change { $0.isRescanning = false }
      changes.note()
    }
    counters.rescans.add()
    do throws(EngineError) {
      try intake.eachFile(below: .root) { path in !isStopping && each(path) }
      try waitForReplay()
      try intake.eachHotRow(below: .root) { path in !isStopping && each(path) }
    } catch {
      ledger.oweRescan()
      log.write(.error, "the depot was not looked through", [LogField("why", "\(error)")])
    }
  }

  /// Waits until the manifest has all that the log held when it was opened, for its pages have not.
  func waitForReplay() throws(EngineError) {
    do throws(ManifestError) {
      while try manifest.lag().isReplaying, !isStopping {
        if parts.hasThreads {
          pause(Self.replayPause)
        } else {
          try manifest.applyPending()
        }
      }
    } catch {
      throw .manifest("\(error)")
    }
  }

  // MARK: - Objects that no file needs

  func startKeeper() {
    run("keeper") { engine in
      engine.loadFindings()
      while !engine.isStopping {
        engine.removeOrphans()
        engine.copyKeyset()
        engine.depot.sweepEmptied(at: engine.parts.wallClock.now())
        engine.pause(Self.keeperPause)
      }
    }
    run("scrub") { $0.scrub() }
  }

  /// Reads what earlier engines have found wrong and nobody has mended.
  func loadFindings() {
    do throws(ManifestError) {
      try findings.load(from: manifest, store.reader) { !isStopping }
      changes.note()
    } catch {
      log.write(
        .error, "damage that was found before cannot be told", [LogField("why", "\(error)")])
    }
  }

  /// Copies the keyset as it is now. Uploads wait for their own keys; behind a shred all others are
  /// wrapped anew, and older copies open nothing any more.
  func copyKeyset() {
    guard let shredding, !settings.depot.isReadOnly else { return }
    do throws(StorageError) {
      try shredding.sealing.secure()
    } catch {
      log.write(
        .info, "the keyset was not copied and is tried again", [LogField("why", "\(error)")])
    }
  }

  /// Removes objects that nothing has needed for the grace.
  func removeOrphans() {
    guard !settings.depot.sharesColdTier, !settings.depot.isReadOnly, ledger.refusal == nil else {
      return
    }
    let now = parts.wallClock.now()
    do throws(ManifestError) {
      let due = try manifest.orphans(due: now, limit: Self.orphansMax)
      for orphan in due where !isStopping && now - orphan.since >= settings.depot.deleteGrace {
        try remove(orphan)
      }
    } catch {
      log.write(.error, "what may be removed cannot be told", [LogField("why", "\(error)")])
    }
  }

  private func remove(_ orphan: Orphan) throws(ManifestError) {
    do throws(EngineError) {
      var turn = try ledger.turn(of: orphan.path)
      // A row that needs the object came between the look and the turn.
      if turn.row?.stored?.isSameObject(as: orphan.copy) == true { return }
      do throws(StorageError) {
        try parts.cold.delete(try ObjectKey(bytes: orphan.copy.key), DeleteRequest())
      } catch {
        throw .backend(orphan.path, error)
      }
      try turn.append(.objectRemoved(key: orphan.copy.key, backend: orphan.copy.backend))
      counters.removedObjects.add()
    } catch {
      log.write(
        .info, "an object was not removed and is tried again",
        [LogField("path", "\(orphan.path)"), LogField("why", "\(error)")])
    }
  }

  // MARK: - Waiting

  /// Waits, at most until the engine stops or somebody wakes.
  func pause(_ duration: Duration) {
    _ = life.wait(timeout: duration) { $0.isStopping ? true : nil }
  }

  /// Wakes whoever pauses, to look for debts.
  func wake() { life.change { _ in } }
}
