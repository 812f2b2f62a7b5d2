// Short spellings of events, for tests.

import EventStore

extension NewEvent {
  static func of(
    _ entity: String, _ text: String, scope: String = "test",
    kind: EventKind = EventKind(category: 1, type: 1)!
  ) -> NewEvent {
    do throws(StoreError) {
      return NewEvent(
        try Coordinate(entity: entity, scope: scope), kind: kind, payload: Array(text.utf8))
    } catch {
      preconditionFailure("\(error)")
    }
  }
}
