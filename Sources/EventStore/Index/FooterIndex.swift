// The index of a sealed segment, searched where it lies: nothing of it is copied into memory but
// the answers. Its bytes were checked against their hash when it was opened, or are trusted because
// the seal's trailer is whole; every access is bounds-checked all the same, so that damage can at
// worst hide an event from a query, which verification then reports, and never end the process.

internal import Ambient
internal import Bytes
internal import Digests
internal import DurableFiles

/// The tables of a sealed segment, or of the sealed part of one.
final class FooterIndex: SegmentIndex {
  private let map: any MappedBytes
  private let base: Int
  private let tables: [Range<Int>]

  let segment: SegmentName
  let firstSequence: UInt64
  let count: Int
  /// Where the frames end.
  let endOffset: UInt64
  let group: UInt64
  let chain: UInt32
  let times: ClosedRange<WallTime>
  let ids: ClosedRange<EventID>
  let accumulator: Accumulator
  let root: Blake3Digest
  /// The signature of the seal, if it was signed.
  let signature: [UInt8]?

  /// Opens an image that lies at `range` of a map.
  init(_ map: any MappedBytes, _ range: Range<Int>) throws(FormatFault) {
    self.map = map
    base = range.lowerBound
    let head = try map.withBytes { (bytes: Span<UInt8>) throws(FormatFault) -> Head in
      try Head(bytes, range)
    }
    tables = head.tables
    segment = head.segment
    firstSequence = head.firstSequence
    count = head.count
    endOffset = head.endOffset
    group = head.group
    chain = head.chain
    times = head.times
    ids = head.ids
    root = head.root
    signature = head.signature
    accumulator = head.accumulator
  }

  /// Where a frame begins. A table may name an event that is not there: where the frames end there
  /// is none, so whoever reads it says that it is damaged.
  func offset(of ordinal: Int) -> UInt64 {
    guard ordinal < count else { return endOffset }
    return map.withBytes { UInt64(word($0, .offsets, ordinal)) }
  }

  func isCancelled(_ ordinal: Int) -> Bool {
    guard rows(.cancelled) > 0 else { return false }
    return map.withBytes { bytes in
      let at = first(in: 0..<rows(.cancelled)) { word(bytes, .cancelled, $0) >= UInt32(ordinal) }
      return at < rows(.cancelled) && word(bytes, .cancelled, at) == UInt32(ordinal)
    }
  }

  func head(
    of entity: [UInt8], lane: Lane, key: StreamKey
  ) -> (ordinal: Int, streamSequence: UInt64)? {
    map.withBytes { bytes in
      stream(bytes, of: entity, lane, key).map { ($0.lastOrdinal, $0.streamSequence) }
    }
  }

  func predecessor(
    of entity: [UInt8], lane: Lane, key: StreamKey, before ordinal: Int
  ) -> Int? {
    map.withBytes { bytes in
      guard let row = stream(bytes, of: entity, lane, key),
        let range = postings(.streamRows, row.firstPosting, row.postings)?.rows
      else { return nil }
      let end = first(in: range) { word(bytes, .streamRows, $0) >= UInt32(ordinal) }
      return end > range.lowerBound ? Int(word(bytes, .streamRows, end - 1)) : nil
    }
  }

  private func stream(
    _ bytes: Span<UInt8>, of entity: [UInt8], _ lane: Lane, _ key: StreamKey
  ) -> StreamRow? {
    guard StreamFilter.mayContain(key, in: bytes.extracting(tables[IndexTable.filter.rawValue]))
    else { return nil }
    let at = first(in: 0..<rows(.streams)) { !precedes(bytes, $0, entity.span, lane) }
    guard at < rows(.streams), stream(bytes, at).lane == lane,
      matches(bytes, stream(bytes, at).name, entity)
    else { return nil }
    return stream(bytes, at)
  }

  func keyed(_ hash: KeyHash) -> [Int] {
    map.withBytes { bytes in
      func key(_ row: Int) -> (UInt64, UInt64) {
        let at = start(.keys, row)
        return (littleEndianUInt64(bytes, at: at), littleEndianUInt64(bytes, at: at + 8))
      }
      var row = first(in: 0..<rows(.keys)) { key($0) >= (hash.high, hash.low) }
      var found: [Int] = []
      while row < rows(.keys), key(row) == (hash.high, hash.low) {
        found.append(Int(littleEndianUInt32(bytes, at: start(.keys, row) + 16)))
        row += 1
      }
      return found
    }
  }

