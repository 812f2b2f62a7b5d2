// Which store this is. A fork begins a lineage of its own, so that a checkpoint of one is never
// taken for a witness of the other.

/// The identity of a store, made once.
public struct Lineage: Hashable, Sendable {
  public let id: EventID

  public init(id: EventID) {
    self.id = id
  }
}

extension Lineage: CustomStringConvertible {
  /// 32 hexadecimal digits.
  public var description: String { String(id.description.dropFirst("event:".count)) }
}
