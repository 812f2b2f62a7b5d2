// Makes a plan from a request: which events go, looked at one by one where the rule could match, and
// which neighbouring segments become one. It reads and decides, and changes nothing; what it holds
// is a bit for each event of the segments it touches.

internal import Ambient
internal import Bytes
internal import DurableFiles

extension EventReader {
  /// Plans a compaction of the store as it is now.
  public func plan(_ request: CompactionRequest) throws(StoreError) -> CompactionPlan {
    try CompactionPlanner(request).plan(try catalog())
  }
}

struct CompactionPlanner {
  private let request: CompactionRequest
  private let matcher: RemovalMatcher?

  init(_ request: CompactionRequest) {
    self.request = request
    matcher = request.removing.map(RemovalMatcher.init)
  }

  /// A segment and what would become of it.
  private struct Candidate {
    let segment: Segment
    let removed: OrdinalSet
    let bytes: UInt64
    let bytesAfter: UInt64
    var events: UInt64 { segment.lastSequence + 1 - segment.firstSequence }
  }

  func plan(_ catalog: Catalog) throws(StoreError) -> CompactionPlan {
    var steps: [CompactionStep] = []
    var run: [Candidate] = []
    var sealsActive = false
    for segment in catalog.segments {
      let isActive = segment.tail != nil
      let candidate = try candidate(segment, visible: catalog.visible)
      if isActive && (candidate.removed.count == 0 || segment !== catalog.segments.last) {
        // What is not sealed is left alone, and so is the run before it from what comes after.
        close(&run, &steps)
        continue
      }
      if !fits(candidate, run) { close(&run, &steps) }
      run.append(candidate)
      sealsActive = sealsActive || isActive
    }
    close(&run, &steps)
    return CompactionPlan(
      steps: steps, sealsActive: sealsActive, reason: request.removing?.words ?? "merge")
  }

  /// Whether the candidate may be written into one segment with those before it.
  private func fits(_ candidate: Candidate, _ run: [Candidate]) -> Bool {
    guard let first = run.first else { return true }
    let bytes = run.reduce(candidate.bytesAfter) { $0 + $1.bytesAfter }
    let events = run.reduce(candidate.events) { $0 + $1.events }
    // A seal is signed with one key, so segments of different keys stay apart.
    return request.merges && first.segment.header.signer == candidate.segment.header.signer
      && first.segment.header.lineage == candidate.segment.header.lineage
      && bytes <= UInt64(request.mergedBytesMax)
      && events <= UInt64(EventStoreLimits.mergedEventsMax)
  }

  private func close(_ run: inout [Candidate], _ steps: inout [CompactionStep]) {
    defer { run = [] }
    guard run.count > 1 || run.contains(where: { $0.removed.count > 0 }) else { return }
    var removed: [SegmentName: OrdinalSet] = [:]
    for candidate in run where candidate.removed.count > 0 {
      removed[candidate.segment.name] = candidate.removed
    }
    steps.append(
      CompactionStep(
        sources: run.map(\.segment.name), removed: removed,
        events: run.reduce(0) { $0 + $1.events },
        eventsRemoved: run.reduce(0) { $0 + UInt64($1.removed.count) },
        bytesBefore: run.reduce(0) { $0 + $1.bytes },
        bytesAfter: run.reduce(0) { $0 + $1.bytesAfter }))
  }

  private func candidate(
    _ segment: Segment, visible: UInt64
  ) throws(StoreError) -> Candidate {
    let (end, last) = segment.extent
    let bytes = segment.tail == nil ? try segment.file.size() : end
    guard let matcher, last >= segment.firstSequence,
      matcher.mayMatch(segment.firstSequence...last)
    else {
      return Candidate(segment: segment, removed: OrdinalSet(), bytes: bytes, bytesAfter: bytes)
    }
    var choice = RemovalChoice(matcher: matcher, segment: segment, visible: visible)
    try segment.pass(to: end) { (bytes: Span<UInt8>, passed) throws(StoreError) in
      try choice.look(at: passed, bytes)
    }
    choice.endBatch()
    return Candidate(
      segment: segment, removed: choice.removed, bytes: bytes,
      bytesAfter: bytes - min(bytes, choice.bytesSaved))
  }
}

/// Decides what goes of one segment, frame by frame.
private struct RemovalChoice {
  let matcher: RemovalMatcher
  let segment: Segment
  let visible: UInt64
  private(set) var removed = OrdinalSet()
  private(set) var bytesSaved: UInt64 = 0
  /// The members seen of the batch that is being passed, and whether all of them match.
  private var batch: (id: UInt64, members: [(ordinal: Int, bytes: UInt64)], all: Bool)?