  func keyCount(after ordinal: Int) -> Int {
    guard ordinal >= 0 else { return rows(.keys) }
    return map.withBytes { bytes in
      (0..<rows(.keys)).count {
        Int(littleEndianUInt32(bytes, at: start(.keys, $0) + 16)) > ordinal
      }
    }
  }

  func top(of name: SubtreeName) -> Blake3Digest? {
    map.withBytes { bytes in
      func key(_ row: Int) -> (Int, UInt64) {
        let at = start(.nodes, row)
        return (Int(littleEndianUInt32(bytes, at: at)), littleEndianUInt64(bytes, at: at + 4))
      }
      let row = first(in: 0..<rows(.nodes)) { key($0) >= (name.height, name.index) }
      guard row < rows(.nodes), key(row) == (name.height, name.index) else { return nil }
      let at = start(.nodes, row) + 12
      return storedDigest(bytes, at..<at + 32)
    }
  }

  /// How many lanes of entities have events here.
  var streamCount: Int { rows(.streams) }

  /// The high words of those keys of them that are wanted, in no order.
  func streamKeys(where isWanted: (StreamKey) -> Bool) -> [UInt64] {
    map.withBytes { bytes in
      var keys: [UInt64] = []
      for start in stride(from: 0, to: rows(.streams), by: Self.hashedMax) {
        let end = min(start + Self.hashedMax, rows(.streams))
        var together = HashedTogether(end - start, StreamKey.streams)
        for row in start..<end {
          let stream = stream(bytes, row)
          together.add { $0.append(stream: bytes.extracting(stream.name), stream.lane) }
        }
        together.hash()
        for digest in together.digests {
          let key = StreamKey(digest)
          if isWanted(key) { keys.append(key.high) }
        }
      }
      return keys
    }
  }

  /// How many keys of streams are computed before they are looked at.
  private static let hashedMax = 4_096
}

// MARK: - Candidates

extension FooterIndex {
  func candidates(
    for region: Region, from start: UInt32, max: Int, order: PageOrder
  ) -> Candidates {
    map.withBytes { bytes in
      var best: [Postings]?
      var bestCount = Int.max
      func offer(_ lists: [Postings]?) {
        guard let lists else { return }
        let total = lists.reduce(0) { $0 + $1.rows.count }
        let isInOrder = lists.isEmpty || lists.count == 1 && lists[0].isAscending
        guard total < bestCount, isInOrder || total <= count / CandidatePlan.densityMin else {
          return
        }
        (best, bestCount) = (lists, total)
      }
      if let scope = region.scope {
        offer(scopeRows(bytes, Array(scope.utf8)))
      }
      switch region.kind {
      case .any: break
      case .exactly(let kind): offer(kindRows(bytes) { $0 == kind })
      case .category(let category): offer(kindRows(bytes) { $0.category == category })
      }
      if let prefix = region.entityPrefix {
        offer(streamRanges(bytes, below: Array(prefix.utf8)))
      }
      guard let best else {
        return CandidatePlan.all(count: count, from: start, max: max, order: order)
      }
      if best.count == 1 && best[0].isAscending {
        return page(bytes, best[0].table, best[0].rows, from: start, max: max, order: order)
      }
      var ordinals: [UInt32] = []
      ordinals.reserveCapacity(bestCount)
      for list in best {
        for row in list.rows { ordinals.append(word(bytes, list.table, row)) }
      }
      return CandidatePlan.page(ordinals.sorted(), from: start, max: max, order: order)
    }
  }

  /// A run of ordinals in a table.
  private struct Postings {
    let table: IndexTable
    let rows: Range<Int>
    /// They are of one stream, kind or scope, and so in order.
    var isAscending = true
  }

  /// A page out of postings that ascend, without reading them all.
  private func page(
    _ bytes: Span<UInt8>, _ table: IndexTable, _ range: Range<Int>, from start: UInt32, max: Int,
    order: PageOrder
  ) -> Candidates {
    var ordinals: [UInt32] = []
    switch order {
    case .oldestFirst:
      let low = first(in: range) { word(bytes, table, $0) >= start }
      let high = min(range.upperBound, low + max)
      for row in low..<high { ordinals.append(word(bytes, table, row)) }
      return Candidates(ordinals, hasMore: high < range.upperBound, from: start, order)
    case .newestFirst:
      let high = first(in: range) { word(bytes, table, $0) > start }
      let low = Swift.max(range.lowerBound, high - max)
      for row in (low..<high).reversed() { ordinals.append(word(bytes, table, row)) }
      return Candidates(ordinals, hasMore: low > range.lowerBound, from: start, order)
    }
  }

