// The one encoding of an event's header. The chain commits to these bytes as they stand, so each
// header has exactly one spelling and everything else is refused.
//
//   0   8  global sequence
//   8  16  id, in network order
//  24   8  time in microseconds
//  32   2  kind
//  34   2  payload version
//  36   2  flags, which say what follows below
//  38   v  sequence in the lane
//   .   v  lane
//   .   v  length and bytes of the entity
//   .   v  length and bytes of the scope
//   .   v  bytes of the payload as stored
//   .   v  predecessor's sequence, and 32 bytes of its commitment         unless genesis
//   .   v  index in the batch, and its count                              batch
//   .   v  how many sequences ago the fence's first member was            fence
//   .   v  length and bytes of the idempotency key                        key
//   .  16  correlation                                                    correlation
//   .  16  causation                                                      causation
//   .   v  count of extensions; length and bytes of name and value each   extensions
//   .  44  key scope (16), generation (4), nonce (24)                     sealed
//
// v is a varint; fixed numbers are little-endian but for ids.

internal import Ambient
internal import Bytes
internal import Digests

/// Which optional parts a header has.
struct HeaderFlags: OptionSet {
  let rawValue: UInt16

  static let genesis = HeaderFlags(rawValue: 1 << 0)
  static let fork = HeaderFlags(rawValue: 1 << 1)
  static let batch = HeaderFlags(rawValue: 1 << 2)
  static let fence = HeaderFlags(rawValue: 1 << 3)
  static let key = HeaderFlags(rawValue: 1 << 4)
  static let correlation = HeaderFlags(rawValue: 1 << 5)
  static let causation = HeaderFlags(rawValue: 1 << 6)
  static let extensions = HeaderFlags(rawValue: 1 << 7)
  static let sealed = HeaderFlags(rawValue: 1 << 8)
  static let known = HeaderFlags(rawValue: 0x1FF)
}

extension EventHeader {
  var flags: HeaderFlags {
    var flags: HeaderFlags = []
    switch ancestry {
    case .genesis: flags.insert(.genesis)
    case .fork: flags.insert(.fork)
    case .follows: break
    }
    if batch != nil { flags.insert(.batch) }
    if fence != nil { flags.insert(.fence) }
    if key != nil { flags.insert(.key) }
    if correlation != nil { flags.insert(.correlation) }
    if causation != nil { flags.insert(.causation) }
    if !extensions.isEmpty { flags.insert(.extensions) }
    if sealing != nil { flags.insert(.sealed) }
    return flags
  }

  /// Appends the header's only encoding.
  func encode(into writer: inout ByteWriter) {
    writer.append(atMost: encodedCount) { _ = encode(into: &$0) }
  }

  /// Appends the header's only encoding; returns where the names are, counted from the output's
  /// first byte.
  func encode(
    into output: inout OutputSpan<UInt8>
  ) -> (entity: Range<Int>, scope: Range<Int>) {
    output.append(number: sequence)
    output.append(id: id)
    output.append(number: UInt64(bitPattern: time.microseconds))
    output.append(number: kind.rawValue)
    output.append(number: payloadVersion)
    output.append(number: flags.rawValue)
    output.append(varint: streamSequence)
    output.append(varint: UInt64(lane.number))
    output.append(prefixed: coordinate.entityBytes.span)
    let entity = output.count - coordinate.entityBytes.count..<output.count
    output.append(prefixed: coordinate.scopeBytes.span)
    let scope = output.count - coordinate.scopeBytes.count..<output.count
    output.append(varint: UInt64(payloadCount))
    if let predecessor = ancestry.predecessor {
      output.append(varint: predecessor.sequence)
      output.append(digest: predecessor.commitment.digest)
    }
    if let batch {
      output.append(varint: UInt64(batch.index))
      output.append(varint: UInt64(batch.count))
    }
    if let fence { output.append(varint: sequence - fence) }
    if let key { output.append(prefixed: key.bytes.span) }
    if let correlation { output.append(id: correlation.id) }
    if let causation { output.append(id: causation.id) }
    if !extensions.isEmpty {
      output.append(varint: UInt64(extensions.count))
      for entry in extensions {
        let name = Array(entry.name.utf8)
        output.append(prefixed: name.span)
        output.append(prefixed: entry.value.span)
      }
    }
    if let sealing {
      output.append(id: EventID(high: sealing.scopeHigh, low: sealing.scopeLow))
      output.append(number: sealing.generation)
      output.append(bytes: sealing.nonce.span)
    }
    return (entity, scope)
  }

