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
  let commitment: Commitment
  let stream: StreamKey
  let key: KeyHash?
  /// Where its frame begins and ends in the group's buffer.
  let frame: Range<Int>
  /// Where its signature goes, and the signature once it was made.
  let signatureRoom: Range<Int>?
  var signature: [UInt8]?
}

/// Someone who waits for prepared events to be committed.
final class Waiter: Sendable {
  enum Signal {
    /// The group is committed, or failed; these are the waiter's own events.
    case done(Result<[PreparedEvent], StoreError>)
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

/// What was done for one request, so that it can be undone.
private struct Undo {
  let position: LogPosition
  let bufferCount: Int
  let eventCount: Int
  var heads: [(StreamKey, StreamHead?)] = []
  var keys: [KeyHash] = []
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
  private var header = ByteWriter(reserving: 1_024)
  /// Seals payloads; nil in a store without keys.
  private let keyring: Keyring?

  /// How many heads are kept in memory before those that are committed are dropped.
  static let headsMax = 262_144

  init(position: LogPosition, ids: EventIDSource, keyring: Keyring?) {
    self.position = position
    self.ids = ids
    self.keyring = keyring
  }

  /// Prepares events that must be committed together; after a throw nothing has changed.
  mutating func prepare(
    _ requests: [PreparationRequest], catalog: Catalog, now: WallTime, signs: Bool
  ) throws(StoreError) -> Range<Int> {
    var undo = Undo(
      position: position, bufferCount: group.buffer.count, eventCount: group.events.count)
    do throws(StoreError) {
      let first = position.sequence + 1
      for (index, request) in requests.enumerated() {
        let batch =
          request.isBatch
          ? BatchMembership(id: first, index: UInt32(index), count: UInt32(requests.count)) : nil
        try prepare(request, batch, catalog, now, signs, &undo)
      }
    } catch {
      revert(undo)
      throw error
    }
    return undo.eventCount..<group.events.count
  }

  private mutating func prepare(
    _ request: PreparationRequest, _ batch: BatchMembership?, _ catalog: Catalog, _ now: WallTime,
    _ signs: Bool, _ undo: inout Undo
  ) throws(StoreError) {
    let event = request.event
    let stream = request.stream
    let known = heads[stream]
    let head: StreamHead?
    if let known {
      head = known
    } else {
      head = try catalog.head(of: event.coordinate.entityBytes, lane: event.lane, key: stream)
    }
    try check(event, at: head?.streamSequence ?? 0)
    let time = max(position.time, now)
    let sequence = position.sequence + 1
    let id = ids.next(at: time)
    let stored =
      try keyring?.store(event, id, request.digest)
      ?? StoredPayload(bytes: event.payload, digest: request.digest, sealing: nil)
    let eventHeader = EventHeader(
      sequence: sequence, id: id, time: time, kind: event.kind,
      payloadVersion: event.payloadVersion, coordinate: event.coordinate, lane: event.lane,
      streamSequence: (head?.streamSequence ?? 0) + 1,
      ancestry: try ancestry(event, head, catalog),
      payloadCount: UInt32(stored.bytes.count), batch: batch,
      fence: request.fence.map { fences[$0]?.first ?? sequence }, key: event.key,
      correlation: event.correlation, causation: event.causation, extensions: event.extensions,
      sealing: stored.sealing)
    position = LogPosition(sequence: sequence, time: time)
    let prepared = encode(eventHeader, stored, request, signs: signs)
    undo.heads.append((stream, known))
    heads[stream] = StreamHead(
      sequence: sequence, streamSequence: eventHeader.streamSequence,
      commitment: prepared.commitment)
    if let key = request.key {
      keys[key] = sequence
      undo.keys.append(key)
    }
    if let fence = request.fence {
      if fences[fence]?.first == nil { fences[fence]?.first = sequence }
      fences[fence]?.members.append(sequence)
    }
    group.events.append(prepared)
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

  /// Appends the event's frame to the group; its envelope and signature are filled in at commit.
  private mutating func encode(
    _ eventHeader: EventHeader, _ stored: StoredPayload, _ request: PreparationRequest,
    signs: Bool
  ) -> PreparedEvent {
    header.removeAll()
    eventHeader.encode(into: &header)
    let headerCount = header.count
    header.append(digest: stored.digest.digest)
    let commitment = ChainHash.commitment(headerAndDigest: header.bytes.span)
    let start = Envelope.open(in: &group.buffer)
    let room = EventFrame.encode(
      header: header, headerCount: headerCount, commitment: commitment,
      payload: stored.bytes, signed: signs, into: &group.buffer)
    return PreparedEvent(
      header: eventHeader, digest: stored.digest, commitment: commitment, stream: request.stream,
      key: request.key, frame: start..<group.buffer.count, signatureRoom: room, signature: nil)
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
    for (stream, head) in undo.heads.reversed() { heads[stream] = head }
    for key in undo.keys { keys[key] = nil }
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
    group = CommitGroup()
    if heads.count > Self.headsMax {
      let kept = Set(taken.events.map(\.stream))
      heads = heads.filter { kept.contains($0.key) }
    }
    return taken
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
