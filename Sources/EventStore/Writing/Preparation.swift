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

/// One event on its way into the log: plain numbers, for its bytes are in the group's buffer and
/// what its appender is told stands in a receipt.
struct PreparedEvent {
  let sequence: UInt64
  let id: EventID
  let time: WallTime
  let kind: EventKind
  let lane: Lane
  let streamSequence: UInt64
  let stream: StreamKey
  let key: KeyHash?
  /// Where its head stands among the heads.
  fileprivate let head: Int
  /// Where its frame and the parts of it are in the group's buffer.
  let room: FrameRoom
  /// Known once what was prepared together is settled.
  fileprivate(set) var commitment: Commitment
  /// Whether its signature is in the buffer.
  var isSigned = false
}

/// Someone who waits for prepared events to be committed.
final class Waiter: Sendable {
  enum Signal {
    /// The group is committed, or failed; these are of the waiter's own events.
    case done(Result<[Receipt], StoreError>)
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

/// What one append put into a group.
struct PreparedAppend {
  /// Which of the group's events.
  let range: Range<Int>
  /// The receipts of these, which lack commitments and signatures until the group tells them.
  var receipts: [Receipt]
}

/// Events that will be committed by one write and one sync.
struct CommitGroup {
  var buffer = ByteWriter()
  var events: [PreparedEvent] = []
  /// Who waits, and for what.
  var waiters: [(waiter: Waiter, appended: PreparedAppend)] = []

  var isEmpty: Bool { events.isEmpty }

  /// The most bytes of storage that are kept for the next group.
  private static let keptBytesMax = 16 << 20

  /// Completes the receipts of an append whose events are settled, and signed if they will be.
  func complete(_ appended: inout PreparedAppend, signer: SigningKey?) {
    for (place, index) in appended.range.enumerated() {
      appended.receipts[place].commitment = events[index].commitment
      if events[index].isSigned, let signer, let room = events[index].room.signature {
        appended.receipts[place].signature = ReceiptSignature(
          publicKey: signer.publicKey, bytes: Array(buffer.bytes[room]))
      }
    }
  }

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
  private var heads = RecentHeads()
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
  /// Heads as they were before those of the request in hand, and keys that are new.
  private var headsBefore: [(place: Int, head: RecentHead)] = []
  private var keysAdded: [KeyHash] = []

  /// How many heads are kept in memory before those that are committed are dropped.
  static let headsMax = 262_144
  /// How many commitments are computed at once.
  private static let unsettledMax = 64

  init(position: LogPosition, ids: EventIDSource, keyring: Keyring?) {
    self.position = position
    self.ids = ids
    self.keyring = keyring
  }

  /// Prepares events that must be committed together; after a throw nothing has changed.
  ///
  /// Their commitments are known once the group is taken, or when `settle` was called.
  mutating func prepare(
    _ request: PreparationRequest, catalog: Catalog, now: WallTime, signs: Bool
  ) throws(StoreError) -> PreparedAppend {
    let undo = Undo(
      position: position, bufferCount: group.buffer.count, eventCount: group.events.count)
    headsBefore.removeAll(keepingCapacity: true)
    keysAdded.removeAll(keepingCapacity: true)
    var receipts: [Receipt] = []
    receipts.reserveCapacity(request.count)
    do throws(StoreError) {
      for index in 0..<request.count {
        try prepare(request, index, undo, catalog, now, signs, &receipts)
      }
    } catch {
      revert(undo, request.fence)
      throw error
    }
    return PreparedAppend(range: undo.eventCount..<group.events.count, receipts: receipts)
  }

