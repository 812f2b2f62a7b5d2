// Which segment files are in force where a crash left old and new side by side. A newer generation
// covers whole segments of older ones, from the first event of the first to the last of the last, so
// of two files either one covers the other or they have nothing in common:
//
//   FIRST-0   FIRST-0   FIRST-0        three segments
//   FIRST-1 ──────────▶ FIRST-0        the first two, merged
//   FIRST-2 ─────────────────────▶     all of them
//
// The highest generation that begins at a sequence is in force and says where the next begins;
// whatever begins before that is what it replaced. A file that is named `pending` is in force only
// if it removes events and the log has the record of it.

internal import Digests
internal import DurableFiles

/// The names of segments in the order in which they take over.
struct SegmentSuccession {
  private let names: [SegmentName]
  private var index = 0
  /// What newer generations replaced, as far as was looked.
  private(set) var replaced: [SegmentName] = []

  init(_ names: [SegmentName]) {
    self.names = names.sorted()
  }

  /// The next segment, in its highest generation.
  mutating func next() -> SegmentName? {
    guard index < names.count else { return nil }
    let first = names[index].first
    while index + 1 < names.count, names[index + 1].first == first {
      replaced.append(names[index])
      index += 1
    }
    index += 1
    return names[index - 1]
  }

  /// What begins behind the segment that was given last.
  var following: SegmentName? { index < names.count ? names[index] : nil }

  /// Passes over what a segment replaced, now that its last sequence is known.
  mutating func skip(coveredBy name: SegmentName, to last: UInt64) throws(StoreError) {
    while let other = following, other.first <= last {
      guard other.generation < name.generation else {
        throw FormatFault("covers events of the segment that begins with \(other.first)")
          .at(StoreNames.segment(name))
      }
      replaced.append(other)
      index += 1
    }
  }
}

extension LogOpener {
  /// Decides what becomes of segments that compaction wrote and that were not in force yet; returns
  /// those that they replaced.
  func settlePending(_ segments: inout [Segment]) throws(StoreError) -> [SegmentName] {
    var replaced: [SegmentName] = []
    for name in try files.listPending() {
      guard let removal = try record(of: name, segments),
        let range = try covered(by: name, removal, segments)
      else {
        if repairs { try SmallFile.remove(StoreNames.pending(name), on: files.disk) }
        continue
      }
      let segment = try openPending(name)
      guard segment.accumulator == segments[range.upperBound - 1].accumulator,
        segment.header.root == segments[range.lowerBound].header.root
      else {
        throw FormatFault("does not hold what it replaces").at(StoreNames.pending(name))
      }
      if repairs { try files.enforce(name) }
      replaced += segments[range].map(\.name)
      segments.replaceSubrange(range, with: [segment])
    }
    return replaced
  }

  /// A reader may look while the writer gives the file its name.
  private func openPending(_ name: SegmentName) throws(StoreError) -> Segment {
    let segment: Segment?
    do throws(StoreError) {
      segment = try files.openSealed(name, at: StoreNames.pending(name))
    } catch .disk(.absent) where !repairs {
      segment = try files.openSealed(name)
    }
    guard let segment else {
      throw FormatFault("has no whole footer at its end").at(StoreNames.pending(name))
    }
    return segment
  }

  /// The removal that put a segment in force; nil when there is no record of one.
  private func record(
    of name: SegmentName, _ segments: [Segment]
  ) throws(StoreError) -> Removal? {
    let catalog = Catalog(segments: segments, visible: 0)
    for removal in try catalog.removals(newestFirst: true) where removal.segment == name {
      return removal
    }
    return nil
  }

  /// The segments that it replaces; nil when a newer generation did so since.
  private func covered(
    by name: SegmentName, _ removal: Removal, _ segments: [Segment]
  ) throws(StoreError) -> Range<Int>? {
    guard let low = segments.firstIndex(where: { $0.firstSequence == name.first }),
      segments[low].name.generation < name.generation
    else { return nil }
    let last = try openPending(name).lastSequence
    guard let high = segments[low...].firstIndex(where: { $0.lastSequence == last }) else {
      throw FormatFault("does not end where a segment does").at(StoreNames.pending(name))
    }
    return low..<high + 1
  }
}

extension SegmentFiles {
  /// Puts a segment in force: gives it its name, durably.
  func enforce(_ name: SegmentName) throws(StoreError) {
    do throws(DiskError) {
      try disk.rename(StoreNames.pending(name), to: StoreNames.segment(name), replacing: true)
      try disk.syncDirectory(StoreNames.segments)
    } catch {
      throw StoreError(error)
    }
  }
}

extension Catalog {
  /// The most records of removals that are looked at together.
  private static let removalsMax = 1_000_000

  /// The removals that the log records, visible or not.
  func removals(newestFirst: Bool, max: Int = removalsMax) throws(StoreError) -> [Removal] {
    let all = wholly
    var found: [Removal] = []
    var position: UInt64 = 0
    while found.count < max {
      var walk = PageWalk(
        region: Self.removalRecords, limit: min(max - found.count, 1_000),
        order: newestFirst ? .newestFirst : .oldestFirst, budget: 1_000_000, keyring: nil)
      let page = try walk.run(all, after: position)
      found += page.events.compactMap { $0.bytes.flatMap(Removal.init) }
      position = page.position
      if page.isEnd { break }
    }
    return found
  }

  /// Where the newest record of a removal stands, visible or not.
  var lastRemovalSequence: UInt64? {
    get throws(StoreError) {
      var walk = PageWalk(
        region: Self.removalRecords, limit: 1, order: .newestFirst, budget: 1_000_000, keyring: nil)
      return try walk.run(wholly, after: 0).events.first?.header.sequence
    }
  }

  private static var removalRecords: Region {
    Region(
      entityPrefix: SystemRecord.coordinate.entity, kind: .exactly(.removal), lane: .main)
  }

  /// The same log, with what fences hide.
  private var wholly: Catalog {
    Catalog(segments: segments, visible: segments.last?.lastSequence ?? 0)
  }
}
