// What a store holds, counted without reading its events.

public import Ambient
public import Digests
internal import DurableFiles

/// A store in numbers.
public struct StoreStats: Sendable {
  public let lineage: Lineage?
  /// Events that may be seen, removed ones included.
  public let events: UInt64
  public let segments: Int
  /// Full segments whose footers are not made yet; more than a few that stay are told of in the log.
  public let unsealedSegments: Int
  /// Bytes of all segment files.
  public let bytes: ByteCount
  /// When the first and the last event that may be seen were appended.
  public let first: WallTime?
  public let last: WallTime?
  /// The accumulator's root over them.
  public let root: Blake3Digest
}

extension EventReader {
  /// Counts what the store holds.
  public func stats() throws(StoreError) -> StoreStats {
    let catalog = try catalog()
    var bytes = ByteCount.zero
    for segment in catalog.segments { bytes = bytes + ByteCount(try segment.file.size()) }
    let visible = catalog.visible
    return StoreStats(
      lineage: catalog.lineage, events: visible,
      segments: catalog.segments.count, unsealedSegments: catalog.unsealedCount, bytes: bytes,
      first: visible > 0 ? try time(of: 1, catalog) : nil,
      last: visible > 0 ? try time(of: visible, catalog) : nil,
      root: try catalog.accumulator(count: visible).root)
  }

  /// When an event was appended; nil for one that nothing is kept of.
  private func time(of sequence: UInt64, _ catalog: Catalog) throws(StoreError) -> WallTime? {
    guard let segment = catalog.segment(holding: sequence), let place = segment.place(of: sequence)
    else { return nil }
    do throws(StoreError) {
      return try segment.receipt(at: place.index.offset(of: place.ordinal)).header.time
    } catch .removed {
      return nil
    }
  }

  /// The root over all events that may be seen, for a witness to keep; signed when a key is given.
  public func checkpoint(
    at time: WallTime, signedBy key: SigningKey? = nil
  ) throws(StoreError) -> Checkpoint {
    let catalog = try catalog()
    guard let lineage = catalog.lineage else { throw .absent("an event") }
    let root = try catalog.accumulator(count: catalog.visible).root
    let statement = SealStatement(count: catalog.visible, root: root)
    return Checkpoint(
      lineage: lineage, count: catalog.visible, root: root, time: time,
      signature: key.map { key in
        ReceiptSignature(
          publicKey: key.publicKey, bytes: key.sign(ChainHash.statement(statement, lineage)))
      })
  }

  /// Sleeps until the writer in another process publishes, at most for `timeout`.
  public func wait(timeout: Duration) throws(StoreError) {
    try refresher?.wait(timeout: timeout)
  }
}
