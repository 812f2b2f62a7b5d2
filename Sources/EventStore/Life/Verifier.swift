// One pass over a pinned catalog, frame by frame, in batches whose payloads and headers are hashed
// many at once, whatever groups they were committed in. What an event claims of its predecessor is compared with the predecessor's own
// frame, and that no two events claim the same one is kept in a bit for each event.

internal import Ambient
internal import Bytes
internal import Digests
internal import DurableFiles

struct Verifier {
  let catalog: Catalog
  private let lineage: Lineage
  private let options: VerifyOptions
  /// Tells which keys are destroyed; nil for a store without keys.
  private let keyset: Keyset?
  var report = VerifyReport()
  private(set) var accumulator = Accumulator()
  /// How many events were checked; the accumulator follows at the end of each batch.
  private var counted: UInt64 = 0
  /// Where the active segment ended when the verification began; it grows meanwhile.
  private let activeExtent: (end: UInt64, lastSequence: UInt64)?
  var removals = RemovalLedger()
  /// A bit for each sequence whose event has a successor in its lane.
  private var succeeded: [UInt64]
  /// A hash for each lane that was begun, to find one that was begun twice.
  private var begun: [UInt64] = []
  private var lastTime = WallTime(microseconds: .min)
  private var lastID = EventID(high: 0, low: 0)
  private var witnesses: [Checkpoint]

  /// How many frames are hashed together.
  private static let batchMax = 256

  init(
    _ catalog: Catalog, _ lineage: Lineage, _ options: VerifyOptions, _ keyset: Keyset? = nil
  ) {
    self.keyset = keyset
    self.catalog = catalog
    self.lineage = lineage
    self.options = options
    activeExtent = catalog.segments.last?.extent
    let last = activeExtent?.lastSequence ?? 0
    succeeded = Array(repeating: 0, count: Int(last / 64) + 1)
    witnesses = options.witnesses.sorted { $0.count < $1.count }
  }

  /// Runs to the end; throws only when it is cancelled or the disk fails.
  mutating func run() throws(StoreError) -> VerifyReport {
    let total = activeExtent?.lastSequence ?? 0
    for witness in witnesses where !isOfThisStore(witness) {
      find(\.others, nil, "is of another store than the witness \(witness.lineage) saw")
    }
    witnesses = witnesses.filter { isOfThisStore($0) }
    checkWitnesses()
    for segment in catalog.segments {
      try verify(segment, total: total)
    }
    for witness in witnesses {
      find(
        \.others, nil,
        "has \(accumulator.count) events, and the witness saw \(witness.count): it was cut or rolled back"
      )
    }
    checkBeginnings()
    checkRemovals()
    options.progress?(total, total)
    return report
  }

  /// Whether a witness saw this store, or what a fork took from its parent.
  private func isOfThisStore(_ witness: Checkpoint) -> Bool {
    witness.lineage == lineage
      || catalog.segments.contains {
        $0.header.lineage == witness.lineage && witness.count <= $0.lastSequence
      }
  }

  // MARK: - Segments

  private mutating func verify(_ segment: Segment, total: UInt64) throws(StoreError) {
    report.segmentsChecked += 1
    report.sealsChecked += 1
    if segment.header.root != accumulator.root
      || segment.header.name.first != accumulator.count + 1
    {
      find(\.others, Place(segment, 0), "does not follow from the segments before it")
    }
    let map = try segment.mapped()
    let isLast = segment === catalog.segments.last
    let (end, last) = isLast ? activeExtent ?? segment.extent : segment.extent
    try map.withBytes { (bytes: Span<UInt8>) throws(StoreError) in
      try verify(
        segment, bytes, end: Int(min(end, UInt64(bytes.count))), last: last, total: total)
      checkSeal(segment, bytes)
    }
  }

