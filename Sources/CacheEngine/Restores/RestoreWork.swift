// What one restore is from end to end: the judgement in the file's turn, the download without it, and the
// placing and the event in its turn again. When events cannot be written a file is restored all the
// same, for reading must go on; a look through the depot finds and compares it afterwards.

internal import Ambient
internal import ColdStorage
internal import DurableFiles
internal import EventStore
internal import Manifest

/// Restores single files.
struct RestoreWork: Sendable {
  let ledger: Ledger
  let depot: Depot
  let restorer: Restorer
  let adoption: Adoption
  let settings: SettingsInForce
  let log: Log
  /// Makes room for so many bytes; false when no file could go.
  let makeRoom: @Sendable (UInt64) -> Bool
  /// Waits until so many bytes more find their place in the cache, as far as files can go.
  let expect: @Sendable (UInt64) -> Void
  /// Told of restores of which no event was written.
  let unrecorded: @Sendable () -> Void

  /// How often room is made for one file before it is given up, and how often a depot that was
  /// opened anew is tried again.
  private static let attemptsMax = 3

  /// What is to be done for whoever wants the file.
  private enum Judgement {
    case isThere(size: UInt64)
    case bring(StoredCopy)
  }

  /// Brings the file into the depot unless it is there; its size is returned.
  func run(
    _ path: FilePath, _ cancellation: Cancellation, _ transfer: TransferInHand
  ) throws(EngineError) -> UInt64 {
    for attempt in 1... {
      switch try judge(path, cancellation) {
      case .isThere(let size): return size
      case .bring(let stored):
        do throws(EngineError) {
          transfer.begin(bytes: stored.details.size, attempt: attempt)
          if let size = try bring(path, stored, cancellation, transfer) { return size }
        } catch .diskFull {
          guard attempt < Self.attemptsMax, makeRoom(max(stored.details.size, 1)) else {
            throw .diskFull(path)
          }
        } catch .disk(.latched(let latched)) {
          guard attempt < Self.attemptsMax else { throw .disk(.latched(latched)) }
        }
        // Otherwise somebody changed the file meanwhile, so it is judged anew.
        if attempt >= Self.attemptsMax * 2 { throw .changed(path) }
      }
    }
    throw .changed(path)
  }

  private func judge(
    _ path: FilePath, _ cancellation: Cancellation
  ) throws(EngineError) -> Judgement {
    guard Depot.isFile(path) else { throw .denied(path, "it is not one of the depot's files") }
    if let found = try depot.copy(at: path, path) { return .isThere(size: found.details.size) }
    var turn = try ledger.turn(of: path)
    if let found = try depot.copy(at: path, path) { return .isThere(size: found.details.size) }
    if turn.row?.isHot == true {
      try recording { () throws(EngineError) in try turn.append(.vanished) }
    }
    let told = settings.now.depot
    if turn.row == nil, told.fetchesUnknown || told.sharesColdTier {
      _ = try adoption.adopt(&turn, cancellation)
    }
    guard let row = turn.row else { throw .notFound(path) }
    if row.state == .shredded { throw .shredded(path) }
    guard let stored = row.stored else { throw .notFound(path) }
    return .bring(stored)
  }

  /// Brings the stored copy; nil when the file was changed meanwhile.
  private func bring(
    _ path: FilePath, _ stored: StoredCopy, _ cancellation: Cancellation,
    _ transfer: TransferInHand
  ) throws(EngineError) -> UInt64? {
    expect(stored.details.size)
    let arrival: Arrival
    do throws(EngineError) {
      arrival = try restorer.download(path, from: stored, cancellation) { transfer.note($0) }
    } catch {
      try find(error, path, stored)
      throw error
    }
    var turn = try ledger.turn(of: path)
    guard let row = turn.row, let now = row.stored, now.isSameObject(as: stored) else { return nil }
    let outcome: RestoreOutcome
    do throws(DiskError) {
      outcome = try arrival.place()
    } catch {
      throw EngineError(error, path)
    }
    switch outcome {
    case .superseded: return nil
    case .restored(let hot):
      try recording { () throws(EngineError) in
        try turn.append(.restored(hot), Ledger.buffered)
      }
      return hot.details.size
    case .disturbed(let hot):
      try recording { () throws(EngineError) in try turn.append(.written(hot, .closed)) }
      return hot.details.size
    }
  }

  /// Writes down damage that a download has met.
  private func find(
    _ error: EngineError, _ path: FilePath, _ stored: StoredCopy
  ) throws(EngineError) {
    let finding: (FindingKind, String)
    switch error {
    case .integrity(_, let detail): finding = (.storedDiffers, detail)
    case .backend(_, let error) where error.kind == .absent:
      finding = (.storedMissing, "\(error)")
    default: return
    }
    log.write(
      .error, "a stored copy cannot be restored",
      [LogField("path", "\(path)"), LogField("why", finding.1)])
    var turn = try ledger.turn(of: path)
    guard turn.row?.stored?.isSameObject(as: stored) == true, turn.row?.lastFault != finding.1
    else { return }
    try recording { () throws(EngineError) in
      try turn.append(.found(finding.0, detail: finding.1))
    }
  }

  /// Writes an event down if that is possible.
  private func recording(_ append: () throws(EngineError) -> Void) throws(EngineError) {
    do throws(EngineError) {
      try append()
    } catch .journal {
      ledger.oweRescan()
      unrecorded()
    }
  }
}
