// What happened to a file, as a row: the event, its name, and what is known of it besides.

internal import Ambient
internal import Bytes
internal import EventStore
package import Views

extension HistoryEntry {
  /// The entry as lists show it.
  package var view: EventView {
    let coordinate = FileEvent.coordinate(of: event.path)
    return EventView(
      sequence: place.sequence, id: "\(id)", time: place.time, kind: "\(event.transition.kind)",
      entity: escaped(coordinate.entity), scope: escaped(coordinate.scope),
      streamSequence: place.generation, transition: event.transition.name,
      detail: event.transition.detail)
  }
}

extension Transition {
  /// What is known of it besides its name, as the rest of a sentence; nil when nothing is.
  package var detail: String? {
    switch self {
    case .written(let copy, let cause):
      "\(ByteCount(copy.details.size)), \(cause.words)"
    case .stored(let copy, _): "\(ByteCount(copy.details.size)) in \(escaped(copy.backend))"
    case .deferred(let attempts, let until, let fault):
      "attempt \(attempts), again at \(until): \(escaped(fault))"
    case .failed(let attempts, let fault):
      "after \(attempts) attempt\(attempts == 1 ? "" : "s"): \(escaped(fault))"
    case .restored(let copy), .confirmed(let copy): "\(ByteCount(copy.details.size))"
    case .adopted(let copy, _): "\(ByteCount(copy.details.size)) from \(escaped(copy.backend))"
    case .verified(let time): "its stored copy was there at \(time)"
    case .shredded(let reason): escaped(reason)
    case .found(_, let detail): escaped(detail)
    case .objectRemoved(let key, let backend): "\(escaped(key)) from \(escaped(backend))"
    case .retried, .evicted, .vanished, .deleted, .pinned, .unpinned: nil
    }
  }
}

extension WriteCause {
  fileprivate var words: String {
    switch self {
    case .closed: "a program closed it"
    case .found: "it was there"
    case .differs: "it differs from what was stored"
    case .putBack: "an eviction put it back"
    case .lost: "its stored copy is missing or wrong"
    }
  }
}
