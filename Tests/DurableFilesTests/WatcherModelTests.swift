// The promise behind all others: whoever looks where events point knows the tree in the end,
// whatever was done to it and however late the events were read.

import Ambient
import DurableFiles
import Testing

@Suite(.serialized) struct WatcherModelTests {
  @Test(arguments: WatcherKind.allCases, 1...5 as ClosedRange<UInt64>)
  func `one who follows the events knows every file in the end`(
    _ kind: WatcherKind, _ seed: UInt64
  ) throws {
    guard let ground = try WatcherUnderTest(kind) else { return }
    var choices = SeededGenerator(seed: seed)
    var follower = Follower(ground.disk)
    for _ in 0..<400 {
      change(ground, &choices)
      if choices.chance(oneIn: 10) {
        try follower.follow(try #require(try ground.watcher.next(timeout: .zero)))
      }
    }
    var quiet = 0
    while quiet < 3 {
      let events = try #require(try ground.watcher.next(timeout: .milliseconds(20)))
      quiet = events.isEmpty ? quiet + 1 : 0
      try follower.follow(events)
    }
    let actual = try Follower.look(through: ground.disk)
    #expect(follower.files == actual, "seed \(seed)")
    #expect(!actual.isEmpty)
  }

  private static let names: [FilePath] = ["a", "b", "c", "d", "e"]

  /// Does something to the tree, if it can be done.
  private func change(_ ground: WatcherUnderTest, _ choices: inout SeededGenerator) {
    func path() -> FilePath {
      let depth = 1 + choices.below(3)
      return (0..<depth).reduce(.root) { path, _ in
        path.appending(Self.names[choices.below(5)].name)
      }
    }
    func outside() -> FilePath {
      FilePath("elsewhere").appending(Self.names[choices.below(5)].name)
    }
    let (disk, outer) = (ground.disk, ground.outer)
    do throws(DiskError) {
      switch choices.below(16) {
      case 0...3: try disk.put(path(), [UInt8](repeating: 1, count: choices.below(100)))
      case 4, 5: try OpenFile(path(), .writing, on: disk).append(choices.bytes(3))
      case 6...8: try disk.makeDirectory(path(), mode: 0o700)
      case 9: try disk.remove(path())
      case 10: try disk.removeTree(path())
      case 11...13: try disk.rename(path(), to: path(), replacing: choices.chance(oneIn: 2))
      case 14:
        try outer.rename(inside(path()), to: outside(), replacing: true)
      default: try outer.rename(outside(), to: inside(path()), replacing: true)
      }
    } catch {
      // Many random changes are impossible, and those change nothing.
    }
  }

  private func inside(_ path: FilePath) -> FilePath {
    path.components.reduce("watched") { $0.appending(Array($1)) }
  }
}

/// Knows the files of a tree and their sizes, by looking where events point.
private struct Follower {
  private let disk: PosixDisk
  private(set) var files: [FilePath: UInt64] = [:]

  init(_ disk: PosixDisk) {
    self.disk = disk
  }

  /// All files that are there within a directory, or within nothing when that is gone.
  static func look(
    through disk: PosixDisk, _ directory: FilePath = .root
  ) throws -> [FilePath: UInt64] {
    var files: [FilePath: UInt64] = [:]
    var walk = TreeWalk(directory, on: disk)
    do throws(DiskError) {
      while let step = try walk.next() {
        if case .entry(let path, .regular) = step { files[path] = try disk.status(at: path)?.size }
      }
    } catch {
      #expect(error == .absent(directory) || error == .notADirectory(directory))
    }
    return files
  }

  mutating func follow(_ events: [ChangeEvent]) throws {
    for event in events {
      switch event.change {
      case .created(let path), .written(let path): try look(at: path)
      case .removed(let path):
        for known in files.keys where known.isWithin(path) { try look(at: known) }
      case .moved(let from, let to):
        for known in files.keys where known.isWithin(from) { try look(at: known) }
        try look(at: to)
        if event.isDirectory { files.merge(try Self.look(through: disk, to)) { _, new in new } }
      case .overflow: files = try Self.look(through: disk)
      }
    }
  }

  private mutating func look(at path: FilePath) throws {
    do throws(DiskError) {
      let status = try disk.status(at: path)
      files[path] = status?.kind == .regular ? status?.size : nil
    } catch .notADirectory {
      files[path] = nil
    }
  }
}
