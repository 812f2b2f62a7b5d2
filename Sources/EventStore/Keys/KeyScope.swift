// What one data key seals. A store has one granularity for its whole life: the finer it is, the more
// exactly something can be shredded, and the more keys there are to keep. Inside the store a scope
// is known by 16 bytes of its hash, so that neither headers nor the keyset spell its name.

internal import Bytes
internal import Digests

/// How much of a store one data key seals.
public enum KeyGranularity: UInt8, CaseIterable, Hashable, Sendable {
  /// All events of one entity, in every lane and scope.
  case entity = 1
  /// All events of one category of kinds.
  case category = 2
  /// All events of one kind.
  case kind = 3
  /// A single event.
  case event = 4
}

extension KeyGranularity: CustomStringConvertible {
  public var description: String {
    switch self {
    case .entity: "entity"
    case .category: "category"
    case .kind: "kind"
    case .event: "event"
    }
  }

  /// Reads a granularity as it is written.
  public init?(parsing text: some StringProtocol) {
    guard let found = Self.allCases.first(where: { $0.description == text }) else { return nil }
    self = found
  }
}

/// What one data key seals, by name.
public enum KeyScope: Hashable, Sendable {
  case entity(String)
  case category(UInt8)
  case kind(EventKind)
  case event(EventID)

  /// The granularity of stores that have a key for it.
  public var granularity: KeyGranularity {
    switch self {
    case .entity: .entity
    case .category: .category
    case .kind: .kind
    case .event: .event
    }
  }
}

extension KeyScope: CustomStringConvertible {
  /// `entity user:1`, `category 3`, `kind 3.02a`, or the event's id.
  public var description: String {
    switch self {
    case .entity(let name): "entity \(name)"
    case .category(let category): "category \(String(category, radix: 16))"
    case .kind(let kind): "kind \(kind)"
    case .event(let id): "\(id)"
    }
  }
}

/// A key scope as headers and the keyset know it: the first 16 bytes of the hash of its name.
struct KeyScopeID: Hashable {
  let high: UInt64
  let low: UInt64

  private static let scopes = Blake3Mode.deriving("larder 1 key scope")

  init(high: UInt64, low: UInt64) {
    self.high = high
    self.low = low
  }

  init(_ sealing: Sealing) {
    self.init(high: sealing.scopeHigh, low: sealing.scopeLow)
  }

  init(_ scope: KeyScope) {
    switch scope {
    case .entity(let name): self.init(entity: Array(name.utf8))
    case .category(let category): self.init(.category) { $0.append(category) }
    case .kind(let kind): self.init(.kind) { $0.append(kind.rawValue) }
    case .event(let id): self.init(.event) { $0.append(id: id) }
    }
  }

  /// The scope that an event belongs to.
  init(_ granularity: KeyGranularity, of event: NewEvent, _ id: EventID) {
    switch granularity {
    case .entity: self.init(entity: event.coordinate.entityBytes)
    case .category: self.init(.category(event.kind.category))
    case .kind: self.init(.kind(event.kind))
    case .event: self.init(.event(id))
    }
  }

  private init(entity: [UInt8]) {
    self.init(.entity) { $0.append(bytes: entity) }
  }

  private init(_ granularity: KeyGranularity, _ name: (inout ByteWriter) -> Void) {
    var writer = ByteWriter(reserving: 64)
    writer.append(granularity.rawValue)
    name(&writer)
    let words = Blake3.digest(of: writer.bytes, Self.scopes).first128
    // Headers write ids in network order, so these words keep the order of the hash's bytes.
    (high, low) = (words.0.byteSwapped, words.1.byteSwapped)
  }
}

extension KeyScopeID: CustomStringConvertible {
  /// 32 hexadecimal digits.
  var description: String { sixteenDigits(high) + sixteenDigits(low) }

  init?(parsing text: String) {
    guard let id = EventID(parsing: text), text.utf8.count == 32 else { return nil }
    self.init(high: id.high, low: id.low)
  }
}
