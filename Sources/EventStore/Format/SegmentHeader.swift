// The first bytes of every segment. They bind the file to its store, its place in the log and the
// state of the accumulator before its first event, so that a segment of another store, or an old
// copy, is not taken for this one.
//
//   0   8  "LARDSEG" and 1
//   8   2  format, 1
//  10   2  0
//  12   4  generation
//  16  16  lineage
//  32   8  first sequence that the segment may hold
//  40   8  time of making, in microseconds
//  48  32  accumulator's root before it
//  80  32  key that signs in it, or zeros
// 112   4  CRC-32C of the bytes before
// 116  12  0
//
// Frames begin at 128.

internal import Ambient
internal import Bytes
internal import Digests
internal import DurableFiles

/// What the first bytes of a segment say.
struct SegmentHeader: Equatable {
  static let count = 128
  static let format: UInt16 = 1
  private static let magic = Array("LARDSEG".utf8) + [1]

  var name: SegmentName
  var lineage: Lineage
  var made: WallTime
  /// The accumulator's root over everything before the segment.
  var root: Blake3Digest
  /// The public key that signs in it, or nil.
  var signer: [UInt8]?

  func encode() -> [UInt8] {
    var writer = ByteWriter(reserving: Self.count)
    writer.append(bytes: Self.magic)
    writer.append(Self.format)
    writer.append(0 as UInt16)
    writer.append(name.generation)
    writer.append(id: lineage.id)
    writer.append(name.first)
    writer.append(made.microseconds)
    writer.append(digest: root)
    writer.append(bytes: signer ?? Array(repeating: 0, count: 32))
    writer.append(Crc32c.checksum(of: writer.bytes.span))
    writer.append(repeating: 0, count: Self.count - writer.count)
    return writer.take()
  }

  /// Reads the header from the first bytes of a file.
  static func decode(_ bytes: [UInt8]) throws(FormatFault) -> SegmentHeader {
    guard bytes.count >= count, bytes.starts(with: magic) else {
      throw FormatFault("does not begin as a segment does")
    }
    let span = bytes.span
    // First of all, for a format that no program ever wrote is damage; every format has it here.
    guard littleEndianUInt32(span, at: 112) == Crc32c.checksum(of: span.extracting(0..<112)) else {
      throw FormatFault("has a header that does not match its checksum")
    }
    let found = UInt16(bytes[8]) | UInt16(bytes[9]) << 8
    if found > format { throw .newer(found: found, known: format) }
    guard bytes[116..<count].allSatisfy({ $0 == 0 }) else {
      throw FormatFault("has a header that does not match its checksum")
    }
    do throws(BytesError) {
      var cursor = ByteCursor(12..<count)
      let generation = try cursor.uint32(in: span)
      let lineage = Lineage(id: try cursor.id(in: span))
      let first = try cursor.uint64(in: span)
      let made = WallTime(microseconds: try cursor.int64(in: span))
      let root = try cursor.digest(in: span)
      let signer = try cursor.bytes(32, in: span)
      return SegmentHeader(
        name: SegmentName(first: first, generation: generation), lineage: lineage, made: made,
        root: root, signer: signer.allSatisfy { $0 == 0 } ? nil : signer)
    } catch {
      throw FormatFault(error)
    }
  }
}
