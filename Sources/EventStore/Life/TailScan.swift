// Reads a segment frame by frame and decides what of it counts. Frames count only when the mark
// that ends their group is whole and fits the chain. Where that ends is the question of recovery:
// behind the last good mark lies nothing, or a group that never became durable (a torn tail, which
// is cut), or damage to what was durable (corruption, which is refused). A later mark that vouches
// for the place, or an offset that the writer had published as durable, tells the last two apart.

internal import Ambient
internal import Bytes
internal import Digests
internal import DurableFiles

/// What a scan found.
struct TailScan {
  /// Tables over all that counts.
  var tables: IndexTables
  /// Bytes behind the last good mark that are not zero, and so must be cut before anything is
  /// written: where they begin is `tables.endOffset`.
  var torn: FormatFault?
  /// Fences that were opened and neither committed nor cancelled, with their members.
  var openFences: [UInt64: [UInt64]]
  /// Fences that were committed while another was open.
  var hidden = HiddenFences()

  /// The last sequence that may be seen, by what was scanned.
  var visible: UInt64 {
    var hidden = hidden
    return hidden.visible(upTo: tables.accumulator.count, openAt: openFences.keys)
  }
}

struct TailScanner {
  let file: SegmentFile
  let path: FilePath
  let segment: SegmentName
  /// Offsets below this were durable, so damage there is corruption.
  let durableBelow: UInt64
  /// Where to stop: a reader's limit, or nil for the end of the file.
  let limit: UInt64?

  private static let chunkBytes = 1 << 20

  /// Scans from the end of `tables` on.
  func scan(
    _ tables: IndexTables, after before: TailScan? = nil
  ) throws(StoreError) -> TailScan {
    var result = TailScan(
      tables: tables, torn: nil, openFences: before?.openFences ?? [:],
      hidden: before?.hidden ?? HiddenFences())
    var group = GroupInProgress(after: tables.lastMark, sequence: tables.accumulator.count)
    var offset = tables.endOffset
    var window = Window(file: file, limit: limit)
    while true {
      switch try window.frame(at: offset, in: segment) {
      case .frame(let frame, let body, let checksum):
        let next = offset + UInt64(Envelope.count + body.count)
        do throws(FormatFault) {
          if case .mark(let mark) = frame {
            try group.close(with: mark)
            group.apply(to: &result)
            result.tables.endOffset = next
            result.tables.lastMark = mark
            group = GroupInProgress(after: mark, sequence: result.tables.accumulator.count)
          } else {
            try group.add(frame, window.bytes.span, at: offset, checksum)
          }
        } catch {
          return try settle(result, error, at: offset)
        }
        offset = next
      case .end:
        return try settle(result, nil, at: offset)
      case .needs:
        if limit == nil || offset < limit! {
          return try settle(result, FormatFault("ends inside a frame"), at: offset)
        }
        return try settle(result, nil, at: offset)
      case .damage(let fault):
        return try settle(result, fault, at: offset)
      }
    }
  }

  /// Decides what the end of the good frames means.
  private func settle(
    _ result: TailScan, _ fault: FormatFault?, at offset: UInt64
  ) throws(StoreError) -> TailScan {
    var result = result
    let end = result.tables.endOffset
    if limit != nil { return result }
    let leftover = try firstLeftover(from: end)
    guard fault != nil || offset > end || leftover != nil else { return result }
    let found = fault ?? FormatFault("has a group of commits without its mark")
    if end < durableBelow { throw found.at(path, offset) }
    if let leftover, try isVouchedFor(end, from: leftover) { throw found.at(path, offset) }
    result.torn = found
    return result
  }

  /// The first byte from `start` on that is not zero.
  private func firstLeftover(from start: UInt64) throws(StoreError) -> UInt64? {
    var offset = start
    while true {
      let bytes = try file.read(at: offset, count: Self.chunkBytes)
      if bytes.isEmpty { return nil }
      let span = bytes.span
      for index in span.indices where span[index] != 0 { return offset + UInt64(index) }
      offset += UInt64(bytes.count)
    }
  }

  /// Whether a whole mark behind `start` says that `end` was durable when it was written.
  private func isVouchedFor(_ end: UInt64, from start: UInt64) throws(StoreError) -> Bool {
    let frameCount = Envelope.count + Mark.bodyCount
    var offset = start
    while true {
      let bytes = try file.read(at: offset, count: Self.chunkBytes + frameCount)
      let span = bytes.span
      for index in 0..<max(0, span.count - frameCount + 1)
      where span[index] == UInt8(Mark.bodyCount) && span[index + 8] == FrameKind.mark.rawValue {
        if case .frame(.mark(let mark), _, _) = Frame.read(
          span, at: index, base: offset, in: segment), mark.durableBelow > end
        {
          return true
        }
      }
      if bytes.count < Self.chunkBytes + frameCount { return false }
      offset += UInt64(Self.chunkBytes)
    }
  }
}

