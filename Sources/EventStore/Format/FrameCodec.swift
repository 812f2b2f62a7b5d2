// Frames: what a segment is made of. Each stands behind an envelope that catches torn, stale and
// misdirected writes: the checksum is salted with the segment's identity and the frame's offset,
// so that a frame is valid only where it was written.
//
//   0   4  bytes of the body; 0 where the log ends
//   4   4  CRC-32C of segment (8), length (4), generation (4), offset (8), and body
//   8      body: its first byte says what it is
//
//   event   1, flags (bit 0: signed), v header's length, header, commitment (32), payload,
//           signature (64) when signed
//   mark    2, group (8), durable below (8), last sequence (8), chain (4): ends a group of commits
//   husk    3, flags, sequence (8), number of the removal (8), commitment (32): an event that
//           compaction removed; with bit 1 its header follows (length first), payload digest (32)
//           and, with bit 0, signature
//
// A mark says that everything in the segment below `durable below` was durable when the group was
// written, so damage there is corruption and never a torn tail. Its chain runs over the checksums
// of the group's frames and the mark before, so a stale mark of another history does not fit.

internal import Bytes
internal import Digests

/// Which segment file a frame stands in; part of every checksum.
struct SegmentName: Hashable, Comparable {
  /// The first sequence that the segment may hold.
  let first: UInt64
  /// Counted up whenever compaction writes the range anew.
  let generation: UInt32

  static func < (left: SegmentName, right: SegmentName) -> Bool {
    (left.first, left.generation) < (right.first, right.generation)
  }
}

/// The kinds of frames, by their first byte.
enum FrameKind: UInt8 {
  case event = 1
  case mark = 2
  case husk = 3
}

/// The length and checksum in front of every frame.
enum Envelope {
  static let count = 8

  /// The checksum of a body at an offset of a segment.
  static func checksum(
    _ bytes: Span<UInt8>, _ body: Range<Int>, at offset: UInt64, in segment: SegmentName
  ) -> UInt32 {
    var crc = Crc32c()
    crc.update(word: segment.first)
    crc.update(word: UInt64(segment.generation) << 32 | UInt64(body.count))
    crc.update(word: offset)
    crc.update(bytes.extracting(body))
    return crc.value
  }

  /// Opens a frame in a buffer; `close` fills in what is known only at its end.
  static func open(in writer: inout ByteWriter) -> Int {
    defer { writer.append(0 as UInt64) }
    return writer.count
  }

  /// Fills in length and checksum of the frame that was opened at `start`, once its bytes are
  /// final; `base` is the file offset of the buffer's first byte.
  @discardableResult
  static func seal(
    _ writer: inout ByteWriter, start: Int, end: Int, base: UInt64, in segment: SegmentName
  ) -> UInt32 {
    let body = start + count..<end
    let crc = checksum(writer.bytes.span, body, at: base + UInt64(start), in: segment)
    writer.set(UInt32(body.count), at: start)
    writer.set(crc, at: start + 4)
    return crc
  }
}

/// Where the parts of a frame stand in the bytes that it was read from.
enum Frame {
  case event(EventFrame)
  case mark(Mark)
  case husk(HuskFrame)
}

/// An event's frame, parsed but not decoded.
struct EventFrame {
  let header: Range<Int>
  let commitment: Range<Int>
  let payload: Range<Int>
  let signature: Range<Int>?
}

/// A removed event's frame.
struct HuskFrame {
  let sequence: UInt64
  /// Which of the store's removals took the event; its record says what and why.
  let removal: UInt64
  let commitment: Commitment
  /// Header, payload digest and signature, where they had to be kept.
  let kept: (header: Range<Int>, digest: PayloadDigest, signature: Range<Int>?)?
}

/// The end of a group of commits.
struct Mark: Equatable {
  static let bodyCount = 29

  var group: UInt64
  /// Everything in the segment below this offset was durable before the group was written.
  var durableBelow: UInt64
  /// The last sequence in the group.
  var lastSequence: UInt64
  /// CRC-32C over the chain of the mark before and the checksums of the group's frames.
  var chain: UInt32