  private mutating func verify(
    _ segment: Segment, _ bytes: Span<UInt8>, end: Int, last: UInt64, total: UInt64
  ) throws(StoreError) {
    var offset = SegmentHeader.count
    var batch: [Item] = []
    batch.reserveCapacity(Self.batchMax)
    var chain: UInt32 = 0
    var group: UInt64 = 0
    var isWhole = true
    while offset < end {
      switch Frame.read(bytes.extracting(0..<end), at: offset, base: 0, in: segment.name) {
      case .frame(.mark(let mark), let body, _):
        group += 1
        isWhole = true
        if mark.group != group || mark.chain != chain
          || mark.lastSequence != counted + UInt64(batch.count)
        {
          try check(batch, segment, bytes)
          batch.removeAll(keepingCapacity: true)
          find(\.others, Place(segment, offset), "has a mark that does not follow from its group")
        }
        chain = mark.chain
        offset = body.upperBound
        if options.cancellation?.isCancelled == true { throw .cancelled }
        if group % 64 == 1 { options.progress?(counted, total) }
      case .frame(let frame, let body, let checksum):
        chain = chained(chain, checksum)
        batch.append(Item(frame: frame, offset: offset))
        offset = body.upperBound
        isWhole = false
        if batch.count == Self.batchMax {
          try check(batch, segment, bytes)
          batch.removeAll(keepingCapacity: true)
        }
      case .damage(let fault):
        try check(batch, segment, bytes)
        find(\.mismatches, Place(segment, offset), fault.sentence)
        return
      case .end, .needs:
        try check(batch, segment, bytes)
        find(\.mismatches, Place(segment, offset), "ends before its last event")
        return
      }
    }
    try check(batch, segment, bytes)
    if !isWhole {
      find(\.others, Place(segment, offset), "has a group of commits without its mark")
    }
    if accumulator.count != last {
      find(
        \.gaps, Place(segment, offset),
        "holds events to \(accumulator.count), and its index says \(last)")
    }
  }

  /// Compares the footer, or the tables beside the tail, with what was read.
  private mutating func checkSeal(_ segment: Segment, _ bytes: Span<UInt8>) {
    guard let footer = segment.indexes.first as? FooterIndex, segment.tail == nil else {
      // One that is full is sealed behind the appends; after a kill, by the next open.
      if segment !== catalog.segments.last && !catalog.awaitsFooters {
        find(\.others, Place(segment, bytes.count), "has no whole footer at its end")
      }
      return
    }
    report.sealsChecked += 1
    if footer.root != accumulator.root {
      find(\.others, Place(segment, Int(footer.endOffset)), "has a footer with another root")
    }
    let start = Int(footer.endOffset)
    do throws(FormatFault) {
      _ = try Sidecar.payload(
        .index, format: IndexImage.format,
        in: bytes.extracting(start..<bytes.count - IndexImage.trailerCount))
    } catch {
      find(\.others, Place(segment, start), "has a footer that \(error.sentence)")
    }
    if let signer = segment.header.signer {
      let statement = ChainHash.statement(
        SealStatement(count: accumulator.count, root: accumulator.root), segment.header.lineage)
      // The next header has the root of a segment that nobody could seal.
      let holds =
        footer.signature.map { SigningKey.isValid($0, of: statement, publicKey: signer) }
        ?? isSuperseded(segment)
      if !holds { find(\.others, Place(segment, start), "has a seal whose signature fails") }
    }
  }

  /// Whether the next segment is another store's or another key's to sign, so that perhaps nobody with
  /// the key of this one was there to seal it.
  private func isSuperseded(_ segment: Segment) -> Bool {
    let next = catalog.segments.firstIndex { $0 === segment }.map { $0 + 1 }
    guard let next, next < catalog.segments.count else { return false }
    let header = catalog.segments[next].header
    return header.lineage != segment.header.lineage || header.signer != segment.header.signer
  }

  // MARK: - Events