  init(matcher: RemovalMatcher, segment: Segment, visible: UInt64) {
    self.matcher = matcher
    self.segment = segment
    self.visible = visible
  }

  mutating func look(
    at passed: PassedFrame, _ bytes: Span<UInt8>
  ) throws(StoreError) {
    guard case .event(let event) = passed.frame else { return }
    do throws(FormatFault) {
      let glance = try HeaderGlance(bytes, event.header)
      guard glance.sequence <= visible, glance.sequence >= segment.firstSequence else { return }
      let ordinal = Int(glance.sequence - segment.firstSequence)
      let saved = UInt64(max(0, Envelope.count + passed.body.count - HuskFrame.bareCount))
      let matches = matcher.matches(glance, bytes)
      guard !matcher.isByName, glance.flags.contains(.batch),
        let id = try EventHeader.decode(bytes, event.header).batch?.id
      else {
        endBatch()
        if matches { remove(ordinal, saved) }
        return
      }
      if batch?.id != id {
        endBatch()
        batch = (id, [], true)
      }
      batch?.members.append((ordinal, saved))
      if !matches { batch?.all = false }
    } catch {
      throw error.at(segment.path, UInt64(passed.offset))
    }
  }

  /// Takes the members of the batch that was passed, if all of them may go.
  mutating func endBatch() {
    if let batch, batch.all {
      for (ordinal, saved) in batch.members { remove(ordinal, saved) }
    }
    batch = nil
  }

  private mutating func remove(_ ordinal: Int, _ saved: UInt64) {
    removed.insert(ordinal)
    bytesSaved += saved
  }
}

/// A rule in the form that headers are compared with.
struct RemovalMatcher {
  private let region: Region
  private let entity: [UInt8]?
  private let scope: [UInt8]?
  private let below: UInt64
  private let before: WallTime?
  private let named: Set<UInt64>?

  init(_ rule: RemovalRule) {
    var (below, before, named): (UInt64, WallTime?, Set<UInt64>?) = (.max, nil, nil)
    switch rule {
    case .below(let sequence, let wanted): (region, below) = (wanted, sequence)
    case .olderThan(let time, let wanted): (region, before) = (wanted, time)
    case .region(let wanted): region = wanted
    case .events(let sequences): (region, named) = (.everything, sequences)
    }
    (self.below, self.before, self.named) = (below, before, named)
    entity = region.entityPrefix.map { Array($0.utf8) }
    scope = region.scope.map { Array($0.utf8) }
  }

  /// True where each event was named, so that batches need not stay whole.
  var isByName: Bool { named != nil }

  /// False where no event of these sequences can match.
  func mayMatch(_ sequences: ClosedRange<UInt64>) -> Bool {
    guard sequences.lowerBound < below, region.sequences?.overlaps(sequences) ?? true else {
      return false
    }
    return named?.contains(where: sequences.contains) ?? true
  }

  func matches(_ glance: HeaderGlance, _ bytes: Span<UInt8>) -> Bool {
    guard !glance.kind.isSystem, glance.sequence < below,
      region.sequences?.contains(glance.sequence) ?? true,
      before.map({ glance.time < $0 }) ?? true, named?.contains(glance.sequence) ?? true,
      region.kind.matches(glance.kind), region.lane == nil || region.lane == glance.lane
    else { return false }
    return (entity.map { isDescendant(bytes.extracting(glance.entity), of: $0) } ?? true)
      && (scope.map { Array(copy(bytes, glance.scope)) == $0 } ?? true)
  }
}

extension RemovalRule {
  /// What is asked for, as the record of a removal says it.
  var words: String {
    switch self {
    case .below(let sequence, let region): "events before \(sequence)" + region.words
    case .olderThan(let time, let region): "events older than \(time)" + region.words
    case .region(let region): "all events" + region.words
    case .events(let sequences): "\(sequences.count) named events"
    }
  }
}

extension Region {
  fileprivate var words: String {
    var words = ""
    if let entityPrefix { words += ", of \(entityPrefix)" }
    if let scope { words += ", in scope \(scope)" }
    switch kind {
    case .any: break
    case .category(let category): words += ", of category \(category)"
    case .exactly(let kind): words += ", of kind \(kind)"
    }
    if let lane { words += ", on lane \(lane.number)" }
    if let sequences { words += ", from \(sequences.lowerBound) to \(sequences.upperBound)" }
    return words
  }
}

extension HeaderGlance {
  /// Reads the beginning of a header that stands at a range.
  init(_ bytes: Span<UInt8>, _ header: Range<Int>) throws(FormatFault) {
    do throws(BytesError) {
      var cursor = ByteCursor(header)
      try self.init(bytes, &cursor)
    } catch {
      throw FormatFault(error)
    }
  }
}