  func encode(into writer: inout ByteWriter) {
    writer.append(FrameKind.mark.rawValue)
    writer.append(group)
    writer.append(durableBelow)
    writer.append(lastSequence)
    writer.append(chain)
  }
}

/// Grows the chain that a mark seals.
func chained(_ chain: UInt32, _ checksum: UInt32) -> UInt32 {
  var crc = Crc32c()
  crc.update(word: UInt64(chain) << 32 | UInt64(checksum))
  return crc.value
}

/// What stands at an offset of a segment.
enum FrameReading {
  case frame(Frame, body: Range<Int>, checksum: UInt32)
  /// Nothing was ever written here.
  case end
  /// The bytes given end before the frame does; this many are needed from its start.
  case needs(Int)
  /// No frame of this segment was written here.
  case damage(FormatFault)
}

extension Frame {
  /// Reads the frame at `start` of the bytes, which stand at file offset `base`.
  static func read(
    _ bytes: Span<UInt8>, at start: Int, base: UInt64, in segment: SegmentName
  ) -> FrameReading {
    guard start + Envelope.count <= bytes.count else { return .needs(Envelope.count) }
    let count = Int(littleEndianUInt32(bytes, at: start))
    let expected = littleEndianUInt32(bytes, at: start + 4)
    if count == 0 {
      return expected == 0 ? .end : .damage(FormatFault("has a frame of no length"))
    }
    guard count <= EventStoreLimits.frameBytesMax else {
      return .damage(FormatFault("has a frame of \(count) bytes, which is longer than any"))
    }
    let body = start + Envelope.count..<start + Envelope.count + count
    guard body.upperBound <= bytes.count else { return .needs(Envelope.count + count) }
    let found = Envelope.checksum(bytes, body, at: base + UInt64(start), in: segment)
    guard found == expected else { return .damage(FormatFault("does not match its checksum")) }
    do throws(FormatFault) {
      return .frame(try parse(bytes, body), body: body, checksum: found)
    } catch {
      return .damage(error)
    }
  }

  /// Reads the frame at `start` without looking at its checksum, for bytes that were read whole
  /// before; nil when there is none.
  static func reread(_ bytes: Span<UInt8>, at start: Int) -> Frame? {
    guard start >= 0, start <= bytes.count - Envelope.count else { return nil }
    let count = Int(littleEndianUInt32(bytes, at: start))
    let body = start + Envelope.count
    guard count > 0, count <= bytes.count - body else { return nil }
    do throws(FormatFault) {
      return try parse(bytes, body..<body + count)
    } catch {
      // No frame begins there, which is the answer.
      return nil
    }
  }

  /// Reads the parts of a body whose checksum was found good.
  static func parse(_ bytes: Span<UInt8>, _ body: Range<Int>) throws(FormatFault) -> Frame {
    do throws(BytesError) {
      var cursor = ByteCursor(body)
      switch FrameKind(rawValue: try cursor.uint8(in: bytes)) {
      case .event: return .event(try EventFrame(bytes, &cursor))
      case .husk: return .husk(try HuskFrame(bytes, &cursor))
      case .mark:
        let mark = Mark(
          group: try cursor.uint64(in: bytes), durableBelow: try cursor.uint64(in: bytes),
          lastSequence: try cursor.uint64(in: bytes), chain: try cursor.uint32(in: bytes))
        try cursor.finish()
        return .mark(mark)
      case nil: break
      }
    } catch {
      throw FormatFault(error)
    }
    throw FormatFault("has a frame of an unknown kind")
  }
}

extension EventFrame {
  static let signedFlag: UInt8 = 1

