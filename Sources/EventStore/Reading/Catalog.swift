// Which segments there are, and how far they may be seen. A catalog is an immutable value: readers
// take the newest and work on it undisturbed, while the writer, compaction or a refresh puts a newer
// one in its place. Whoever holds an old one keeps its files open, so nothing vanishes under it.

internal import Digests
internal import Synchronization

/// The segments of a store at one moment, in order of sequence.
struct Catalog: Sendable {
  var segments: [Segment]
  /// Nothing after this sequence may be seen.
  var visible: UInt64
  /// Tables that stand for runs of sealed segments when the head of a stream is looked for, the
  /// oldest first.
  var heads: [HeadTable] = []
  /// A writer has the store open, or ended without closing it, or this is a copy of such a store;
  /// full segments may still wait for their footers.
  var awaitsFooters = false

  /// Whether the last event says that the store was closed in order.
  var endsClosed: Bool {
    get throws(StoreError) {
      guard let last = segments.last?.lastSequence, let segment = segment(holding: last),
        let place = segment.place(of: last)
      else { return false }
      do throws(StoreError) {
        return try segment.receipt(at: place.index.offset(of: place.ordinal)).header.kind == .closed
      } catch .removed {
        return false
      }
    }
  }

  /// Full segments that have no footer yet.
  var unsealedCount: Int { segments.dropLast().count { $0.tail != nil } }

  /// The segment that holds a sequence.
  func segment(holding sequence: UInt64) -> Segment? {
    let after = segments.partition { $0.firstSequence > sequence }
    guard after > 0 else { return nil }
    let segment = segments[after - 1]
    return sequence <= segment.lastSequence ? segment : nil
  }

  /// The head of a lane among everything that is stored, visible or not.
  func head(of entity: [UInt8], lane: Lane, key: StreamKey) throws(StoreError) -> StreamHead? {
    var rest = segments.count
    while rest > 0 {
      let low: Int
      var asked = rest - 1..<rest
      if let (table, run) = table(overRunEndingAt: rest) {
        low = run.lowerBound
        switch table.find(key) {
        case .absent: asked = low..<low
        case .segment(let number):
          if let head = try segments[low + number].head(of: entity, lane: lane, key: key) {
            return head
          }
          // Another stream's key is that near; which of the segments has this one is not known.
          asked = run
        case .damaged: asked = run
        }
      } else {
        low = rest - 1
      }
      for index in asked.reversed() {
        if let head = try segments[index].head(of: entity, lane: lane, key: key) { return head }
      }
      rest = low
    }
    return nil
  }

  /// The table whose run ends with the last of the first `end` segments, and which they are.
  private func table(overRunEndingAt end: Int) -> (HeadTable, Range<Int>)? {
    guard !heads.isEmpty, segments[end - 1].tail == nil else { return nil }
    let last = segments[end - 1].lastSequence
    let place = heads.partition { $0.run.sequences.upperBound >= last }
    guard place < heads.count, heads[place].run.sequences.upperBound == last else { return nil }
    let low = end - heads[place].run.segments.count
    guard low >= 0, segments[low].firstSequence == heads[place].run.sequences.lowerBound else {
      return nil
    }
    return (heads[place], low..<end)
  }
}

extension Segment {
  /// The last event of a lane in this segment.
  fileprivate func head(
    of entity: [UInt8], lane: Lane, key: StreamKey
  ) throws(StoreError) -> StreamHead? {
    for index in indexes.reversed() {
      guard let found = index.head(of: entity, lane: lane, key: key) else { continue }
      return StreamHead(
        sequence: index.firstSequence + UInt64(found.ordinal),
        streamSequence: found.streamSequence,
        commitment: try commitment(at: index.offset(of: found.ordinal)))
    }
    return nil
  }

  /// The commitment of the event, present or removed, whose frame stands there.
  func commitment(at offset: UInt64) throws(StoreError) -> Commitment {
    try withFrame(at: offset) { (bytes: Span<UInt8>, frame: Frame) throws(StoreError) in
      switch frame {
      case .event(let event): return event.commitment(in: bytes)
      case .husk(let husk): return husk.commitment
      case .mark: throw FormatFault("has a mark where an event should be").at(path, offset)
      }
    }
  }
}

/// The newest catalog, shared by everyone who reads in this process.
final class CatalogBox: Sendable {
  private let newest: Mutex<Catalog>

  init(_ catalog: Catalog) {
    newest = Mutex(catalog)
  }

  var current: Catalog { newest.withLock { $0 } }

  func change(_ body: (inout Catalog) -> Void) {
    newest.withLock { catalog in body(&catalog) }
  }
}
