// The beginning of a sealed object, and where everything stands behind it.
//
//    0   8  "LARDOBJ", 1
//    8   2  format
//   10   1  logarithm of the bytes of a chunk: 16
//   11   1  0
//   12   4  generation of the data key
//   16  16  key scope, as the keyset knows it
//   32  16  salt: random, the object's own
//   48   8  bytes of the plaintext
//   56   8  0
//   64  32  BLAKE3 of all before
//
// Chunks follow, each of 65,536 bytes of plaintext but the last, which may be shorter and is the only
// one of an empty file:
//
//   nonce, 24  |  ciphertext, as long as the plaintext  |  tag, 16
//
// So any part of the plaintext is found by reckoning, and read with the chunks that it touches.

internal import Bytes
internal import Digests
internal import EventStore

/// What a sealed object says of itself.
struct SealedHeader: Equatable, Sendable {
  static let byteCount = 96
  static let format: UInt16 = 1
  static let chunkBytes: UInt64 = 65_536
  /// How many bytes longer a chunk is when it is sealed.
  static let chunkOverhead: UInt64 = 40
  static let saltByteCount = 16
  /// More than any file system holds in one file.
  static let plaintextBytesMax: UInt64 = 1 << 56

  private static let magic = Array("LARDOBJ\u{1}".utf8)
  private static let chunkLogarithm: UInt8 = 16
  private static let hashedCount = 64

  /// Under which key the chunks are sealed.
  let key: DataKeyID
  let salt: [UInt8]
  let plaintextBytes: UInt64

  init(key: DataKeyID, salt: [UInt8], plaintextBytes: UInt64) {
    precondition(salt.count == Self.saltByteCount, "a salt has 16 bytes")
    precondition(plaintextBytes <= Self.plaintextBytesMax, "no file is that large")
    self.key = key
    self.salt = salt
    self.plaintextBytes = plaintextBytes
  }

  /// The header as it stands in the object.
  func encode() -> [UInt8] {
    var writer = ByteWriter(reserving: Self.byteCount)
    writer.append(bytes: Self.magic)
    writer.append(Self.format)
    writer.append(Self.chunkLogarithm)
    writer.append(UInt8(0))
    writer.append(key.generation)
    writer.append(bytes: key.scopeBytes)
    writer.append(bytes: salt)
    writer.append(plaintextBytes)
    writer.append(UInt64(0))
    writer.append(bytes: Blake3.digest(of: writer.bytes).bytes)
    return writer.take()
  }

  /// Reads a header; throws unless it is whole and of a format that is known.
  static func decode(_ bytes: [UInt8]) throws(SealingFault) -> SealedHeader {
    guard bytes.count == byteCount else { throw .damaged("its header is cut short") }
    guard bytes.starts(with: magic) else { throw .notSealed }
    let span = bytes.span
    let format = UInt16(bytes[8]) | UInt16(bytes[9]) << 8
    if format > Self.format { throw .newerFormat(format) }
    guard
      bytes[hashedCount...].elementsEqual(
        Blake3.digest(of: span.extracting(0..<hashedCount)).bytes)
    else { throw .damaged("its header does not match its hash") }
    let generation = littleEndianUInt32(span, at: 12)
    let plaintextBytes = littleEndianUInt64(span, at: 48)
    guard format == Self.format, bytes[10] == chunkLogarithm, bytes[11] == 0,
      littleEndianUInt64(span, at: 56) == 0, generation > 0, plaintextBytes <= plaintextBytesMax,
      let key = DataKeyID(scopeBytes: Array(bytes[16..<32]), generation: generation)
    else { throw .damaged("its header has impossible values") }
    return SealedHeader(
      key: key, salt: Array(bytes[32..<48]), plaintextBytes: plaintextBytes)
  }
}

extension SealedHeader {
  /// How many chunks there are; an empty file has an empty one.
  var chunks: UInt64 {
    max(1, (plaintextBytes + Self.chunkBytes - 1) / Self.chunkBytes)
  }

  /// How many bytes the object has.
  var sealedBytes: UInt64 { Self.sealedBytes(of: plaintextBytes) }

  /// How many bytes an object has whose plaintext has so many.
  static func sealedBytes(of plaintextBytes: UInt64) -> UInt64 {
    let chunks = max(1, (plaintextBytes + chunkBytes - 1) / chunkBytes)
    return UInt64(byteCount) + plaintextBytes + chunks * chunkOverhead
  }

  /// Where a chunk stands in the plaintext.
  func plaintextRange(ofChunk index: UInt64) -> Range<UInt64> {
    let start = index * Self.chunkBytes
    return start..<min(start + Self.chunkBytes, plaintextBytes)
  }

  /// Where a chunk stands in the object.
  func sealedRange(ofChunk index: UInt64) -> Range<UInt64> {
    let plain = plaintextRange(ofChunk: index)
    let start = UInt64(Self.byteCount) + index * (Self.chunkBytes + Self.chunkOverhead)
    return start..<start + UInt64(plain.count) + Self.chunkOverhead
  }

  /// The chunks that a part of the plaintext touches; at least one.
  func chunks(of range: Range<UInt64>) -> ClosedRange<UInt64> {
    let first = min(range.lowerBound / Self.chunkBytes, chunks - 1)
    let last = min((max(range.upperBound, 1) - 1) / Self.chunkBytes, chunks - 1)
    return first...max(first, last)
  }

  /// Where those chunks stand in the object.
  func sealedRange(of chunks: ClosedRange<UInt64>) -> Range<UInt64> {
    sealedRange(ofChunk: chunks.lowerBound)
      .lowerBound..<sealedRange(ofChunk: chunks.upperBound).upperBound
  }
}
