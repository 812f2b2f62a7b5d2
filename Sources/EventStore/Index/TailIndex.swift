// The index of a segment that is still written, in memory. The writer feeds it each group after
// the group is durable, a reader in another process feeds it what it scans; both hold at most one
// segment's worth. When the segment is sealed its tables become the footer.

internal import Ambient
internal import Bytes
internal import Digests
internal import Synchronization

/// What the tables need to know of one event, besides its names.
struct IndexEntry {
  let offset: UInt64
  let id: EventID
  let time: WallTime
  let kind: EventKind
  let lane: Lane
  let stream: StreamKey
  let streamSequence: UInt64
  let key: KeyHash?
}

/// One lane's rows in the tables.
struct StreamRows {
  /// Where the entity stands among the names.
  fileprivate let nameStart: UInt32
  fileprivate let nameCount: UInt32
  let lane: Lane
  /// The scope of its last event, which the next one has as a rule.
  fileprivate var scope: UInt32
  var streamSequence: UInt64
  var ordinals: [UInt32]

  fileprivate var name: Range<Int> { Int(nameStart)..<Int(nameStart) + Int(nameCount) }
}

/// The tables of an index, as values.
struct IndexTables {
  /// The smallest subtree whose top is kept; smaller ones are computed from the frames.
  static let keptHeight = 8

  let segment: SegmentName
  let firstSequence: UInt64
  private(set) var offsets: [UInt32] = []
  private(set) var streams: [StreamRows] = []
  private(set) var scopes: [(name: [UInt8], place: Range<Int>, ordinals: [UInt32])] = []
  private(set) var kinds: [(kind: EventKind, ordinals: [UInt32])] = []
  private(set) var keys: [KeyHash: [UInt32]] = [:]
  private(set) var cancelled: Set<UInt32> = []
  private(set) var nodes: [SubtreeName: Blake3Digest] = [:]
  private(set) var firstID: EventID?
  private(set) var lastID: EventID?
  private(set) var firstTime: WallTime?
  private(set) var lastTime: WallTime?
  /// Where the next frame will begin.
  var endOffset = UInt64(SegmentHeader.count)
  var lastMark: Mark?
  private(set) var accumulator: Accumulator

  private var streamOf: [UInt32] = []
  private var scopeOf: [UInt32] = []
  private var kindOf: [UInt16] = []
  private var numbers = StreamNumbers()
  /// The entities of all streams and the scopes, one behind the other.
  private var names: [UInt8] = []
  private var scopeRow: [[UInt8]: UInt32] = [:]
  private var lastScope: UInt32?
  private var kindRow: [EventKind: UInt32] = [:]
  private var lastKind: UInt32?
  /// Rows of streams in the order of their names; those after it are not sorted in yet.
  private var ordered: [UInt32] = []

  /// What an ordinal's columns hold where its event is gone.
  private static let none = UInt32.max

  init(segment: SegmentName, accumulator: Accumulator) {
    self.segment = segment
    self.accumulator = accumulator
    firstSequence = accumulator.count + 1
  }

  /// Tables over what comes after an index that was made earlier for the same segment.
  init(after index: FooterIndex) {
    self.init(segment: index.segment, accumulator: index.accumulator)
    endOffset = index.endOffset
    lastMark = Mark(
      group: index.group, durableBelow: index.endOffset, lastSequence: index.accumulator.count,
      chain: index.chain)
    (lastID, lastTime) = (index.ids.upperBound, index.times.upperBound)
  }

  var count: Int { offsets.count }

  /// About how much memory the tables take: what a row of each has, and half as much again for the
  /// room into which arrays grow.
  var memoryBytes: Int { count * 40 + streams.count * 128 + names.count * 3 / 2 + keys.count * 112 }

