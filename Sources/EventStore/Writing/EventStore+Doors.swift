// The doors for events whose payload has a type, and for declared effects. Both end in the same
// appends as any other event; what differs is what they refuse.

extension EventStore {
  /// Appends a value and returns its receipt when the event is durable; `adjust` sets what else the
  /// event asks for. Throws `.unregistered` unless the store was opened with this type.
  @discardableResult
  public func append<Value>(
    _ value: Value, as type: PayloadType<Value>, at coordinate: Coordinate,
    _ adjust: (inout NewEvent) -> Void = { _ in }
  ) throws(StoreError) -> Receipt {
    var event = try type.event(value, at: coordinate)
    adjust(&event)
    return try append(event)
  }

  /// Appends declared effects, and ordinary events beside them, as one transaction. It is the one
  /// door that takes the category of effects; the store's own kinds are refused here too.
  package func append(effects events: [NewEvent]) throws(StoreError) -> [Receipt] {
    try append(batch: events, effects: true)
  }
}

extension EventReader {
  /// The value of an event; throws `.shredded` when its key was destroyed.
  public func value<Value>(
    of event: Event, as type: PayloadType<Value>
  ) throws(StoreError) -> Value {
    guard event.header.kind == type.kind else {
      throw .badPayload(event.header.kind, "is not one of kind \(type.kind)")
    }
    switch event.payload {
    case .bytes(let bytes):
      return try type.value(of: bytes, version: event.header.payloadVersion)
    case .shredded: throw .shredded(event.header.id)
    case .sealed: throw .badPayload(event.header.kind, "is sealed, and this reader has no keys")
    }
  }
}
