// The first half of an append, under the writer's lock: decide, number, chain and encode. Nothing
// here touches the disk but for looking up the head of a stream that was not seen for a while. What
// is prepared stands in a group until a leader commits it; if that fails, everything prepared since
// the last commit is forgotten, for each event's commitment depends on those before it.

internal import Ambient
internal import Bytes
internal import Digests

/// Where the log stands, as far as it was prepared or committed.
struct LogPosition {
  /// The last sequence given out.
  var sequence: UInt64
  /// Never goes back, whatever the clock does.
  var time: WallTime
}

/// One event on its way into the log.
struct PreparedEvent {
  let header: EventHeader
  let digest: PayloadDigest
  /// Known once what was prepared together is settled.
  fileprivate(set) var commitment: Commitment
  let stream: StreamKey
  let key: KeyHash?
  /// Where its frame begins and ends in the group's buffer.
  let frame: Range<Int>
  let room: FrameRoom
  /// The signature, once it was made.
  var signature: [UInt8]?
}

/// Someone who waits for prepared events to be committed.
final class Waiter: Sendable {
  enum Signal {
    /// The group is committed, or failed; these are the waiter's own events.
    case done(Result<ArraySlice<PreparedEvent>, StoreError>)
    /// The group is this waiter's to commit.
    case lead
  }
  private let signal = Monitor<Signal?>(nil)

  func wake(_ value: Signal) {
    signal.withLock { $0 = value }
    signal.wakeOne()
  }

  func wait() -> Signal {
    signal.wait { (signal: inout Signal?) -> Signal? in signal.take() }!
  }
}

/// Events that will be committed by one write and one sync.
struct CommitGroup {
  var buffer = ByteWriter()
  var events: [PreparedEvent] = []
  /// Who waits for which of the events.
  var waiters: [(Waiter, Range<Int>)] = []

  var isEmpty: Bool { events.isEmpty }

  /// The most bytes of storage that are kept for the next group.
  private static let keptBytesMax = 16 << 20

  /// Forgets everything but the storage, which the next group takes over.
  mutating func clear() {
    guard buffer.count <= Self.keptBytesMax else {
      self = CommitGroup()
      return
    }
    buffer.removeAll()
    events.removeAll(keepingCapacity: true)
    waiters.removeAll(keepingCapacity: true)
  }
}

/// A fence that is still open.
struct OpenFence {
  /// The first member, which names the fence; nil before it has one.
  var first: UInt64?
  var members: [UInt64] = []
  let opened: MonotonicTime
  /// The record that ends it, once that is prepared.
  var ending: (sequence: UInt64, cancels: Bool)?
}

extension OpenFence {
  /// The fence without what was prepared after a sequence.
  fileprivate func asOf(_ committed: UInt64) -> OpenFence {
    var fence = self
    fence.members.removeAll { $0 > committed }
    fence.first = fence.members.first
    if let ending, ending.sequence > committed { fence.ending = nil }
    return fence
  }
}

/// How things stood before requests were prepared, so that they can be undone.
private struct Undo {
  let position: LogPosition
  let bufferCount: Int
  let eventCount: Int
}

/// Everything that preparing reads and changes.
struct Preparation {
  /// What is not prepared yet: the state as of the last event that was given a sequence.
  var position: LogPosition
  var ids: EventIDSource
  /// Heads of streams, uncommitted ones included; what is missing is looked up in the catalog.
  var heads: [StreamKey: StreamHead] = [:]
  /// Keys of events that are not committed yet.
  var keys: [KeyHash: UInt64] = [:]
  var group = CommitGroup()
  var fences: [Int: OpenFence] = [:]
  /// Seals payloads; nil in a store without keys.
  private let keyring: Keyring?
  /// The storage of a group that was committed, for the next one.
  private var spare = CommitGroup()
  /// Events of the group whose commitments are not computed yet, by their index; no two of them are
  /// of one stream.
  private var unsettled: [Int] = []
  /// Heads as they were before those of the requests in hand, and keys that are new.
  private var headsBefore: [(StreamKey, StreamHead?)] = []
  private var keysAdded: [KeyHash] = []

