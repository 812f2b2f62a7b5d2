// The watchers that keep the contract, each over a fresh file system of its own where the machine
// allows one, so that nobody else's files make noise.

import Ambient
import DiskSimulation
import Glibc
import ScratchFiles
import Testing

@testable import DurableFiles

/// A kind of watcher.
enum WatcherKind: CaseIterable, CustomTestStringConvertible {
  case fanotify
  /// A kernel that tells of moves in two halves.
  case olderFanotify
  case inotify
  case scan

  var testDescription: String { "\(self)" }

  var namesWriters: Bool { self == .fanotify || self == .olderFanotify }
  /// Whether it sees changes one by one, rather than their sum.
  var seesSteps: Bool { self != .scan }
  /// Whether it knows both names of what moved.
  var joinsMoves: Bool { self != .olderFanotify }
}

/// What a watcher should have told within half a minute, and what it told last.
struct NeverTold: Error {
  let missing: Set<Change>
  let told: ArraySlice<ChangeEvent>
}

/// A fresh tree, a watcher on part of it, and what it told so far.
final class WatcherUnderTest {
  /// The whole tree; the watcher sees `watched` and below.
  let outer: PosixDisk
  let disk: PosixDisk
  let watcher: any ChangeWatcher
  let path: String
  private let scratch: Scratch
  private let isMounted: Bool
  private(set) var told: [ChangeEvent] = []

  /// Nil, said loudly, where the kernel refuses.
  init?(
    _ kind: WatcherKind, excluding excluded: [FilePath] = [],
    preparing prepare: (PosixDisk) throws -> Void = { _ in }
  ) throws {
    scratch = try Scratch()
    let mount = scratch.path + "/mount"
    try PosixDisk(root: scratch.path).makeDirectory("mount", mode: 0o700)
    isMounted = run("mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", mount) == 0
    outer = try PosixDisk(root: mount)
    try outer.makeDirectory("watched", mode: 0o700)
    try outer.makeDirectory("elsewhere", mode: 0o700)
    path = mount + "/watched"
    disk = try PosixDisk(root: path)
    try prepare(disk)
    do throws(DiskError) {
      watcher =
        switch kind {
        case .fanotify: try FanotifyWatcher(on: disk, excluding: excluded)
        case .olderFanotify:
          try FanotifyWatcher(on: disk, excluding: excluded, movesAsOne: false)
        case .inotify: try InotifyWatcher(on: disk, excluding: excluded)
        case .scan:
          try ScanWatcher(
            on: disk, excluding: excluded, every: .milliseconds(2), namesMax: 5_000,
            clock: .live, pause: .live)
        }
    } catch .denied {
      skip("\(kind) is refused here")
      return nil
    } catch .unsupported {
      skip("\(kind) is not to be had here")
      return nil
    }
  }

  deinit {
    if isMounted, run("umount", "-l", scratch.path + "/mount") != 0 {
      Issue.record("\(scratch.path)/mount is still mounted")
    }
  }

  /// Listens until all of these were told, in any order; throws after half a minute without news.
  func expect(_ changes: Change..., location: SourceLocation = #_sourceLocation) throws {
    var missing = Set(changes)
    while true {
      missing.subtract(told.map(\.change))
      if missing.isEmpty { return }
      let deadline = MonotonicClock.live.now() + .seconds(30)
      var news: [ChangeEvent] = []
      while news.isEmpty, MonotonicClock.live.now() < deadline {
        news = try #require(try watcher.next(timeout: .seconds(30)), sourceLocation: location)
      }
      told += news
      if news.isEmpty { throw NeverTold(missing: missing, told: told.suffix(20)) }
    }
  }

  /// Listens for a moment; false when nothing was told.
  func hear() throws -> Bool {
    let news = try #require(try watcher.next(timeout: .milliseconds(20)))
    told += news
    return !news.isEmpty
  }

  /// Forgets what was told.
  func forget() {
    told = []
  }

  /// What was told of a path.
  func changes(of path: FilePath) -> [Change] {
    told.map(\.change).filter { change in
      switch change {
      case .created(path), .written(path), .removed(path), .moved(path, _), .moved(_, path): true
      default: false
      }
    }
  }

  /// Makes a mark that is told after everything before it, and waits for that.
  func settle(_ mark: FilePath = "mark") throws {
    try disk.put(mark, [1])
    try expect(.written(mark))
  }
}
