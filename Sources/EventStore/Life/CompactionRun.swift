// Carries out a plan, one step after the other. Nothing here holds a lock while it works, so appends
// and readers go on; each step is in force at one moment and takes back its own files, and no others,
// when it cannot come that far.
//
//   written ──▶ checked ──▶ recorded ──▶ named ──▶ seen ──▶ old files gone
//      │           │            │           └── a step that removes nothing is in force here
//      │           │            └── a step that removes is in force here
//      └───────────┴── any refusal: the new file is removed, and nothing has changed

internal import Ambient
internal import Bytes
internal import Digests
internal import DurableFiles

extension EventStore {
  /// Carries out a plan; the steps that were done stay done when a later one throws.
  ///
  /// Appends and readers go on meanwhile. Throws `.compaction` when another one is under way, or
  /// when the plan is of a store that looked otherwise.
  @discardableResult
  public func compact(
    _ plan: CompactionPlan, _ options: CompactionOptions = CompactionOptions()
  ) throws(StoreError) -> CompactionReport {
    try compactionTurn.take()
    var run = CompactionRun(store: self, plan: plan, options: options)
    do throws(StoreError) {
      if plan.sealsActive { try writer.sealActive() }
      for step in plan.steps { try run.carryOut(step) }
    } catch {
      compactionTurn.end(spoiled: run.spoiled)
      throw error
    }
    compactionTurn.end(spoiled: run.spoiled)
    return run.report
  }

  /// Plans and carries out.
  @discardableResult
  public func compact(
    _ request: CompactionRequest, _ options: CompactionOptions = CompactionOptions()
  ) throws(StoreError) -> CompactionReport {
    // A full segment without its footer could not be touched.
    writer.publisher.sealer.drain()
    return try compact(try reader.plan(request), options)
  }
}

struct CompactionRun {
  private let store: EventStore
  private let plan: CompactionPlan
  private let options: CompactionOptions
  private let total: UInt64
  private var done: UInt64 = 0
  private(set) var report = CompactionReport()
  /// Why nothing may be compacted before the next open.
  private(set) var spoiled: String?

  init(store: EventStore, plan: CompactionPlan, options: CompactionOptions) {
    self.store = store
    self.plan = plan
    self.options = options
    total = plan.events
  }

  mutating func carryOut(_ step: CompactionStep) throws(StoreError) {
    let catalog = store.writer.catalog.current
    let (sources, accumulator) = try resolve(step, catalog)
    // A fence kept the active segment from being sealed; it is left for the next time.
    guard sources.allSatisfy({ $0.tail == nil }) else { return }
    let generation = (sources.map(\.name.generation).max() ?? 0) + 1
    let name = SegmentName(first: sources[0].name.first, generation: generation)
    let number = (try catalog.removals(newestFirst: true, max: 1).first?.number ?? 0) + 1
    let tally: RemovalTally
    let segment: Segment
    var made = [StoreNames.pending(name)]
    do throws(StoreError) {
      tally = try write(name, step, sources, accumulator, number, catalog)
      segment = try open(name, like: sources)
      if tally.count > 0 {
        try record(
          Removal(
            number: number, first: tally.first, last: tally.last, count: tally.count,
            hash: tally.hash, reason: plan.reason, segment: name))
      } else {
        made.append(StoreNames.segment(name))
        try store.files.enforce(name)
      }
    } catch {
      takeBack(made, after: error)
      throw error
    }
    try putInForce(segment, sources, isRecorded: tally.count > 0)
  }

  /// The segments of a step as they are now, and the accumulator before them.
  private func resolve(
    _ step: CompactionStep, _ catalog: Catalog
  ) throws(StoreError) -> ([Segment], Accumulator) {
    let low = catalog.segments.firstIndex { $0.name == step.sources[0] }
    guard let low, low + step.sources.count <= catalog.segments.count else {
      throw .compaction("was planned for segments that have changed since; plan it anew")
    }
    let sources = Array(catalog.segments[low..<low + step.sources.count])
    guard sources.map(\.name) == step.sources else {
      throw .compaction("was planned for segments that have changed since; plan it anew")
    }
    return (sources, low == 0 ? Accumulator() : catalog.segments[low - 1].accumulator)
  }

