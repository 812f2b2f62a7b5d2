// The bytes of the keyset, `keys/keyset`. A head, then records of 128 bytes, so that none lies
// across two sectors. Behind the last there may be zeros.
//
//   head                                         record
//     0   8  "LARDKEY", 1                          0   1  1 key, 2 shredded
//     8   2  format                                1   3  0
//    10   1  granularity                           4   4  generation
//    11   5  0                                     8  16  key scope
//    16  16  lineage                              24   8  key: how many records were durable when
//    32  16  id of the key-encryption key                 it was minted; shredded: the epoch
//    48  16  salt of the records                  32  24  nonce of the wrapping
//    64   8  epoch: how many keys were shredded   56  48  the data key, wrapped
//    72  32  history of the shreds               104  20  0
//   104   8  keys minted before                  124   4  CRC-32C of salt, index and all before
//   112   8  records written with the head
//   120  72  0
//   192  32  proof of the key-encryption key over all before
//   224  32  BLAKE3 of all before
//
// The file only grows, by one record a mint, until a shred writes it anew with another salt and the
// shredded key's record replaced. Records stay at their index for ever; of one scope's records the
// last counts. A record that does not match its checksum is a mint that never became durable, unless
// the head counts it or a record behind it says that it was durable: then it is damage.

internal import Bytes
internal import Digests
internal import DurableFiles

/// The files that hold a store's keys, for whoever copies a store or leaves its keys out.
enum KeysetFiles {
  static let directory: FilePath = "keys"
  static let keyset: FilePath = "keys/keyset"
  /// Everything to copy, after the segments: keys are durable before what they seal, so a keyset
  /// that is copied later holds every key of the log.
  static let names: [FilePath] = [keyset]
}

/// The beginning of a keyset.
struct KeysetHead: Equatable {
  static let count = 256
  static let format: UInt16 = 1
  /// Above every epoch and number of keys.
  private static let countsMax: UInt64 = 1 << 48
  private static let magic = Array("LARDKEY\u{1}".utf8)
  private static let provenCount = 192

  var granularity: KeyGranularity
  var lineage: Lineage
  /// Id of the key-encryption key.
  var keyID: [UInt8]
  var salt: KeysetSalt
  var epoch: UInt64
  var history: Blake3Digest
  /// Keys that were minted before the first record behind those written with the head.
  var minted: UInt64
  /// Records that were written with the head.
  var records: UInt64

  func encode(with key: KeyEncryptionKey) -> [UInt8] {
    var writer = ByteWriter(reserving: Self.count)
    writer.append(bytes: Self.magic)
    writer.append(Self.format)
    writer.append(granularity.rawValue)
    writer.append(repeating: 0, count: 5)
    writer.append(id: lineage.id)
    writer.append(bytes: keyID)
    writer.append(salt.high)
    writer.append(salt.low)
    writer.append(epoch)
    writer.append(digest: history)
    writer.append(minted)
    writer.append(records)
    writer.append(repeating: 0, count: Self.provenCount - writer.count)
    writer.append(digest: key.proof(of: writer.bytes.span))
    writer.append(digest: Blake3.digest(of: writer.bytes))
    return writer.take()
  }

  /// Reads a head; throws unless it is whole.
  static func decode(_ bytes: [UInt8]) throws(KeysetFault) -> KeysetHead {
    func damage(_ sentence: String) -> KeysetFault { .damaged(offset: 0, sentence) }
    guard bytes.count == count else { throw damage("is cut short") }
    guard bytes.starts(with: magic) else { throw damage("is no keyset") }
    let span = bytes.span
    let format = UInt16(bytes[8]) | UInt16(bytes[9]) << 8
    if format > Self.format { throw .newerFormat(found: format, known: Self.format) }
    guard
      storedDigest(span, count - 32..<count) == Blake3.digest(of: span.extracting(0..<count - 32))
    else {
      throw damage("has a head that does not match its hash")
    }
    guard let granularity = KeyGranularity(rawValue: bytes[10]) else {
      throw damage("has a granularity that nobody knows")
    }
    // More than any store can have; counting on from there could overflow.
    let counts = [64, 104, 112].map { littleEndianUInt64(span, at: $0) }
    guard counts.allSatisfy({ $0 < countsMax }), counts[2] <= counts[1] else {
      throw damage("has a head with impossible values")
    }
    let (high, low) = (
      littleEndianUInt64(span, at: 16).byteSwapped, littleEndianUInt64(span, at: 24).byteSwapped
    )
    return KeysetHead(
      granularity: granularity, lineage: Lineage(id: EventID(high: high, low: low)),
      keyID: Array(bytes[32..<48]),
      salt: KeysetSalt(
        high: littleEndianUInt64(span, at: 48), low: littleEndianUInt64(span, at: 56)),
      epoch: littleEndianUInt64(span, at: 64), history: storedDigest(span, 72..<104),
      minted: littleEndianUInt64(span, at: 104), records: littleEndianUInt64(span, at: 112))
  }

