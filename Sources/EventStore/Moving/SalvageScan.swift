// One damaged segment, read for what is whole in it. A frame's checksum is salted with its place, so
// after a hole the next place where a frame checks out is one where a frame was written. Only places
// that look like a frame's beginning are checked, so that a hole costs no more than its bytes.

internal import Ambient
internal import Bytes
internal import Digests
internal import DurableFiles

struct SalvageScan {
  enum Found {
    case event(ExportedEvent, offset: Int)
    case husk(sequence: UInt64)
    /// Bytes that may have held events.
    case loss(offset: Int, String)
    /// Bytes that held none.
    case note(offset: Int, String)
  }
  private let name: SegmentName
  private let path: FilePath
  private(set) var offset = SegmentHeader.count
  /// Before this a mark vouches for everything.
  private(set) var provenBelow = 0
  private var lastSequence: UInt64
  private let firstExpected: UInt64
  private var isOver = false

  /// The furthest that sequences jump over a hole.
  private static let sequencesMax: UInt64 = 1 << 32
  private static let footerMagic = Array("LARDFIL".utf8)

  init(name: SegmentName, path: FilePath, from expected: UInt64) {
    self.name = name
    self.path = path
    firstExpected = max(expected, name.first)
    lastSequence = firstExpected - 1
  }

  /// Begins again.
  mutating func rewind() {
    (offset, lastSequence, isOver) = (SegmentHeader.count, firstExpected - 1, false)
  }

  /// How each fence whose end reads was ended: true for committed. Also finds the last mark.
  mutating func fences(_ bytes: Span<UInt8>) -> [UInt64: Bool] {
    var fences: [UInt64: Bool] = [:]
    while !isOver {
      switch frame(bytes) {
      case .frame(.event(let event), let next):
        if let kind = kind(bytes, event), kind == .fenceCommitted || kind == .fenceCancelled,
          let fence = FenceRecord.fence(in: bytes, event.payload)
        {
          fences[fence] = kind == .fenceCommitted
        }
        offset = next
      case .frame(.mark, let next):
        provenBelow = offset
        offset = next
      case .frame(.husk, let next): offset = next
      case .hole, .end:
        if isFooter(bytes) { isOver = true } else { skipHole(bytes) }
      }
    }
    return fences
  }

  private func kind(_ bytes: Span<UInt8>, _ event: EventFrame) -> EventKind? {
    do throws(FormatFault) {
      return try HeaderGlance(bytes, event.header).kind
    } catch {
      // An event whose header does not read ends no fence.
      return nil
    }
  }

  /// The next thing that is there, or is not; nil at the end.
  mutating func next(_ bytes: Span<UInt8>) -> Found? {
    while !isOver {
      let start = offset
      switch frame(bytes) {
      case .frame(let frame, let next):
        offset = next
        if let found = take(frame, bytes, start) { return found }
      case .end:
        if isZero(bytes, from: offset) {
          isOver = true
          return nil
        }
        skipHole(bytes)
        return .loss(offset: start, "has nothing where a frame should be")
      case .hole(let fault):
        if isFooter(bytes) {
          isOver = true
          return footerFault(bytes)
        }
        skipHole(bytes)
        return .loss(offset: start, fault)
      }
    }
    return nil
  }

  private mutating func take(_ frame: Frame, _ bytes: Span<UInt8>, _ start: Int) -> Found? {
    switch frame {
    case .mark: return nil
    case .husk(let husk):
      guard husk.sequence > lastSequence else { return .loss(offset: start, "goes back") }
      lastSequence = husk.sequence
      return .husk(sequence: husk.sequence)
    case .event(let event):
      do throws(FormatFault) {
        let header = try EventHeader.decode(bytes, event.header)
        let exported = ExportedEvent(
          header: header, digest: PayloadDigest(of: bytes.extracting(event.payload)),
          commitment: event.commitment(in: bytes),
          payload: header.sealing == nil ? .bytes(copy(bytes, event.payload)) : .sealed)
        guard exported.holds else {
          return .loss(offset: start, "has an event that does not fit its commitment")
        }
        guard header.sequence > lastSequence else { return .loss(offset: start, "goes back") }
        lastSequence = header.sequence
        return .event(exported, offset: start)
      } catch {
        return .loss(offset: start, error.sentence)
      }
    }
  }

  // MARK: - Frames

  private enum Reading {
    case frame(Frame, next: Int)
    case hole(String)
    case end
  }

  private func frame(_ bytes: Span<UInt8>) -> Reading {
    switch Frame.read(bytes, at: offset, base: 0, in: name) {
    case .frame(let frame, let body, _): .frame(frame, next: body.upperBound)
    case .end: .end
    case .needs: offset >= bytes.count ? .end : .hole("ends inside a frame")
    case .damage(let fault): .hole(fault.sentence)
    }
  }

  /// Moves to the next place where a frame reads, or to the end.
  private mutating func skipHole(_ bytes: Span<UInt8>) {
    offset += 1
    while offset + Envelope.count < bytes.count {
      if looksLikeFrame(bytes, at: offset),
        case .frame = Frame.read(bytes, at: offset, base: 0, in: name)
      {
        return
      }
      offset += 1
    }
    isOver = true
  }

  /// Whether a frame may begin here, by its length, its kind and the sequence in it.
  private func looksLikeFrame(_ bytes: Span<UInt8>, at start: Int) -> Bool {
    let count = Int(littleEndianUInt32(bytes, at: start))
    let body = start + Envelope.count
    guard count >= Mark.bodyCount, count <= EventStoreLimits.frameBytesMax,
      body + count <= bytes.count
    else { return false }
    switch FrameKind(rawValue: bytes[body]) {
    case .mark: return count == Mark.bodyCount
    case .husk: return isNear(littleEndianUInt64(bytes, at: body + 2))
    case .event:
      // The header's length takes one byte or two.
      let header = bytes[body + 2] < 0x80 ? body + 3 : body + 4
      return header + 8 <= body + count && isNear(littleEndianUInt64(bytes, at: header))
    case nil: return false
    }
  }

  private func isNear(_ sequence: UInt64) -> Bool {
    sequence > lastSequence && sequence - lastSequence <= Self.sequencesMax
  }

  private func isZero(_ bytes: Span<UInt8>, from start: Int) -> Bool {
    for index in start..<max(start, bytes.count) where bytes[index] != 0 { return false }
    return true
  }

  /// Whether a footer begins here; whole or not, there are no events in it.
  private func isFooter(_ bytes: Span<UInt8>) -> Bool {
    guard offset + Self.footerMagic.count <= bytes.count else { return false }
    for (index, byte) in Self.footerMagic.enumerated() where bytes[offset + index] != byte {
      return false
    }
    return true
  }

  /// What is wrong with the footer that begins here; nil when nothing is.
  private func footerFault(_ bytes: Span<UInt8>) -> Found? {
    let end = bytes.count - IndexImage.trailerCount
    do throws(FormatFault) {
      guard offset < end else { throw FormatFault("is cut short") }
      _ = try Sidecar.payload(
        .index, format: IndexImage.format, in: bytes.extracting(offset..<end))
      guard littleEndianUInt64(bytes, at: end) == UInt64(end - offset) else {
        throw FormatFault("is not as long as it says")
      }
      for (index, byte) in IndexImage.endMagic.enumerated() where bytes[end + 8 + index] != byte {
        throw FormatFault("has no end")
      }
      return nil
    } catch {
      return .note(offset: offset, "has a footer that \(error.sentence); no event was in it")
    }
  }
}
