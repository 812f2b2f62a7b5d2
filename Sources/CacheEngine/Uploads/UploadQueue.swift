// Which files are uploaded, and when. The queue of all dirty files is the manifest's, on its disk; here
// are the few that come next, those under way, and the reasons why nothing may begin.
//
//   manifest ──looked──▶ waiting ──a place is free──▶ under way ──ended──▶ (forgotten)
//      ▲                    (batchMax)                  (concurrencyMax)
//      └── look: when few wait and there may be more, when news came, when a deadline has passed
//
// A file under way is a claim in memory and nothing else: after a crash it is dirty as before. The
// row that was looked at may be old by the time its upload begins; whoever begins looks again.

internal import Ambient
internal import DurableFiles

/// Why no upload begins; each is lifted by whoever set it.
public enum UploadHold: Hashable, Sendable {
  /// An operator said so, and why; one such hold at a time.
  case paused(String)
  /// Events cannot be written.
  case journalRefuses
  /// The primary does not take objects; what it said is for the screen.
  case backend(String)
  /// A policy forbids it; the sentence is for the screen.
  case policy(String)
  /// The engine is ending.
  case stopping
}

/// The schedule of uploads.
struct UploadQueue: Sendable {
  enum Event: Equatable, Sendable {
    /// Places are to be filled; something may be dirty.
    case noticed
    /// What the manifest had: files in order of writing, and when the next is due that is not yet.
    case looked(found: [FilePath], isAll: Bool, nextDue: WallTime?, at: WallTime)
    /// An upload has ended, whatever came of it; when nothing could be written down about it, the
    /// file rests until a time, or it would be the next to begin.
    case ended(FilePath, restsUntil: WallTime?)
    /// So many are looked up and claimed at once from now on; what is claimed stays so.
    case limited(batchMax: Int, concurrencyMax: Int)
    /// These come before all others.
    case prioritised([FilePath])
    case held(UploadHold)
    case released(UploadHold)
    /// No operator holds them any more, whatever was said.
    case resumed
    /// The primary is tried again, whatever it said.
    case releasedBackend
    /// The time that was asked for has come.
    case woken
  }

  enum Action: Equatable, Sendable {
    /// Tell what is due, at most so many; those that wait or are under way may be among them.
    case look(max: Int)
    case begin(FilePath)
    /// Say `woken` then, unless another time is asked for before.
    case wake(at: WallTime)
  }

  /// The most files that are asked to come before others.
  static let urgentMax = 10_000
  /// The most files that rest.
  static let restingMax = 1_024
  /// How long nobody looks again when a look brought nothing new.
  static let idlePause = Duration.seconds(1)

  private var batchMax: Int
  private var concurrencyMax: Int
  private var urgent: [FilePath] = []
  private var waiting: [FilePath] = []
  private var underWay: Set<FilePath> = []
  private var resting: [FilePath: WallTime] = [:]
  private(set) var holds: Set<UploadHold> = []
  /// Whether the manifest may have more than what was told.
  private var mayHaveMore = false
  private var isLooking = false
  /// News that came while somebody looked.
  private var lookAgain = false

  init(batchMax: Int, concurrencyMax: Int) {
    precondition(batchMax > 0 && concurrencyMax > 0, "a queue has places")
    self.batchMax = batchMax
    self.concurrencyMax = concurrencyMax
  }

  /// How many uploads are under way.
  var underWayCount: Int { underWay.count }

  /// Whether a file is being uploaded.
  func isUnderWay(_ path: FilePath) -> Bool { underWay.contains(path) }

  /// Takes in what happened and says what to do.
  mutating func handle(_ event: Event) -> [Action] {
    var actions: [Action] = []
    switch event {
    case .noticed, .woken:
      mayHaveMore = true
      if isLooking { lookAgain = true }
    case .looked(let found, let isAll, let nextDue, let now):
      isLooking = false
      resting = resting.filter { $0.value > now }
      let isNew = take(found)
      mayHaveMore = lookAgain || isNew && !isAll
      lookAgain = false
      let idle = isNew || isAll && resting.isEmpty ? nil : now + Self.idlePause
      if let next = [nextDue, idle].compactMap({ $0 }).min() { actions.append(.wake(at: next)) }
    case .ended(let path, let until):
      underWay.remove(path)
      if let until, resting.count < Self.restingMax { resting[path] = until }
    case .limited(let batchMax, let concurrencyMax):
      (self.batchMax, self.concurrencyMax) = (batchMax, concurrencyMax)
    case .prioritised(let paths):
      for path in paths where urgent.count < Self.urgentMax && !urgent.contains(path) {
        urgent.append(path)
      }
    case .held(let hold):
      if case .paused = hold { dropPause() }
      holds.insert(hold)
    case .resumed:
      dropPause()
    case .released(let hold):
      holds.remove(hold)
    case .releasedBackend:
      holds = holds.filter { if case .backend = $0 { false } else { true } }
    }
    return actions + fill()
  }

  private mutating func dropPause() {
    holds = holds.filter { if case .paused = $0 { false } else { true } }
  }

  /// Takes files in that are new here; false when none is.
  private mutating func take(_ found: [FilePath]) -> Bool {
    let known = Set(waiting).union(underWay).union(resting.keys)
    var isNew = false
    for path in found where waiting.count < batchMax && !known.contains(path) {
      waiting.append(path)
      isNew = true
    }
    return isNew
  }

  /// Fills free places, and looks for more when few wait.
  private mutating func fill() -> [Action] {
    guard holds.isEmpty else { return [] }
    var actions: [Action] = []
    while underWay.count < concurrencyMax, let next = next() {
      underWay.insert(next)
      actions.append(.begin(next))
    }
    if mayHaveMore, !isLooking, waiting.count < max(1, batchMax / 2) {
      isLooking = true
      mayHaveMore = false
      // Those under way are still dirty and due, and would crowd out what comes behind them.
      actions.append(.look(max: batchMax + underWay.count))
    }
    return actions
  }

  private mutating func next() -> FilePath? {
    while !urgent.isEmpty {
      let path = urgent.removeFirst()
      if underWay.contains(path) { continue }
      waiting.removeAll { $0 == path }
      return path
    }
    return waiting.isEmpty ? nil : waiting.removeFirst()
  }
}
