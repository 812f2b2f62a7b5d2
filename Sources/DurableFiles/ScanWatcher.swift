// The watcher of last resort: it looks through the whole tree now and then and compares with what
// it saw before. It works on any disk, also the simulated one. Nobody tells it who did what, and of
// several changes between two looks it sees the sum.

package import Ambient
import Synchronization

/// Tells of changes by looking.
package final class ScanWatcher: ChangeWatcher {
  /// The most events that are told at once.
  private static let eventsMax = 4_096
  /// The most names that are remembered; of a larger tree only `overflow` is told, at each look.
  package static let namesMax = 1_000_000

  /// What a name looked like; another look means another file or other bytes.
  private struct Look: Equatable {
    let kind: FileKind
    let node: Node
    /// Zero for directories, whose own times say nothing of interest.
    let size: UInt64
    let modifiedNanoseconds: Int64
    let changedNanoseconds: Int64

    init(_ status: FileStatus) {
      let counts = status.kind != .directory
      kind = status.kind
      node = Node(device: status.device, inode: status.inode, kind: status.kind)
      size = counts ? status.size : 0
      modifiedNanoseconds = counts ? status.modifiedNanoseconds : 0
      changedNanoseconds = counts ? status.changedNanoseconds : 0
    }

    /// Whether the bytes of a file that moved, which alters its time of change, may be others.
    func isRewritten(since earlier: Look?) -> Bool {
      size != earlier?.size || modifiedNanoseconds != earlier?.modifiedNanoseconds
    }
  }

  private struct Node: Hashable {
    let device: UInt64
    let inode: UInt64
    let kind: FileKind
  }

  private struct State {
    var known: [FilePath: Look] = [:]
    var isTooLarge = false
    var due: MonotonicTime
    var events: [ChangeEvent] = []
  }

  package let mechanism = WatchMechanism.scan
  private let disk: any Disk
  private let excluded: [FilePath]
  private let interval: Duration
  private let namesMax: Int
  private let clock: MonotonicClock
  private let pause: Pause
  private let cancellation = Cancellation()
  // Held while one thread asks; `stop` does not need it.
  private let state: Mutex<State>

  /// Looks through all of the disk but what is within `excluded`, at once and every `interval`.
  package init(
    on disk: any Disk, excluding excluded: [FilePath] = [], every interval: Duration,
    namesMax: Int = ScanWatcher.namesMax, clock: MonotonicClock, pause: Pause
  ) throws(DiskError) {
    self.disk = disk
    self.excluded = excluded
    self.interval = interval
    self.namesMax = namesMax
    self.clock = clock
    self.pause = pause
    state = Mutex(State(due: clock.now() + interval))
    try state.withLock { (state) throws(DiskError) in
      let (seen, _) = try look(at: [:])
      state.known = seen ?? [:]
      state.isTooLarge = seen == nil
    }
  }

  package func stop() {
    cancellation.cancel()
  }

  package func next(timeout: Duration) throws(DiskError) -> [ChangeEvent]? {
    try state.withLock { (state) throws(DiskError) in
      if state.events.isEmpty {
        let patience = max(.zero, min(timeout, state.due - clock.now()))
        guard pause.wait(patience, cancellation) else { return nil }
        if clock.now() >= state.due { try compare(&state) }
      }
      if cancellation.isCancelled { return nil }
      let told = Array(state.events.prefix(Self.eventsMax))
      state.events.removeFirst(told.count)
      return told
    }
  }

  /// Looks again and notes what is different.
  private func compare(_ state: inout State) throws(DiskError) {
    state.due = clock.now() + interval
    let (seen, unreadable) = try look(at: state.known)
    guard let seen, !state.isTooLarge else {
      state.known = seen ?? [:]
      state.isTooLarge = seen == nil
      state.events = [ChangeEvent(.overflow)]
      return
    }
    if unreadable { state.events.append(ChangeEvent(.overflow)) }
    state.events += Self.differences(from: state.known, to: seen)
    state.known = seen
  }

  /// What is there now, nil when it is too much; of what cannot be read, what was known before.
  private func look(
    at known: [FilePath: Look]
  ) throws(DiskError) -> (seen: [FilePath: Look]?, unreadable: Bool) {
    var seen: [FilePath: Look] = [:]
    var unreadable = false
    var walk = TreeWalk(.root, on: disk)
    while let step = try walk.next() {
      switch step {
      case .entry(let path, _):
        if excluded.contains(where: { path.isWithin($0) }) {
          walk.skipDescendants()
        } else if let status = try status(at: path) {
          seen[path] = Look(status)
          if seen.count > namesMax { return (nil, false) }
        }
      case .unreadable(let path, _):
        unreadable = true
        seen.merge(known.filter { $0.key != path && $0.key.isWithin(path) }) { now, _ in now }
      }
    }
    return (seen, unreadable)
  }

  private func status(at path: FilePath) throws(DiskError) -> FileStatus? {
    do throws(DiskError) {
      return try disk.status(at: path)
    } catch {
      guard error.isOfSomethingGone else { throw error }
      return nil
    }
  }

  /// The changes that lead from one look to the other: first what moved, and the directories it
  /// may have moved to, then what came or was written, then what is gone.
  private static func differences(
    from old: [FilePath: Look], to new: [FilePath: Look]
  ) -> [ChangeEvent] {
    var moves: [ChangeEvent] = []
    var arrivals: [ChangeEvent] = []
    var gone = old.filter { new[$0.key]?.node != $0.value.node }
    var origins: [Node: FilePath] = [:]
    for (path, look) in gone where origins[look.node].map({ path < $0 }) ?? true {
      origins[look.node] = path
    }
    for (path, look) in new.sorted(by: { $0.key < $1.key }) where old[path] != look {
      var former = old[path]
      var isMoved = false
      if former?.node != look.node, let origin = origins.removeValue(forKey: look.node) {
        former = gone.removeValue(forKey: origin)
        isMoved = true
        if !isCarried(path, from: origin, old, new) {
          moves.append(event(.moved(from: origin, to: path), look))
        }
      }
      if former?.node == look.node {
        if look.kind == .regular, !isMoved || look.isRewritten(since: former) {
          arrivals.append(event(.written(path), look))
        }
        continue
      }
      if look.kind == .directory {
        moves.append(event(.created(path), look))
      } else {
        if former?.kind != look.kind { arrivals.append(event(.created(path), look)) }
        if look.kind == .regular { arrivals.append(event(.written(path), look)) }
      }
    }
    let removals = gone.filter { new[$0.key] == nil }.sorted { $0.key < $1.key }
    return moves + arrivals + removals.map { event(.removed($0.key), $0.value) }
  }

  /// Whether a name moved along with its directory, and was told with it.
  private static func isCarried(
    _ path: FilePath, from origin: FilePath, _ old: [FilePath: Look], _ new: [FilePath: Look]
  ) -> Bool {
    path.name == origin.name && path.parent != origin.parent
      && new[path.parent]?.node == old[origin.parent]?.node
  }

  private static func event(_ change: Change, _ look: Look) -> ChangeEvent {
    ChangeEvent(change, isDirectory: look.kind == .directory)
  }
}
