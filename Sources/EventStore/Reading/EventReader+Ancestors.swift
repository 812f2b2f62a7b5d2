// Walking back through a lane. Each event names the one before it, so a hop costs one read; where
// that one was removed and left nothing but its commitment, the indexes know what came before.

internal import Bytes

extension EventReader {
  /// The events before this one in its lane, the nearest first.
  public func ancestors(of id: EventID, limit: Int = 100) throws(StoreError) -> Ancestors {
    let catalog = try catalog()
    guard let start = try sequence(of: id, catalog), start <= catalog.visible else {
      throw .absent("\(id)")
    }
    var walk = AncestorWalk(child: try receipt(start, catalog).header)
    while let predecessor = walk.child.ancestry.predecessor {
      guard walk.events.count < limit else { return walk.ancestors(.limit) }
      do throws(StoreError) {
        if let end = try step(to: predecessor, &walk, catalog) { return walk.ancestors(end) }
      } catch {
        let end: AncestryEnd =
          if case .absent = error {
            .missing(child: walk.child.id, sequence: predecessor.sequence)
          } else {
            .failed(error)
          }
        return walk.ancestors(end)
      }
    }
    return walk.ancestors(.genesis)
  }

  /// Takes one hop; returns how the walk ends if it does.
  private func step(
    to predecessor: Predecessor, _ walk: inout AncestorWalk, _ catalog: Catalog
  ) throws(StoreError) -> AncestryEnd? {
    let receipt: Receipt
    do throws(StoreError) {
      receipt = try self.receipt(predecessor.sequence, catalog)
    } catch .removed {
      return try pass(predecessor.sequence, &walk, catalog)
    }
    guard receipt.commitment == predecessor.commitment else {
      throw .absent("event \(predecessor.sequence)")
    }
    do throws(StoreError) {
      if let event = try event(predecessor.sequence, catalog) { walk.events.append(event) }
    } catch .removed {
      walk.shredded.append(receipt.id)
    }
    if walk.events.last?.payload == .shredded { walk.shredded.append(receipt.id) }
    walk.child = receipt.header
    return nil
  }

  /// Passes over events of which nothing but commitments was kept.
  private func pass(
    _ removed: UInt64, _ walk: inout AncestorWalk, _ catalog: Catalog
  ) throws(StoreError) -> AncestryEnd? {
    let entity = walk.child.coordinate.entityBytes
    // The first of a lane names an event of another lane, which the indexes cannot tell from here.
    let lane: Lane = if case .fork = walk.child.ancestry { .main } else { walk.child.lane }
    let found = catalog.predecessor(
      of: entity, lane: lane, key: StreamKey(entity: entity, lane: lane), before: removed)
    guard let found else { return .removed(child: walk.child.id, sequence: removed) }
    let receipt = try receipt(found, catalog)
    do throws(StoreError) {
      if let event = try event(found, catalog) { walk.events.append(event) }
    } catch .removed {
      walk.shredded.append(receipt.id)
    }
    walk.child = receipt.header
    return nil
  }
}

private struct AncestorWalk {
  var child: EventHeader
  var events: [Event] = []
  var shredded: [EventID] = []

  func ancestors(_ end: AncestryEnd) -> Ancestors {
    Ancestors(events: events, shredded: shredded, end: end)
  }
}

extension Catalog {
  /// The last event of a lane before a sequence, among those of which a header is left.
  func predecessor(
    of entity: [UInt8], lane: Lane, key: StreamKey, before sequence: UInt64
  ) -> UInt64? {
    for segment in segments.reversed() where segment.firstSequence < sequence {
      for index in segment.indexes.reversed() where index.firstSequence < sequence {
        let before = min(sequence - index.firstSequence, UInt64(index.count))
        let found = index.predecessor(of: entity, lane: lane, key: key, before: Int(before))
        if let found { return index.firstSequence + UInt64(found) }
      }
    }
    return nil
  }
}
