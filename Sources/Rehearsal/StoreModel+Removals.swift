// What the model knows of removed events: only what a compaction was asked to remove may be gone, what
// is gone says so and never comes back, and what is left of it contradicts no receipt.

import EventStore

extension StoreModel {
  /// Acknowledged events that nobody hides, by their receipts.
  var acknowledged: [Receipt] {
    requests.flatMap { request -> [Receipt] in
      if let fence = request.fence, fences[fence].fate != .committed { return [] }
      return request.receipts
    }
  }

  /// Notes that these events may go.
  mutating func allowRemoval(where isNamed: (Receipt) -> Bool) {
    removable.formUnion(acknowledged.filter(isNamed).map(\.sequence))
  }

  /// Whether an acknowledged event is there no more because it was removed on demand.
  func isRemoved(_ fate: Fate, _ reader: EventReader) throws -> Bool {
    guard case .acknowledged(let receipt) = fate, removable.contains(receipt.sequence) else {
      return false
    }
    guard try Self.isRemoved(receipt.sequence, reader) else { return false }
    if let kept = try Self.receipt(receipt.sequence, reader), kept != receipt {
      throw Broken("a removed event kept another receipt than was given")
    }
    return true
  }

  /// The receipt as far as it is kept.
  static func receipt(_ sequence: UInt64, _ reader: EventReader) throws(StoreError) -> Receipt? {
    do throws(StoreError) {
      return try reader.receipt(sequence)
    } catch .removed {
      return nil
    }
  }

  private static func isRemoved(
    _ sequence: UInt64, _ reader: EventReader
  ) throws(StoreError) -> Bool {
    do throws(StoreError) {
      _ = try reader.event(sequence)
      return false
    } catch .removed {
      return true
    }
  }
}