/// A part of the file in memory, moved along as frames are read.
private struct Window {
  let file: SegmentFile
  let limit: UInt64?
  private(set) var bytes: [UInt8] = []
  private var base: UInt64 = 0

  init(file: SegmentFile, limit: UInt64?) {
    self.file = file
    self.limit = limit
  }

  /// The frame at an offset, whose parts are ranges of `bytes`.
  mutating func frame(
    at offset: UInt64, in segment: SegmentName
  ) throws(StoreError) -> FrameReading {
    if let limit, offset >= limit { return .needs(0) }
    if offset < base || offset >= base + UInt64(bytes.count) { try load(offset, 1 << 20) }
    while true {
      let reading = Frame.read(bytes.span, at: Int(offset - base), base: base, in: segment)
      guard case .needs(let count) = reading else { return reading }
      let had = bytes.count - Int(offset - base)
      if let limit, offset + UInt64(count) > limit { return .needs(count) }
      try load(offset, max(1 << 20, count))
      if bytes.isEmpty { return .end }
      if bytes.count <= had || bytes.count < count { return .needs(count) }
    }
  }

  private mutating func load(_ offset: UInt64, _ count: Int) throws(StoreError) {
    bytes = try file.read(at: offset, count: count)
    base = offset
  }
}

/// The frames since the last mark, which count once theirs comes.
private struct GroupInProgress {
  private enum Change {
    case event(EventHeader, offset: UInt64)
    case husk(offset: UInt64)
    case cancelled(fence: UInt64)
    case committed(fence: UInt64, by: UInt64)
  }
  private var changes: [Change] = []
  private var commitments: [Commitment] = []
  private var fences: [(fence: UInt64, member: UInt64)] = []
  private var chain: UInt32
  private let group: UInt64
  private var sequence: UInt64

  init(after mark: Mark?, sequence: UInt64) {
    self.sequence = sequence
    chain = mark?.chain ?? 0
    group = (mark?.group ?? 0) + 1
  }

  mutating func add(
    _ frame: Frame, _ bytes: Span<UInt8>, at offset: UInt64, _ checksum: UInt32
  ) throws(FormatFault) {
    chain = chained(chain, checksum)
    switch frame {
    case .event(let event):
      let header = try EventHeader.decode(bytes, event.header)
      try follow(header.sequence)
      changes.append(.event(header, offset: offset))
      commitments.append(event.commitment(in: bytes))
      if let fence = header.fence { fences.append((fence, header.sequence)) }
      if header.kind == .fenceCommitted || header.kind == .fenceCancelled {
        guard let fence = FenceRecord.fence(in: bytes, event.payload) else {
          throw FormatFault("has a fence's record that cannot be read")
        }
        changes.append(
          header.kind == .fenceCommitted
            ? .committed(fence: fence, by: header.sequence) : .cancelled(fence: fence))
      }
    case .husk(let husk):
      try follow(husk.sequence)
      commitments.append(husk.commitment)
      if let kept = husk.kept {
        let header = try EventHeader.decode(bytes, kept.header)
        changes.append(.event(header, offset: offset))
      } else {
        changes.append(.husk(offset: offset))
      }
    case .mark: break
    }
  }

  private mutating func follow(_ found: UInt64) throws(FormatFault) {
    sequence += 1
    guard found == sequence else {
      throw FormatFault("has event \(found) where \(sequence) should be")
    }
  }

  func close(with mark: Mark) throws(FormatFault) {
    guard mark.group == group, mark.chain == chain, mark.lastSequence == sequence else {
      throw FormatFault("has a mark that does not follow from the frames before it")
    }
  }

  func apply(to scan: inout TailScan) {
    scan.tables.accumulate(commitments)
    for (fence, member) in fences { scan.openFences[fence, default: []].append(member) }
    for change in changes {
      switch change {
      case .event(let header, let offset): scan.tables.append(header, at: offset)
      case .husk(let offset): scan.tables.append(huskAt: offset)
      case .committed(let fence, let record):
        scan.openFences[fence] = nil
        if scan.openFences.keys.contains(where: { $0 < record }) {
          scan.hidden.commit(fence, by: record)
        }
      case .cancelled(let fence):
        scan.tables.cancel(sequences: scan.openFences[fence] ?? [])
        scan.openFences[fence] = nil
      }
      if scan.openFences.isEmpty { scan.hidden = HiddenFences() }
    }
  }
}

extension EventFrame {
  func commitment(in bytes: Span<UInt8>) -> Commitment {
    Commitment(storedDigest(bytes, commitment))
  }
}
