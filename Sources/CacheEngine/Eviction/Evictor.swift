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

internal import Ambient
internal import DurableFiles

/// The schedule of evictions.
struct Evictor: Sendable {
  /// Above what a round starts, and near what it ends.
  struct Limits: Equatable, Sendable {
    var bytesMax: UInt64
    var lowWatermark: UInt64

    init(bytesMax: UInt64, lowWatermark: UInt64) {
      self.bytesMax = bytesMax
      self.lowWatermark = lowWatermark
    }

    init(_ settings: CacheSettings) {
      self.init(
        bytesMax: UInt64(settings.bytesMax.bytes),
        lowWatermark: UInt64(settings.lowWatermark.bytes))
    }

    /// What a round leaves at most.
    var bytesKept: UInt64 { max(1, lowWatermark / 10 * 9 + lowWatermark % 10 * 9 / 10) }
  }

  enum Event: Equatable, Sendable {
    /// These are the limits from now on; a round that is under way keeps its target.
    case limited(Limits)
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

  private var limits: Limits
  private let together: Int
  private var target: UInt64?
  private var candidates: ArraySlice<FilePath> = []
  /// Files that are being tried.
  private var triedCount = 0
  private var isReached = false

  /// A round starts above `bytesMax` and ends below 0.9 × `lowWatermark`; `together` files are tried at
  /// once, so that a round may take as many but one more than it had to.
  init(_ limits: Limits, together: Int = 1) {
    self.limits = limits
    self.together = together
  }

  /// Whether a round is under way.
  var isEvicting: Bool { target != nil }

  /// Takes in what happened and says what to do.
  mutating func handle(_ event: Event) -> [Action] {
    switch event {
    case .limited(let limits):
      self.limits = limits
      return []
    case .measured(let hotBytes):
      guard target == nil, hotBytes > limits.bytesMax else { return [] }
      return begin(until: limits.bytesKept)
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
    limits.bytesMax.addingReportingOverflow(limits.bytesMax / 8).partialValue
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
