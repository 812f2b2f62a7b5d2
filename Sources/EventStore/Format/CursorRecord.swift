// Where a named reader stands, in a file of its own that is never absent by damage.
//
//      0     .  small file of kind 3: lineage (16), name prefixed, region; zeros up to 4,096
//  4,096    80  first slot
//  8,192    80  second slot
//
//   slot      0   8  how often the cursor was committed; the slot with more counts
//             8   8  sequence up to which everything was dealt with; 0 before the first
//            16  32  commitment of the event with that sequence; zeros with 0
//            48  32  BLAKE3 of the small file's last 32 bytes and the bytes of the slot before
//
// A commit writes the slot that counts less, so a crash in the middle leaves the other, and the
// slots lie in pages of their own. What stood there before is committed again: at least once.
//
//   region    0   1  flags: 0 entity, 1 scope, 2 lane, 3 sequences
//             1   1  kinds: 0 any, 1 one category, 2 exactly one
//             2   2  the category or the kind
//             .   .  entity prefixed, scope prefixed, lane (4), first and last sequence (8, 8)

internal import Bytes
internal import Digests

/// Where a cursor stands.
struct CursorSlot: Equatable {
  static let count = 80

  /// How often the cursor was committed.
  var commits: UInt64
  var position: UInt64
  /// Of the event at the position; nil before the first.
  var commitment: Commitment?
}

/// A cursor's file, understood.
struct CursorRecord: Equatable {
  static let format: UInt16 = 1
  static let headBytes = 4_096
  static let fileBytes = 2 * headBytes + CursorSlot.count

  let lineage: Lineage
  let name: String
  let region: Region
  /// Binds the slots to this head.
  private let headDigest: [UInt8]
  /// The slot that counts.
  private(set) var slot: CursorSlot
  /// Which of the two it is.
  private(set) var slotIndex: Int

  /// A new cursor.
  init(lineage: Lineage, name: String, region: Region, slot: CursorSlot) throws(StoreError) {
    for part in [region.entityPrefix, region.scope] {
      guard part?.utf8.count ?? 0 <= Coordinate.nameBytesMax else {
        throw .tooLarge("a name in a cursor's region", bytesMax: Coordinate.nameBytesMax)
      }
    }
    self.lineage = lineage
    self.name = name
    self.region = region
    self.slot = slot
    slotIndex = 0
    headDigest = Array(Self.head(lineage, name, region).suffix(32))
  }

  private static func head(_ lineage: Lineage, _ name: String, _ region: Region) -> [UInt8] {
    var writer = ByteWriter()
    writer.append(id: lineage.id)
    writer.append(prefixed: name)
    region.encode(into: &writer)
    return Sidecar.encode(.cursor, format: format, payload: writer.bytes)
  }

  /// Whether it is of this region, byte for byte.
  func isOf(_ region: Region) -> Bool {
    self.region.isSpelled(like: region)
  }

  /// The whole file, with one slot filled.
  var encoded: [UInt8] {
    var writer = ByteWriter(reserving: Self.fileBytes)
    writer.append(bytes: Self.head(lineage, name, region))
    writer.append(repeating: 0, count: Self.headBytes - writer.count)
    writer.append(bytes: encodedSlot)
    writer.append(repeating: 0, count: Self.fileBytes - writer.count)
    return writer.take()
  }

  /// The slot that counts, and where it stands in the file.
  var encodedSlot: [UInt8] { Self.encode(slot, headDigest) }
  var slotOffset: UInt64 { UInt64(Self.headBytes * (1 + slotIndex)) }

  private static func encode(_ slot: CursorSlot, _ headDigest: [UInt8]) -> [UInt8] {
    var writer = ByteWriter(reserving: CursorSlot.count)
    writer.append(slot.commits)
    writer.append(slot.position)
    if let commitment = slot.commitment {
      writer.append(digest: commitment.digest)
    } else {
      writer.append(repeating: 0, count: 32)
    }
    writer.append(digest: Blake3.digest(of: headDigest + writer.bytes))
    return writer.take()
  }

  /// The record after one more commit, which goes into the other slot.
  func advanced(to position: UInt64, _ commitment: Commitment?) -> CursorRecord {
    var next = self
    next.slot = CursorSlot(
      commits: slot.commits + 1, position: position, commitment: commitment)
    next.slotIndex = 1 - slotIndex
    return next
  }

