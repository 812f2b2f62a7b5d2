// One shred from end to end, in the file's turn; `ShredOperation.swift` draws it. Asked again after a crash
// it goes on where the row says: a file that is shredded may still have a key.

internal import Ambient
internal import ColdStorage
internal import DurableFiles
internal import EventStore
internal import Manifest
internal import Operations

/// Shreds single files.
struct ShredWork: Sendable {
  let ledger: Ledger
  let depot: Depot
  let cold: any ObjectStore
  let sealing: ObjectSealing
  /// Other servers may need objects of this store.
  let sharesColdTier: Bool
  let log: Log

  /// Shreds a file, if it is what was judged.
  func run(
    _ path: FilePath, judged generation: UInt64, takesPinned: Bool, reason: String
  ) throws(EngineError) -> ItemOutcome {
    if let refusal = ledger.refusal { throw .journal(refusal.sentence) }
    var turn = try ledger.turn(of: path)
    guard let row = turn.row else { return .changed("it is not there any more") }
    if row.state == .shredded {
      try destroyKey(of: path)
      return .alreadyDone
    }
    guard row.generation == generation, row.state == .clean, let stored = row.stored else {
      return .changed("it is not what the plan saw")
    }
    guard let name = stored.sealing, name.scope == SealingScope(of: path, under: .file).name else {
      return .refused("it was not stored under a key of its own")
    }
    if row.isPinned, !takesPinned { return .refused("it is pinned") }
    if let hot = row.hot {
      if let outcome = try destroy(hot, &turn, reason) { return outcome }
    } else {
      guard try depot.copy(at: path, path) == nil else {
        return .changed("a file stands there that nobody has looked at yet")
      }
      try turn.append(.shredded(reason: reason))
      try destroyKey(of: path)
    }
    removeDisplaced(of: path)
    removeObject(stored, &turn)
    return .done
  }

  /// Takes the hot copy aside, and destroys file and key; says what is in the way.
  private func destroy(
    _ hot: HotCopy, _ turn: inout FileTurn, _ reason: String
  ) throws(EngineError) -> ItemOutcome? {
    let path = turn.path
    let departure: Departure
    do throws(EvictionRefusal) {
      departure = try Departure.begin(
        path, judged: hot, generation: turn.row?.generation ?? 0, in: depot)
    } catch {
      switch error {
      case .inUse, .disturbed: return .refused("a program has it open")
      case .differs(let now):
        try turn.append(.written(now, .differs))
        return .changed("it is not what was stored")
      case .gone:
        try turn.append(.vanished)
        return .changed("its hot copy was removed; its stored copy is there still")
      case .linked: return .refused("it has another name, where its bytes would stay")
      case .unsupported:
        return .refused("its file system cannot tell whether a program has it open")
      case .inTheWay: return .failed("one of its name lies aside already")
      case .disk(let error): throw EngineError(error, path)
      }
    }
    do throws(EngineError) {
      try turn.append(.shredded(reason: reason))
    } catch {
      // Whether the event is in the log may not be known; the next start decides by it.
      if case .back(let now) = departure.putBack() { try turn.append(.written(now, .putBack)) }
      throw error
    }
    try destroyKey(of: path)
    do throws(DiskError) {
      try departure.drop()
    } catch {
      // It lies aside and nobody is given it; the next start removes it.
      log.write(.warning, "a shredded file lies aside still", [LogField("why", "\(error)")])
    }
    return nil
  }

  /// Destroys the key of a file that is shredded by its row. Whoever writes such a file anew has this
  /// done first, in the file's turn: a shred that a crash has interrupted must not end with the newer
  /// bytes under the older ones' key, which it promised to destroy.
  func destroyKey(of path: FilePath) throws(EngineError) {
    do throws(StoreError) {
      try sealing.shredder.shred(SealingScope(of: path, under: .file).keyScope)
    } catch {
      throw .journal("the key of \(path) was not destroyed: \(error)")
    }
    // The copy in the primary is wrapped by a key that is gone now, so until there is a newer one
    // whoever loses this machine loses everything that is stored.
    do throws(StorageError) {
      try sealing.secure()
    } catch {
      log.write(
        .warning, "the keyset that a shred wrapped anew is not in the primary yet",
        [LogField("why", "\(error)")])
    }
  }

  /// Removes copies that an eviction once put aside for good.
  private func removeDisplaced(of path: FilePath) {
    let stream = Departure.stream(of: path)
    do throws(DiskError) {
      for entry in try depot.disk.list(Depot.displaced)
      where entry.name.starts(with: stream.utf8) {
        try depot.disk.remove(Depot.displaced.appending(entry.name))
      }
    } catch {
      log.write(
        .error, "a displaced copy of a shredded file was not removed",
        [LogField("path", "\(path)"), LogField("why", "\(error)")])
    }
  }

  /// Removes the object, which nobody can read any more; what cannot be removed now is an orphan that
  /// is tried again.
  private func removeObject(_ stored: StoredCopy, _ turn: inout FileTurn) {
    guard !sharesColdTier else { return }
    do throws(StorageError) {
      try cold.delete(try ObjectKey(bytes: stored.key), DeleteRequest())
    } catch {
      log.write(
        .info, "an object was not removed and is tried again",
        [LogField("path", "\(turn.path)"), LogField("why", "\(error)")])
      return
    }
    do throws(EngineError) {
      try turn.append(.objectRemoved(key: stored.key, backend: stored.backend))
    } catch {
      log.write(
        .info, "that an object was removed is not written down",
        [LogField("path", "\(turn.path)"), LogField("why", "\(error)")])
    }
  }
}
