// Where a fork came from. A fork has a lineage of its own and keeps its parent's segments as they
// are, with the parent's lineage in their headers and its signatures in their seals; so it must know
// up to where they are its parent's.

public import Digests

/// The end of what a fork took from another store.
public struct Origin: Hashable, Sendable {
  /// The store that it was.
  public let lineage: Lineage
  /// The last event of it.
  public let sequence: UInt64
  /// The accumulator's root over the events up to there.
  public let root: Blake3Digest

  public init(lineage: Lineage, sequence: UInt64, root: Blake3Digest) {
    self.lineage = lineage
    self.sequence = sequence
    self.root = root
  }
}