  /// How many bytes the encoding has.
  var encodedCount: Int {
    func prefixed(_ count: Int) -> Int { ByteWriter.count(ofVarint: UInt64(count)) + count }
    var count =
      38 + ByteWriter.count(ofVarint: streamSequence)
      + ByteWriter.count(ofVarint: UInt64(lane.number)) + prefixed(coordinate.entityBytes.count)
      + prefixed(coordinate.scopeBytes.count) + ByteWriter.count(ofVarint: UInt64(payloadCount))
    if let predecessor = ancestry.predecessor {
      count += ByteWriter.count(ofVarint: predecessor.sequence) + 32
    }
    if let batch {
      count += ByteWriter.count(ofVarint: UInt64(batch.index))
      count += ByteWriter.count(ofVarint: UInt64(batch.count))
    }
    if let fence { count += ByteWriter.count(ofVarint: sequence - fence) }
    if let key { count += prefixed(key.bytes.count) }
    if correlation != nil { count += 16 }
    if causation != nil { count += 16 }
    if !extensions.isEmpty {
      count += ByteWriter.count(ofVarint: UInt64(extensions.count))
      for entry in extensions {
        count += prefixed(entry.name.utf8.count) + prefixed(entry.value.count)
      }
    }
    if let sealing { count += 20 + sealing.nonce.count }
    return count
  }

  /// Reads a header that fills the range exactly.
  static func decode(
    _ bytes: Span<UInt8>, _ range: Range<Int>
  ) throws(FormatFault) -> EventHeader {
    let header: EventHeader?
    do throws(BytesError) {
      var cursor = ByteCursor(range)
      let glance = try HeaderGlance(bytes, &cursor)
      header = try EventHeader(bytes, &cursor, glance)
      if header != nil { try cursor.finish() }
    } catch {
      throw FormatFault(error)
    }
    guard let header else { throw FormatFault("holds a header with impossible values") }
    return header
  }

  /// Reads what follows the glance; nil when a value is out of its range.
  private init?(
    _ bytes: Span<UInt8>, _ cursor: inout ByteCursor, _ glance: HeaderGlance
  ) throws(BytesError) {
    let flags = glance.flags
    guard flags.isSubset(of: .known), !flags.isSuperset(of: [.genesis, .fork]),
      glance.sequence > 0, glance.streamSequence > 0
    else { return nil }
    sequence = glance.sequence
    id = glance.id
    time = glance.time
    kind = glance.kind
    payloadVersion = glance.payloadVersion
    lane = glance.lane
    streamSequence = glance.streamSequence
    payloadCount = glance.payloadCount
    let entity = copy(bytes, glance.entity)
    let scope = copy(bytes, glance.scope)
    guard Coordinate.fault(in: entity) == nil, Coordinate.fault(in: scope) == nil else {
      return nil
    }
    coordinate = Coordinate(trustedEntity: entity, scope: scope)
    if flags.contains(.genesis) {
      ancestry = .genesis
    } else {
      let before = try cursor.varint(in: bytes)
      let commitment = Commitment(try cursor.digest(in: bytes))
      guard before > 0, before < glance.sequence else { return nil }
      let predecessor = Predecessor(sequence: before, commitment: commitment)
      ancestry = flags.contains(.fork) ? .fork(predecessor) : .follows(predecessor)
    }
    guard (glance.streamSequence == 1) != (flags.isDisjoint(with: [.genesis, .fork])) else {
      return nil
    }
    if flags.contains(.batch) {
      let index = try cursor.varint(in: bytes)
      let count = try cursor.varint(in: bytes)
      guard index < count, count <= UInt64(EventStoreLimits.batchEventsMax), index < sequence else {
        return nil
      }
      batch = BatchMembership(
        id: sequence - index, index: UInt32(index), count: UInt32(count))
    }
    if flags.contains(.fence) {
      let ago = try cursor.varint(in: bytes)
      guard ago < sequence else { return nil }
      fence = sequence - ago
    }
    if flags.contains(.key) {
      let key = try cursor.prefixed(lengthMax: IdempotencyKey.bytesMax, in: bytes)
      guard !key.isEmpty else { return nil }
      self.key = IdempotencyKey(trusted: key)
    }
    if flags.contains(.correlation) { correlation = CorrelationID(try cursor.id(in: bytes)) }
    if flags.contains(.causation) { causation = CausationID(try cursor.id(in: bytes)) }
    extensions = []
    if flags.contains(.extensions) {
      let count = try cursor.varint(in: bytes)
      guard count > 0, count <= UInt64(EventExtension.storedCountMax) else { return nil }
      for _ in 0..<count {
        let name = try cursor.prefixed(lengthMax: EventExtension.nameBytesMax, in: bytes)
        let value = try cursor.prefixed(lengthMax: EventExtension.valueBytesMax, in: bytes)
        guard let name = String(validating: name, as: UTF8.self) else { return nil }
        extensions.append(EventExtension(trusted: name, value))
      }
    }
    if flags.contains(.sealed) {
      let scope = try cursor.id(in: bytes)
      let generation = try cursor.uint32(in: bytes)
      sealing = Sealing(
        scopeHigh: scope.high, scopeLow: scope.low, generation: generation,
        nonce: try cursor.bytes(24, in: bytes))
    }
  }
}

