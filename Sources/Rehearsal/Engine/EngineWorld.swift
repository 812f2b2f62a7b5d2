// The world around a rehearsed engine: the machine of the depot, its server, which writes whenever it
// gets a turn, and the moods of the cold store. Everything is decided by one generator under one
// lock, which nobody holds while the engine works.

import Ambient
import DiskSimulation
import DurableFiles
import Synchronization

/// What a rehearsed engine shares with everybody else.
final class EngineWorld: Sendable {
  static let paths: [FilePath] = [
    "a", "b", "dir/a", "dir/b", "dir/sub/c", "other/d~1", "other/%e", ".f",
  ]

  struct State {
    var generator: SeededGenerator
    var model = DepotModel()
    /// The server's own process on the depot's machine.
    var server: SimulatedDisk
    /// The server gets a turn once in so many; 0 for never.
    var turnsOneIn = 40
    /// The store is out of sorts once in so many; 0 for never.
    var moodsOneIn = 8
    /// How often it was.
    var moods = 0
    var written = 0
    /// Files that changed behind the engine's back and that nobody has told of.
    var untold: [FilePath] = []
  }
  private let state: Mutex<State>

  init(seed: UInt64, server: SimulatedDisk) {
    state = Mutex(State(generator: SeededGenerator(seed: seed), server: server))
  }

  func with<Result>(_ body: (inout State) -> Result) -> Result { state.withLock { body(&$0) } }

  /// Gives the server a turn, now and then.
  func interpose() {
    with { state in
      guard state.turnsOneIn > 0, state.generator.chance(oneIn: state.turnsOneIn) else { return }
      state.act()
    }
  }

  /// How the store is now.
  func mood() -> StoreMood {
    with { state in
      guard state.moodsOneIn > 0, state.generator.chance(oneIn: state.moodsOneIn) else {
        return .works
      }
      let bad = StoreMood.allCases.filter { $0 != .works }
      let mood = bad[state.generator.below(bad.count)]
      state.moods += 1
      return mood
    }
  }
}

extension EngineWorld.State {
  /// One thing that the server does.
  mutating func act() {
    let path = EngineWorld.paths[generator.below(EngineWorld.paths.count)]
    let call = generator.below(10)
    do throws(DiskError) {
      switch call {
      case 0..<6: try write(path)
      case 6: try touch(path)
      case 7: try remove(path)
      default: try move(path, to: EngineWorld.paths[generator.below(EngineWorld.paths.count)])
      }
      untold.append(path)
    } catch {
      // What came of it the server does not know, unless nothing was begun.
      if !isHarmless(error) { model.doubts(path) }
    }
  }

  private func isHarmless(_ error: DiskError) -> Bool {
    switch error {
    case .locked, .absent: true
    default: false
    }
  }

  private mutating func write(_ path: FilePath) throws(DiskError) {
    written += 1
    let size = generator.chance(oneIn: 6) ? 9_000 : generator.below(300)
    let filler = [UInt8](repeating: UInt8(ascii: "x"), count: size)
    let bytes = Array("\(path) \(written) ".utf8) + filler
    let access = try server.status(at: path) == nil
    if access { try server.makeDirectories(path.parent, mode: 0o755) }
    let file = try OpenFile(path, access ? .creating(mode: 0o640) : .writing, on: server)
    // From here on a failure leaves something in between.
    do throws(DiskError) {
      if !access { try file.truncate(to: 0) }
      try file.write(bytes, at: 0)
      try file.sync(.all)
      try server.syncDirectory(path.parent)
    } catch {
      throw .io(path)
    }
    model.wrote(path, bytes)
  }

  /// Sets the times of a file back, which changes nothing of its bytes.
  private mutating func touch(_ path: FilePath) throws(DiskError) {
    let file = try OpenFile(path, .reading, on: server)
    try file.set(FileAttributes(modifiedNanoseconds: Int64(generator.below(1_000_000))))
    try file.sync(.all)
  }

  private mutating func remove(_ path: FilePath) throws(DiskError) {
    try server.remove(path)
    model.removed(path)
    do throws(DiskError) {
      try server.syncDirectory(path.parent)
    } catch {
      // It may be back after a crash, as a file that vanished may.
    }
  }

  /// The server's own removal of a file that it deletes, before it says so to the engine; false when it
  /// has not come to saying so.
  mutating func discard(_ path: FilePath) -> Bool {
    do throws(DiskError) {
      try remove(path)
      return true
    } catch .absent {
      return true
    } catch .locked {
      return false
    } catch {
      model.doubts(path)
      return false
    }
  }

  private mutating func move(_ from: FilePath, to: FilePath) throws(DiskError) {
    guard from != to else { return }
    let found = try server.status(at: from)
    guard found != nil else { return }
    do throws(DiskError) {
      try server.makeDirectories(to.parent, mode: 0o755)
      try server.rename(from, to: to, replacing: true)
      try server.syncDirectory(to.parent)
      try server.syncDirectory(from.parent)
    } catch {
      model.doubts(from)
      model.doubts(to)
      untold += [from, to]
      return
    }
    model.moved(from, to: to)
    untold.append(to)
  }

  /// What the server reads at a path; nil when nothing stands there.
  func read(_ path: FilePath) throws(DiskError) -> [UInt8]? {
    do throws(DiskError) {
      return try OpenFile(path, .reading, on: server).readAll(bytesMax: 1 << 20)
    } catch .absent {
      return nil
    } catch .notADirectory {
      return nil
    }
  }
}
