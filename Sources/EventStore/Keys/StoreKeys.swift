// What a store is told about sealing: where the key-encryption key comes from, how much one data key
// seals, and which events are sealed at all.

/// Which events have their payloads sealed; the store's own records never have.
public enum SealingPolicy: Hashable, Sendable {
  case all
  /// Events that one of the filters matches.
  case only([KindFilter])
  /// Events that none of the filters matches.
  case allBut([KindFilter])

  /// Whether events of the kind are sealed.
  public func seals(_ kind: EventKind) -> Bool {
    if kind.isSystem { return false }
    switch self {
    case .all: return true
    case .only(let filters): return filters.contains { $0.matches(kind) }
    case .allBut(let filters): return !filters.contains { $0.matches(kind) }
    }
  }
}

/// How a writer seals payloads.
public struct StoreKeys: Sendable {
  public var source: KeySource
  /// What one data key seals; nil takes the store's own, which never changes. A store that has no
  /// keys yet must be told.
  public var granularity: KeyGranularity?
  public var policy: SealingPolicy

  public init(
    _ source: KeySource, granularity: KeyGranularity? = nil, policy: SealingPolicy = .all
  ) {
    self.source = source
    self.granularity = granularity
    self.policy = policy
  }
}
