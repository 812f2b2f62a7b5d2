// Everything about an event but its payload. The header is what the chain commits to and what a
// receipt carries, so it has one encoding (Format/HeaderCodec.swift) and nothing in it names a
// place on disk.

public import Ambient

/// The event before this one in its lane, or where the lane forked off.
public struct Predecessor: Hashable, Sendable {
  /// Its global sequence.
  public let sequence: UInt64
  public let commitment: Commitment

  public init(sequence: UInt64, commitment: Commitment) {
    self.sequence = sequence
    self.commitment = commitment
  }
}

/// How an event hangs on the chain.
public enum Ancestry: Hashable, Sendable {
  /// The first of its entity.
  case genesis
  /// The first of its lane, which forked off at this event of another lane.
  case fork(Predecessor)
  /// The next of its lane.
  case follows(Predecessor)

  /// The event it names, if any.
  public var predecessor: Predecessor? {
    switch self {
    case .genesis: nil
    case .fork(let predecessor), .follows(let predecessor): predecessor
    }
  }
}

/// An event's place in a batch.
public struct BatchMembership: Hashable, Sendable {
  /// The global sequence of the batch's first member, which names the batch.
  public let id: UInt64
  /// Counted from 0.
  public let index: UInt32
  public let count: UInt32

  public init(id: UInt64, index: UInt32, count: UInt32) {
    self.id = id
    self.index = index
    self.count = count
  }
}

/// How a payload was sealed.
public struct Sealing: Hashable, Sendable {
  /// Which key: the first 16 bytes of the hash of the key scope's name.
  public let scopeHigh: UInt64
  public let scopeLow: UInt64
  /// Which of the scope's keys; a shred ends one and the next append mints another.
  public let generation: UInt32
  /// 24 bytes.
  public let nonce: [UInt8]

  public init(scopeHigh: UInt64, scopeLow: UInt64, generation: UInt32, nonce: [UInt8]) {
    self.scopeHigh = scopeHigh
    self.scopeLow = scopeLow
    self.generation = generation
    self.nonce = nonce
  }
}

/// What the chain knows of an event.
public struct EventHeader: Hashable, Sendable {
  /// Position in the store; the first event has 1, and no two share one.
  public var sequence: UInt64
  public var id: EventID
  /// Never before an earlier event's.
  public var time: WallTime
  public var kind: EventKind
  /// 0 for untyped bytes.
  public var payloadVersion: UInt16
  public var coordinate: Coordinate
  public var lane: Lane
  /// Position in the lane; the first has 1.
  public var streamSequence: UInt64
  public var ancestry: Ancestry
  /// Bytes of the payload as stored.
  public var payloadCount: UInt32
  public var batch: BatchMembership?
  /// The global sequence of the fence's first member, which names the fence.
  public var fence: UInt64?
  public var key: IdempotencyKey?
  public var correlation: CorrelationID?
  public var causation: CausationID?
  public var extensions: [EventExtension]
  public var sealing: Sealing?
}

/// What became of a payload.
public enum Payload: Hashable, Sendable {
  case bytes([UInt8])
  /// Its key was destroyed.
  case shredded
  /// It is sealed, and this reader has no keys at all.
  case sealed
}

/// An event as it is read.
public struct Event: Hashable, Sendable {
  public let header: EventHeader
  public let payload: Payload
  public let commitment: Commitment

  public init(header: EventHeader, payload: Payload, commitment: Commitment) {
    self.header = header
    self.payload = payload
    self.commitment = commitment
  }

  /// The payload's bytes, or nil when they cannot be read any more.
  public var bytes: [UInt8]? {
    if case .bytes(let bytes) = payload { bytes } else { nil }
  }
}