  /// The postings of a scope; nil where they are left out because all events match.
  private func scopeRows(_ bytes: Span<UInt8>, _ scope: [UInt8]) -> [Postings]? {
    for row in 0..<rows(.scopes) {
      let at = start(.scopes, row)
      guard matches(bytes, name(bytes, at), scope) else { continue }
      let low = Int(littleEndianUInt32(bytes, at: at + 16))
      let count = Int(littleEndianUInt32(bytes, at: at + 20))
      return postings(.scopeRows, low, count).map { [$0] }
    }
    return []
  }

  /// The postings of kinds; nil where they are left out because all events match.
  private func kindRows(
    _ bytes: Span<UInt8>, where wanted: (EventKind) -> Bool
  ) -> [Postings]? {
    var lists: [Postings] = []
    for row in 0..<rows(.kinds) {
      let at = start(.kinds, row)
      let kind = EventKind(rawValue: UInt16(bytes[at]) | UInt16(bytes[at + 1]) << 8)
      guard wanted(kind) else { continue }
      guard
        let list = postings(
          .kindRows, Int(littleEndianUInt32(bytes, at: at + 4)),
          Int(littleEndianUInt32(bytes, at: at + 8)))
      else { return nil }
      lists.append(list)
    }
    return lists
  }

  /// Postings as a range of rows; nil where the table does not have them.
  private func postings(_ table: IndexTable, _ low: Int, _ count: Int) -> Postings? {
    low + count <= rows(table) ? Postings(table: table, rows: low..<low + count) : nil
  }

  /// The postings of an entity's lanes, and of its descendants'; each is contiguous.
  private func streamRanges(
    _ bytes: Span<UInt8>, below prefix: [UInt8]
  ) -> [Postings] {
    let children = prefix + [UInt8(ascii: ":")]
    // The byte behind `:` ends the run of names that begin with the prefix and a colon.
    let behind = prefix + [UInt8(ascii: ":") + 1]
    var ranges: [Postings] = []
    func row(_ name: [UInt8]) -> Int {
      first(in: 0..<rows(.streams)) { !precedes(bytes, $0, name.span, Lane.main) }
    }
    func add(_ low: Int, _ high: Int) {
      guard low < high else { return }
      let first = stream(bytes, low).firstPosting
      let last = stream(bytes, high - 1)
      let count = last.firstPosting + last.postings - first
      guard count > 0, var list = postings(.streamRows, first, count) else { return }
      list.isAscending = high - low == 1
      ranges.append(list)
    }
    let exact = row(prefix)
    var end = exact
    while end < rows(.streams), matches(bytes, stream(bytes, end).name, prefix) { end += 1 }
    add(exact, end)
    add(row(children), row(behind))
    return ranges
  }
}

// MARK: - Rows

extension FooterIndex {
  private struct StreamRow {
    let name: Range<Int>
    let lane: Lane
    let firstPosting: Int
    let postings: Int
    let streamSequence: UInt64
    let lastOrdinal: Int
  }

  private func rows(_ table: IndexTable) -> Int {
    tables[table.rawValue].count / table.rowCount
  }

  private func start(_ table: IndexTable, _ row: Int) -> Int {
    tables[table.rawValue].lowerBound + row * table.rowCount
  }

  private func word(_ bytes: Span<UInt8>, _ table: IndexTable, _ row: Int) -> UInt32 {
    littleEndianUInt32(bytes, at: start(table, row))
  }

  private func name(_ bytes: Span<UInt8>, _ at: Int) -> Range<Int> {
    let names = tables[IndexTable.names.rawValue]
    let start = littleEndianUInt64(bytes, at: at)
    let count = UInt64(littleEndianUInt32(bytes, at: at + 8))
    let room = UInt64(names.count)
    guard start <= room, count <= room - start else { return names.lowerBound..<names.lowerBound }
    let low = names.lowerBound + Int(start)
    return low..<low + Int(count)
  }

