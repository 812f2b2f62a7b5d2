// What the engine does before it serves anybody: it puts back what was on its way out when it ended, and
// removes what was on its way in. Both take a moment however large the depot is. The look through the
// depot comes afterwards, beside everything else.

internal import Ambient
internal import Digests
internal import DurableFiles
internal import EventStore
internal import Manifest

/// Clears up behind an engine that ended in the middle of something.
struct Recovery: Sendable {
  let depot: Depot
  let ledger: Ledger
  let log: Log

  /// What was found.
  struct Found: Equatable, Sendable {
    var removed = 0
    var putBack: [FilePath] = []
    /// Files whose path is not known or taken; they were kept.
    var kept = 0
  }

  /// Clears up.
  func run() throws(EngineError) -> Found {
    var found = Found()
    do {
      try depot.prepare()
      for name in try depot.disk.list(Depot.restoring).map(\.name) {
        try depot.disk.remove(Depot.restoring.appending(name))
        found.removed += 1
      }
      for name in try depot.disk.list(Depot.evicting).map(\.name) {
        let aside = Depot.evicting.appending(name)
        guard let (path, generation) = origin(of: name) else {
          log.write(
            .warning, "a file lies aside and nothing tells where it belongs",
            [LogField("file", "\(aside)")])
          found.kept += 1
          continue
        }
        switch try fate(of: aside, path, judged: generation) {
        case .dropped:
          try depot.disk.remove(aside)
          found.removed += 1
        case .displaced:
          _ = try Departure.displace(aside, in: depot)
          found.kept += 1
        case .putBack:
          switch Departure.putBack(aside, at: path, in: depot) {
          case .back: found.putBack.append(path)
          case .displaced: found.kept += 1
          case .stuck(let error): throw error
          }
        }
      }
    } catch let error as DiskError {
      throw .disk(error)
    } catch let error as EngineError {
      throw error
    } catch {
      preconditionFailure("nothing else is thrown here: \(error)")
    }
    return found
  }

  private enum Fate {
    case putBack, dropped, displaced
  }

  /// What becomes of a file that lies aside. After a crash of the machine it may be one that left long
  /// ago and whose removal was lost, and then it must not stand for what was written since.
  private func fate(
    of aside: FilePath, _ path: FilePath, judged generation: UInt64
  ) throws(EngineError) -> Fate {
    let row = try ledger.row(at: path)
    guard let row else { return .displaced }
    if row.generation <= generation { return .putBack }
    // It was on its way out for ever.
    if row.state == .shredded { return .dropped }
    // It is the very file that should stand at its path, whose way back a crash has undone.
    if let hot = row.hot, try isOne(aside, hot, path) { return .putBack }
    if let stored = row.stored, try digest(of: aside, path) == stored.digest { return .dropped }
    // It went, nothing happened to the file since, and these are not the bytes that it went with:
    // somebody who had found it before wrote to it.
    return row.generation == generation + 1 && !row.isHot ? .putBack : .displaced
  }

  private func isOne(
    _ aside: FilePath, _ hot: HotCopy, _ path: FilePath
  ) throws(EngineError) -> Bool {
    guard let found = try depot.copy(at: aside, path) else { return false }
    return found.inode == hot.inode && found.details.size == hot.details.size
      && found.details.modifiedNanoseconds == hot.details.modifiedNanoseconds
  }

  private func digest(of aside: FilePath, _ path: FilePath) throws(EngineError) -> Blake3Digest {
    do throws(DiskError) {
      return try depot.digest(at: aside)
    } catch {
      throw EngineError(error, path)
    }
  }

  /// The path of a file that lies aside, from the last event of its stream, and the generation at
  /// which it was judged.
  private func origin(of name: [UInt8]) -> (path: FilePath, generation: UInt64)? {
    guard let parts = String(validating: name, as: UTF8.self)?.split(separator: "-"),
      parts.count == 2, let generation = UInt64(parts[1]), let path = path(of: parts[0])
    else { return nil }
    return (path, generation)
  }

  private func path(of text: Substring) -> FilePath? {
    do throws(StoreError) {
      guard let event = try ledger.store.reader.latest("file:\(text)"), let bytes = event.bytes
      else { return nil }
      do throws(PayloadFault) {
        return try FileEvent(kind: event.header.kind, payload: bytes).path
      } catch {
        return nil
      }
    } catch {
      return nil
    }
  }
}
