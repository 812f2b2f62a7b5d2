// What a projection is: a fold over the events of a region, with a name and a version. It is a value;
// a `Projector` runs it. What became unreadable is shown to it like everything else, so that it can
// say what that means, and never is anything passed over in silence.

/// One place in the log, as a projection is shown it.
public enum Occurrence: Hashable, Sendable {
  case event(Event)
  /// The key of its payload was destroyed.
  case shredded(EventHeader)
  /// Its payload is sealed, and this reader has no keys.
  case sealed(EventHeader)
  /// Compaction took it; the header is there where it was kept. Without one nobody knows what it
  /// was about, so it is shown to every projection.
  case removed(sequence: UInt64, EventHeader?)
  /// A member of a cancelled fence: it was written and never happened.
  case cancelled(EventHeader)

  /// Its place in the log.
  public var sequence: UInt64 {
    switch self {
    case .event(let event): event.header.sequence
    case .shredded(let header), .sealed(let header), .cancelled(let header): header.sequence
    case .removed(let sequence, _): sequence
    }
  }

  /// What is known of it.
  public var header: EventHeader? {
    switch self {
    case .event(let event): event.header
    case .shredded(let header), .sealed(let header), .cancelled(let header): header
    case .removed(_, let header): header
    }
  }
}

/// Why a projection cannot take an event in, or why bytes are no state of it.
public struct ProjectionFault: Error, Hashable, Sendable {
  public let sentence: String

  public init(_ sentence: String) {
    self.sentence = sentence
  }
}

/// A fold over the events of a region.
public struct Projection<State: Sendable>: Sendable {
  /// The longest a projection's name may be, in bytes.
  public static var nameBytesMax: Int { 64 }

  public let name: String
  /// Of the fold and of the state's bytes; a snapshot of another version is not used.
  public let version: UInt32
  public let region: Region
  let initial: State
  let apply: @Sendable (inout State, Occurrence) throws(ProjectionFault) -> Void
  let encode: @Sendable (State) -> [UInt8]
  let decode: @Sendable ([UInt8]) throws(ProjectionFault) -> State

  /// A fold from the initial state on. `apply` must depend on nothing but its arguments, for it is
  /// shown the same events again whenever the state is built anew; when it throws, what it did to
  /// the state does not count.
  public init(
    _ name: String, version: UInt32, in region: Region = .everything, initial: State,
    encode: @escaping @Sendable (State) -> [UInt8],
    decode: @escaping @Sendable ([UInt8]) throws(ProjectionFault) -> State,
    apply: @escaping @Sendable (inout State, Occurrence) throws(ProjectionFault) -> Void
  ) {
    self.name = name
    self.version = version
    self.region = region
    self.initial = initial
    self.encode = encode
    self.decode = decode
    self.apply = apply
  }
}

/// The event that a projection could not take in.
public struct ProjectionStop: Hashable, Sendable {
  public let sequence: UInt64
  /// Nil when not even that could be read.
  public let id: EventID?
  public let reason: String

  public init(sequence: UInt64, id: EventID?, reason: String) {
    self.sequence = sequence
    self.id = id
    self.reason = reason
  }
}

extension ProjectionStop: CustomStringConvertible {
  public var description: String {
    "event \(sequence)" + (id.map { " (\($0))" } ?? "") + ": " + reason
  }
}

/// How a projection began.
public enum ProjectionStart: Hashable, Sendable {
  /// There was no snapshot.
  case new
  /// It goes on from its snapshot.
  case resumed(at: UInt64)
  /// There was a snapshot that could not be used, for this reason.
  case rebuilt(because: String)
}

/// Where a projection stands.
public struct ProjectionStanding: Equatable, Sendable {
  /// Everything up to this sequence is taken in. It is never inside a batch or a fence.
  public let position: UInt64
  public let start: ProjectionStart
  /// Why it goes no further until it is told to retry.
  public let stop: ProjectionStop?
  /// Why the newest snapshot could not be kept; the one before it, if any, is still there.
  public let unsaved: StoreError?
}
