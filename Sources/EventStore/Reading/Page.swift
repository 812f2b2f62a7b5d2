// One step through a region. A page says how far it looked, so that the next one goes on from there
// even when it found nothing; its work is bounded, so a rare region takes several.

/// Some events of a region, and where to go on.
public struct Page: Sendable {
  /// In the order that was asked for.
  public let events: [Event]
  /// Everything up to this sequence was looked at; down to it, newest first.
  public let position: UInt64
  /// Nothing of the region lay behind the position when the page was read.
  public let isEnd: Bool
}

/// How a walk through an event's ancestors ended.
public enum AncestryEnd: Equatable, Sendable {
  case genesis
  /// There are more.
  case limit
  /// The named event's predecessor was removed, and so was all of its lane before that.
  case removed(child: EventID, sequence: UInt64)
  /// The named event's predecessor is not in the store.
  case missing(child: EventID, sequence: UInt64)
  case failed(StoreError)
}

/// The events before one in its lane, the nearest first.
public struct Ancestors: Sendable {
  public let events: [Event]
  /// Those among them whose key was destroyed, or that were removed.
  public let shredded: [EventID]
  public let end: AncestryEnd
}
