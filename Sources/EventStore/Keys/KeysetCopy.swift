// A keyset opened from its copy, with the key-encryption key and nothing else of the store: for the
// day on which the store is gone. Of the parts that are there, those of the newest writing count, and
// they must be all of it from the first record on; more than once is as good as once.

internal import Bytes
internal import Digests

/// The data keys of a store, from a copy of its keyset.
public struct KeysetCopy: Sendable {
  /// Which store it was.
  public let lineage: Lineage
  /// How many keys and shreds it knows of.
  public let records: Int
  private let granularity: KeyGranularity
  private let key: KeyEncryptionKey
  private let newest: [KeyScopeID: KeyRecord]

  /// Opens a copy from the bytes of its parts, in any order.
  public init(_ parts: [[UInt8]], _ key: KeyEncryptionKey) throws(StoreError) {
    do throws(KeysetFault) {
      try self.init(checked: parts, key)
    } catch {
      throw .keyset(error)
    }
  }

  private init(checked bytes: [[UInt8]], _ key: KeyEncryptionKey) throws(KeysetFault) {
    var parts: [(head: KeysetHead, part: KeysetPart)] = []
    for bytes in bytes {
      let part = try KeysetPart.decode(bytes)
      parts.append((try KeysetHead.decode(part.head), part))
    }
    guard let head = parts.map(\.head).max(by: { $0.epoch < $1.epoch }) else { throw .missing }
    parts.removeAll { $0.head.salt != head.salt }
    guard head.keyID == key.id else { throw .otherKey }
    guard parts.allSatisfy({ $0.head == head && KeysetHead.isProven($0.part.head, by: key) })
    else { throw .damaged(offset: 0, "has a head that its key-encryption key did not vouch for") }

    var newest: [KeyScopeID: KeyRecord] = [:]
    var next = 0
    for (_, part) in parts.sorted(by: { $0.part.first < $1.part.first }) {
      guard part.first <= next else { break }
      for index in max(next, part.first)..<max(next, part.first + part.count) {
        let start = (index - part.first) * KeyRecord.count
        guard let record = KeyRecord(part.records.span, at: start, index: index, head.salt) else {
          throw .damaged(
            offset: UInt64(KeyRecords.offset(of: index)),
            "has a record that does not match its checksum")
        }
        newest[record.scope] = record
      }
      next = max(next, part.first + part.count)
    }
    guard next == parts.map({ $0.part.first + $0.part.count }).max(), next >= Int(head.records)
    else {
      throw .damaged(
        offset: UInt64(KeyRecords.offset(of: next)), "lacks a part from record \(next) on")
    }
    (lineage, granularity, records) = (head.lineage, head.granularity, next)
    (self.key, self.newest) = (key, newest)
  }

  /// What became of a key, and the key when it lived at the time of the copy.
  public func dataKey(_ id: DataKeyID) throws(StoreError) -> DataKeyStanding {
    guard let record = newest[id.scope], record.generation >= id.generation else {
      return .absent
    }
    guard record.generation == id.generation,
      case .key(_, let nonce, let wrapped) = record.content
    else { return .shredded }
    let name = DataKeyName(granularity: granularity, scope: id.scope, generation: id.generation)
    guard let secret = key.unwrap(wrapped, nonce: nonce, name) else {
      throw .keyset(
        .damaged(offset: 0, "has a key that its key-encryption key does not open"))
    }
    return .key(DataKey(id, secret))
  }
}