  private func stream(_ bytes: Span<UInt8>, _ row: Int) -> StreamRow {
    let at = start(.streams, row)
    return StreamRow(
      name: name(bytes, at), lane: Lane(littleEndianUInt32(bytes, at: at + 12)),
      firstPosting: Int(littleEndianUInt32(bytes, at: at + 16)),
      postings: Int(littleEndianUInt32(bytes, at: at + 20)),
      streamSequence: littleEndianUInt64(bytes, at: at + 24),
      lastOrdinal: Int(littleEndianUInt32(bytes, at: at + 32)))
  }

  private func precedes(
    _ bytes: Span<UInt8>, _ row: Int, _ entity: Span<UInt8>, _ lane: Lane
  ) -> Bool {
    let row = stream(bytes, row)
    let order = compare(bytes.extracting(row.name), entity)
    return order < 0 || order == 0 && row.lane < lane
  }

  private func matches(_ bytes: Span<UInt8>, _ range: Range<Int>, _ name: [UInt8]) -> Bool {
    compare(bytes.extracting(range), name.span) == 0
  }

  private func compare(_ left: Span<UInt8>, _ right: Span<UInt8>) -> Int {
    for index in 0..<min(left.count, right.count) where left[index] != right[index] {
      return left[index] < right[index] ? -1 : 1
    }
    return left.count - right.count
  }

  private func first(in range: Range<Int>, where isRight: (Int) -> Bool) -> Int {
    range.partition(where: isRight)
  }
}

/// The fixed part of an image.
private struct Head {
  let segment: SegmentName
  let firstSequence: UInt64
  let count: Int
  let endOffset: UInt64
  let group: UInt64
  let chain: UInt32
  let times: ClosedRange<WallTime>
  let ids: ClosedRange<EventID>
  let root: Blake3Digest
  let signature: [UInt8]?
  let accumulator: Accumulator
  let tables: [Range<Int>]

  init(_ bytes: Span<UInt8>, _ range: Range<Int>) throws(FormatFault) {
    let head: Head?
    do throws(BytesError) {
      head = try Head(reading: bytes, range)
    } catch {
      throw FormatFault(error)
    }
    guard let head else { throw FormatFault("has tables that do not fit") }
    self = head
  }

  private init?(reading bytes: Span<UInt8>, _ range: Range<Int>) throws(BytesError) {
    var cursor = ByteCursor(range)
    let first = try cursor.uint64(in: bytes)
    segment = SegmentName(first: first, generation: try cursor.uint32(in: bytes))
    _ = try cursor.skip(4)
    firstSequence = try cursor.uint64(in: bytes)
    let sequences = try cursor.uint64(in: bytes)
    endOffset = try cursor.uint64(in: bytes)
    group = try cursor.uint64(in: bytes)
    chain = try cursor.uint32(in: bytes)
    _ = try cursor.skip(12)
    let firstTime = WallTime(microseconds: try cursor.int64(in: bytes))
    let lastTime = WallTime(microseconds: try cursor.int64(in: bytes))
    let firstID = try cursor.id(in: bytes)
    let lastID = try cursor.id(in: bytes)
    root = try cursor.digest(in: bytes)
    let signature = try cursor.bytes(64, in: bytes)
    self.signature = signature.allSatisfy { $0 == 0 } ? nil : signature
    var tables: [Range<Int>] = []
    for table in IndexTable.allCases {
      let start = try cursor.uint64(in: bytes)
      let size = try cursor.uint64(in: bytes)
      guard start <= UInt64(range.count), size <= UInt64(range.count) - start,
        Int(size) % table.rowCount == 0
      else { return nil }
      tables.append(range.lowerBound + Int(start)..<range.lowerBound + Int(start + size))
    }
    self.tables = tables
    var peaks: [Blake3Digest] = []
    var peakCursor = ByteCursor(tables[IndexTable.peaks.rawValue])
    while !peakCursor.isAtEnd { peaks.append(try peakCursor.digest(in: bytes)) }
    guard firstTime <= lastTime, firstID <= lastID, firstSequence > 0,
      firstSequence <= UInt64(Int64.max),
      sequences == UInt64(tables[IndexTable.offsets.rawValue].count / 4),
      !tables[IndexTable.filter.rawValue].isEmpty,
      let accumulator = Accumulator(count: firstSequence - 1 + sequences, peaks: peaks),
      accumulator.root == root
    else { return nil }
    self.accumulator = accumulator
    count = Int(sequences)
    times = firstTime...lastTime
    ids = firstID...lastID
  }
}
