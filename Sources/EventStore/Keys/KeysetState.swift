// A keyset in memory: the mapped file, the records that came since, and the table that finds them.
// Every record's checksum is compared again whenever it is used, so damage that comes later is met
// as damage and not as another key.

internal import Bytes
internal import Digests
internal import DurableFiles

/// What the log says of the keyset that must be there.
struct KeysetExpectation {
  /// At least so many keys were minted.
  var minted: UInt64 = 0
  /// The last shred that the log records, 0 before the first, and the history after it.
  var epoch: UInt64 = 0
  var history = ShredHistory.none
}

/// One shred.
struct Shredding: Equatable {
  let scope: KeyScopeID
  let generation: UInt32
  let epoch: UInt64
  /// The history after it.
  var history = ShredHistory.none
}

/// The records of a keyset: those in the file when it was mapped, and those since.
struct KeyRecords {
  var salt: KeysetSalt
  private(set) var map: (any MappedBytes)?
  private(set) var mapped = 0
  /// The bytes of the records behind the mapped ones.
  private(set) var tail: [UInt8] = []

  init(salt: KeysetSalt) {
    self.salt = salt
  }

  var count: Int { mapped + tail.count / KeyRecord.count }

  /// Where a record stands in the file.
  static func offset(of index: Int) -> Int { KeysetHead.count + index * KeyRecord.count }

  /// Takes the first records from a map of the file instead of the tail.
  mutating func adopt(_ map: any MappedBytes, records: Int) {
    tail.removeFirst(min(tail.count, max(0, records - mapped) * KeyRecord.count))
    self.map = map
    mapped = records
  }

  mutating func append(_ record: KeyRecord) {
    var writer = ByteWriter(continuing: tail)
    tail = []
    record.encode(at: mapped + writer.count / KeyRecord.count, salt, into: &writer)
    tail = writer.take()
  }

  /// Lends the bytes that hold a record, and where it begins there.
  private func lend<Result>(_ index: Int, _ body: (Span<UInt8>, Int) -> Result) -> Result {
    if index < mapped, let map {
      return map.withBytes { body($0, Self.offset(of: index)) }
    }
    return body(tail.span, (index - mapped) * KeyRecord.count)
  }

  /// The scope of a record.
  func scope(at index: Int) -> KeyScopeID {
    lend(index) { KeyGlance.scope($0, at: $1) }
  }

  /// A record; nil when it does not match its checksum any more.
  func record(at index: Int) -> KeyRecord? {
    lend(index) { KeyRecord($0, at: $1, index: index, salt) }
  }

  /// The bytes of records, as they stand in the file.
  func bytes(_ range: Range<Int>) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(range.count * KeyRecord.count)
    let split = min(max(mapped, range.lowerBound), range.upperBound)
    if range.lowerBound < split, let map {
      map.withBytes {
        bytes += copy($0, Self.offset(of: range.lowerBound)..<Self.offset(of: split))
      }
    }
    if split < range.upperBound {
      let start = (split - mapped) * KeyRecord.count
      bytes += tail[start..<start + (range.upperBound - split) * KeyRecord.count]
    }
    return bytes
  }
}

/// Everything that is known of a keyset.
struct KeysetState {
  var head: KeysetHead
  var records: KeyRecords
  var table = KeyTable()
  /// Records that are on the device.
  var durable = 0
  /// Shreds that the log does not record yet, in order.
  var unrecorded: [Shredding] = []
  /// True when bytes that are no record stand behind the last.
  var isTorn = false

  /// How many keys were minted in the store's life.
  var minted: UInt64 { head.minted + UInt64(records.count) - head.records }

  init(_ head: KeysetHead) {
    self.head = head
    records = KeyRecords(salt: head.salt)
  }

