// Walks a region through segments and their indexes: ask for candidates, look at each one's header
// where it lies, decode those that match. The budget counts looks, so that a region which its
// indexes cannot narrow still costs no more than was granted.

internal import Bytes
internal import DurableFiles

struct PageWalk {
  let region: Region
  let limit: Int
  let order: PageOrder
  private var budget: Int
  private let keyring: Keyring?
  private let prefix: [UInt8]?
  private let scope: [UInt8]?
  private var events: [Event] = []

  init(region: Region, limit: Int, order: PageOrder, budget: Int, keyring: Keyring?) {
    self.region = region
    self.limit = limit
    self.order = order
    self.budget = budget
    self.keyring = keyring
    prefix = region.entityPrefix.map { Array($0.utf8) }
    scope = region.scope.map { Array($0.utf8) }
  }

  mutating func run(_ catalog: Catalog, after position: UInt64) throws(StoreError) -> Page {
    let low = region.sequences?.lowerBound ?? 1
    let high = min(region.sequences?.upperBound ?? .max, catalog.visible)
    var next: UInt64
    switch order {
    case .oldestFirst: next = max(low, position + 1)
    case .newestFirst: next = position == 0 ? high : min(high, position - 1)
    }
    while next >= low && next <= high && next > 0 {
      guard let segment = catalog.segment(holding: next), let place = segment.place(of: next)
      else { break }
      let found = try walk(segment, place.index, from: place.ordinal, within: low...high)
      if events.count == limit || budget <= 0 {
        let isEnd = order == .oldestFirst ? found >= high : found <= low
        return Page(events: events, position: found, isEnd: isEnd && events.count < limit)
      }
      next = order == .oldestFirst ? found + 1 : found - 1
    }
    return Page(events: events, position: order == .oldestFirst ? high : low, isEnd: true)
  }

  /// Takes what one index holds of the region; returns the last sequence that was looked at.
  private mutating func walk(
    _ segment: Segment, _ index: any SegmentIndex, from ordinal: Int, within: ClosedRange<UInt64>
  ) throws(StoreError) -> UInt64 {
    var start: UInt32? = UInt32(ordinal)
    var last = index.firstSequence + UInt64(ordinal)
    while let from = start {
      let candidates = index.candidates(
        for: region, from: from, max: max(limit - events.count, 16) * 2, order: order)
      for ordinal in candidates.ordinals {
        let sequence = index.firstSequence + UInt64(ordinal)
        guard within.contains(sequence) else { continue }
        if events.count == limit || budget <= 0 { return last }
        budget -= 1
        last = sequence
        if index.isCancelled(Int(ordinal)) { continue }
        if let event = try event(segment, at: index.offset(of: Int(ordinal)), sequence) {
          events.append(event)
        }
      }
      if events.count == limit { return last }
      start = candidates.next
      // What the index skipped over was looked at too.
      budget -= 1
      if let next = start, budget <= 0 {
        let skipped = index.firstSequence + UInt64(next)
        return order == .oldestFirst ? skipped - 1 : skipped + 1
      }
    }
    return order == .oldestFirst ? index.lastSequence : index.firstSequence
  }

  /// The event at an offset if it is in the region; an index that points to another is damaged.
  private func event(
    _ segment: Segment, at offset: UInt64, _ sequence: UInt64
  ) throws(StoreError) -> Event? {
    try segment.withFrame(at: offset) { (bytes: Span<UInt8>, frame: Frame) throws(StoreError) in
      guard case .event(let event) = frame else { return nil }
      let glance: HeaderGlance
      do throws(BytesError) {
        var cursor = ByteCursor(event.header)
        glance = try HeaderGlance(bytes, &cursor)
      } catch {
        throw FormatFault(error).at(segment.path, offset)
      }
      guard glance.sequence == sequence else {
        throw FormatFault.strayed(to: glance.sequence, from: sequence).at(segment.path, offset)
      }
      guard region.kind.matches(glance.kind), region.lane == nil || region.lane == glance.lane,
        prefix.map({ isDescendant(bytes.extracting(glance.entity), of: $0) }) ?? true,
        scope.map({ areEqual(bytes.extracting(glance.scope), $0.span) }) ?? true
      else { return nil }
      return try segment.event(bytes, event, at: offset, keyring)
    }
  }
}