  /// Adds the next event; its commitment is given to `accumulate` in its turn.
  mutating func append(_ entry: IndexEntry, entity: Span<UInt8>, scope: Span<UInt8>) {
    let ordinal = UInt32(offsets.count)
    offsets.append(UInt32(entry.offset))
    let stream = numbers.insert(entry.stream)
    let near = stream < streams.count ? streams[stream].scope : lastScope
    let scope = row(ofScope: scope, near: near)
    if stream < streams.count {
      streams[stream].ordinals.append(ordinal)
      streams[stream].streamSequence = entry.streamSequence
      streams[stream].scope = scope
    } else {
      streams.append(
        StreamRows(
          nameStart: UInt32(names.count), nameCount: UInt32(entity.count), lane: entry.lane,
          scope: scope, streamSequence: entry.streamSequence, ordinals: [ordinal]))
      names.append(contentsOf: copy(entity, 0..<entity.count))
    }
    streamOf.append(UInt32(stream))
    scopes[Int(scope)].ordinals.append(ordinal)
    scopeOf.append(scope)
    kinds[Int(row(of: entry.kind))].ordinals.append(ordinal)
    kindOf.append(entry.kind.rawValue)
    if let key = entry.key { keys[key, default: []].append(ordinal) }
    note(entry.id, entry.time)
  }

  /// Adds the next event by its header.
  mutating func append(_ header: EventHeader, at offset: UInt64) {
    let (entity, scope) = (header.coordinate.entityBytes, header.coordinate.scopeBytes)
    append(IndexEntry(header, at: offset), entity: entity.span, scope: scope.span)
  }

  /// Adds a removed event of which nothing but the commitment is left, which is given to
  /// `accumulate` in its turn.
  mutating func append(huskAt offset: UInt64) {
    offsets.append(UInt32(offset))
    streamOf.append(Self.none)
    scopeOf.append(Self.none)
    kindOf.append(0)
  }

  /// Marks members of a fence that was cancelled; those outside the run are not this index's.
  mutating func cancel(sequences: some Sequence<UInt64>) {
    for sequence in sequences where sequence >= firstSequence {
      let ordinal = sequence - firstSequence
      if ordinal < UInt64(count) { cancelled.insert(UInt32(ordinal)) }
    }
  }

  /// Adds the commitments of the events that were appended since the last time, in order.
  mutating func accumulate(_ commitments: [Commitment]) {
    accumulator.append(commitments, keeping: Self.keptHeight, in: &nodes)
  }

  private mutating func note(_ id: EventID, _ time: WallTime) {
    if firstID == nil { (firstID, firstTime) = (id, time) }
    (lastID, lastTime) = (id, time)
  }

  /// The row of a scope, looked for in a row where it most likely is before any other.
  private mutating func row(ofScope name: Span<UInt8>, near: UInt32?) -> UInt32 {
    if let near, areEqual(names.span.extracting(scopes[Int(near)].place), name) { return near }
    let place = names.count..<names.count + name.count
    let name = copy(name, 0..<name.count)
    let row: UInt32
    if let known = scopeRow[name] {
      row = known
    } else {
      row = UInt32(scopes.count)
      scopeRow[name] = row
      scopes.append((name, place, []))
      names.append(contentsOf: name)
    }
    lastScope = row
    return row
  }

  private mutating func row(of kind: EventKind) -> UInt32 {
    if let lastKind, kinds[Int(lastKind)].kind == kind { return lastKind }
    let row: UInt32
    if let known = kindRow[kind] {
      row = known
    } else {
      row = UInt32(kinds.count)
      kindRow[kind] = row
      kinds.append((kind, []))
    }
    lastKind = row
    return row
  }

  func head(_ key: StreamKey) -> StreamRows? {
    numbers.number(of: key).map { streams[$0] }
  }

  /// The key of a stream, by its row.
  func key(ofStream row: UInt32) -> StreamKey { numbers.keys[Int(row)] }

  /// The entity of a stream, by its row.
  func entity(ofStream row: UInt32) -> ArraySlice<UInt8> { names[streams[Int(row)].name] }
}

