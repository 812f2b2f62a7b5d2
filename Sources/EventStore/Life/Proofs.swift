// Proofs over the accumulator. An inclusion proof leads from one event's commitment to a root; a
// consistency proof shows that an older root is of the first events of a newer one. Both are checked
// from their own bytes, without the store. The tops they need are kept in the footers from a height
// of 8 on; below that at most 256 commitments are read.

internal import Bytes
public import Digests

/// The way from one event to a root.
public struct InclusionProof: Hashable, Sendable {
  /// The event's sequence.
  public let sequence: UInt64
  /// How many events the root covers.
  public let count: UInt64
  /// Siblings on the way up to the peak, the lowest first.
  public let siblings: [Blake3Digest]
  /// All peaks, the largest first.
  public let peaks: [Blake3Digest]

  /// Whether the event with this commitment is among those under the root.
  public func holds(for commitment: Commitment, under root: Blake3Digest) -> Bool {
    guard sequence > 0, sequence <= count,
      let accumulator = Accumulator(count: count, peaks: peaks), accumulator.root == root
    else { return false }
    let leaf = sequence - 1
    let names = Accumulator.peakNames(count: count)
    guard let peak = names.firstIndex(where: { $0.leaves.contains(leaf) }),
      siblings.count == names[peak].height
    else { return false }
    var top = commitment.digest
    for (height, sibling) in siblings.enumerated() {
      let isRight = leaf >> UInt64(height) & 1 == 1
      top = isRight ? Accumulator.parent(sibling, top) : Accumulator.parent(top, sibling)
    }
    return top == peaks[peak]
  }
}

/// The way from an older root to a newer one.
public struct ConsistencyProof: Hashable, Sendable {
  public let oldCount: UInt64
  public let newCount: UInt64
  /// Peaks of the older root, the largest first.
  public let oldPeaks: [Blake3Digest]
  /// The subtrees that were added since, in order.
  public let growth: [Blake3Digest]

  /// Whether the events under the older root are the first of those under the newer.
  public func holds(from old: Blake3Digest, to new: Blake3Digest) -> Bool {
    guard oldCount <= newCount, var accumulator = Accumulator(count: oldCount, peaks: oldPeaks),
      accumulator.root == old
    else { return false }
    let names = Accumulator.growthNames(from: oldCount, to: newCount)
    guard names.count == growth.count else { return false }
    for (name, top) in zip(names, growth) {
      accumulator.append(subtree: top, height: name.height) { _, _ in }
    }
    return accumulator.root == new
  }
}

extension EventReader {
  /// The root over the first events.
  public func root(count: UInt64) throws(StoreError) -> Blake3Digest {
    let catalog = try catalog()
    guard count <= catalog.visible else { throw .absent("event \(count)") }
    return try catalog.accumulator(count: count).root
  }

  /// Proves that an event is among the first `count`; all that are visible when nil.
  public func inclusionProof(
    of sequence: UInt64, count: UInt64? = nil
  ) throws(StoreError) -> InclusionProof {
    let catalog = try catalog()
    let count = count ?? catalog.visible
    guard sequence > 0, sequence <= count, count <= catalog.visible else {
      throw .absent("event \(sequence) among the first \(count)")
    }
    let names = Accumulator.peakNames(count: count)
    let leaf = sequence - 1
    guard let peak = names.first(where: { $0.leaves.contains(leaf) }) else {
      throw .absent("event \(sequence)")
    }
    var siblings: [Blake3Digest] = []
    for height in 0..<peak.height {
      siblings.append(
        try catalog.top(of: SubtreeName(height: height, index: leaf >> UInt64(height) ^ 1)))
    }
    return InclusionProof(
      sequence: sequence, count: count, siblings: siblings, peaks: try catalog.tops(of: names))
  }

  /// Proves that the first `old` events are the beginning of the first `new`.
  public func consistencyProof(
    from old: UInt64, to new: UInt64
  ) throws(StoreError) -> ConsistencyProof {
    let catalog = try catalog()
    guard old <= new, new <= catalog.visible else { throw .absent("event \(max(old, new))") }
    return ConsistencyProof(
      oldCount: old, newCount: new,
      oldPeaks: try catalog.tops(of: Accumulator.peakNames(count: old)),
      growth: try catalog.tops(of: Accumulator.growthNames(from: old, to: new)))
  }
}

extension Catalog {
  func tops(of names: [SubtreeName]) throws(StoreError) -> [Blake3Digest] {
    var tops: [Blake3Digest] = []
    for name in names { tops.append(try top(of: name)) }
    return tops
  }

  /// The top of a complete subtree: kept where its last leaf is, or computed from smaller ones.
  func top(of name: SubtreeName) throws(StoreError) -> Blake3Digest {
    let last = name.leaves.upperBound
    guard let segment = segment(holding: last), let place = segment.place(of: last) else {
      throw .absent("event \(last)")
    }
    if name.height == 0 {
      return try segment.commitment(at: place.index.offset(of: place.ordinal)).digest
    }
    if name.height >= IndexTables.keptHeight, let kept = place.index.top(of: name) { return kept }
    let left = try top(of: SubtreeName(height: name.height - 1, index: name.index * 2))
    let right = try top(of: SubtreeName(height: name.height - 1, index: name.index * 2 + 1))
    return Accumulator.parent(left, right)
  }

  /// The accumulator over the first events.
  func accumulator(count: UInt64) throws(StoreError) -> Accumulator {
    let peaks = try tops(of: Accumulator.peakNames(count: count))
    guard let accumulator = Accumulator(count: count, peaks: peaks) else {
      preconditionFailure("there is a peak for each bit of the count")
    }
    return accumulator
  }
}
