// How events of a segment are found. An index covers a run of sequences; an event's ordinal is its
// distance from the first. Two forms exist: `TailIndex` grows in memory with the active segment,
// `FooterIndex` reads the same tables from a sealed segment's footer through a memory map. Both
// answer with candidates: every event of the region is among them, and each is checked against its
// own header before anyone sees it.

internal import Bytes
internal import Digests

/// Identifies one lane of one entity: 128 bits of the hash of both.
struct StreamKey: Hashable {
  let high: UInt64
  let low: UInt64

  static let streams = Blake3Mode.deriving("larder 1 stream key")

  init(entity: [UInt8], lane: Lane) {
    var writer = ByteWriter(reserving: entity.count + 4)
    writer.append(stream: entity, lane)
    self.init(Blake3.digest(of: writer.bytes, Self.streams))
  }

  /// The key whose hash is this.
  init(_ digest: Blake3Digest) {
    (high, low) = digest.first128
  }

  init(high: UInt64, low: UInt64) {
    (self.high, self.low) = (high, low)
  }
}

extension ByteWriter {
  /// Appends what is hashed for a stream's key.
  mutating func append(stream entity: [UInt8], _ lane: Lane) {
    append(stream: entity.span, lane)
  }

  /// Appends what is hashed for a stream's key.
  mutating func append(stream entity: Span<UInt8>, _ lane: Lane) {
    append(lane.number)
    append(bytes: entity)
  }
}

/// What an idempotency key is found by: 128 bits of its hash.
struct KeyHash: Hashable {
  let high: UInt64
  let low: UInt64

  private static let keys = Blake3Mode.deriving("larder 1 idempotency key")

  init(_ key: IdempotencyKey) {
    (high, low) = Blake3.digest(of: key.bytes, Self.keys).first128
  }
}

/// The last event of a lane.
struct StreamHead: Equatable {
  var sequence: UInt64
  var streamSequence: UInt64
  var commitment: Commitment
}

/// Which way a page runs.
public enum PageOrder: Hashable, Sendable {
  case oldestFirst
  case newestFirst
}

/// Ordinals that may be in a region, in page order.
struct Candidates {
  var ordinals: [UInt32]
  /// The next ordinal to ask from, or nil when the index has no more.
  let next: UInt32?

  init(ordinals: [UInt32], next: UInt32?) {
    self.ordinals = ordinals
    self.next = next
  }

  /// Ordinals from `start` on; a table out of order, which only damage makes, ends the walk rather
  /// than leading it back.
  init(_ ordinals: [UInt32], hasMore: Bool, from start: UInt32, _ order: PageOrder) {
    self.ordinals = ordinals
    guard hasMore, let last = ordinals.last else {
      next = nil
      return
    }
    next =
      switch order {
      case .oldestFirst: last >= start && last < .max ? last + 1 : nil
      case .newestFirst: last <= start && last > 0 ? last - 1 : nil
      }
  }
}

/// The tables over one run of sequences.
protocol SegmentIndex: AnyObject, Sendable {
  var firstSequence: UInt64 { get }
  /// How many sequences it covers.
  var count: Int { get }
  /// Where the event's frame begins in the file.
  func offset(of ordinal: Int) -> UInt64
  /// At most `max` candidates from `start` on, in the page's order.
  func candidates(
    for region: Region, from start: UInt32, max: Int, order: PageOrder
  ) -> Candidates
  /// The ordinal of the lane's last event here, and its sequence in the lane.
  func head(of entity: [UInt8], lane: Lane, key: StreamKey) -> (
    ordinal: Int, streamSequence: UInt64
  )?
  /// The ordinal of the lane's last event before an ordinal.
  func predecessor(of entity: [UInt8], lane: Lane, key: StreamKey, before ordinal: Int) -> Int?
  /// Ordinals of events whose idempotency key has this hash.
  func keyed(_ hash: KeyHash) -> [Int]
  /// How many events with an idempotency key come after the ordinal.
  func keyCount(after ordinal: Int) -> Int
  /// The top of a subtree whose last leaf is here, if it was large enough to be kept.
  func top(of name: SubtreeName) -> Blake3Digest?
  /// True for members of a fence that was cancelled.
  func isCancelled(_ ordinal: Int) -> Bool
}

extension SegmentIndex {
  /// The last sequence it covers.
  var lastSequence: UInt64 { firstSequence + UInt64(count) - 1 }
}

/// How a region is best answered from one table: by postings when few events match, else by
/// looking at each event in turn.
enum CandidatePlan {
  /// Postings of several lists are collected when at most one in this many events matches; beyond
  /// that, looking at each is cheaper. A single list is never collected, and always used.
  static let densityMin = 32

  /// Candidates out of a sorted list of ordinals.
  static func page(
    _ postings: some RandomAccessCollection<UInt32>, from start: UInt32, max: Int, order: PageOrder
  ) -> Candidates {
    switch order {
    case .oldestFirst:
      let first = postings.partition { $0 >= start }
      let taken = Array(postings[first...].prefix(max))
      let more = postings.index(first, offsetBy: taken.count) < postings.endIndex
      return Candidates(taken, hasMore: more, from: start, order)
    case .newestFirst:
      let end = postings.partition { $0 > start }
      let taken = Array(postings[..<end].suffix(max).reversed())
      let more = postings.distance(from: postings.startIndex, to: end) > taken.count
      return Candidates(taken, hasMore: more, from: start, order)
    }
  }

  /// Candidates out of ordinals in no order.
  static func page(
    unsorted: [UInt32], from start: UInt32, max: Int, order: PageOrder
  ) -> Candidates {
    page(unsorted.sorted(), from: start, max: max, order: order)
  }

  /// Every ordinal is a candidate.
  static func all(count: Int, from start: UInt32, max: Int, order: PageOrder) -> Candidates {
    page(0..<UInt32(count), from: start, max: max, order: order)
  }
}

extension RandomAccessCollection {
  /// The first index whose element satisfies a predicate that is false, then true.
  func partition(where isRight: (Element) -> Bool) -> Index {
    var low = startIndex
    var left = count
    while left > 0 {
      let half = left / 2
      let middle = index(low, offsetBy: half)
      if isRight(self[middle]) {
        left = half
      } else {
        low = index(after: middle)
        left -= half + 1
      }
    }
    return low
  }
}