  private mutating func check(
    _ batch: [Item], _ segment: Segment, _ bytes: Span<UInt8>
  ) throws(StoreError) {
    guard !batch.isEmpty else { return }
    let commitments = options.recomputes ? recompute(batch, bytes) : []
    var stored: [Commitment] = []
    stored.reserveCapacity(batch.count)
    for (index, item) in batch.enumerated() {
      let place = Place(segment, item.offset)
      switch item.frame {
      case .event(let event):
        let commitment = event.commitment(in: bytes)
        if options.recomputes && commitments[index] != commitment.digest {
          find(\.mismatches, place, "does not have the hash that the chain says")
        }
        try check(event.header, event.signature, commitment, place, bytes, event)
        removals.note(event, bytes, at: counted + 1)
        stored.append(commitment)
        report.eventsChecked += 1
      case .husk(let husk):
        if husk.sequence != counted + 1 {
          find(\.gaps, place, "stands where event \(counted + 1) should be")
        }
        if options.recomputes, husk.kept != nil, commitments[index] != husk.commitment.digest {
          find(\.mismatches, place, "does not have the hash that the chain says")
        }
        if let kept = husk.kept {
          try check(kept.header, kept.signature, husk.commitment, place, bytes)
        }
        removals.note(husk, in: segment, at: item.offset)
        stored.append(husk.commitment)
        report.removed += 1
      case .mark: continue
      }
      counted += 1
    }
    accumulate(stored)
  }

  /// Adds commitments to the accumulator, stopping wherever a witness saw it.
  private mutating func accumulate(_ commitments: [Commitment]) {
    var none: [SubtreeName: Blake3Digest] = [:]
    var rest = commitments[...]
    while let witness = witnesses.first,
      witness.count <= accumulator.count + UInt64(rest.count)
    {
      let part = rest.prefix(Int(witness.count - accumulator.count))
      accumulator.append(Array(part), keeping: .max, in: &none)
      rest = rest.dropFirst(part.count)
      checkWitnesses()
    }
    accumulator.append(Array(rest), keeping: .max, in: &none)
  }

  /// The commitments of a batch from its bytes; for husks without a header, nothing of use.
  private func recompute(_ batch: [Item], _ bytes: Span<UInt8>) -> [Blake3Digest] {
    let payloads = batch.map { item -> Range<Int> in
      if case .event(let event) = item.frame { event.payload } else { 0..<0 }
    }
    let digests = Blake3.digests(of: payloads, in: bytes)
    var scratch = ByteWriter(reserving: batch.count * 192)
    var ranges: [Range<Int>] = []
    for (index, item) in batch.enumerated() {
      let start = scratch.count
      switch item.frame {
      case .event(let event):
        scratch.append(bytes: bytes.extracting(event.header))
        scratch.append(digest: digests[index])
      case .husk(let husk):
        if let kept = husk.kept {
          scratch.append(bytes: bytes.extracting(kept.header))
          scratch.append(digest: kept.digest.digest)
        }
      case .mark: break
      }
      ranges.append(start..<scratch.count)
    }
    return ChainHash.commitments(headersAndDigests: ranges, in: scratch.bytes.span)
  }

  /// Follows what a header says; `frame` is there unless the event was removed.
  private mutating func check(
    _ header: Range<Int>, _ signature: Range<Int>?, _ stored: Commitment, _ place: Place,
    _ bytes: Span<UInt8>, _ frame: EventFrame? = nil
  ) throws(StoreError) {
    let link: HeaderLink
    do throws(FormatFault) {
      link = try HeaderLink(bytes, header)
    } catch {
      find(\.mismatches, place, error.sentence)
      return
    }
    let glance = link.glance
    if glance.sequence != counted + 1 {
      find(\.gaps, place, "has event \(glance.sequence) where \(counted + 1) should be")
    }
    if glance.time < lastTime || glance.id <= lastID {
      find(\.dangling, place, "has an event whose time or id goes back", glance.sequence)
    }
    (lastTime, lastID) = (max(lastTime, glance.time), max(lastID, glance.id))
    if let predecessor = link.predecessor {
      try check(link, predecessor, place, bytes)
    } else {
      begin(glance, place, bytes)
    }
    if let frame {
      if glance.flags.contains(.sealed) { try checkKey(frame, glance.sequence, place, bytes) }
      if glance.kind == .shred { try checkShred(frame, glance.sequence, place, bytes) }
    }
    if options.signatures { checkSignature(signature, stored, place, bytes) }
  }