  private mutating func prepare(
    _ request: PreparationRequest, _ index: Int, _ undo: Undo, _ catalog: Catalog,
    _ now: WallTime, _ signs: Bool, _ receipts: inout [Receipt]
  ) throws(StoreError) {
    let coordinate = request.events[index].coordinate
    let lane = request.events[index].lane
    let kind = request.events[index].kind
    let place = try head(of: coordinate, lane, request.streams[index], catalog)
    let head = heads[place]
    try check(request.events[index].expected, of: coordinate, at: head.streamSequence)
    let time = max(position.time, now)
    let sequence = position.sequence + 1
    let id = ids.next(at: time)
    let stored =
      try keyring?.store(request.events[index], id, request.digests[index])
      ?? StoredPayload(
        bytes: request.events[index].payload, digest: request.digests[index], sealing: nil)
    let header = EventHeader(
      sequence: sequence, id: id, time: time, kind: kind,
      payloadVersion: request.events[index].payloadVersion, coordinate: coordinate, lane: lane,
      streamSequence: head.streamSequence + 1,
      ancestry: try ancestry(coordinate, lane, head, catalog),
      payloadCount: UInt32(stored.bytes.count),
      batch: request.membership(of: index, in: undo.position.sequence + 1),
      fence: request.fence.map { fences[$0]?.first ?? sequence }, key: request.events[index].key,
      correlation: request.events[index].correlation, causation: request.events[index].causation,
      extensions: request.events[index].extensions, sealing: stored.sealing)
    position = LogPosition(sequence: sequence, time: time)
    headsBefore.append((place, head))
    heads[place] = RecentHead(
      sequence: sequence, streamSequence: head.streamSequence + 1, commitment: nil)
    let key = request.key(of: index)
    if let key {
      keys[key] = sequence
      keysAdded.append(key)
    }
    if let fence = request.fence {
      if fences[fence]?.first == nil { fences[fence]?.first = sequence }
      fences[fence]?.members.append(sequence)
    }
    unsettled.append(group.events.count)
    let room = EventFrame.encode(
      header, stored.digest, payload: stored.bytes, signed: signs, into: &group.buffer)
    let unknown = Commitment(stored.digest.digest)
    group.events.append(
      PreparedEvent(
        sequence: sequence, id: id, time: time, kind: kind, lane: lane,
        streamSequence: head.streamSequence + 1, stream: request.streams[index], key: key,
        head: place, room: room, commitment: unknown))
    receipts.append(
      Receipt(
        header: consume header, digest: stored.digest, commitment: unknown, signature: nil))
    if unsettled.count >= Self.unsettledMax { settle() }
  }

  /// Where the head of a lane stands among the heads, with its commitment known; it is looked up in
  /// the catalog when it was not seen for a while, and has the sequence 0 when there is none.
  private mutating func head(
    of coordinate: Coordinate, _ lane: Lane, _ stream: StreamKey, _ catalog: Catalog
  ) throws(StoreError) -> Int {
    if let place = heads.place(of: stream) {
      if heads[place].isUnsettled { settle() }
      if heads[place].sequence > 0 { return place }
    }
    let found = try catalog.head(of: coordinate.entityBytes, lane: lane, key: stream)
    let place = heads.insert(stream)
    if let found {
      heads[place] = RecentHead(
        sequence: found.sequence, streamSequence: found.streamSequence,
        commitment: found.commitment)
    }
    return place
  }

  private func check(
    _ expected: ExpectedPosition, of coordinate: Coordinate, at position: UInt64
  ) throws(StoreError) {
    let holds =
      switch expected {
      case .any: true
      case .noStream: position == 0
      case .exactly(let wanted): position == wanted
      case .exists: position > 0
      }
    guard holds else {
      throw .positionConflict(coordinate, expected: expected, actual: position)
    }
  }

  /// The first event of a lane forks off where the main lane is at that moment.
  private mutating func ancestry(
    _ coordinate: Coordinate, _ lane: Lane, _ head: RecentHead, _ catalog: Catalog
  ) throws(StoreError) -> Ancestry {
    if let predecessor = head.predecessor { return .follows(predecessor) }
    guard lane != .main else { return .genesis }
    let key = StreamKey(entity: coordinate.entityBytes, lane: .main)
    let trunk = heads[try self.head(of: coordinate, .main, key, catalog)]
    return trunk.predecessor.map { .fork($0) } ?? .genesis
  }

  /// Computes the commitments of events that depend on none of each other, and puts them in place.
  mutating func settle() {
    guard !unsettled.isEmpty else { return }
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
    heads[group.events[event].head].commitment = commitment
  }

  private mutating func revert(_ undo: Undo, _ fence: Int?) {
    position = undo.position
    group.buffer.truncate(to: undo.bufferCount)
    if let fence { fences[fence] = fences[fence]?.asOf(undo.position.sequence) }
    group.events.removeSubrange(undo.eventCount...)
    unsettled.removeAll { $0 >= undo.eventCount }
    for (place, head) in headsBefore.reversed() { heads[place] = head }
    for key in keysAdded { keys[key] = nil }
  }

  /// Forgets everything since the last commit, after one has failed.
  mutating func reset(to committed: LogPosition) {
    position = committed
    fences = fences.mapValues { $0.asOf(committed.sequence) }
    heads = RecentHeads()
    keys = [:]
    unsettled = []
    group = CommitGroup()
  }

  /// Takes the group for committing, with every commitment in it, and starts the next one in its
  /// place.
  mutating func takeGroup() -> CommitGroup {
    settle()
    let taken = group
    swap(&group, &spare)
    spare = CommitGroup()
    if heads.count > Self.headsMax {
      heads = heads.only(taken.events.map { ($0.stream, $0.head) })
    }
    return taken
  }

  /// Takes back the storage of a group that nobody needs any more, cleared.
  mutating func recycle(_ group: consuming CommitGroup) {
    spare = group
  }
}
