// Finding an event by its id. Ids grow with the sequence, so halving finds them; a removed event may
// have left no id, and then its next neighbour that has one decides.

extension EventReader {
  /// The sequence of an id; nil when no event here has it.
  func sequence(of id: EventID, _ catalog: Catalog) throws(StoreError) -> UInt64? {
    var low: UInt64 = 1
    var high = (catalog.segments.last?.lastSequence ?? 0) + 1
    while low < high {
      let middle = low + (high - low) / 2
      guard let (sequence, found) = try firstID(in: middle..<high, catalog) else {
        high = middle
        continue
      }
      if found == id { return sequence }
      if found < id { low = sequence + 1 } else { high = middle }
    }
    return nil
  }

  /// The first event of a range that has an id still.
  private func firstID(
    in range: Range<UInt64>, _ catalog: Catalog
  ) throws(StoreError) -> (UInt64, EventID)? {
    var sequence = range.lowerBound
    while sequence < range.upperBound {
      guard let segment = catalog.segment(holding: sequence) else { return nil }
      while let place = segment.place(of: sequence), sequence < range.upperBound {
        if let id = try segment.id(at: place.index.offset(of: place.ordinal)) {
          return (sequence, id)
        }
        sequence += 1
      }
    }
    return nil
  }
}