  /// How many heads are kept in memory before those that are committed are dropped.
  static let headsMax = 262_144
  /// How many commitments are computed at once.
  private static let unsettledMax = 32

  init(position: LogPosition, ids: EventIDSource, keyring: Keyring?) {
    self.position = position
    self.ids = ids
    self.keyring = keyring
  }

  /// Prepares events that must be committed together; after a throw nothing has changed.
  mutating func prepare(
    _ requests: [PreparationRequest], catalog: Catalog, now: WallTime, signs: Bool
  ) throws(StoreError) -> Range<Int> {
    let undo = Undo(
      position: position, bufferCount: group.buffer.count, eventCount: group.events.count)
    headsBefore.removeAll(keepingCapacity: true)
    keysAdded.removeAll(keepingCapacity: true)
    do throws(StoreError) {
      let first = position.sequence + 1
      for (index, request) in requests.enumerated() {
        let batch =
          request.isBatch
          ? BatchMembership(id: first, index: UInt32(index), count: UInt32(requests.count)) : nil
        try prepare(request, batch, catalog, now, signs)
      }
    } catch {
      revert(undo)
      throw error
    }
    settle()
    return undo.eventCount..<group.events.count
  }

  private mutating func prepare(
    _ request: PreparationRequest, _ batch: BatchMembership?, _ catalog: Catalog, _ now: WallTime,
    _ signs: Bool
  ) throws(StoreError) {
    let stream = request.stream
    if !unsettled.isEmpty { settle(before: request) }
    let known = heads[stream]
    let head =
      if let known { known } else {
        try catalog.head(
          of: request.event.coordinate.entityBytes, lane: request.event.lane, key: stream)
      }
    try check(request.event, at: head?.streamSequence ?? 0)
    let time = max(position.time, now)
    let sequence = position.sequence + 1
    let id = ids.next(at: time)
    let stored =
      try keyring?.store(request.event, id, request.digest)
      ?? StoredPayload(bytes: request.event.payload, digest: request.digest, sealing: nil)
    let header = EventHeader(
      sequence: sequence, id: id, time: time, kind: request.event.kind,
      payloadVersion: request.event.payloadVersion, coordinate: request.event.coordinate,
      lane: request.event.lane, streamSequence: (head?.streamSequence ?? 0) + 1,
      ancestry: try ancestry(request.event, head, catalog),
      payloadCount: UInt32(stored.bytes.count), batch: batch,
      fence: request.fence.map { fences[$0]?.first ?? sequence }, key: request.event.key,
      correlation: request.event.correlation, causation: request.event.causation,
      extensions: request.event.extensions, sealing: stored.sealing)
    position = LogPosition(sequence: sequence, time: time)
    headsBefore.append((stream, known))
    if let key = request.key {
      keys[key] = sequence
      keysAdded.append(key)
    }
    if let fence = request.fence {
      if fences[fence]?.first == nil { fences[fence]?.first = sequence }
      fences[fence]?.members.append(sequence)
    }
    unsettled.append(group.events.count)
    let start = Envelope.open(in: &group.buffer)
    let room = EventFrame.encode(
      header, stored.digest, payload: stored.bytes, signed: signs, into: &group.buffer)
    group.events.append(
      PreparedEvent(
        header: header, digest: stored.digest, commitment: Commitment(stored.digest.digest),
        stream: stream, key: request.key, frame: start..<group.buffer.count, room: room,
        signature: nil))
  }

  private func check(_ event: NewEvent, at position: UInt64) throws(StoreError) {
    let holds =
      switch event.expected {
      case .any: true
      case .noStream: position == 0
      case .exactly(let expected): position == expected
      case .exists: position > 0
      }
    guard holds else {
      throw .positionConflict(event.coordinate, expected: event.expected, actual: position)
    }
  }

