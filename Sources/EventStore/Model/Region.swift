// Which events a query, a cursor or a subscription is about. A region is a conjunction: an event
// is in it when every part that is set matches.

/// Which kinds are wanted.
public enum KindFilter: Hashable, Sendable {
  case any
  case category(UInt8)
  case exactly(EventKind)

  func matches(_ kind: EventKind) -> Bool {
    switch self {
    case .any: true
    case .category(let category): kind.category == category
    case .exactly(let wanted): kind == wanted
    }
  }
}

/// A part of the store.
public struct Region: Hashable, Sendable {
  /// An entity and its descendants: `user:1` takes `user:1` and `user:1:x`, never `user:10`.
  public var entityPrefix: String?
  public var scope: String?
  public var kind: KindFilter
  public var lane: Lane?
  /// Global sequences, both ends included.
  public var sequences: ClosedRange<UInt64>?

  public init(
    entityPrefix: String? = nil, scope: String? = nil, kind: KindFilter = .any, lane: Lane? = nil,
    sequences: ClosedRange<UInt64>? = nil
  ) {
    self.entityPrefix = entityPrefix
    self.scope = scope
    self.kind = kind
    self.lane = lane
    self.sequences = sequences
  }

  /// The whole store.
  public static let everything = Region()

  /// Whether an event is in it.
  public func contains(_ header: EventHeader) -> Bool {
    kind.matches(header.kind) && (lane == nil || lane == header.lane)
      && (sequences?.contains(header.sequence) ?? true)
      && (scope.map { header.coordinate.scopeBytes.elementsEqual($0.utf8) } ?? true)
      && (entityPrefix.map { isDescendant(header.coordinate.entityBytes.span, of: Array($0.utf8)) }
        ?? true)
  }
}

/// Whether `entity` is `prefix` or a descendant of it after a `:`.
func isDescendant(_ entity: Span<UInt8>, of prefix: [UInt8]) -> Bool {
  guard entity.count >= prefix.count else { return false }
  for index in prefix.indices where entity[index] != prefix[index] { return false }
  return entity.count == prefix.count || entity[prefix.count] == UInt8(ascii: ":")
}