  /// Reads a keyset whose head was read before; throws unless it is what the log expects.
  init(
    _ head: KeysetHead, _ map: any MappedBytes, _ expected: KeysetExpectation
  ) throws(KeysetFault) {
    self.init(head)
    let slots = min(
      (map.count - KeysetHead.count) / KeyRecord.count, EventStoreLimits.keyRecordsMax)
    let count = try map.withBytes { (bytes: Span<UInt8>) throws(KeysetFault) -> Int in
      try take(bytes, slots, expected)
    }
    records.adopt(map, records: count)
    durable = count
    guard UInt64(count) >= head.records else {
      throw .damaged(offset: UInt64(KeyRecords.offset(of: count)), "is cut short")
    }
    guard minted >= expected.minted else {
      throw .older("it holds \(minted) keys, and the log speaks of \(expected.minted)")
    }
    try check(expected)
  }

  /// Takes in the records of a file; returns how many count.
  private mutating func take(
    _ bytes: Span<UInt8>, _ slots: Int, _ expected: KeysetExpectation
  ) throws(KeysetFault) -> Int {
    for index in 0..<slots {
      let start = KeyRecords.offset(of: index)
      guard let glance = KeyGlance(bytes, at: start, index: index, head.salt) else {
        try settle(bytes, index, slots)
        return index
      }
      table.set(index, of: glance.scope) { KeyGlance.scope(bytes, at: KeyRecords.offset(of: $0)) }
      if glance.kind == .shredded, glance.number > expected.epoch {
        unrecorded.append(
          Shredding(scope: glance.scope, generation: glance.generation, epoch: glance.number))
      }
    }
    isTorn = isWritten(bytes, from: KeyRecords.offset(of: slots))
    return slots
  }

  /// Decides what the first record that does not match means: an end, a mint that was never
  /// durable, or damage.
  private mutating func settle(
    _ bytes: Span<UInt8>, _ first: Int, _ slots: Int
  ) throws(KeysetFault) {
    let damage = KeysetFault.damaged(
      offset: UInt64(KeyRecords.offset(of: first)), "has a record that does not match its checksum")
    guard UInt64(first) >= head.records else { throw damage }
    for index in first + 1..<max(first + 1, slots) {
      let start = KeyRecords.offset(of: index)
      if let later = KeyGlance(bytes, at: start, index: index, head.salt),
        later.kind == .shredded || later.number > UInt64(first)
      {
        throw damage
      }
    }
    isTorn = isWritten(bytes, from: KeyRecords.offset(of: first))
  }

  /// Whether anything but zeros stands behind an offset.
  private func isWritten(_ bytes: Span<UInt8>, from start: Int) -> Bool {
    for index in start..<bytes.count where bytes[index] != 0 { return true }
    return false
  }

  /// Compares the shreds with those that the log records.
  private mutating func check(_ expected: KeysetExpectation) throws(KeysetFault) {
    guard head.epoch >= expected.epoch else {
      throw .older("it knows of \(head.epoch) shreds, and the log of \(expected.epoch)")
    }
    unrecorded.sort { $0.epoch < $1.epoch }
    var history = expected.history
    var epoch = expected.epoch
    for index in unrecorded.indices {
      let shredding = unrecorded[index]
      guard shredding.epoch == epoch + 1 else { break }
      epoch += 1
      history = ShredHistory.adding(
        shredding.scope, generation: shredding.generation, epoch: epoch, to: history)
      unrecorded[index].history = history
    }
    guard epoch == head.epoch, unrecorded.count == Int(epoch - expected.epoch),
      history == head.history
    else { throw .older("it shredded other keys than the log says") }
  }

  /// The record of a scope and its number; nil when the scope never had a key.
  func index(of scope: KeyScopeID) -> Int? {
    let records = records
    return table.record(of: scope) { records.scope(at: $0) }
  }

  /// Adds a record behind the last.
  mutating func append(_ record: KeyRecord) {
    records.append(record)
    let records = records
    table.set(records.count - 1, of: record.scope) { records.scope(at: $0) }
  }
}