  /// The first event of a lane forks off where the main lane is at that moment.
  private func ancestry(
    _ event: NewEvent, _ head: StreamHead?, _ catalog: Catalog
  ) throws(StoreError) -> Ancestry {
    if let head {
      return .follows(Predecessor(sequence: head.sequence, commitment: head.commitment))
    }
    guard event.lane != .main else { return .genesis }
    let entity = event.coordinate.entityBytes
    let key = StreamKey(entity: entity, lane: .main)
    let trunk: StreamHead?
    if let known = heads[key] {
      trunk = known
    } else {
      trunk = try catalog.head(of: entity, lane: .main, key: key)
    }
    guard let trunk else { return .genesis }
    return .fork(Predecessor(sequence: trunk.sequence, commitment: trunk.commitment))
  }

  /// Settles what is needed to prepare the request: the head of its stream, or of its entity's main
  /// lane where a lane may fork off; and everything once there is enough of it.
  private mutating func settle(before request: PreparationRequest) {
    if unsettled.count < Self.unsettledMax && request.event.lane == .main {
      guard unsettled.contains(where: { group.events[$0].stream == request.stream }) else { return }
    }
    settle()
  }

  /// Computes the commitments of events that depend on none of each other, and puts them in place.
  private mutating func settle() {
    if unsettled.count == 1 {
      let range = group.events[unsettled[0]].room.committed
      place(
        ChainHash.commitment(headerAndDigest: group.buffer.bytes.span.extracting(range)),
        unsettled[0])
    } else {
      let commitments = ChainHash.commitments(
        headersAndDigests: unsettled.map { group.events[$0].room.committed },
        in: group.buffer.bytes.span)
      for (event, digest) in zip(unsettled, commitments) { place(Commitment(digest), event) }
    }
    unsettled.removeAll(keepingCapacity: true)
  }

  /// Makes a commitment known: in the frame, in the event, and as the head of its stream.
  private mutating func place(_ commitment: Commitment, _ event: Int) {
    group.buffer.set(
      digest: commitment.digest, at: group.events[event].room.committed.upperBound - 32)
    group.events[event].commitment = commitment
    heads[group.events[event].stream] = StreamHead(
      sequence: group.events[event].header.sequence,
      streamSequence: group.events[event].header.streamSequence, commitment: commitment)
  }

  private mutating func revert(_ undo: Undo) {
    position = undo.position
    group.buffer.truncate(to: undo.bufferCount)
    for event in group.events[undo.eventCount...] {
      guard event.header.fence != nil else { continue }
      for fence in fences.keys {
        fences[fence]?.members.removeAll { $0 == event.header.sequence }
        if fences[fence]?.members.isEmpty == true { fences[fence]?.first = nil }
      }
    }
    group.events.removeSubrange(undo.eventCount...)
    unsettled.removeAll(keepingCapacity: true)
    for (stream, head) in headsBefore.reversed() { heads[stream] = head }
    for key in keysAdded { keys[key] = nil }
  }

  /// Forgets everything since the last commit, after one has failed.
  mutating func reset(to committed: LogPosition) {
    position = committed
    fences = fences.mapValues { $0.asOf(committed.sequence) }
    heads = [:]
    keys = [:]
    group = CommitGroup()
  }

  /// Takes the group for committing and starts the next one in its place.
  mutating func takeGroup() -> CommitGroup {
    let taken = group
    swap(&group, &spare)
    spare = CommitGroup()
    if heads.count > Self.headsMax {
      let kept = Set(taken.events.map(\.stream))
      heads = heads.filter { kept.contains($0.key) }
    }
    return taken
  }

  /// Takes back the storage of a group that nobody needs any more.
  mutating func recycle(_ group: consuming CommitGroup) {
    group.clear()
    spare = group
  }
}

/// One event with what was computed of it outside the lock.
struct PreparationRequest {
  var event: NewEvent
  let digest: PayloadDigest
  let stream: StreamKey
  let key: KeyHash?
  let isBatch: Bool
  let fence: Int?

  init(_ event: NewEvent, isBatch: Bool = false, fence: Int? = nil) {
    self.event = event
    digest = PayloadDigest(of: event.payload.span)
    stream = StreamKey(entity: event.coordinate.entityBytes, lane: event.lane)
    key = event.key.map(KeyHash.init)
    self.isBatch = isBatch
    self.fence = fence
  }
}
