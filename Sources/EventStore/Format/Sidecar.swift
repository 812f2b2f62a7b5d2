// The envelope of every small file beside the segments: what it is, its format, its bytes and a
// hash over all of it. Written by atomic replacement, so a torn one cannot exist; one that does not
// match its hash is damage, and whoever owns it knows whether that means rebuilding or refusing.
//
//   0   7  "LARDFIL"
//   7   1  what it is
//   8   2  format of the payload
//  10   6  0
//  16   8  bytes of the payload
//  24   .  payload
//   .  32  BLAKE3 of everything before

internal import Bytes
internal import Digests

/// What a small file is.
enum SidecarKind: UInt8 {
  case meta = 1
  case index = 2
  case cursor = 3
  case projection = 4
  case checkpoint = 5
  case manifest = 6
  case epoch = 7
  case receipt = 8
  case origin = 12
  case keysetPart = 13
  case inclusion = 16
  case growth = 17
}

enum Sidecar {
  private static let magic = Array("LARDFIL".utf8)
  static let headerCount = 24
  static let digestCount = 32

  /// The whole file around a payload.
  static func encode(_ kind: SidecarKind, format: UInt16, payload: [UInt8]) -> [UInt8] {
    var writer = ByteWriter(reserving: headerCount + payload.count + digestCount)
    writer.append(bytes: magic)
    writer.append(kind.rawValue)
    writer.append(format)
    writer.append(repeating: 0, count: 6)
    writer.append(UInt64(payload.count))
    writer.append(bytes: payload)
    writer.append(digest: Blake3.digest(of: writer.bytes))
    return writer.take()
  }

  /// Checks the whole file and returns where its payload stands.
  static func payload(
    _ kind: SidecarKind, format: UInt16, in bytes: Span<UInt8>
  ) throws(FormatFault) -> Range<Int> {
    guard bytes.count >= headerCount + digestCount else { throw FormatFault("is cut short") }
    for index in magic.indices where bytes[index] != magic[index] {
      throw FormatFault("is no file of this store")
    }
    guard bytes[7] == kind.rawValue else { throw FormatFault("is another kind of file") }
    let found = UInt16(bytes[8]) | UInt16(bytes[9]) << 8
    if found > format { throw .newer(found: found, known: format) }
    for index in 10..<16 where bytes[index] != 0 {
      throw FormatFault("has something where nothing should be")
    }
    let payload = headerCount..<bytes.count - digestCount
    guard littleEndianUInt64(bytes, at: 16) == UInt64(payload.count) else {
      throw FormatFault("is not as long as it says")
    }
    let digest = storedDigest(bytes, payload.upperBound..<bytes.count)
    guard digest == Blake3.digest(of: bytes.extracting(0..<payload.upperBound)) else {
      throw FormatFault("does not match its hash")
    }
    return payload
  }
}
