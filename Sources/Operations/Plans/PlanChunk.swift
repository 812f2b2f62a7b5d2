// Some items of a plan as bytes: what a plan is kept in, and the payload of events of kind d.003. A
// plan of millions of items is so held in as many bytes as it needs, read a page at a time, and
// carried into the log as it is.
//
//   0  1  version, 1
//   1  1  what it holds: 1 items, 2 refusals
//   2  .  index of the first of them among its kind (varint)
//   .  .  how many (varint)
//   .  .  of each: identity prefixed, bytes (varint), and of items the generation (varint),
//         of refusals the reason prefixed

internal import Bytes
package import Digests

/// Some items, or some refusals, of a plan.
package struct PlanChunk: Hashable, Sendable {
  /// What a chunk holds.
  package enum Content: UInt8, Sendable {
    case items = 1
    case refusals = 2
  }

  package let content: Content
  /// Which of the plan's items, or refusals, it holds.
  package let range: Range<Int>
  package let bytes: [UInt8]

  private static let version: UInt8 = 1

  fileprivate init(content: Content, range: Range<Int>, bytes: [UInt8]) {
    self.content = content
    self.range = range
    self.bytes = bytes
  }

  package var digest: Blake3Digest { Blake3.digest(of: bytes) }

  /// Reads the head of a chunk; nil when the bytes are none.
  package init?(decoding bytes: [UInt8]) {
    guard let (content, range, _) = Self.head(bytes) else { return nil }
    self.init(content: content, range: range, bytes: bytes)
  }

  /// The items, if it holds such; nil when its bytes are not what they should be.
  package var items: [PlanItem]? {
    guard content == .items else { return nil }
    return entries { (reader) throws(BytesError) in
      let identity = try reader.prefixed(lengthMax: OperationsLimits.identityBytesMax)
      let bytes = try reader.varint()
      return PlanItem(identity: identity, generation: try reader.varint(), bytes: bytes)
    }
  }

  /// The refusals, if it holds such; nil when its bytes are not what they should be.
  package var refusals: [PlanRefusal]? {
    guard content == .refusals else { return nil }
    return entries { (reader) throws(BytesError) in
      PlanRefusal(
        identity: try reader.prefixed(lengthMax: OperationsLimits.identityBytesMax),
        bytes: try reader.varint(),
        reason: try reader.text(lengthMax: OperationsLimits.reasonBytesMax))
    }
  }

  private func entries<Entry>(
    _ read: (inout ByteReader) throws(BytesError) -> Entry
  ) -> [Entry]? {
    guard let (_, range, start) = Self.head(bytes) else { return nil }
    var reader = start
    do throws(BytesError) {
      var entries: [Entry] = []
      entries.reserveCapacity(range.count)
      for _ in range { entries.append(try read(&reader)) }
      try reader.finish()
      return entries
    } catch {
      // Bytes that end early, or too late, are no chunk: which is what nil says.
      return nil
    }
  }

  private static func head(_ bytes: [UInt8]) -> (Content, Range<Int>, ByteReader)? {
    do throws(BytesError) {
      var reader = ByteReader(bytes)
      guard try reader.uint8() == version, let content = Content(rawValue: try reader.uint8()),
        let first = Int(exactly: try reader.varint()),
        let count = Int(exactly: try reader.varint()),
        first <= OperationsLimits.planItemsMax, count <= OperationsLimits.chunkItemsMax
      else { return nil }
      return (content, first..<first + count, reader)
    } catch {
      // As above.
      return nil
    }
  }

  fileprivate static func encode(
    _ content: Content, first: Int, count: Int, _ entries: [UInt8]
  ) -> PlanChunk {
    var writer = ByteWriter(reserving: entries.count + 16)
    writer.append(version)
    writer.append(content.rawValue)
    writer.append(varint: UInt64(first))
    writer.append(varint: UInt64(count))
    writer.append(bytes: entries)
    return PlanChunk(content: content, range: first..<first + count, bytes: writer.take())
  }
}

/// Makes chunks out of entries that come one by one.
struct ChunkWriter: Sendable {
  private let content: PlanChunk.Content
  private var entries = ByteWriter()
  private var first = 0
  private var count = 0
  private(set) var chunks: [PlanChunk] = []
  /// Bytes of all entries so far.
  private(set) var bytes = 0

  init(_ content: PlanChunk.Content) {
    self.content = content
  }

  /// How many entries there are so far.
  var total: Int { first + count }

  mutating func append(_ item: PlanItem) {
    entries.append(prefixed: item.identity)
    entries.append(varint: item.bytes)
    entries.append(varint: item.generation)
    noteEntry()
  }

  mutating func append(_ refusal: PlanRefusal) {
    entries.append(prefixed: refusal.identity)
    entries.append(varint: refusal.bytes)
    entries.append(prefixed: shortened(refusal.reason))
    noteEntry()
  }

  private mutating func noteEntry() {
    count += 1
    // The longest entry is far smaller than what is left of an event's payload behind this bound.
    if entries.count >= OperationsLimits.chunkBytesMax || count == OperationsLimits.chunkItemsMax {
      cut()
    }
  }

  /// Ends the chunk that is being filled.
  mutating func cut() {
    guard count > 0 else { return }
    chunks.append(PlanChunk.encode(content, first: first, count: count, entries.bytes))
    bytes += entries.count
    first += count
    count = 0
    entries.removeAll()
  }
}
