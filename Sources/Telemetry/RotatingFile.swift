// The log as files on a disk: `larder.log`, and beside it those that are full or of another day:
//
//   larder.log.2026-11-19.1   larder.log.2026-11-19.2   larder.log
//                                                        └── lines are appended here
//
// Days are in UTC. A file is renamed before its successor is begun, so a crash in between leaves the
// log without its plain name and nothing lost. Lines are not synced: a power cut may take the last
// of them, and a line that was torn is ended when the file is opened again. A file that somebody
// moved away is left to him, and a new one begun.

package import Ambient
package import DurableFiles
import Synchronization

/// When a file is full, and how long it is kept.
package struct LogRotation: Equatable, Sendable {
  /// The most bytes of a file; only a single line may exceed it.
  package var fileBytesMax = ByteCount(64 << 20)
  /// How many days back files are kept, today not counted.
  package var keepDays = 14
  /// The most files that are kept besides the one that is written.
  package var filesMax = 100

  package init() {}
}

/// A file of the log, and its predecessors.
package final class RotatingFile: Sendable {
  private struct State: ~Copyable {
    var file: OpenFile?
    var size: UInt64 = 0
    /// The day whose lines it holds, such as `2026-11-20`.
    var day = ""
  }

  private let disk: any Disk
  private let path: FilePath
  private let rotation: LogRotation
  private let state = Mutex(State())

  /// Nothing is opened before the first line comes.
  package init(_ path: FilePath, _ rotation: LogRotation = LogRotation(), on disk: any Disk) {
    self.disk = disk
    self.path = path
    self.rotation = rotation
  }

  /// The output that writes here.
  package func output(_ format: LogFormat) -> LogOutput {
    LogOutput { lines in
      do throws(DiskError) {
        try self.append(lines, format)
        return nil
      } catch {
        return error.description
      }
    }
  }

  /// Has the next line open the file anew, for whoever moved it away.
  package func reopen() {
    state.withLock { $0.file = nil }
  }

  /// Writes the lines; after a throw any first part of them may be there, in whole lines.
  func append(_ lines: [LogLine], _ format: LogFormat) throws(DiskError) {
    try state.withLock { (state: inout State) throws(DiskError) in
      try leaveWhatMoved(&state)
      var pending: [UInt8] = []
      for line in lines {
        let bytes = Array(format.write(line).utf8)
        let day = CivilTime(line.time).date
        if state.file == nil { try open(&state, day) }
        let isFull =
          state.size + UInt64(pending.count + bytes.count) > UInt64(rotation.fileBytesMax.bytes)
        // A clock that was set back does not begin a day anew.
        if isFull || day > state.day {
          try flush(&pending, &state)
          if state.size > 0 { try rotate(&state, line.time) }
          state.day = max(day, state.day)
        }
        pending += bytes
      }
      try flush(&pending, &state)
    }
  }

  private func flush(_ pending: inout [UInt8], _ state: inout State) throws(DiskError) {
    guard !pending.isEmpty else { return }
    do throws(DiskError) {
      try state.file?.append(pending)
      state.size += UInt64(pending.count)
      pending = []
    } catch {
      // Opened again, it is looked at for the half of a line.
      state.file = nil
      throw error
    }
  }

  private func open(_ state: inout State, _ today: String) throws(DiskError) {
    let file: OpenFile
    do throws(DiskError) {
      file = try OpenFile(path, .writing, on: disk)
    } catch .absent {
      state.file = try OpenFile(path, .creating(mode: 0o640), on: disk)
      (state.size, state.day) = (0, today)
      return
    }
    let status = try file.status
    state.size = status.size
    state.day =
      status.size == 0
      ? today : CivilTime(WallTime(microseconds: status.modifiedNanoseconds / 1_000)).date
    if status.size > 0, try file.read(at: status.size - 1, count: 1) != [newline] {
      try file.append([newline])
      state.size += 1
    }
    state.file = consume file
  }

  /// Closes a file that does not stand at the path any more.
  private func leaveWhatMoved(_ state: inout State) throws(DiskError) {
    guard let mine = try state.file?.status else { return }
    let there = try disk.status(at: path)
    if there?.inode != mine.inode || there?.device != mine.device { state.file = nil }
  }

  private func rotate(_ state: inout State, _ now: WallTime) throws(DiskError) {
    state.file = nil
    let kept = try predecessors()
    var number = (kept.filter { $0.day == state.day }.map(\.number).max() ?? 0) + 1
    while true {
      do throws(DiskError) {
        try disk.rename(path, to: predecessor(state.day, number), replacing: false)
        break
      } catch .exists {
        number += 1
      }
    }
    drop(kept + [Predecessor(day: state.day, number: number)], now)
    try open(&state, state.day)
  }

  // MARK: Predecessors

  private struct Predecessor: Comparable {
    let day: String
    let number: Int

    static func < (left: Predecessor, right: Predecessor) -> Bool {
      (left.day, left.number) < (right.day, right.number)
    }
  }

  private func predecessor(_ day: String, _ number: Int) -> FilePath {
    path.parent.appending(path.name + Array(".\(day).\(number)".utf8))
  }

  private func predecessors() throws(DiskError) -> [Predecessor] {
    try disk.list(path.parent).compactMap { entry in
      guard entry.kind == .regular, entry.name.starts(with: path.name) else { return nil }
      let parts = String(decoding: entry.name.dropFirst(path.name.count), as: UTF8.self)
        .split(separator: ".", omittingEmptySubsequences: false)
      guard parts.count == 3, parts[0].isEmpty, isDay(parts[1]), let number = Int(parts[2]),
        number > 0, parts[2] == "\(number)"
      else { return nil }
      return Predecessor(day: String(parts[1]), number: number)
    }.sorted()
  }

  /// Removes those that are too old or too many.
  private func drop(_ kept: [Predecessor], _ now: WallTime) {
    let oldest = CivilTime(now + .seconds(-86_400 * Int64(rotation.keepDays))).date
    for (index, file) in kept.enumerated()
    where file.day < oldest || index < kept.count - rotation.filesMax {
      do throws(DiskError) {
        try disk.remove(predecessor(file.day, file.number))
      } catch {
        // It is tried again at the next rotation; the log itself goes on.
        continue
      }
    }
  }
}

private let newline = UInt8(ascii: "\n")

/// True for text such as `2026-11-20`.
private func isDay(_ text: Substring) -> Bool {
  let parts = text.split(separator: "-", omittingEmptySubsequences: false)
  return parts.map(\.utf8.count) == [4, 2, 2]
    && text.utf8.allSatisfy { $0 == UInt8(ascii: "-") || (48...57).contains($0) }
}