  // MARK: - Writing

  private mutating func write(
    _ name: SegmentName, _ step: CompactionStep, _ sources: [Segment], _ accumulator: Accumulator,
    _ number: UInt64, _ catalog: Catalog
  ) throws(StoreError) -> RemovalTally {
    let header = SegmentHeader(
      name: name, lineage: sources[0].header.lineage, made: store.writer.options.wallClock.now(),
      root: accumulator.root, signer: sources[0].header.signer)
    var rewrite = try SegmentRewrite(header, after: accumulator, store.files)
    let keeping = KeptHusks(catalog, store.writer.options.idempotency)
    var tally = RemovalTally()
    for source in sources {
      let removed = step.removed[source.name]
      try source.pass(to: source.extent.end) {
        (bytes: Span<UInt8>, passed) throws(StoreError) in
        guard let frame = try CommittedFrame(passed, bytes, source) else { return }
        if removed?.contains(frame.ordinal) == true, !frame.isHusk {
          tally.add(frame.sequence, frame.commitment)
          try frame.leave(removal: number, keeping, bytes, &rewrite)
        } else {
          try frame.carry(passed.body, keeping, bytes, &rewrite)
        }
        if frame.isCancelled { rewrite.cancelLast() }
        done += 1
        if done % 4_096 == 0 { try tell() }
      }
    }
    try tell()
    try rewrite.finish(signature: sources.last?.footer?.signature)
    return tally
  }

  private func tell() throws(StoreError) {
    if options.cancellation?.isCancelled == true { throw .cancelled }
    options.progress?(done, total)
  }

  /// Opens what was written and compares it with what it stands for.
  private func open(_ name: SegmentName, like sources: [Segment]) throws(StoreError) -> Segment {
    let segment = try store.files.openSealed(name, at: StoreNames.pending(name))
    guard let segment, segment.header.root == sources[0].header.root,
      segment.accumulator == sources[sources.count - 1].accumulator
    else {
      throw FormatFault("does not hold what it replaces").at(StoreNames.pending(name))
    }
    return segment
  }

  // MARK: - In force

  /// Records the removal; from its durability on it counts.
  private mutating func record(_ removal: Removal) throws(StoreError) {
    _ = try store.writer.append(PreparationRequest(removal.record), .durable)
    report.removals.append(removal)
  }

  /// Removes what the step has made so far, which was never in force, and nothing else.
  private mutating func takeBack(_ made: [FilePath], after error: StoreError) {
    switch error {
    case .unknown, .latched:
      // Only the log can say whether the record is there, and the next open reads it.
      spoiled = "\(error)"
      return
    default: break
    }
    do throws(StoreError) {
      for path in made { try SmallFile.remove(path, on: store.disk) }
      try store.files.secureNames()
    } catch {
      // A file may come back; nothing else may take its place before an open has settled it.
      spoiled = "\(error)"
    }
  }

  /// Shows the new segment to everyone and removes what it replaced.
  private mutating func putInForce(
    _ segment: Segment, _ sources: [Segment], isRecorded: Bool
  ) throws(StoreError) {
    var unnamed: StoreError?
    if isRecorded {
      do throws(StoreError) {
        try store.files.enforce(segment.name)
      } catch {
        // It is in force all the same, and the next open gives it its name. Until then the old
        // files stay, through which the log is opened that has the record.
        (unnamed, spoiled) = (error, "\(error)")
      }
    }
    report.segmentsBefore += sources.count
    report.segmentsAfter += 1
    for source in sources {
      report.bytesBefore = report.bytesBefore + ByteCount(try source.file.size())
    }
    report.bytesAfter = report.bytesAfter + ByteCount(try segment.file.size())
    store.writer.replace(sources, with: segment)
    if let unnamed { throw unnamed }
    for source in sources {
      do throws(StoreError) {
        try SmallFile.remove(StoreNames.segment(source.name), on: store.disk)
      } catch {
        // The next open removes it; it is replaced and nobody looks at it.
        report.leftovers.append(source.path)
      }
    }
  }
}

extension Segment {
  /// The tables of a sealed segment.
  var footer: FooterIndex? { indexes.first as? FooterIndex }
}

