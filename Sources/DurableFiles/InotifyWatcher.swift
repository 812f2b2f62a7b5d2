// The watcher for who may not use fanotify: one watch for every directory.
//
// A new directory is watched first and then walked, so that what was put into it in between is
// told by the walk if not by the watch, and perhaps by both. When the kernel's queue overflows, the
// whole tree is watched anew before `overflow` is told: who looks through the tree then misses
// nothing that comes later. See inotify(7).

import Ambient
import CLinux
import Glibc
import Synchronization

/// Tells of changes through inotify(7).
package final class InotifyWatcher: ChangeWatcher {
  /// How long the second half of a move may take to follow the first.
  private static let pairTimeout = Duration.milliseconds(10)

  private struct State {
    var paths: [Int32: FilePath] = [:]
    var watches: [FilePath: Int32] = [:]
    var arrivals: Arrivals
    /// Moves of which only the first half was read, by cookie.
    var departures: [(cookie: UInt32, path: FilePath, isDirectory: Bool)] = []
    var events: [ChangeEvent] = []
  }

  package let mechanism = WatchMechanism.inotify
  private let disk: PosixDisk
  private let queue: KernelQueue
  // Held while one thread asks; `stop` does not need it.
  private let state: Mutex<State>

  /// Watches every directory of the disk but those within `excluded`.
  package init(on disk: PosixDisk, excluding excluded: [FilePath] = []) throws(DiskError) {
    self.disk = disk
    state = Mutex(State(arrivals: Arrivals(on: disk, excluding: excluded)))
    queue = try KernelQueue(Descriptor(try answer(for: .root) { clinux_inotify() }))
    try state.withLock { (state) throws(DiskError) in try watchAll(&state) }
  }

  package func stop() {
    queue.stop()
  }

  package func next(timeout: Duration) throws(DiskError) -> [ChangeEvent]? {
    try state.withLock { (state) throws(DiskError) in
      // Unfinished work is gone on with at once.
      let patience = state.arrivals.isEmpty ? timeout : .zero
      guard case .records(let records) = try queue.wait(patience) else { return nil }
      try read(records, &state)
      if !state.departures.isEmpty {
        guard case .records(let more) = try queue.wait(Self.pairTimeout) else { return nil }
        try read(more, &state)
        try giveUpDepartures(&state)
      }
      tellOfArrivals(&state)
      defer { state.events = [] }
      return state.events
    }
  }

  private func tellOfArrivals(_ state: inout State) {
    var arrivals = state.arrivals
    // Watched before it is looked at, so that nothing falls in between.
    let events = arrivals.step { (path) throws(DiskError) in try watchIfThere(path, &state) }
    state.events += events
    state.arrivals = arrivals
  }
}

// Which directories are watched.
extension InotifyWatcher {
  /// Watches the whole tree, directories that are watched already under their present names.
  private func watchAll(_ state: inout State) throws(DiskError) {
    let former = state.paths.keys
    state.paths = [:]
    state.watches = [:]
    state.arrivals.clear()
    defer {
      for watch in former where state.paths[watch] == nil { forget(watch) }
    }
    try watch(.root, &state)
    var walk = TreeWalk(.root, on: disk)
    while let step = try walk.next() {
      guard case .entry(let path, .directory) = step else { continue }
      if state.arrivals.excludes(path) {
        walk.skipDescendants()
      } else {
        try watchIfThere(path, &state)
      }
    }
  }

  private func watch(_ path: FilePath, _ state: inout State) throws(DiskError) {
    let directory = try disk.resolve(path, CLINUX_PLACE, as: path)
    let (watcher, number) = (queue.watcher.number, directory.number)
    let watch: Int32
    do throws(DiskError) {
      watch = try answer(for: path) { clinux_inotify_add(watcher, number, Record.wanted) }
    } catch .full {
      throw .watchesExhausted(path)
    }
    // A directory that moved may be known under another name.
    if let former = state.paths[watch] { state.watches[former] = nil }
    state.paths[watch] = path
    state.watches[path] = watch
  }

  /// Watches a directory that may be gone again, or be something else by now.
  private func watchIfThere(_ path: FilePath, _ state: inout State) throws(DiskError) {
    do throws(DiskError) {
      try watch(path, &state)
    } catch {
      guard error.isOfSomethingGone else { throw error }
    }
  }

  /// Watches a directory that arrived, and has it walked through.
  private func adopt(_ path: FilePath, _ state: inout State) throws(DiskError) {
    do throws(DiskError) {
      try watchIfThere(path, &state)
    } catch .watchesExhausted {
      // What happens in there is not seen, so the reader must look.
      state.events.append(ChangeEvent(.overflow))
      return
    }
    if !state.arrivals.add(path) {
      try watchAll(&state)
      state.events.append(ChangeEvent(.overflow))
    }
  }

