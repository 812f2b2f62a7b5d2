// The kinds of receipts, and the events of category 0xD that this room alone appends. All of them
// are in docs/formats.md.

package import EventStore

/// What a receipt is the proof of.
package enum ReceiptKind: String, CaseIterable, Sendable {
  /// All of the operation: its effects are in the receipt's batch.
  case act
  /// The beginning of a job; the intent is in the receipt's batch.
  case intent
  /// The end of a job; the last outcomes are in the receipt's batch.
  case closing
  /// That an operation was refused or failed, and left nothing but this.
  case refusal
}

/// The events that this room appends.
package enum EffectKind {
  package static let receipt = EventKind(rawValue: 0xD001)
  /// What a job is to do, with its plan's digest.
  package static let intent = EventKind(rawValue: 0xD002)
  /// Some items of a job's plan.
  package static let planChunk = EventKind(rawValue: 0xD003)
  /// What became of some items of a job.
  package static let progress = EventKind(rawValue: 0xD004)
  /// A job was paused, resumed or cancelled.
  package static let mark = EventKind(rawValue: 0xD005)
  /// A job has ended.
  package static let closing = EventKind(rawValue: 0xD006)
  /// A control was set to what it shall be whenever the system runs.
  package static let standing = EventKind(rawValue: 0xD007)

  /// The last type that is kept for this room; those above it are for whoever registers operations.
  package static let ownTypeMax: UInt16 = 0x00F

  /// What every operation appends that runs as a job.
  package static let job: Set<EventKind> = [intent, planChunk, progress, closing]

  /// Whether only this room appends events of a kind.
  static func isOwn(_ kind: EventKind) -> Bool {
    kind.category == EventKind.effectCategory && kind.type <= ownTypeMax
  }

  /// The scope of everything here.
  static let scope = "operations"
}

extension Coordinate {
  /// A place of this room's own events; its names are made of checked parts.
  static func ofOperations(_ entity: String) -> Coordinate {
    do throws(StoreError) {
      return try Coordinate(entity: entity, scope: EffectKind.scope)
    } catch {
      preconditionFailure("names of operations and jobs are entities: \(error)")
    }
  }
}
