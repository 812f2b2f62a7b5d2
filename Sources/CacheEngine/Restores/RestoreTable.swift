// Who waits for which file. However many ask for one file, it is brought once, and all of them are
// told what came of it.
//
//   asked ──▶ waiting its turn ──a place is free──▶ under way ──ended──▶ all who asked are answered
//     │            (filesMax)                       (concurrencyMax)
//     └── too many files or askers: refused as busy, and nothing is remembered

internal import DurableFiles

/// The restores that are wanted.
struct RestoreTable: Sendable {
  /// Who asks; known to the runner.
  typealias Asker = UInt64

  enum Event: Equatable, Sendable {
    case asked(FilePath, by: Asker)
    /// The restore of a file has ended, whatever came of it.
    case ended(FilePath)
  }

  enum Action: Equatable, Sendable {
    case begin(FilePath)
    /// Tell these what came of the restore that ended.
    case answer([Asker])
    /// Tell this one that there is too much to do.
    case refuse(Asker)
  }

  /// The most files that wait or are under way.
  static let filesMax = 4_096
  /// The most who wait for files.
  static let askersMax = 8_192

  private let concurrencyMax: Int
  private var askers: [FilePath: [Asker]] = [:]
  private var askersCount = 0
  private var waiting: [FilePath] = []
  private var next = 0
  private(set) var underWayCount = 0

  init(concurrencyMax: Int) {
    precondition(concurrencyMax > 0, "a table has places")
    self.concurrencyMax = concurrencyMax
  }

  /// How many files wait or are under way.
  var filesCount: Int { askers.count }

  /// How many wait for a file.
  func askersCount(of path: FilePath) -> Int { askers[path]?.count ?? 0 }

  /// Takes in what happened and says what to do.
  mutating func handle(_ event: Event) -> [Action] {
    switch event {
    case .asked(let path, let asker):
      guard askersCount < Self.askersMax else { return [.refuse(asker)] }
      if askers[path] != nil {
        askers[path]?.append(asker)
        askersCount += 1
        return []
      }
      guard askers.count < Self.filesMax else { return [.refuse(asker)] }
      askers[path] = [asker]
      askersCount += 1
      waiting.append(path)
      return fill()
    case .ended(let path):
      guard let answered = askers.removeValue(forKey: path) else {
        preconditionFailure("a restore ends that nobody asked for")
      }
      askersCount -= answered.count
      underWayCount -= 1
      return [.answer(answered)] + fill()
    }
  }

  private mutating func fill() -> [Action] {
    var actions: [Action] = []
    while underWayCount < concurrencyMax, next < waiting.count {
      actions.append(.begin(waiting[next]))
      next += 1
      underWayCount += 1
    }
    // Taken from the front, but not moved each time.
    if next > 1_024 || next == waiting.count {
      waiting.removeFirst(next)
      next = 0
    }
    return actions
  }
}