  fileprivate init(_ bytes: Span<UInt8>, _ cursor: inout ByteCursor) throws(BytesError) {
    let flags = try cursor.uint8(in: bytes)
    header = try cursor.skipPrefixed(lengthMax: EventStoreLimits.headerBytesMax, in: bytes)
    commitment = try cursor.skip(32)
    let signed = flags & Self.signedFlag != 0
    payload = try cursor.skip(cursor.left - (signed ? 64 : 0))
    signature = signed ? try cursor.skip(64) : nil
  }

  /// Appends the frame but for its envelope's fields, its commitment and its signature; returns
  /// where these go.
  ///
  /// The payload's digest stands where the commitment will, right behind the header: so what is
  /// hashed for the commitment lies in one piece, and nothing is copied for it.
  static func encode(
    _ header: EventHeader, _ digest: PayloadDigest, payload: [UInt8], signed: Bool,
    into writer: inout ByteWriter
  ) -> FrameRoom {
    let headerCount = header.encodedCount
    let start = writer.count
    var first = 0
    var names = (entity: 0..<0, scope: 0..<0)
    writer.append(atMost: Envelope.count + 12 + headerCount + 32) { output in
      output.append(number: 0 as UInt64)
      output.append(FrameKind.event.rawValue)
      output.append(signed ? signedFlag : 0)
      output.append(varint: UInt64(headerCount))
      first = output.count
      names = header.encode(into: &output)
      precondition(output.count - first == headerCount, "a header is as long as was said")
      output.append(digest: digest.digest)
    }
    func place(_ range: Range<Int>) -> Range<Int> {
      start + range.lowerBound..<start + range.upperBound
    }
    let committed = start + first..<writer.count
    writer.append(bytes: payload)
    if signed { writer.append(repeating: 0, count: 64) }
    return FrameRoom(
      frame: start..<writer.count, committed: committed, entity: place(names.entity),
      scope: place(names.scope), signature: signed ? writer.count - 64..<writer.count : nil)
  }
}

/// Where the parts of a frame are that is being made and is not final yet.
struct FrameRoom {
  /// All of it, with its envelope.
  let frame: Range<Int>
  /// The header and, where the commitment goes once these bytes are hashed, the payload's digest.
  let committed: Range<Int>
  /// The names in the header.
  let entity: Range<Int>
  let scope: Range<Int>
  let signature: Range<Int>?
}

extension HuskFrame {
  /// Bytes of a frame that keeps nothing but the commitment, its envelope included.
  static let bareCount = Envelope.count + 50
  private static let signedFlag: UInt8 = 1
  private static let keptFlag: UInt8 = 2

  fileprivate init(_ bytes: Span<UInt8>, _ cursor: inout ByteCursor) throws(BytesError) {
    let flags = try cursor.uint8(in: bytes)
    sequence = try cursor.uint64(in: bytes)
    removal = try cursor.uint64(in: bytes)
    commitment = Commitment(try cursor.digest(in: bytes))
    if flags & Self.keptFlag != 0 {
      let header = try cursor.skipPrefixed(
        lengthMax: EventStoreLimits.headerBytesMax, in: bytes)
      let digest = PayloadDigest(try cursor.digest(in: bytes))
      let signature = flags & Self.signedFlag != 0 ? try cursor.skip(64) : nil
      kept = (header, digest, signature)
    } else {
      kept = nil
    }
    try cursor.finish()
  }

  /// Appends a husk's body: what is kept of an event whose payload goes.
  static func encode(
    sequence: UInt64, removal: UInt64, commitment: Commitment,
    kept: (header: [UInt8], digest: PayloadDigest, signature: [UInt8]?)?,
    into writer: inout ByteWriter
  ) {
    writer.append(FrameKind.husk.rawValue)
    let signed = kept?.signature != nil
    writer.append((kept == nil ? 0 : keptFlag) | (signed ? signedFlag : 0))
    writer.append(sequence)
    writer.append(removal)
    writer.append(digest: commitment.digest)
    if let kept {
      writer.append(prefixed: kept.header)
      writer.append(digest: kept.digest.digest)
      if let signature = kept.signature { writer.append(bytes: signature) }
    }
  }
}
