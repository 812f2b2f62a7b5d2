// How a store is opened. Everything that a store takes from outside is here: clocks, randomness,
// keys, policies and bounds.

public import Ambient

/// When an append counts as done.
public enum Durability: Hashable, Sendable {
  /// Its bytes are on the device.
  case durable
  /// It is in memory; at most this many events, or those of this time, are lost with the machine.
  case buffered(eventsMax: Int, timeMax: Duration)
}

/// Whether events are signed.
public enum Signing: Sendable {
  case unsigned
  /// Signs when there is a key; an open without one is recorded in the log of events.
  case preferSigned(SigningKey?)
  /// Refuses to open without a key.
  case required(SigningKey?)

  /// The key, or why there must be one and is none.
  func key() throws(StoreError) -> SigningKey? {
    switch self {
    case .unsigned: return nil
    case .preferSigned(let key): return key
    case .required(nil): throw .signing("this store must be signed and no key was given")
    case .required(let key): return key
    }
  }
}

/// Who does what must happen at a certain time: buffered flushes and the end of fences.
public enum Maintenance: Sendable {
  /// A thread of the store's own.
  case worker
  /// The next call; for simulations, which have one thread.
  case inline
}

/// How far an idempotency key is remembered.
public struct IdempotencyWindow: Hashable, Sendable {
  /// Keys of events this far back are still found.
  public var sequencesMax: UInt64
  /// At most this many keys are looked at, the newest first.
  public var keysMax: Int

  public init(sequencesMax: UInt64 = 1_000_000, keysMax: Int = 1_000_000) {
    self.sequencesMax = sequencesMax
    self.keysMax = keysMax
  }
}

/// What `EventStore.open` is told.
public struct StoreOptions: Sendable {
  public var wallClock: WallClock
  public var monotonicClock: MonotonicClock
  public var entropy: Entropy
  public var log: LogSink
  /// A segment is sealed once it is at least this large.
  public var segmentBytes: Int
  /// About how much memory the tables of segments that are not sealed take together; a segment whose
  /// tables reach their share of it is sealed before it has its size.
  public var indexBytesMax: Int
  public var durability: Durability
  public var signing: Signing
  public var idempotency: IdempotencyWindow
  public var maintenance: Maintenance
  /// How far ahead the active segment is filled with zeros, so that a commit changes no metadata.
  public var preallocationBytes: Int
  /// The payloads that have a type; checked when the store opens.
  public var payloads: PayloadRegistry
  /// Who is asked before an event is committed, in this order.
  public var gates: [Gate]
  /// How payloads are sealed; nil for a store without keys.
  public var keys: StoreKeys?

  public init(
    wallClock: WallClock = .live, monotonicClock: MonotonicClock = .live,
    entropy: Entropy = .live, log: LogSink = .none, segmentBytes: Int = 64 << 20,
    indexBytesMax: Int = 96 << 20, durability: Durability = .durable, signing: Signing = .unsigned,
    idempotency: IdempotencyWindow = IdempotencyWindow(), maintenance: Maintenance = .worker,
    preallocationBytes: Int = 4 << 20, payloads: PayloadRegistry = PayloadRegistry(),
    gates: [Gate] = [], keys: StoreKeys? = nil
  ) {
    self.wallClock = wallClock
    self.monotonicClock = monotonicClock
    self.entropy = entropy
    self.log = log
    self.segmentBytes = segmentBytes
    self.indexBytesMax = indexBytesMax
    self.durability = durability
    self.signing = signing
    self.idempotency = idempotency
    self.maintenance = maintenance
    self.preallocationBytes = preallocationBytes
    self.payloads = payloads
    self.gates = gates
    self.keys = keys
  }
}