/// The part of a header that filters need, read without copying anything.
struct HeaderGlance {
  let sequence: UInt64
  let id: EventID
  let time: WallTime
  let kind: EventKind
  let payloadVersion: UInt16
  let flags: HeaderFlags
  let streamSequence: UInt64
  let lane: Lane
  /// Where the names stand in the bytes that were read.
  let entity: Range<Int>
  let scope: Range<Int>
  let payloadCount: UInt32

  init(_ bytes: Span<UInt8>, _ cursor: inout ByteCursor) throws(BytesError) {
    let fixed = bytes.extracting(try cursor.skip(38))
    sequence = littleEndianUInt64(fixed, at: 0)
    id = EventID(
      high: littleEndianUInt64(fixed, at: 8).byteSwapped,
      low: littleEndianUInt64(fixed, at: 16).byteSwapped)
    time = WallTime(microseconds: Int64(bitPattern: littleEndianUInt64(fixed, at: 24)))
    let kinds = littleEndianUInt32(fixed, at: 32)
    kind = EventKind(rawValue: UInt16(truncatingIfNeeded: kinds))
    payloadVersion = UInt16(truncatingIfNeeded: kinds >> 16)
    flags = HeaderFlags(rawValue: UInt16(fixed[36]) | UInt16(fixed[37]) << 8)
    streamSequence = try cursor.varint(in: bytes)
    let laneOffset = cursor.offset
    let number = try cursor.varint(in: bytes)
    guard number <= UInt64(UInt32.max) else {
      throw .badVarint(offset: laneOffset, .tooLarge)
    }
    lane = Lane(UInt32(number))
    entity = try cursor.skipPrefixed(lengthMax: Coordinate.nameBytesMax, in: bytes)
    scope = try cursor.skipPrefixed(lengthMax: Coordinate.nameBytesMax, in: bytes)
    let countOffset = cursor.offset
    let count = try cursor.varint(in: bytes)
    guard count <= UInt64(EventStoreLimits.storedPayloadBytesMax) else {
      throw .tooLong(
        offset: countOffset, length: count, lengthMax: EventStoreLimits.storedPayloadBytesMax)
    }
    payloadCount = UInt32(count)
  }
}

extension ByteWriter {
  /// Appends an id in network order, which is the order that ids sort in.
  mutating func append(id: EventID) {
    append(id.high.byteSwapped)
    append(id.low.byteSwapped)
  }
}

extension ByteCursor {
  /// Reads an id that was written in network order.
  mutating func id(in bytes: Span<UInt8>) throws(BytesError) -> EventID {
    let high = try uint64(in: bytes).byteSwapped
    return EventID(high: high, low: try uint64(in: bytes).byteSwapped)
  }
}