  /// Gives the directories within a moved one their new names, or forgets them.
  private func rename(_ from: FilePath, to: FilePath?, _ state: inout State) {
    for (path, watch) in state.watches where path.isWithin(from) {
      state.watches[path] = nil
      if let to {
        let renamed = path.rebased(from: from, to: to)
        state.paths[watch] = renamed
        state.watches[renamed] = watch
      } else {
        state.paths[watch] = nil
        forget(watch)
      }
    }
    state.arrivals.move(from, to: to)
  }

  private func forget(_ watch: Int32) {
    // It fails only when the directory is gone, and the watch with it.
    _ = clinux_inotify_remove(queue.watcher.number, watch)
  }
}

// What the kernel tells.
extension InotifyWatcher {
  private func read(_ records: [UInt8], _ state: inout State) throws(DiskError) {
    var reader = RecordReader(records[...])
    while !reader.isAtEnd { try take(Record(&reader), &state) }
  }

  private func take(_ record: Record, _ state: inout State) throws(DiskError) {
    if record.says(.overflow) {
      // Only now is it known that nothing was missed in between.
      try watchAll(&state)
      state.departures = []
      state.events.append(ChangeEvent(.overflow))
      return
    }
    guard let directory = state.paths[record.watch] else { return }
    if record.says(.ignored) {
      state.paths[record.watch] = nil
      if state.watches[directory] == record.watch { state.watches[directory] = nil }
      return
    }
    guard !record.name.isEmpty else { return }
    let path = directory.appending(record.name)
    if record.says(.movedFrom) {
      state.departures.append((record.cookie, path, record.isDirectory))
    } else if record.says(.movedTo) {
      try arrive(path, record, &state)
    } else if !state.arrivals.excludes(path) {
      if record.says(.created) { try appear(path, record.isDirectory, &state) }
      if record.says(.written) { state.events.append(ChangeEvent(.written(path))) }
      if record.says(.removed) {
        state.events.append(ChangeEvent(.removed(path), isDirectory: record.isDirectory))
      }
    }
  }

  private func appear(
    _ path: FilePath, _ isDirectory: Bool, _ state: inout State
  ) throws(DiskError) {
    state.events.append(ChangeEvent(.created(path), isDirectory: isDirectory))
    if isDirectory { try adopt(path, &state) }
  }

  private func arrive(
    _ path: FilePath, _ record: Record, _ state: inout State
  ) throws(DiskError) {
    let index = state.departures.firstIndex { $0.cookie == record.cookie }
    let origin = index.map { state.departures.remove(at: $0).path }
    switch (origin, state.arrivals.excludes(path)) {
    case (let origin?, false) where !state.arrivals.excludes(origin):
      state.events.append(
        ChangeEvent(.moved(from: origin, to: path), isDirectory: record.isDirectory))
      guard record.isDirectory else { return }
      rename(origin, to: path, &state)
      // It had moved on before it could be watched under its first name.
      if state.watches[path] == nil { try adopt(path, &state) }
    case (let origin?, true):
      leave(origin, record.isDirectory, &state)
    case (nil, true):
      break
    case (_, false):
      try appear(path, record.isDirectory, &state)
      if !record.isDirectory { state.events.append(ChangeEvent(.written(path))) }
    }
  }

  private func leave(_ path: FilePath, _ isDirectory: Bool, _ state: inout State) {
    if state.arrivals.excludes(path) { return }
    if isDirectory { rename(path, to: nil, &state) }
    state.events.append(ChangeEvent(.removed(path), isDirectory: isDirectory))
  }

  /// What left and did not arrive has left the tree.
  private func giveUpDepartures(_ state: inout State) throws(DiskError) {
    for departure in state.departures { leave(departure.path, departure.isDirectory, &state) }
    state.departures = []
  }
}

/// One record of inotify(7): watch 4, mask 4, cookie 4, length 4, then the name, padded with NUL.
private struct Record {
  enum Bit: UInt32 {
    case written = 0x8
    case movedFrom = 0x40
    case movedTo = 0x80
    case created = 0x100
    case removed = 0x200
    case overflow = 0x4000
    case ignored = 0x8000
    case directory = 0x4000_0000
  }

  /// Everything a watch asks for; of names that were removed nothing more is told.
  static let wanted: UInt32 = 0x8 | 0x40 | 0x80 | 0x100 | 0x200 | 0x0400_0000

  let watch: Int32
  let mask: UInt32
  let cookie: UInt32
  let name: [UInt8]

  init(_ reader: inout RecordReader) {
    watch = reader.number(Int32.self)
    mask = reader.number(UInt32.self)
    cookie = reader.number(UInt32.self)
    let length = Int(reader.number(UInt32.self))
    name = Array(reader.take(length).prefix { $0 != 0 })
  }

  var isDirectory: Bool { says(.directory) }

  func says(_ bit: Bit) -> Bool { mask & bit.rawValue != 0 }
}
