// The keyset copied out, so that losing the machine does not lose what it sealed. A copy is made of
// parts, for a keyset of ten million keys has more than a gigabyte and grows with every file: a part
// holds neighbouring records, still wrapped, and the head that they belong to. Parts of one writing of
// the keyset go together; a shred begins another writing, and with it another copy.
//
// A part is a small file of the store's kind (`Sidecar`) whose payload is
//
//     0    8  number of the first record
//     8    8  number of records
//    16  256  the head of the keyset
//   272    .  the records, 128 bytes each

internal import Bytes
internal import Digests
internal import DurableFiles
internal import Synchronization

/// How far a keyset can be copied.
public struct KeysetExtent: Hashable, Sendable {
  /// Names this writing of the keyset: 32 hexadecimal digits that a shred changes.
  public let writing: String
  /// How many shreds came before it; of two writings, the higher is the newer.
  public let epoch: UInt64
  /// How many records are on the device.
  public let records: Int

  public init(writing: String, epoch: UInt64, records: Int) {
    self.writing = writing
    self.epoch = epoch
    self.records = records
  }
}

/// Part of a keyset.
struct KeysetPart: Equatable {
  static let format: UInt16 = 1
  private static let prefixCount = 16 + KeysetHead.count

  let first: Int
  /// The bytes of the head, as they stand in the file.
  let head: [UInt8]
  /// The bytes of the records.
  let records: [UInt8]

  var count: Int { records.count / KeyRecord.count }

  func encode() -> [UInt8] {
    var writer = ByteWriter(reserving: Self.prefixCount + records.count)
    writer.append(UInt64(first))
    writer.append(UInt64(count))
    writer.append(bytes: head)
    writer.append(bytes: records)
    return Sidecar.encode(.keysetPart, format: Self.format, payload: writer.take())
  }

  static func decode(_ bytes: [UInt8]) throws(KeysetFault) -> KeysetPart {
    let payload: Range<Int>
    do throws(FormatFault) {
      payload = try Sidecar.payload(.keysetPart, format: format, in: bytes.span)
    } catch {
      throw .damaged(offset: 0, "\(error)")
    }
    guard payload.count >= prefixCount else { throw .damaged(offset: 0, "is cut short") }
    let (first, count) = (
      littleEndianUInt64(bytes.span, at: payload.lowerBound),
      littleEndianUInt64(bytes.span, at: payload.lowerBound + 8)
    )
    let records = payload.lowerBound + prefixCount
    guard first <= UInt64(EventStoreLimits.keyRecordsMax),
      count == UInt64((payload.upperBound - records) / KeyRecord.count),
      (payload.upperBound - records) % KeyRecord.count == 0
    else { throw .damaged(offset: 0, "does not have the records that it says") }
    return KeysetPart(
      first: Int(first), head: Array(bytes[payload.lowerBound + 16..<records]),
      records: Array(bytes[records..<payload.upperBound]))
  }
}

extension EventStore {
  /// How far the keyset can be copied now: every key that was lent lies within it.
  public var keysetExtent: KeysetExtent {
    get throws(StoreError) {
      guard let keyset = writer.keyring?.keyset else { throw .keyset(.unkeyed) }
      return keyset.extent
    }
  }

  /// The bytes of a part of the keyset, of at most `EventStoreLimits.keyRecordsCopiedMax` records;
  /// throws `.keyset(.older)` when a shred has begun another writing than that of the extent.
  public func keysetPart(
    _ range: Range<Int>, of extent: KeysetExtent
  ) throws(StoreError) -> [UInt8] {
    guard let keyset = writer.keyring?.keyset else { throw .keyset(.unkeyed) }
    return try keyset.part(range, of: extent).encode()
  }
}

extension Keyset {
  var extent: KeysetExtent { state.withLock(\.extent) }

  func part(_ range: Range<Int>, of extent: KeysetExtent) throws(StoreError) -> KeysetPart {
    precondition(
      range.count <= EventStoreLimits.keyRecordsCopiedMax && range.lowerBound >= 0,
      "a part has a bounded number of records")
    return try file.withLock { (file: inout File) throws(StoreError) -> KeysetPart in
      let records = try state.withLock { (state) throws(StoreError) -> [UInt8] in
        guard state.extent.writing == extent.writing else {
          throw .keyset(.older("a shred has written the keyset anew since"))
        }
        precondition(range.upperBound <= state.durable, "what is copied out is on the device")
        return state.records.bytes(range)
      }
      do throws(DiskError) {
        let head = try file.open.read(at: 0, count: KeysetHead.count)
        return KeysetPart(first: range.lowerBound, head: head, records: records)
      } catch {
        throw StoreError(error)
      }
    }
  }
}

extension KeysetState {
  fileprivate var extent: KeysetExtent {
    KeysetExtent(writing: head.writing, epoch: head.epoch, records: durable)
  }
}

extension KeysetHead {
  /// What names this writing of the keyset.
  var writing: String { sixteenDigits(salt.high) + sixteenDigits(salt.low) }
}