  /// Reads a cursor's file; throws unless its head and one slot at least are whole.
  init(decoding bytes: [UInt8]) throws(FormatFault) {
    guard bytes.count == Self.fileBytes else { throw FormatFault("is not as long as a cursor") }
    let headCount = try Self.headCount(bytes)
    let head = Array(bytes[..<headCount])
    let payload = try Sidecar.payload(.cursor, format: Self.format, in: head.span)
    guard bytes[headCount..<Self.headBytes].allSatisfy({ $0 == 0 }) else {
      throw FormatFault("has something behind its head")
    }
    let name: String?
    let region: Region?
    do throws(BytesError) {
      let span = head.span
      var cursor = ByteCursor(payload)
      lineage = Lineage(id: try cursor.id(in: span))
      name = String(
        validating: try cursor.prefixed(lengthMax: CursorShelf.nameBytesMax, in: span),
        as: UTF8.self)
      region = try Region(span, &cursor)
      if region != nil { try cursor.finish() }
    } catch {
      throw FormatFault(error)
    }
    guard let name, let region else { throw FormatFault("has impossible values") }
    self.name = name
    self.region = region
    headDigest = Array(head.suffix(32))
    let first = Self.slot(0, in: bytes, headDigest)
    let second = Self.slot(1, in: bytes, headDigest)
    guard let newest = (second?.commits ?? 0) > (first?.commits ?? 0) ? second : first else {
      throw FormatFault("has no whole slot")
    }
    slot = newest
    slotIndex = newest == first ? 0 : 1
  }

  /// How long the head is, by what it says itself.
  private static func headCount(_ bytes: [UInt8]) throws(FormatFault) -> Int {
    let payload = littleEndianUInt64(bytes.span, at: 16)
    let around = UInt64(Sidecar.headerCount + Sidecar.digestCount)
    guard payload <= UInt64(headBytes) - around else {
      throw FormatFault("is not as long as it says")
    }
    return Int(payload + around)
  }

  private static func slot(_ index: Int, in bytes: [UInt8], _ headDigest: [UInt8]) -> CursorSlot? {
    let start = headBytes * (1 + index)
    let stored = Array(bytes[start..<start + CursorSlot.count])
    let span = stored.span
    let position = littleEndianUInt64(span, at: 8)
    let slot = CursorSlot(
      commits: littleEndianUInt64(span, at: 0), position: position,
      commitment: position == 0 ? nil : Commitment(storedDigest(span, 16..<48)))
    // Nobody commits so often; a number that cannot grow would end the next commit.
    guard slot.commits > 0, slot.commits < UInt64.max else { return nil }
    return encode(slot, headDigest) == stored ? slot : nil
  }
}

extension Region {
  private enum Flag {
    static let entity: UInt8 = 1 << 0
    static let scope: UInt8 = 1 << 1
    static let lane: UInt8 = 1 << 2
    static let sequences: UInt8 = 1 << 3
    static let known: UInt8 = 0xF
  }

  /// Appends the region's only encoding.
  func encode(into writer: inout ByteWriter) {
    var flags: UInt8 = 0
    if entityPrefix != nil { flags |= Flag.entity }
    if scope != nil { flags |= Flag.scope }
    if lane != nil { flags |= Flag.lane }
    if sequences != nil { flags |= Flag.sequences }
    writer.append(flags)
    switch kind {
    case .any:
      writer.append(0 as UInt8)
      writer.append(0 as UInt16)
    case .category(let category):
      writer.append(1 as UInt8)
      writer.append(UInt16(category))
    case .exactly(let kind):
      writer.append(2 as UInt8)
      writer.append(kind.rawValue)
    }
    if let entityPrefix { writer.append(prefixed: entityPrefix) }
    if let scope { writer.append(prefixed: scope) }
    if let lane { writer.append(lane.number) }
    if let sequences {
      writer.append(sequences.lowerBound)
      writer.append(sequences.upperBound)
    }
  }

  /// Whether both are written with the same bytes; texts that only look alike are not the same.
  func isSpelled(like other: Region) -> Bool {
    var (own, others) = (ByteWriter(), ByteWriter())
    encode(into: &own)
    other.encode(into: &others)
    return own.bytes == others.bytes
  }

  /// Reads a region; nil when a value is out of its range.
  init?(_ bytes: Span<UInt8>, _ cursor: inout ByteCursor) throws(BytesError) {
    self.init()
    let flags = try cursor.uint8(in: bytes)
    let kinds = try cursor.uint8(in: bytes)
    let word = try cursor.uint16(in: bytes)
    guard flags & ~Flag.known == 0 else { return nil }
    switch kinds {
    case 0 where word == 0: kind = .any
    case 1 where word <= 0xFF: kind = .category(UInt8(word))
    case 2: kind = .exactly(EventKind(rawValue: word))
    default: return nil
    }
    for (flag, part) in [(Flag.entity, \Region.entityPrefix), (Flag.scope, \Region.scope)]
    where flags & flag != 0 {
      let name = try cursor.prefixed(lengthMax: Coordinate.nameBytesMax, in: bytes)
      guard let text = String(validating: name, as: UTF8.self) else { return nil }
      self[keyPath: part] = text
    }
    if flags & Flag.lane != 0 { lane = Lane(try cursor.uint32(in: bytes)) }
    if flags & Flag.sequences != 0 {
      let first = try cursor.uint64(in: bytes)
      let last = try cursor.uint64(in: bytes)
      guard first <= last else { return nil }
      sequences = first...last
    }
  }
}
