// Compaction, as a caller sees it: a request, a plan, a report. Compaction never edits a committed
// event. It writes a newer generation of a run of sealed segments, in which kept events stand with
// the bytes that were committed and removed ones leave their commitment, and puts it in force at one
// moment. Where it removes something that moment is the append of the removal's record, else the
// rename of the new file; before it the old segments count, after it the new one, whatever crashes.
//
//   plan ─▶ write the new generation beside, whole and synced ─▶ record, durable ─▶ rename ─▶
//   catalog and epoch change ─▶ old files go
//
// The life of a removed event: present ─▶ husk with its header, as long as it is its lane's last
// event or its idempotency key is remembered ─▶ husk with its commitment alone.

public import Ambient
public import DurableFiles
internal import Synchronization

/// Which events a compaction removes. The store's own records are never removed, and a batch is
/// removed whole or not at all unless its members are named.
public enum RemovalRule: Hashable, Sendable {
  /// What is in the region and before this sequence.
  case below(UInt64, Region)
  /// What is in the region and was appended before this time.
  case olderThan(WallTime, Region)
  /// All that is in the region.
  case region(Region)
  /// These events, by their sequences.
  case events(Set<UInt64>)
}

/// What is asked of a compaction.
public struct CompactionRequest: Sendable {
  /// What is removed; nil for nothing.
  public var removing: RemovalRule?
  /// Whether neighbouring segments are written as one.
  public var merges: Bool
  /// The most bytes of a merged segment.
  public var mergedBytesMax: Int

  public init(
    removing: RemovalRule? = nil, merges: Bool = true,
    mergedBytesMax: Int = EventStoreLimits.mergedBytesMax
  ) {
    self.removing = removing
    self.merges = merges
    self.mergedBytesMax = min(mergedBytesMax, EventStoreLimits.mergedBytesMax)
  }
}

/// What a compaction would do; making it changes nothing.
public struct CompactionPlan: Sendable {
  /// Each takes one run of segments to one new segment, and is done or not done as a whole.
  let steps: [CompactionStep]
  /// Events of the active segment go too, so it is sealed first.
  let sealsActive: Bool
  /// What was asked for, in words.
  let reason: String

  /// Nothing is to be done.
  public var isEmpty: Bool { steps.isEmpty }
  /// How many events will be removed.
  public var eventsRemoved: UInt64 { steps.reduce(0) { $0 + $1.eventsRemoved } }
  /// How many segments there are now where there will be `segmentsAfter`.
  public var segmentsBefore: Int { steps.reduce(0) { $0 + $1.sources.count } }
  public var segmentsAfter: Int { steps.count }
  /// Bytes of those segments, and about how many will be left.
  public var bytesBefore: ByteCount { ByteCount(steps.reduce(0) { $0 + $1.bytesBefore }) }
  public var bytesAfter: ByteCount { ByteCount(steps.reduce(0) { $0 + $1.bytesAfter }) }
  /// How many events will be looked at.
  public var events: UInt64 { steps.reduce(0) { $0 + $1.events } }
}

/// One run of segments and what becomes of it.
struct CompactionStep: Sendable {
  /// Neighbours, in order.
  var sources: [SegmentName]
  /// What goes of each, by its name.
  var removed: [SegmentName: OrdinalSet]
  var events: UInt64
  var eventsRemoved: UInt64
  var bytesBefore: UInt64
  var bytesAfter: UInt64
}

/// How a compaction is done.
public struct CompactionOptions: Sendable {
  /// Told how many of how many events are done, now and then.
  public var progress: (@Sendable (_ done: UInt64, _ total: UInt64) -> Void)?
  /// Ends the work between two writes; steps that were finished stay.
  public var cancellation: Cancellation?

  public init(
    progress: (@Sendable (_ done: UInt64, _ total: UInt64) -> Void)? = nil,
    cancellation: Cancellation? = nil
  ) {
    self.progress = progress
    self.cancellation = cancellation
  }
}

/// What a compaction did.
public struct CompactionReport: Sendable {
  public internal(set) var segmentsBefore = 0
  public internal(set) var segmentsAfter = 0
  public internal(set) var bytesBefore = ByteCount.zero
  public internal(set) var bytesAfter = ByteCount.zero
  public internal(set) var removals: [Removal] = []
  /// Old files that could not be removed; the next open does it.
  public internal(set) var leftovers: [FilePath] = []

  public var eventsRemoved: UInt64 { removals.reduce(0) { $0 + $1.count } }
}

/// A set of ordinals: a bit for each.
struct OrdinalSet: Sendable {
  private var words: [UInt64] = []
  private(set) var count = 0

  func contains(_ ordinal: Int) -> Bool {
    let word = ordinal / 64
    return word < words.count && words[word] & 1 << UInt64(ordinal % 64) != 0
  }

  mutating func insert(_ ordinal: Int) {
    guard !contains(ordinal) else { return }
    while words.count <= ordinal / 64 { words.append(0) }
    words[ordinal / 64] |= 1 << UInt64(ordinal % 64)
    count += 1
  }
}

/// Lets one compaction in at a time, and none after one that could not take its own files back.
final class CompactionTurn: Sendable {
  private enum State {
    case free, taken
    case spoiled(String)
  }
  private let state = Mutex(State.free)

  func take() throws(StoreError) {
    try state.withLock { (state) throws(StoreError) in
      switch state {
      case .free: state = .taken
      case .taken: throw .compaction("is under way already")
      case .spoiled(let why): throw .compaction("has to wait for the next open: \(why)")
      }
    }
  }

  /// Ends the turn; `spoiled` says why there may be no other before the next open.
  func end(spoiled: String?) {
    state.withLock { $0 = spoiled.map(State.spoiled) ?? .free }
  }
}