  /// Whether the bytes of a whole head were written by someone with the key.
  static func isProven(_ bytes: [UInt8], by key: KeyEncryptionKey) -> Bool {
    key.proof(of: bytes.span.extracting(0..<provenCount))
      == storedDigest(bytes.span, provenCount..<provenCount + 32)
  }
}

/// What makes the checksums of one writing of a keyset differ from those of any other.
struct KeysetSalt: Hashable {
  let high: UInt64
  let low: UInt64
}

/// The history of a store's shreds: a hash that grows with each, so that two keysets of the same
/// epoch are told apart when they shredded different keys.
enum ShredHistory {
  static let none = Blake3.digest(of: [], mode)
  private static let mode = Blake3Mode.deriving("larder 1 shred history")

  static func adding(
    _ scope: KeyScopeID, generation: UInt32, epoch: UInt64, to history: Blake3Digest
  ) -> Blake3Digest {
    var writer = ByteWriter(reserving: 64)
    writer.append(digest: history)
    writer.append(epoch)
    writer.append(id: EventID(high: scope.high, low: scope.low))
    writer.append(generation)
    return Blake3.digest(of: writer.bytes, mode)
  }
}

/// One record of a keyset.
struct KeyRecord: Equatable {
  static let count = 128
  /// Where the wrapped key and its nonce stand, which a shred overwrites in the file it replaces.
  static let secret = 32..<104

  enum Content: Equatable {
    case key(durableBelow: UInt64, nonce: [UInt8], wrapped: [UInt8])
    case shredded(epoch: UInt64)
  }

  let scope: KeyScopeID
  let generation: UInt32
  let content: Content

  func encode(at index: Int, _ salt: KeysetSalt, into writer: inout ByteWriter) {
    let start = writer.count
    let (kind, number, nonce, wrapped): (KeyGlance.Kind, UInt64, [UInt8], [UInt8]) =
      switch content {
      case .key(let durableBelow, let nonce, let wrapped): (.key, durableBelow, nonce, wrapped)
      case .shredded(let epoch): (.shredded, epoch, [], [])
      }
    writer.append(kind.rawValue)
    writer.append(repeating: 0, count: 3)
    writer.append(generation)
    writer.append(id: EventID(high: scope.high, low: scope.low))
    writer.append(number)
    writer.append(bytes: nonce)
    writer.append(bytes: wrapped)
    writer.append(repeating: 0, count: start + Self.count - 4 - writer.count)
    writer.append(
      Self.checksum(writer.bytes.span.extracting(start..<start + Self.count - 4), index, salt))
  }

  static func checksum(_ bytes: Span<UInt8>, _ index: Int, _ salt: KeysetSalt) -> UInt32 {
    var crc = Crc32c()
    crc.update(word: salt.high)
    crc.update(word: salt.low)
    crc.update(word: UInt64(index))
    crc.update(bytes)
    return crc.value
  }

  /// Reads the record whose bytes begin at `start`; nil when its checksum does not match.
  init?(_ bytes: Span<UInt8>, at start: Int, index: Int, _ salt: KeysetSalt) {
    guard let glance = KeyGlance(bytes, at: start, index: index, salt) else { return nil }
    scope = glance.scope
    generation = glance.generation
    content =
      switch glance.kind {
      case .key:
        .key(
          durableBelow: glance.number, nonce: copy(bytes, start + 32..<start + 56),
          wrapped: copy(bytes, start + 56..<start + 104))
      case .shredded: .shredded(epoch: glance.number)
      }
  }

  init(scope: KeyScopeID, generation: UInt32, content: Content) {
    self.scope = scope
    self.generation = generation
    self.content = content
  }
}

/// The part of a record that finding it needs.
struct KeyGlance {
  enum Kind: UInt8 {
    case key = 1
    case shredded = 2
  }

  let kind: Kind
  let scope: KeyScopeID
  let generation: UInt32
  /// Durable below, or epoch.
  let number: UInt64

  init?(_ bytes: Span<UInt8>, at start: Int, index: Int, _ salt: KeysetSalt) {
    guard let kind = Kind(rawValue: bytes[start]) else { return nil }
    let end = start + KeyRecord.count - 4
    guard
      littleEndianUInt32(bytes, at: end)
        == KeyRecord.checksum(bytes.extracting(start..<end), index, salt)
    else { return nil }
    self.kind = kind
    generation = littleEndianUInt32(bytes, at: start + 4)
    scope = Self.scope(bytes, at: start)
    number = littleEndianUInt64(bytes, at: start + 24)
  }

  /// The scope of a record whose checksum was found good before.
  static func scope(_ bytes: Span<UInt8>, at start: Int) -> KeyScopeID {
    KeyScopeID(
      high: littleEndianUInt64(bytes, at: start + 8).byteSwapped,
      low: littleEndianUInt64(bytes, at: start + 16).byteSwapped)
  }
}