  /// Compares what an event says of its predecessor with the predecessor itself.
  private mutating func check(
    _ link: HeaderLink, _ predecessor: Predecessor, _ place: Place, _ bytes: Span<UInt8>
  ) throws(StoreError) {
    let sequence = link.glance.sequence
    guard predecessor.sequence < sequence,
      let segment = catalog.segment(holding: predecessor.sequence),
      let found = segment.place(of: predecessor.sequence)
    else {
      find(\.dangling, place, "names event \(predecessor.sequence), which is not there", sequence)
      return
    }
    let offset = found.index.offset(of: found.ordinal)
    // What stands before was read in this pass, so its checksum was looked at.
    let fault =
      if segment === place.segment {
        link.fault(bytes, predecessor, Frame.reread(bytes, at: Int(offset)), bytes)
      } else {
        try segment.withFrame(at: offset) {
          (other: Span<UInt8>, frame: Frame) throws(StoreError) -> String? in
          link.fault(bytes, predecessor, frame, other)
        }
      }
    if let fault { find(\.dangling, place, fault, sequence) }
    guard !link.glance.flags.contains(.fork) else {
      begun.append(Self.laneHash(link.glance, bytes))
      return
    }
    let (word, bit) = (Int(predecessor.sequence / 64), predecessor.sequence % 64)
    if succeeded[word] & 1 << bit != 0 {
      find(
        \.dangling, place, "is the second event to follow event \(predecessor.sequence)", sequence)
    }
    succeeded[word] |= 1 << bit
  }

  private mutating func begin(_ glance: HeaderGlance, _ place: Place, _ bytes: Span<UInt8>) {
    if glance.streamSequence != 1 {
      find(\.dangling, place, "begins a lane in its middle", glance.sequence)
    }
    begun.append(Self.laneHash(glance, bytes))
  }

  private static func laneHash(_ glance: HeaderGlance, _ bytes: Span<UInt8>) -> UInt64 {
    StreamKey(entity: copy(bytes, glance.entity), lane: glance.lane).high
  }

  /// Finds lanes that were begun twice; 64 bits of a hash do not meet by chance in any store.
  private mutating func checkBeginnings() {
    begun.sort()
    for (left, right) in zip(begun, begun.dropFirst()) where left == right {
      find(\.dangling, nil, "has a lane that begins twice")
    }
    begun = []
  }

  /// Counts what is sealed and what is shredded, and finds events whose keys nobody has.
  private mutating func checkKey(
    _ frame: EventFrame, _ sequence: UInt64, _ place: Place, _ bytes: Span<UInt8>
  ) throws(StoreError) {
    guard let keyset, let sealing = Sealing(bytes, header: frame.header) else {
      report.sealed += 1
      return
    }
    switch try keyset.standing(of: KeyScopeID(sealing), generation: sealing.generation) {
    case .key: report.sealed += 1
    case .shredded: report.shredded += 1
    case .absent: find(\.others, place, "has an event whose key the keyset lacks", sequence)
    }
  }

  /// Finds a key that lives on although the log says that it was destroyed.
  private mutating func checkShred(
    _ frame: EventFrame, _ sequence: UInt64, _ place: Place, _ bytes: Span<UInt8>
  ) throws(StoreError) {
    guard let keyset else { return }
    guard let record = ShredRecord(copy(bytes, frame.payload)) else {
      find(\.others, place, "has a shred's record that cannot be read", sequence)
      return
    }
    if case .key = try keyset.standing(of: record.scope, generation: record.generation) {
      find(\.others, place, "says that a key was destroyed, and the keyset has it", sequence)
    }
  }