extension IndexEntry {
  init(_ header: EventHeader, at offset: UInt64) {
    self.init(
      offset: offset, id: header.id, time: header.time, kind: header.kind, lane: header.lane,
      stream: StreamKey(entity: header.coordinate.entityBytes, lane: header.lane),
      streamSequence: header.streamSequence, key: header.key.map(KeyHash.init))
  }
}

// MARK: - Candidates

extension IndexTables {
  mutating func candidates(
    for region: Region, from start: UInt32, max: Int, order: PageOrder
  ) -> Candidates {
    var best: [[UInt32]]?
    var bestCount = Int.max
    func offer(_ lists: [[UInt32]], _ best: inout [[UInt32]]?, _ bestCount: inout Int) {
      let total = lists.reduce(0) { $0 + $1.count }
      // One list is in order, and read from where the page begins; several must be sorted.
      guard total < bestCount, lists.count <= 1 || total <= count / CandidatePlan.densityMin else {
        return
      }
      (best, bestCount) = (lists, total)
    }
    if let scope = region.scope {
      offer(scopeRow[Array(scope.utf8)].map { [scopes[Int($0)].ordinals] } ?? [], &best, &bestCount)
    }
    switch region.kind {
    case .any: break
    case .exactly(let kind):
      offer(kindRow[kind].map { [kinds[Int($0)].ordinals] } ?? [], &best, &bestCount)
    case .category(let category):
      offer(
        kinds.filter { $0.kind.category == category }.map(\.ordinals), &best, &bestCount)
    }
    if let prefix = region.entityPrefix {
      let rows = streamRows(
        below: Array(prefix.utf8), max: min(bestCount, count / CandidatePlan.densityMin))
      if let rows {
        offer(
          rows.filter { region.lane == nil || streams[Int($0)].lane == region.lane }
            .map { streams[Int($0)].ordinals }, &best, &bestCount)
      }
    }
    if let best {
      if best.count == 1 {
        return CandidatePlan.page(best[0], from: start, max: max, order: order)
      }
      return CandidatePlan.page(
        best.flatMap { $0 }.sorted(), from: start, max: max, order: order)
    }
    return scan(for: region, from: start, max: max, order: order)
  }

  /// Looks at each event's columns in turn, at most 64 times as many as are wanted.
  private func scan(
    for region: Region, from start: UInt32, max: Int, order: PageOrder
  ) -> Candidates {
    var found: [UInt32] = []
    let scope = region.scope.map { scopeRow[Array($0.utf8)] ?? Self.none - 1 }
    let prefix = region.entityPrefix.map { Array($0.utf8) }
    let step = order == .oldestFirst ? 1 : -1
    var ordinal = order == .oldestFirst ? Int(start) : min(Int(start), count - 1)
    var budget = max * 64
    while ordinal >= 0 && ordinal < count && found.count < max && budget > 0 {
      defer {
        ordinal += step
        budget -= 1
      }
      guard streamOf[ordinal] != Self.none,
        region.kind.matches(EventKind(rawValue: kindOf[ordinal])),
        scope == nil || scopeOf[ordinal] == scope
      else { continue }
      let stream = Int(streamOf[ordinal])
      if let lane = region.lane, streams[stream].lane != lane { continue }
      if let prefix, !isDescendant(names.span.extracting(streams[stream].name), of: prefix) {
        continue
      }
      found.append(UInt32(ordinal))
    }
    let more = ordinal >= 0 && ordinal < count
    return Candidates(ordinals: found, next: more ? UInt32(ordinal) : nil)
  }

