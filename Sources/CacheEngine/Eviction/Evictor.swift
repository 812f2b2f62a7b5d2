// When files leave the depot, and how many. Which ones is the order of the manifest, the least
// recently read first; whether one may go is decided when it is tried.
//
//   resting ──above bytesMax, or room is wanted──▶ looking ──candidates──▶ evicting ─┐
//      ▲                                             ▲   └─ none left ─▶ resting      │
//      │                                             └─────────── all tried ─────────┤
//      └──────────────────── below the target ◀──────────────────────────────────────┘
//
// Several files are tried side by side, so that their events share commits. Files that stay, because a
// program has them open or they have changed, are passed over; a round that has tried every candidate
// ends, however much there still is.

internal import DurableFiles

/// The schedule of evictions.
struct Evictor: Sendable {
  enum Event: Equatable, Sendable {
    /// What the hot files have now.
    case measured(hotBytes: UInt64)
    /// Somebody needs that much more room, whatever the limit is.
    case wanted(bytes: UInt64, hotBytes: UInt64)
    /// That much is about to come into the depot, and must fit below the limit with its margin.
    case expected(bytes: UInt64, hotBytes: UInt64)
    /// What the manifest had behind the last ones; none means that there are no more.
    case looked([FilePath])
    /// A file was tried; `freed` is nil when it stays.
    case tried(freed: UInt64?, hotBytes: UInt64)
  }

  enum Action: Equatable, Sendable {
    /// Tell what may go, from the beginning of the order or behind those told last.
    case look(max: Int, fromStart: Bool)
    case evict(FilePath)
    /// The round is over; `isEnough` when the target was reached.
    case rest(isEnough: Bool)
  }

  /// Candidates that are looked up at once.
  static let batchMax = 64

  private let bytesMax: UInt64
  private let bytesKept: UInt64
  private let together: Int
  private var target: UInt64?
  private var candidates: ArraySlice<FilePath> = []
  /// Files that are being tried.
  private var triedCount = 0
  private var isReached = false

  /// A round starts above `bytesMax` and ends below 0.9 × `lowWatermark`; `together` files are tried at
  /// once, so that a round may take as many but one more than it had to.
  init(bytesMax: UInt64, lowWatermark: UInt64, together: Int = 1) {
    self.bytesMax = bytesMax
    self.together = together
    bytesKept = max(1, lowWatermark / 10 * 9 + lowWatermark % 10 * 9 / 10)
  }

  /// Whether a round is under way.
  var isEvicting: Bool { target != nil }

  /// Takes in what happened and says what to do.
  mutating func handle(_ event: Event) -> [Action] {
    switch event {
    case .measured(let hotBytes):
      guard target == nil, hotBytes > bytesMax else { return [] }
      return begin(until: bytesKept)
    case .wanted(let bytes, let hotBytes):
      let enough = hotBytes > bytes ? hotBytes - bytes : 0
      if let target {
        self.target = min(target, enough + 1)
        return []
      }
      return begin(until: enough + 1)
    case .expected(let bytes, let hotBytes):
      guard target == nil, hotBytes.addingReportingOverflow(bytes).partialValue > limitOfArrivals
      else { return [] }
      return begin(until: limitOfArrivals > bytes ? limitOfArrivals - bytes + 1 : 1)
    case .looked(let found):
      guard target != nil else { return [] }
      if found.isEmpty { return end(isEnough: false) }
      candidates = found[...]
      return tryMore()
    case .tried(_, let hotBytes):
      guard let target else { return [] }
      triedCount -= 1
      if hotBytes < target { isReached = true }
      if isReached { return triedCount == 0 ? end(isEnough: true) : [] }
      let actions = tryMore()
      if !actions.isEmpty || triedCount > 0 { return actions }
      return [.look(max: Self.batchMax, fromStart: false)]
    }
  }

  /// How much the depot may hold before a file that is to come in waits for others to go: an eighth
  /// above the limit, for the evictor works beside those who read.
  private var limitOfArrivals: UInt64 {
    bytesMax.addingReportingOverflow(bytesMax / 8).partialValue
  }

  private mutating func tryMore() -> [Action] {
    var actions: [Action] = []
    while triedCount < together, let next = candidates.popFirst() {
      triedCount += 1
      actions.append(.evict(next))
    }
    return actions
  }

  private mutating func begin(until target: UInt64) -> [Action] {
    self.target = target
    return [.look(max: Self.batchMax, fromStart: true)]
  }

  private mutating func end(isEnough: Bool) -> [Action] {
    target = nil
    candidates = []
    isReached = false
    return [.rest(isEnough: isEnough)]
  }
}