  private mutating func checkSignature(
    _ range: Range<Int>?, _ stored: Commitment, _ place: Place, _ bytes: Span<UInt8>
  ) {
    guard let range, let publicKey = place.segment.header.signer else { return }
    report.signaturesChecked += 1
    let signature = ReceiptSignature(publicKey: publicKey, bytes: copy(bytes, range))
    if !ChainHash.isSigned(stored, by: signature) {
      find(\.mismatches, place, "has a signature that does not hold")
    }
  }

  // MARK: - Findings

  private mutating func checkWitnesses() {
    while let witness = witnesses.first, witness.count <= accumulator.count {
      witnesses.removeFirst()
      report.sealsChecked += 1
      if witness.count == accumulator.count && witness.root != accumulator.root {
        find(
          \.others, nil,
          "has another root over its first \(witness.count) events than the witness saw: it was rewritten"
        )
      }
    }
  }

  mutating func find(
    _ list: WritableKeyPath<VerifyReport, [Finding]>, _ place: Place?, _ fault: String,
    _ sequence: UInt64? = nil
  ) {
    guard report[keyPath: list].count < VerifyReport.findingsMax else {
      report.findingsDropped += 1
      return
    }
    report[keyPath: list].append(
      Finding(
        file: place?.segment.path ?? StoreNames.meta, offset: UInt64(place?.offset ?? 0),
        sequence: sequence ?? (place == nil ? nil : counted + 1), fault: fault))
  }
}

/// A frame of a batch and where it stands.
private struct Item {
  let frame: Frame
  let offset: Int
}

struct Place {
  let segment: Segment
  let offset: Int

  init(_ segment: Segment, _ offset: Int) {
    self.segment = segment
    self.offset = offset
  }
}

/// What a header says of its place in the chain.
private struct HeaderLink {
  let glance: HeaderGlance
  let predecessor: Predecessor?

  init(_ bytes: Span<UInt8>, _ header: Range<Int>) throws(FormatFault) {
    do throws(BytesError) {
      var cursor = ByteCursor(header)
      glance = try HeaderGlance(bytes, &cursor)
      predecessor =
        glance.flags.contains(.genesis)
        ? nil
        : Predecessor(
          sequence: try cursor.varint(in: bytes),
          commitment: Commitment(try cursor.digest(in: bytes)))
    } catch {
      throw FormatFault(error)
    }
  }

  /// What is wrong with a predecessor's frame; nil when it is what the header says.
  func fault(
    _ bytes: Span<UInt8>, _ predecessor: Predecessor, _ frame: Frame?, _ other: Span<UInt8>
  ) -> String? {
    // A function, for nearly every call ends without a word.
    func named() -> String { "event \(predecessor.sequence)" }
    let header: Range<Int>?
    let commitment: Commitment
    switch frame {
    case .event(let event): (header, commitment) = (event.header, event.commitment(in: other))
    case .husk(let husk): (header, commitment) = (husk.kept?.header, husk.commitment)
    case .mark: return "names \(named()), and a mark stands there"
    case nil: return "names \(named()), and nothing stands there"
    }
    if commitment != predecessor.commitment { return "names \(named()) with another hash" }
    guard let header else { return nil }
    do throws(FormatFault) {
      let before = try HeaderLink(other, header).glance
      let sameEntity = areEqual(
        bytes.extracting(glance.entity), other.extracting(before.entity))
      if glance.flags.contains(.fork) {
        return sameEntity && before.lane != glance.lane
          ? nil : "forks off \(named()) of another entity"
      }
      return sameEntity && before.lane == glance.lane
        && before.streamSequence + 1 == glance.streamSequence
        ? nil : "names \(named()), which is not the one before it in its lane"
    } catch {
      return "names \(named()), which \(error.sentence)"
    }
  }
}