  /// The rows of streams at or below the name; nil when there are more than `max`.
  private mutating func streamRows(below prefix: [UInt8], max: Int) -> [UInt32]? {
    if streams.count - ordered.count > 4_096 { sortStreams() }
    var rows: [UInt32] = []
    let children = prefix + [UInt8(ascii: ":")]
    for low in [prefix, children] {
      var index = ordered.partition { !entity(ofStream: $0).lexicographicallyPrecedes(low) }
      while index < ordered.count, rows.count <= max {
        let entity = entity(ofStream: ordered[index])
        guard low == children ? entity.starts(with: low) : entity == low[...] else { break }
        rows.append(ordered[index])
        index += 1
      }
    }
    for row in ordered.count..<streams.count {
      if isDescendant(names.span.extracting(streams[row].name), of: prefix) {
        rows.append(UInt32(row))
      }
    }
    return rows.count > max ? nil : rows
  }

  /// Sorts the rows that came since the last time and merges them in.
  private mutating func sortStreams() {
    let added = streamOrder(Array(UInt32(ordered.count)..<UInt32(streams.count)))
    var merged: [UInt32] = []
    merged.reserveCapacity(streams.count)
    var rest = added[...]
    for row in ordered {
      while let next = rest.first, precedes(next, row) { merged.append(rest.removeFirst()) }
      merged.append(row)
    }
    ordered = merged + rest
  }

  /// All rows in the order of their names and lanes.
  mutating func streamsInOrder() -> [UInt32] {
    sortStreams()
    return ordered
  }

  private func streamOrder(_ rows: [UInt32]) -> [UInt32] {
    rows.sorted(by: precedes)
  }

  private func precedes(_ left: UInt32, _ right: UInt32) -> Bool {
    let (leftName, rightName) = (entity(ofStream: left), entity(ofStream: right))
    return leftName == rightName
      ? streams[Int(left)].lane < streams[Int(right)].lane
      : leftName.lexicographicallyPrecedes(rightName)
  }
}

/// The tables of the active segment behind a lock.
final class TailIndex: SegmentIndex {
  private let tables: Mutex<IndexTables>
  let segment: SegmentName
  let firstSequence: UInt64

  init(_ tables: IndexTables) {
    segment = tables.segment
    firstSequence = tables.firstSequence
    self.tables = Mutex(tables)
  }

  var count: Int { tables.withLock { $0.count } }

  /// Changes or reads the tables; they are few operations away from a reader, so be brief.
  func withTables<Result>(_ body: (inout IndexTables) -> sending Result) -> sending Result {
    tables.withLock { tables in body(&tables) }
  }

  func offset(of ordinal: Int) -> UInt64 {
    tables.withLock { UInt64($0.offsets[ordinal]) }
  }

  func candidates(
    for region: Region, from start: UInt32, max: Int, order: PageOrder
  ) -> Candidates {
    tables.withLock { tables in
      tables.candidates(for: region, from: start, max: max, order: order)
    }
  }

  func head(
    of entity: [UInt8], lane: Lane, key: StreamKey
  ) -> (ordinal: Int, streamSequence: UInt64)? {
    tables.withLock { tables in
      tables.head(key).map { (Int($0.ordinals[$0.ordinals.count - 1]), $0.streamSequence) }
    }
  }

  func predecessor(
    of entity: [UInt8], lane: Lane, key: StreamKey, before ordinal: Int
  ) -> Int? {
    tables.withLock { tables in
      guard let ordinals = tables.head(key)?.ordinals else { return nil }
      let end = ordinals.partition { Int($0) >= ordinal }
      return end > 0 ? Int(ordinals[end - 1]) : nil
    }
  }

  func keyed(_ hash: KeyHash) -> [Int] {
    tables.withLock { $0.keys[hash]?.map(Int.init) ?? [] }
  }

  func top(of name: SubtreeName) -> Blake3Digest? {
    tables.withLock { $0.nodes[name] }
  }

  func keyCount(after ordinal: Int) -> Int {
    tables.withLock { tables in
      tables.keys.values.reduce(0) { $0 + $1.count { Int($0) > ordinal } }
    }
  }

  func isCancelled(_ ordinal: Int) -> Bool {
    tables.withLock { $0.cancelled.contains(UInt32(ordinal)) }
  }
}
