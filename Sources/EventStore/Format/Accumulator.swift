// The store-wide accumulator: a Merkle mountain range over the commitments of all events in global
// order. Events fill complete binary trees from the left; the tops of the trees, one for each bit
// of the count, are the peaks, and the root binds the count and all of them. Because a complete
// subtree never changes, a proof needs only subtrees: inclusion shows the way from one leaf to its
// peak, consistency shows which subtrees turn the peaks of an old root into those of a new one.

internal import Bytes
internal import Digests

/// A complete subtree: the leaves `index << height ..< (index + 1) << height`.
struct SubtreeName: Hashable {
  let height: Int
  let index: UInt64

  var leaves: Range<UInt64> { index << UInt64(height)..<(index + 1) << UInt64(height) }
}

/// The peaks over the first `count` commitments.
struct Accumulator: Equatable {
  private(set) var count: UInt64 = 0
  /// The tops of the complete trees, the largest first.
  private(set) var peaks: [Blake3Digest] = []

  init() {}

  /// An accumulator as it was stored; nil when there is not one peak for each bit of the count.
  init?(count: UInt64, peaks: [Blake3Digest]) {
    guard peaks.count == count.nonzeroBitCount else { return nil }
    self.count = count
    self.peaks = peaks
  }

  private static let nodes = Blake3Mode.deriving("larder 1 accumulator node")
  private static let roots = Blake3Mode.deriving("larder 1 accumulator root")

  /// The top over two subtrees of one height that lie side by side.
  static func parent(_ left: Blake3Digest, _ right: Blake3Digest) -> Blake3Digest {
    Blake3.digest(ofPair: left, right, nodes)
  }

  /// Adds the next event's commitment.
  mutating func append(_ commitment: Commitment) {
    append(subtree: commitment.digest, height: 0) { _, _ in }
  }

  /// Adds the next event's commitment and keeps the tops that it completes from this height on.
  mutating func append(
    _ commitment: Commitment, keeping keptHeight: Int, in nodes: inout [SubtreeName: Blake3Digest]
  ) {
    append(subtree: commitment.digest, height: 0) { name, top in
      if name.height >= keptHeight { nodes[name] = top }
    }
  }

  /// Adds the commitments of events in order, and keeps the tops that they complete from this
  /// height on; a level's nodes are hashed many at once.
  mutating func append(
    _ commitments: [Commitment], keeping keptHeight: Int,
    in nodes: inout [SubtreeName: Blake3Digest]
  ) {
    var level = commitments.map(\.digest)
    let total = count + UInt64(commitments.count)
    var kept = peaks[...]
    var tops: [Blake3Digest] = []
    var height = 0
    // The nodes that are new at this height begin at the first that the old peaks do not cover; an
    // old peak of this height is the left sibling of the first of them.
    while !level.isEmpty {
      if count >> UInt64(height) & 1 == 1, let left = kept.popLast() { level.insert(left, at: 0) }
      let end = total >> UInt64(height)
      if level.count % 2 == 1 { tops.append(level.removeLast()) }
      level = Blake3.digests(ofPairs: level, Self.nodes)
      height += 1
      guard height >= keptHeight else { continue }
      let parents = end >> 1
      for (index, top) in level.enumerated() {
        nodes[SubtreeName(height: height, index: parents - UInt64(level.count - index))] = top
      }
    }
    count = total
    peaks = Array(kept) + tops.reversed()
  }

  /// Adds a complete subtree, whose height must not exceed that of the smallest peak, and tells
  /// each larger one that it completes.
  mutating func append(
    subtree: Blake3Digest, height: Int, completed: (SubtreeName, Blake3Digest) -> Void
  ) {
    precondition(
      count == 0 || count.trailingZeroBitCount >= height, "a subtree is added where it belongs")
    var top = subtree
    var level = height
    while count >> UInt64(level) & 1 == 1 {
      top = Self.parent(peaks.removeLast(), top)
      level += 1
      completed(SubtreeName(height: level, index: count >> UInt64(level)), top)
    }
    peaks.append(top)
    count += 1 << UInt64(height)
  }

  /// The hash that stands for all of it.
  var root: Blake3Digest {
    var writer = ByteWriter(reserving: 8 + peaks.count * 32)
    writer.append(count)
    for peak in peaks { writer.append(digest: peak) }
    return Blake3.digest(of: writer.bytes, Self.roots)
  }

  /// The complete subtrees whose tops are the peaks over `count` leaves, the largest first.
  static func peakNames(count: UInt64) -> [SubtreeName] {
    var names: [SubtreeName] = []
    var start: UInt64 = 0
    for height in stride(from: 63, through: 0, by: -1) where count >> UInt64(height) & 1 == 1 {
      names.append(SubtreeName(height: height, index: start >> UInt64(height)))
      start += 1 << UInt64(height)
    }
    return names
  }

  /// The complete subtrees that, added in order, lead from `old` leaves to `new`.
  static func growthNames(from old: UInt64, to new: UInt64) -> [SubtreeName] {
    var names: [SubtreeName] = []
    var start = old
    while start < new {
      let fits = 63 - (new - start).leadingZeroBitCount
      let height = start == 0 ? fits : min(fits, start.trailingZeroBitCount)
      names.append(SubtreeName(height: height, index: start >> UInt64(height)))
      start += 1 << UInt64(height)
    }
    return names
  }
}
