// Directories that appeared in a watched tree with things in them that no event told of. They are
// walked through piece by piece, so that a large one does not keep the kernel's queue waiting.

/// Directories that arrived and have not been walked through to their end.
struct Arrivals {
  /// The most steps that are taken at once.
  private static let stepsMax = 1_024
  /// The most directories that wait.
  private static let walksMax = 4_096

  private let disk: PosixDisk
  private let excluded: [FilePath]
  private var walks: [TreeWalk] = []

  init(on disk: PosixDisk, excluding excluded: [FilePath]) {
    self.disk = disk
    self.excluded = excluded
  }

  var isEmpty: Bool { walks.isEmpty }

  /// Whether nothing is told of the path.
  func excludes(_ path: FilePath) -> Bool {
    excluded.contains { path.isWithin($0) }
  }

  /// Adds a directory; false when too many wait, and all are forgotten.
  mutating func add(_ path: FilePath) -> Bool {
    if walks.count == Self.walksMax {
      walks = []
      return false
    }
    walks.append(TreeWalk(path, on: disk))
    return true
  }

  /// Forgets all.
  mutating func clear() {
    walks = []
  }

  /// Starts again where a directory has moved to, with those that were within it; nil for nowhere.
  mutating func move(_ from: FilePath, to: FilePath?) {
    walks = walks.compactMap { walk in
      guard walk.start.isWithin(from) else { return walk }
      return to.map { TreeWalk(walk.start.rebased(from: from, to: $0), on: disk) }
    }
  }

  /// What is found in a number of steps; `enter` is called with each directory before anything in
  /// it is looked at.
  mutating func step(
    enter: (FilePath) throws(DiskError) -> Void
  ) -> [ChangeEvent] {
    var events: [ChangeEvent] = []
    for _ in 0..<Self.stepsMax {
      guard let last = walks.indices.last else { break }
      do throws(DiskError) {
        switch try walks[last].next() {
        case nil: walks.remove(at: last)
        case .unreadable: events.append(ChangeEvent(.overflow))
        case .entry(let path, _) where excludes(path): walks[last].skipDescendants()
        case .entry(let path, let kind):
          if kind == .directory { try enter(path) }
          events.append(ChangeEvent(.created(path), isDirectory: kind == .directory))
          if kind == .regular { events.append(ChangeEvent(.written(path))) }
        }
      } catch {
        // What arrived may be gone or have moved on, and then its own event says so.
        if !error.isOfSomethingGone { events.append(ChangeEvent(.overflow)) }
        walks.remove(at: last)
      }
    }
    return events
  }
}
