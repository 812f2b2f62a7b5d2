// Which items of a job are dealt with, as ranges of their indexes. Work goes through a plan nearly in
// order, so there are few ranges, however many items.

/// A set of indexes.
package struct IndexRanges: Hashable, Sendable {
  /// In order, apart from each other.
  package private(set) var ranges: [Range<Int>] = []
  /// How many indexes are in it.
  package private(set) var count = 0

  package init() {}

  package func contains(_ index: Int) -> Bool {
    let place = firstEnding(after: index)
    return place < ranges.count && ranges[place].contains(index)
  }

  /// Adds indexes; returns how many of them were not there before.
  @discardableResult
  package mutating func insert(_ added: Range<Int>) -> Int {
    guard !added.isEmpty else { return 0 }
    // Those that touch the new range become one with it.
    let first = firstEnding(after: added.lowerBound - 1)
    var end = first
    var (low, high, known) = (added.lowerBound, added.upperBound, 0)
    while end < ranges.count, ranges[end].lowerBound <= added.upperBound {
      known += ranges[end].clamped(to: added).count
      low = min(low, ranges[end].lowerBound)
      high = max(high, ranges[end].upperBound)
      end += 1
    }
    ranges.replaceSubrange(first..<end, with: CollectionOfOne(low..<high))
    let fresh = added.count - known
    count += fresh
    return fresh
  }

  /// The first index from `index` on that is not in the set.
  package func firstMissing(from index: Int) -> Int {
    let place = firstEnding(after: index)
    return place < ranges.count && ranges[place].contains(index) ? ranges[place].upperBound : index
  }

  /// What is missing below an end, in order.
  package func gaps(below end: Int) -> [Range<Int>] {
    var gaps: [Range<Int>] = []
    var next = 0
    for range in ranges where range.lowerBound < end {
      if next < range.lowerBound { gaps.append(next..<range.lowerBound) }
      next = range.upperBound
    }
    if next < end { gaps.append(next..<end) }
    return gaps
  }

  /// Where the first range stands that ends behind an index.
  private func firstEnding(after index: Int) -> Int {
    var (low, high) = (0, ranges.count)
    while low < high {
      let middle = (low + high) / 2
      if ranges[middle].upperBound > index { high = middle } else { low = middle + 1 }
    }
    return low
  }
}
