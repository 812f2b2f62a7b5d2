// Where receipts are kept, with the effects that they are the proof of. A dispatcher that can act has
// one, without exception: what cannot be recorded is not done.

package import EventStore

/// Keeps effects and their receipt as one transaction.
package struct ReceiptSink: Sendable {
  /// Appends events all together, durably, or throws and appends none.
  package let append: @Sendable ([NewEvent]) throws(StoreError) -> [Receipt]

  package init(append: @escaping @Sendable ([NewEvent]) throws(StoreError) -> [Receipt]) {
    self.append = append
  }

  /// Receipts in an event store.
  package static func store(_ store: EventStore) -> ReceiptSink {
    ReceiptSink { (events) throws(StoreError) in try store.append(effects: events) }
  }
}

extension ReceiptBody {
  /// The event that carries the receipt, in the stream of its operation.
  var event: NewEvent {
    NewEvent(
      .ofOperations("operation:\(operation)"), kind: EffectKind.receipt, payload: bytes)
  }
}
