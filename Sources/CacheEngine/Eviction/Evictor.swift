// When files leave the depot, and how many. Which ones is the order of the manifest, the least
// recently read first; whether one may go is decided when it is tried.
//
//   resting ──above bytesMax, or room is wanted──▶ looking ──candidates──▶ evicting ─┐
//      ▲                                             ▲   └─ none left ─▶ resting      │
//      │                                             └─────────── all tried ─────────┤
//      └──────────────────── below the target ◀──────────────────────────────────────┘
//
// Files that stay, because a program has them open or they have changed, are passed over; a round
// that has tried every candidate ends, however much there still is.

internal import DurableFiles

/// The schedule of evictions.
struct Evictor: Sendable {
  enum Event: Equatable, Sendable {
    /// What the hot files have now.
    case measured(hotBytes: UInt64)
    /// Somebody needs that much more room, whatever the limit is.
    case wanted(bytes: UInt64, hotBytes: UInt64)
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
  private var target: UInt64?
  private var candidates: ArraySlice<FilePath> = []

  /// A round starts above `bytesMax` and ends below 0.9 × `lowWatermark`.
  init(bytesMax: UInt64, lowWatermark: UInt64) {
    self.bytesMax = bytesMax
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
    case .looked(let found):
      guard target != nil else { return [] }
      if found.isEmpty { return end(isEnough: false) }
      candidates = found[...]
      return [.evict(candidates.removeFirst())]
    case .tried(_, let hotBytes):
      guard let target else { return [] }
      if hotBytes < target { return end(isEnough: true) }
      if let next = candidates.popFirst() { return [.evict(next)] }
      return [.look(max: Self.batchMax, fromStart: false)]
    }
  }

  private mutating func begin(until target: UInt64) -> [Action] {
    self.target = target
    return [.look(max: Self.batchMax, fromStart: true)]
  }

  private mutating func end(isEnough: Bool) -> [Action] {
    target = nil
    candidates = []
    return [.rest(isEnough: isEnough)]
  }
}
