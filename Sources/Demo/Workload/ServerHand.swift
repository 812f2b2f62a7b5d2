// Does what the workload decides, as the depot's server would: it writes beside a name and renames, asks
// at the socket before it reads, removes a file before it says that it did, and compares every byte. One hand works on names of its own, so what
// it finds is what it has written, whatever the engine does at the same time.

import Ambient
import DurableFiles

/// Does chores on a depot.
struct ServerHand: Sendable {
  let disk: any Disk
  let client: ShimClient
  let pause: Pause

  /// How often something is tried again that another has just taken away: the engine evicts what was
  /// fetched, or removes a directory that was just made.
  private static let attemptsMax = 100
  private static let attemptPause = Duration.milliseconds(5)
  /// Names of what is being written; the engine passes over them.
  private static let temporary = "tmp.1."
  /// What a chore is called that the disk refused.
  private static let disk = "disk"

  func perform(_ chore: Chore) -> Upshot {
    switch chore {
    case .create(let path, let edition), .rewrite(let path, let edition):
      return refusing { () throws(DiskError) in
        try write(edition, at: path)
        return .done
      }
    case .read(let path, let edition): return read(path, edition)
    case .rename(let from, let to, let edition): return rename(from, to, edition)
    case .delete(let path):
      return refusing { () throws(DiskError) in
        try discard(path)
        return upshot(of: client.delete(path))
      }
    }
  }

  private func refusing(_ body: () throws(DiskError) -> Upshot) -> Upshot {
    do throws(DiskError) {
      return try body()
    } catch .full {
      return .refused("disk_full")
    } catch {
      return .refused(Self.disk)
    }
  }

  private func upshot(of answer: ShimClient.Answer) -> Upshot {
    switch answer {
    case .done: .done
    case .refused(let code): .refused(code)
    }
  }

  // MARK: - Writing

  /// Writes beside the name and renames, so that a refusal leaves what was there.
  private func write(_ edition: Edition, at path: FilePath) throws(DiskError) {
    let temporary = path.parent.appending("\(Self.temporary)\(edition.number)")
    try again { () throws(DiskError) in
      try disk.makeDirectories(path.parent, mode: 0o755)
      try create(temporary, edition)
    }
    do throws(DiskError) {
      try disk.rename(temporary, to: path, replacing: true)
    } catch {
      try discard(temporary)
      throw error
    }
  }

  private func create(_ temporary: FilePath, _ edition: Edition) throws(DiskError) {
    do throws(DiskError) {
      let file = try OpenFile(temporary, .creating(mode: 0o644), on: disk)
      try file.write(edition.bytes, at: 0)
    } catch .absent(let path) {
      // The engine has removed the directory because nothing was in it.
      throw .absent(path)
    } catch {
      try discard(temporary)
      throw error
    }
  }

  /// Removes a file as a program does; it may be gone already.
  private func discard(_ path: FilePath) throws(DiskError) {
    do throws(DiskError) {
      try disk.remove(path)
    } catch .absent {
      return
    }
  }

  // MARK: - Reading

  private func read(_ path: FilePath, _ edition: Edition) -> Upshot {
    refusing { () throws(DiskError) in
      let wasHot = try disk.status(at: path) != nil
      for _ in 0..<Self.attemptsMax {
        if case .refused(let code) = client.fetch(path) { return .refused(code) }
        if let found = try bytes(path, edition) {
          return found == edition.bytes
            ? .read(wasHot: wasHot) : .differs(difference(found, edition, path))
        }
        _ = pause.wait(Self.attemptPause, nil)
      }
      return .refused("gone")
    }
  }

  /// What stands at the path; nil when the engine is taking it away, or has.
  private func bytes(_ path: FilePath, _ edition: Edition) throws(DiskError) -> [UInt8]? {
    do throws(DiskError) {
      // One byte more than there may be, so that too much shows.
      let file = try OpenFile(path, .reading, on: disk)
      return try file.read(at: 0, count: edition.size + 1)
    } catch {
      switch error {
      case .absent, .locked: return nil
      default: throw error
      }
    }
  }

  private func difference(_ found: [UInt8], _ edition: Edition, _ path: FilePath) -> String {
    guard found.count == edition.size else {
      return "\(path) has \(found.count) bytes and not \(edition.size)"
    }
    let place = zip(found, edition.bytes).enumerated().first { $0.element.0 != $0.element.1 }
    return "\(path) differs at byte \(place?.offset ?? 0) from what was written"
  }

  // MARK: - Moving

  private func rename(_ from: FilePath, _ to: FilePath, _ edition: Edition) -> Upshot {
    let moved = refusing { () throws(DiskError) in
      for _ in 0..<Self.attemptsMax {
        if case .refused(let code) = client.fetch(from) { return .refused(code) }
        try disk.makeDirectories(to.parent, mode: 0o755)
        do throws(DiskError) {
          try disk.rename(from, to: to, replacing: false)
          return .done
        } catch .absent {
          // It was evicted again, or the directory was.
          _ = pause.wait(Self.attemptPause, nil)
        }
      }
      return .refused("gone")
    }
    guard moved == .done else { return moved }
    switch client.delete(from) {
    case .done: return .done
    case .refused(let code): return .halfDone(code)
    }
  }

  private func again(_ body: () throws(DiskError) -> Void) throws(DiskError) {
    for _ in 1..<Self.attemptsMax {
      do throws(DiskError) {
        return try body()
      } catch .absent {
        _ = pause.wait(Self.attemptPause, nil)
      }
    }
    try body()
  }
}
