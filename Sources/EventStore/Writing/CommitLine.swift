// The second half of an append, done by one leader at a time and outside the writer's lock: sign,
// fill in envelopes, write the group and its mark with one call, sync, and only then let anyone see
// it. A failed write is cut away again before anything else is written; one that cannot be, like a
// failed sync, leaves the bytes uncertain: the line is latched and takes nothing more until the store
// is opened anew.

internal import Ambient
internal import Bytes
internal import Digests
internal import DurableFiles

/// Why a group was not committed.
enum CommitFailure: Error {
  /// Nothing of it is on disk, and the line goes on.
  case notWritten(StoreError)
  /// Nothing of it is on disk, and the line is latched.
  case latched(StoreError)
  /// It may or may not be durable, and the line is latched.
  case uncertain(StoreError)
}

/// Where the next group goes.
struct CommitLine {
  let segment: Segment
  let tail: TailIndex
  private var offset: UInt64
  private var lastMark: Mark?
  /// The file is filled with zeros up to here.
  private var filledTo: UInt64
  private let preallocationBytes: UInt64
  /// False once there was no room for zeros ahead, until the next segment.
  private var fillsAhead = true
  private var zeros: [UInt8] = []

  /// A group of this share of what is filled ahead is a large one.
  private static let largeShare: UInt64 = 64

  /// A line that goes on at `end`; the file holds zeros from there to `filledTo`.
  init(
    segment: Segment, end: UInt64, filledTo: UInt64, lastMark: Mark?, preallocationBytes: Int
  ) {
    guard let tail = segment.tail else { preconditionFailure("only the active segment grows") }
    self.segment = segment
    self.tail = tail
    offset = end
    self.filledTo = max(end, filledTo)
    self.lastMark = lastMark
    self.preallocationBytes = UInt64(preallocationBytes)
  }

  /// Bytes of the segment that are used.
  var used: UInt64 { offset }

  /// Whether the segment has its size, or its tables have their share of the memory for tables, of
  /// which those of segments that wait for their footers need one each.
  func isFull(_ options: StoreOptions) -> Bool {
    guard offset > UInt64(SegmentHeader.count) else { return false }
    let share = options.indexBytesMax / (EventStoreLimits.unsealedSegmentsMax + 1)
    return offset >= UInt64(options.segmentBytes) || tail.withTables { $0.memoryBytes } >= share
  }

  /// Signs, writes and syncs a group, after the keys that seal it; afterwards it is durable, and the tail's index knows it.
  mutating func commit(
    _ group: inout CommitGroup, with key: SigningKey?, keys: Keyset?
  ) throws(CommitFailure) {
    try keys?.flush()
    let mark = seal(&group, with: key)
    let end = offset + UInt64(group.buffer.count)
    do throws(StoreError) {
      try segment.file.write(group.buffer.bytes.span, at: offset)
      try fill(after: end, group.buffer.count)
    } catch {
      try takeBack(after: error)
    }
    do throws(StoreError) {
      try segment.file.sync()
    } catch {
      throw .uncertain(error)
    }
    tail.withTables { tables in
      tables.append(group, at: offset)
      tables.endOffset = end
      tables.lastMark = mark
    }
    offset = end
    lastMark = mark
  }

  /// Makes every byte of the group final: signatures, envelopes, and the mark at its end.
  private func seal(_ group: inout CommitGroup, with key: SigningKey?) -> Mark {
    var chain = lastMark?.chain ?? 0
    if let key { group.sign(group.events.indices, with: key) }
    for index in group.events.indices {
      let frame = group.events[index].room.frame
      let checksum = Envelope.seal(
        &group.buffer, start: frame.lowerBound, end: frame.upperBound, base: offset,
        in: segment.name)
      chain = chained(chain, checksum)
    }
    let mark = Mark(
      group: (lastMark?.group ?? 0) + 1, durableBelow: offset,
      lastSequence: group.events[group.events.count - 1].sequence, chain: chain)
    let start = Envelope.open(in: &group.buffer)
    mark.encode(into: &group.buffer)
    Envelope.seal(
      &group.buffer, start: start, end: group.buffer.count, base: offset, in: segment.name)
    return mark
  }

  /// Keeps zeros ahead of the log, so that most commits change no metadata of the file.
  ///
  /// A large group changes it anyway, and pays for that by its size; zeros behind each would be
  /// written only to be written over. On a disk with no room for them there are none: the group
  /// itself has its room, and they must not take the last of it from others.
  private mutating func fill(after end: UInt64, _ count: Int) throws(StoreError) {
    guard end > filledTo, preallocationBytes > 0 else { return }
    filledTo = end
    guard fillsAhead, UInt64(count) < preallocationBytes / Self.largeShare else { return }
    let target = end + preallocationBytes
    if zeros.isEmpty { zeros = Array(repeating: 0, count: 1 << 20) }
    do throws(StoreError) {
      while filledTo < target {
        let count = min(UInt64(zeros.count), target - filledTo)
        try segment.file.write(zeros.span.extracting(0..<Int(count)), at: filledTo)
        filledTo += count
      }
    } catch .full {
      try segment.file.truncate(to: end)
      (filledTo, fillsAhead) = (end, false)
    }
  }

  /// Removes what a failed write may have left; always throws.
  private mutating func takeBack(after error: StoreError) throws(CommitFailure) -> Never {
    do throws(StoreError) {
      // Durably, or a crash could bring back what was just refused.
      try segment.file.cut(to: offset)
      filledTo = offset
    } catch {
      // All of it may stand there, and then the next open finds a group like any other.
      throw .uncertain(error)
    }
    throw .notWritten(error)
  }
}

extension CommitGroup {
  /// Puts signatures where they are missing among the events.
  mutating func sign(_ range: Range<Int>, with key: SigningKey) {
    for index in range where !events[index].isSigned {
      guard let room = events[index].room.signature else { continue }
      buffer.set(bytes: ChainHash.sign(events[index].commitment, with: key), at: room.lowerBound)
      events[index].isSigned = true
    }
  }
}

extension IndexTables {
  /// Adds the events of a group whose buffer stands at `base` of the file.
  fileprivate mutating func append(_ group: borrowing CommitGroup, at base: UInt64) {
    let bytes = group.buffer.bytes.span
    let events = group.events.span
    var commitments: [Commitment] = []
    commitments.reserveCapacity(events.count)
    for index in events.indices {
      commitments.append(events[index].commitment)
      append(
        IndexEntry(
          offset: base + UInt64(events[index].room.frame.lowerBound), id: events[index].id,
          time: events[index].time, kind: events[index].kind, lane: events[index].lane,
          stream: events[index].stream, streamSequence: events[index].streamSequence,
          key: events[index].key),
        entity: bytes.extracting(events[index].room.entity),
        scope: bytes.extracting(events[index].room.scope))
    }
    accumulate(commitments)
  }
}
