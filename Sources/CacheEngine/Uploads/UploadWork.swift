// What one upload is from end to end: the judgement in the file's turn, the transfer without it, and
// the event in its turn again. The server may write, delete or rename meanwhile; what the manifest
// makes of a `stored` that names an older generation is that the file stays dirty.

internal import Ambient
internal import ColdStorage
internal import DurableFiles
internal import Manifest

/// How an upload ended, for the schedule and the counters.
enum UploadEnd: Equatable, Sendable {
  case stored(bytes: UInt64)
  /// There was nothing to upload any more.
  case needless
  /// The file was written while it was read; it is dirty still.
  case changed
  /// It is tried again; nil when the fault is that of one file.
  case failed(backend: String?)
  case gaveUp(fault: String)
  /// Neither tried nor noted.
  case refused(EngineError)
}

/// Uploads files that are due.
struct UploadWork: Sendable {
  let ledger: Ledger
  let uploader: Uploader
  let settings: SettingsInForce
  let clock: WallClock
  let entropy: Entropy
  let pause: Pause
  let sharesColdTier: Bool
  let failures: FailedOperationsLog

  /// How often a file is looked at again because it was not settled.
  private static let looksMax = 8

  /// Uploads one file, if it is dirty and due.
  func run(_ path: FilePath, _ transfer: TransferInHand) -> UploadEnd {
    do throws(EngineError) {
      guard let order = try judge(path, transfer) else { return .needless }
      let outcome = uploader.upload(order, transfer.cancellation) { transfer.note($0) }
      return try conclude(outcome, of: order)
    } catch {
      return .refused(error)
    }
  }

  /// Looks whether the file needs an upload, and at what it is now.
  private func judge(
    _ path: FilePath, _ transfer: TransferInHand
  ) throws(EngineError) -> UploadOrder? {
    for _ in 0..<Self.looksMax {
      if let refusal = ledger.refusal { throw .journal(refusal.sentence) }
      let hot: HotCopy
      let generation: UInt64
      do {
        var turn = try ledger.turn(of: path)
        let now = clock.now()
        guard let row = turn.row, row.state == .dirty, row.retryAt ?? now <= now else {
          return nil
        }
        guard let found = try uploader.depot.copy(at: path, path) else {
          try turn.append(.vanished)
          return nil
        }
        if row.hot.map({ $0.isSame(as: found) }) != true {
          try turn.append(.written(found, .differs))
        }
        guard let judged = turn.row else { return nil }
        (hot, generation) = (found, judged.writtenGeneration)
        transfer.begin(bytes: found.details.size, attempt: Int(judged.attempts) + 1)
      }
      if Uploader.isSettled(hot, at: clock.now()) {
        return UploadOrder(path: path, hot: hot, writtenGeneration: generation)
      }
      guard pause.wait(Uploader.settlingTime, transfer.cancellation) else { return nil }
    }
    return nil
  }

  private func conclude(
    _ outcome: UploadOutcome, of order: UploadOrder
  ) throws(EngineError) -> UploadEnd {
    var turn = try ledger.turn(of: order.path)
    switch outcome {
    case .stored(let copy):
      guard let name = copy.sealing, let sealing = uploader.sealing else {
        try turn.append(.stored(copy, of: order.writtenGeneration))
        return .stored(bytes: copy.details.size)
      }
      let end = try sealing.whileLiving(name, order.path) { () throws(EngineError) -> UploadEnd in
        try turn.append(.stored(copy, of: order.writtenGeneration))
        return .stored(bytes: copy.details.size)
      }
      // Its key was shredded while it was sent, so nobody can open it; it is sealed anew.
      return end ?? .changed
    case .gone:
      return try look(&turn)
    case .differs:
      return try look(&turn)
    case .changedMeanwhile(let object):
      remove(object)
      return try look(&turn)
    case .failed(let error):
      return try note(error, &turn, order)
    }
  }

  /// Writes down what the file is now.
  private func look(_ turn: inout FileTurn) throws(EngineError) -> UploadEnd {
    let found = try uploader.depot.copy(at: turn.path, turn.path)
    guard let row = turn.row, row.isAtRisk else { return .needless }
    guard let found else {
      try turn.append(.vanished)
      return .needless
    }
    if row.hot.map({ $0.isSame(as: found) }) != true { try turn.append(.written(found, .differs)) }
    return .changed
  }

  private func note(
    _ error: StorageError, _ turn: inout FileTurn, _ order: UploadOrder
  ) throws(EngineError) -> UploadEnd {
    if case .cancelled = error { return .needless }
    guard let row = turn.row, row.state == .dirty,
      row.writtenGeneration == order.writtenGeneration
    else { return .changed }
    let attempt = row.attempts + 1
    let backend = error.isTheBackends ? "\(error)" : nil
    let backoff = UploadBackoff(settings.now.retries)
    switch backoff.decide(after: error, attempt: attempt, random: entropy.word()) {
    case .again(let delay):
      try turn.append(
        .deferred(attempts: attempt, until: clock.now() + delay, fault: "\(error)"))
      return .failed(backend: backend)
    case .giveUp:
      try turn.append(.failed(attempts: attempt, fault: "\(error)"))
      failures.note("upload", order.path, attempts: attempt, "\(error)", at: clock.now())
      return .gaveUp(fault: "\(error)")
    }
  }

  /// Removes an object of no known bytes, which no event names.
  private func remove(_ object: ObjectKey) {
    if sharesColdTier { return }
    do throws(StorageError) {
      try uploader.cold.delete(object, DeleteRequest())
    } catch {
      // It stays as an object that nobody accounts for; looking for those finds it.
    }
  }
}

extension Depot {
  /// The file at a path as it is now, with a refusal said of a file.
  func copy(at path: FilePath, _ file: FilePath) throws(EngineError) -> HotCopy? {
    do throws(DiskError) {
      return try copy(at: path)
    } catch {
      throw EngineError(error, file)
    }
  }
}

extension StorageError {
  /// Whether every other file would meet the same.
  var isTheBackends: Bool {
    switch kind {
    case .denied, .expiredCredentials, .clockSkew, .diskFull, .throttled, .unavailable,
      .circuitOpen, .misconfigured:
      true
    default: false
    }
  }
}
