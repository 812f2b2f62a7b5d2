// The events that the store appends for itself. They live in a coordinate of their own, are never
// encrypted, and their payloads are canonical JSON but for a fence's, which recovery reads.

internal import Bytes

enum SystemRecord {
  static let coordinate = Coordinate(
    trustedEntity: Array("larder:store".utf8), scope: Array("system".utf8))

  /// The end of a fence.
  static func fence(_ first: UInt64, cancels: Bool) -> NewEvent {
    NewEvent(
      coordinate, kind: cancels ? .fenceCancelled : .fenceCommitted,
      payload: FenceRecord.encode(fence: first))
  }

  /// A writer begins: what recovery cut, whether signing was wanted and had no key, and how many
  /// data keys had been minted by then.
  static func opened(cut: String?, downgraded: Bool, keys: UInt64?) -> NewEvent {
    record(
      .opened,
      [
        "cut": JSONValue(cut), "downgraded": .bool(downgraded),
        "format": JSONValue(SegmentHeader.format), "keys": keys.map { JSONValue($0) } ?? .null,
      ])
  }

  /// A writer ends.
  static func closed(keys: UInt64?) -> NewEvent {
    record(.closed, keys.map { ["keys": JSONValue($0)] } ?? [:])
  }

  static func record(_ kind: EventKind, _ members: JSONObject) -> NewEvent {
    do throws(BytesError) {
      return NewEvent(
        coordinate, kind: kind, payload: try JSONValue.object(members).canonical())
    } catch {
      preconditionFailure("the store's own records hold no number that JSON cannot")
    }
  }
}