/// Which removed events keep their headers: those that the next append follows from, and those
/// whose keys a retry may still name.
private struct KeptHusks {
  private let catalog: Catalog
  private let oldestKeyed: UInt64

  init(_ catalog: Catalog, _ window: IdempotencyWindow) {
    self.catalog = catalog
    let last = catalog.segments.last?.lastSequence ?? 0
    oldestKeyed = last > window.sequencesMax ? last - window.sequencesMax + 1 : 1
  }

  func keeps(_ header: EventHeader, ordinal: Int, of source: Segment) throws(StoreError) -> Bool {
    if header.key != nil && header.sequence >= oldestKeyed { return true }
    let entity = header.coordinate.entityBytes
    let stream = StreamKey(entity: entity, lane: header.lane)
    // Most are not even the last of their lane in their own segment.
    let local = source.footer?.head(of: entity, lane: header.lane, key: stream)
    guard local?.ordinal == ordinal else { return false }
    return try catalog.head(of: entity, lane: header.lane, key: stream)?.sequence
      == header.sequence
  }
}

/// An event's frame or a husk, on its way into a newer generation.
private struct CommittedFrame {
  let sequence: UInt64
  let commitment: Commitment
  let ordinal: Int
  let isCancelled: Bool
  /// The removal that left it; nil for an event.
  private let removal: UInt64?
  /// What is known of it besides; nil for a husk that kept nothing.
  private let header: EventHeader?
  private let digest: PayloadDigest?
  private let headerRange: Range<Int>?
  private let payload: Range<Int>?
  private let signature: Range<Int>?
  private let source: Segment

  var isHusk: Bool { removal != nil }

  /// Nil for a mark.
  init?(
    _ passed: PassedFrame, _ bytes: Span<UInt8>, _ source: Segment
  ) throws(StoreError) {
    self.source = source
    do throws(FormatFault) {
      switch passed.frame {
      case .mark: return nil
      case .event(let event):
        let header = try EventHeader.decode(bytes, event.header)
        (sequence, removal, self.header) = (header.sequence, nil, header)
        commitment = event.commitment(in: bytes)
        digest = nil
        (headerRange, payload, signature) = (event.header, event.payload, event.signature)
      case .husk(let husk):
        (sequence, removal, commitment) = (husk.sequence, husk.removal, husk.commitment)
        header = try husk.kept.map { kept throws(FormatFault) in
          try EventHeader.decode(bytes, kept.header)
        }
        digest = husk.kept?.digest
        (headerRange, payload, signature) = (husk.kept?.header, nil, husk.kept?.signature)
      }
    } catch {
      throw error.at(source.path, UInt64(passed.offset))
    }
    guard sequence >= source.firstSequence, sequence <= source.lastSequence else {
      throw FormatFault("has event \(sequence), which its index does not know")
        .at(source.path, UInt64(passed.offset))
    }
    ordinal = Int(sequence - source.firstSequence)
    isCancelled = source.footer?.isCancelled(ordinal) ?? false
  }

  /// Copies an event as it stands; a husk may lose a header that nobody needs any more.
  func carry(
    _ body: Range<Int>, _ keeping: KeptHusks, _ bytes: Span<UInt8>,
    _ rewrite: inout SegmentRewrite
  ) throws(StoreError) {
    if let removal { return try leave(removal: removal, keeping, bytes, &rewrite) }
    guard let header else { preconditionFailure("an event has a header") }
    try rewrite.keep(bytes, body, commitment, header)
  }

  /// Leaves a husk.
  func leave(
    removal: UInt64, _ keeping: KeptHusks, _ bytes: Span<UInt8>, _ rewrite: inout SegmentRewrite
  ) throws(StoreError) {
    var kept: (header: [UInt8], digest: PayloadDigest, signature: [UInt8]?)?
    if let header, let headerRange, try keeping.keeps(header, ordinal: ordinal, of: source) {
      let digest = digest ?? PayloadDigest(of: bytes.extracting(payload ?? 0..<0))
      kept = (copy(bytes, headerRange), digest, signature.map { copy(bytes, $0) })
    }
    try rewrite.leave(
      sequence: sequence, removal: removal, commitment: commitment, kept: kept, header)
  }
}
