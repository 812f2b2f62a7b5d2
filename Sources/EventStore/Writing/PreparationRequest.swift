// What one append asks for, with everything that can be computed of it outside the writer's lock. Its
// events are those that the caller handed over, not copies of them, and what is hashed of a batch is
// hashed many at once.

internal import Bytes
internal import Digests

/// Events that are appended together.
struct PreparationRequest {
  let events: [NewEvent]
  /// Of each event's payload as the caller gave it.
  let digests: [PayloadDigest]
  let streams: [StreamKey]
  /// Of each event's idempotency key; empty where no event has one.
  private let keys: [KeyHash?]
  /// Whether they are members of a batch, which readers see whole or not at all.
  let isBatch: Bool
  let fence: Int?
  let payloadBytes: Int

  /// One event by itself.
  init(_ event: NewEvent) {
    self.init(alone: [event])
  }

  /// The one event of an array by itself, which is not copied so.
  init(alone events: [NewEvent], fence: Int? = nil) {
    precondition(events.count == 1, "an event by itself is one")
    self.init(events, isBatch: false, fence)
  }

  /// Events that become visible together.
  init(batch events: [NewEvent]) {
    self.init(events, isBatch: true, nil)
  }

  private init(_ events: [NewEvent], isBatch: Bool, _ fence: Int?) {
    self.events = events
    self.isBatch = isBatch
    self.fence = fence
    // Events are looked at where they lie, here and wherever there may be many: copies of them cost
    // as much as everything else that is done with them.
    let places = events.span
    var (bytes, isKeyed) = (0, false)
    for index in places.indices {
      bytes += places[index].payload.count
      isKeyed = isKeyed || places[index].key != nil
    }
    payloadBytes = bytes
    digests = PayloadDigest.all(of: events)
    streams = StreamKey.all(of: events)
    keys = isKeyed ? events.map { $0.key.map(KeyHash.init) } : []
  }

  var count: Int { events.count }

  var isKeyed: Bool { !keys.isEmpty }

  func key(of index: Int) -> KeyHash? { keys.isEmpty ? nil : keys[index] }

  /// What the chain says of an event's place among the others, whose first has this sequence.
  func membership(of index: Int, in first: UInt64) -> BatchMembership? {
    isBatch ? BatchMembership(id: first, index: UInt32(index), count: UInt32(count)) : nil
  }

  /// No more bytes than this are added to a group by it.
  var bytesMax: Int { payloadBytes + 1_024 * count }
}

/// Parts that are laid side by side so that they are hashed many at once.
struct HashedTogether {
  private var buffer = ByteWriter()
  private var parts: [Range<Int>] = []
  private let mode: Blake3Mode
  private(set) var digests: [Blake3Digest] = []

  /// How many parts are hashed at once, so that they are still near when they are.
  private static let partsMax = 64
  /// From this length on an input is faster hashed by itself.
  static let bytesMax = 1_024

  init(_ count: Int, _ mode: Blake3Mode) {
    self.mode = mode
    digests.reserveCapacity(count)
    parts.reserveCapacity(Self.partsMax)
  }

  /// Adds the next part, which `body` writes.
  mutating func add(_ body: (inout ByteWriter) -> Void) {
    let start = buffer.count
    body(&buffer)
    parts.append(start..<buffer.count)
    if parts.count == Self.partsMax { hash() }
  }

  /// Adds what is hashed by itself.
  mutating func add(alone bytes: [UInt8]) {
    hash()
    digests.append(Blake3.digest(of: bytes, mode))
  }

  /// Hashes what was added since the last time.
  mutating func hash() {
    guard !parts.isEmpty else { return }
    digests += Blake3.digests(of: parts, in: buffer.bytes.span, mode)
    parts.removeAll(keepingCapacity: true)
    buffer.removeAll()
  }
}

extension PayloadDigest {
  /// The digest of each event's payload.
  fileprivate static func all(of events: [NewEvent]) -> [PayloadDigest] {
    if events.count == 1 {
      let payload = events[0].payload
      return [PayloadDigest(of: payload.span)]
    }
    var together = HashedTogether(events.count, .plain)
    for index in events.indices {
      if events[index].payload.count < HashedTogether.bytesMax {
        together.add { $0.append(bytes: events[index].payload) }
      } else {
        together.add(alone: events[index].payload)
      }
    }
    together.hash()
    return together.digests.map { PayloadDigest($0) }
  }
}

extension StreamKey {
  /// The key of each event's stream.
  fileprivate static func all(of events: [NewEvent]) -> [StreamKey] {
    if events.count == 1 {
      return [StreamKey(entity: events[0].coordinate.entityBytes, lane: events[0].lane)]
    }
    var together = HashedTogether(events.count, streams)
    for index in events.indices {
      together.add { $0.append(stream: events[index].coordinate.entityBytes, events[index].lane) }
    }
    together.hash()
    return together.digests.map { StreamKey($0) }
  }
}
