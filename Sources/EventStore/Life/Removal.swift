// What compaction took, as the log records it. Each removal has a number, which every husk that it
// left carries, and a record among the store's own events, which names how many there are and a
// hash over their sequences and commitments. So a husk is explained by exactly one record, a record
// by exactly its husks, and nobody can leave out an event and call it removed.
//
//   hash after a removed event = derive("larder 1 removal") of the hash before it (32, zeros at
//   first), its sequence (8), its commitment (32)

internal import Bytes
public import Digests

/// One removal, as its record in the log says.
public struct Removal: Hashable, Sendable {
  /// Counted from 1 over the life of the store.
  public let number: UInt64
  /// The first and the last event that it took; others between them may have stayed.
  public let first: UInt64
  public let last: UInt64
  public let count: UInt64
  /// Over the sequences and commitments of what it took.
  public let hash: Blake3Digest
  /// What was asked for, in words.
  public let reason: String
  /// The segment that holds what is left.
  let segment: SegmentName

  /// The record that says so.
  var record: NewEvent {
    SystemRecord.record(
      .removal,
      [
        "number": JSONValue(number), "first": JSONValue(first), "last": JSONValue(last),
        "count": JSONValue(count), "hash": .string(hash.description),
        "reason": .string(reason), "segment": JSONValue(segment.first),
        "generation": JSONValue(segment.generation),
      ])
  }
}

extension Removal {
  /// Reads a record's payload; nil when it is none.
  init?(_ payload: [UInt8]) {
    let value: JSONValue
    do throws(BytesError) {
      value = try JSONValue(parsing: payload)
    } catch {
      // Whether it is a record is all that was asked.
      return nil
    }
    func number(_ key: String) -> UInt64? {
      value[key]?.integer.flatMap { UInt64(exactly: $0) }
    }
    guard let this = number("number"), let first = number("first"), let last = number("last"),
      let count = number("count"), let reason = value["reason"]?.string,
      let segment = number("segment"),
      let generation = number("generation").flatMap({ UInt32(exactly: $0) }),
      let hash = value["hash"]?.string.flatMap(Blake3Digest.init(storedText:)), first > 0,
      first <= last, count > 0, count <= last - first + 1
    else { return nil }
    self.number = this
    (self.first, self.last, self.count, self.reason) = (first, last, count, reason)
    self.hash = hash
    self.segment = SegmentName(first: segment, generation: generation)
  }
}

/// What a removal took, counted and hashed as it is passed.
struct RemovalTally {
  private(set) var first: UInt64 = 0
  private(set) var last: UInt64 = 0
  private(set) var count: UInt64 = 0
  private(set) var hash = Blake3Digest.zeros

  private static let removals = Blake3Mode.deriving("larder 1 removal")

  /// Adds the next removed event; sequences grow.
  mutating func add(_ sequence: UInt64, _ commitment: Commitment) {
    var writer = ByteWriter(reserving: 72)
    writer.append(digest: hash)
    writer.append(sequence)
    writer.append(digest: commitment.digest)
    hash = Blake3.digest(of: writer.bytes, Self.removals)
    if count == 0 { first = sequence }
    last = sequence
    count += 1
  }

  /// Whether this is what the record says was taken.
  func matches(_ removal: Removal) -> Bool {
    removal.first == first && removal.last == last && removal.count == count
      && removal.hash == hash
  }
}
