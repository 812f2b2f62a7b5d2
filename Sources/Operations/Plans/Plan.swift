// What an acting operation would do, as a value: made by a dry run, looked at, and then carried out or
// forgotten. Its digest stands for what would be done: operation, input, items with generations, and
// refusals. The estimate is an opinion and not part of it, so two plans that would do the same are
// the same plan.

internal import Ambient
package import Bytes
package import Digests

/// What an acting operation would do.
package struct Plan: Sendable {
  package let operation: String
  /// The input, without `dryRun`, `plan` and remarks.
  package let input: JSONValue
  /// Items first, then refusals, each kind in its order.
  package let chunks: [PlanChunk]
  package let itemCount: Int
  package let refusalCount: Int
  /// Bytes of all items.
  package let bytes: UInt64
  /// How long it would take; nil when nobody can say.
  package let estimate: Duration?
  /// What it would leave behind: figures with names, such as the space that is free then.
  package let after: JSONObject
  package let digest: Blake3Digest

  init(
    operation: String, input: JSONValue, chunks: [PlanChunk], itemCount: Int, refusalCount: Int,
    bytes: UInt64, estimate: Duration?, after: JSONObject
  ) {
    self.operation = operation
    self.input = input
    self.chunks = chunks
    self.itemCount = itemCount
    self.refusalCount = refusalCount
    self.bytes = bytes
    self.estimate = estimate
    self.after = after
    digest = Self.digest(operation, canonicalDigest(input), chunks.map(\.digest))
  }

  /// The digest that stands for a plan, from the digests of its parts.
  package static func digest(
    _ operation: String, _ input: Blake3Digest?, _ chunks: [Blake3Digest]
  ) -> Blake3Digest {
    var hasher = Blake3(.deriving("larder 1 plan"))
    var writer = ByteWriter()
    writer.append(prefixed: operation)
    writer.append(bytes: input?.bytes ?? [UInt8](repeating: 0, count: Blake3Digest.byteCount))
    writer.append(varint: UInt64(chunks.count))
    hasher.update(writer.bytes)
    for chunk in chunks { chunk.withBytes { hasher.update($0) } }
    return hasher.digest()
  }

  /// Bytes that the plan takes in memory, nearly.
  var footprint: Int { chunks.reduce(4_096) { $0 + $1.bytes.count } }

  /// Items from an index on, at most `limit`.
  package func items(from first: Int, limit: Int) -> [PlanItem] {
    page(.items, from: first, limit: limit) { $0.items ?? [] }
  }

  /// Refusals from an index on, at most `limit`.
  package func refusals(from first: Int, limit: Int) -> [PlanRefusal] {
    page(.refusals, from: first, limit: limit) { $0.refusals ?? [] }
  }

  private func page<Entry>(
    _ content: PlanChunk.Content, from first: Int, limit: Int, _ entries: (PlanChunk) -> [Entry]
  ) -> [Entry] {
    var found: [Entry] = []
    for chunk in chunks
    where chunk.content == content && chunk.range.upperBound > first && found.count < limit {
      let skipped = max(0, first - chunk.range.lowerBound)
      found += entries(chunk).dropFirst(skipped).prefix(limit - found.count)
    }
    return found
  }

  /// The plan as whoever asked for it is shown it, with the first of its items and refusals.
  package func json(shows limit: Int = 100) -> JSONValue {
    .object([
      "plan": .string("\(digest)"), "operation": .string(operation), "input": input,
      "items": JSONValue(itemCount), "refused": JSONValue(refusalCount), "bytes": JSONValue(bytes),
      "estimateSeconds": estimate.map { .number($0.inSeconds) } ?? .null, "after": .object(after),
      "firstItems": .array(items(from: 0, limit: limit).map(\.json)),
      "firstRefusals": .array(refusals(from: 0, limit: limit).map(\.json)),
    ])
  }
}

/// A plan while it is being made.
package struct PlanDraft: Sendable {
  private var items = ChunkWriter(.items)
  private var refusals = ChunkWriter(.refusals)
  private var bytes: UInt64 = 0
  /// How long it would take; nil when nobody can say.
  package var estimate: Duration?
  /// What it would leave behind: figures with names.
  package var after = JSONObject()

  package init() {}

  /// How many items it has so far.
  package var itemCount: Int { items.total }
  /// Bytes of its items so far.
  package var itemBytes: UInt64 { bytes }

  /// Adds something that would be done.
  package mutating func add(_ item: PlanItem) throws(OperationFault) {
    try check(item.identity)
    items.append(item)
    let (sum, overflow) = bytes.addingReportingOverflow(item.bytes)
    guard !overflow, sum <= 1 << 53 else {
      throw .overLimit("the plan is about more bytes than can be counted")
    }
    bytes = sum
  }

  /// Adds something that would be left alone, and why.
  package mutating func refuse(_ refusal: PlanRefusal) throws(OperationFault) {
    try check(refusal.identity)
    refusals.append(refusal)
  }

  private func check(_ identity: [UInt8]) throws(OperationFault) {
    guard !identity.isEmpty, identity.count <= OperationsLimits.identityBytesMax else {
      throw .failed(
        "an item's identity must have 1 to \(OperationsLimits.identityBytesMax) bytes")
    }
    guard items.total + refusals.total < OperationsLimits.planItemsMax else {
      throw .overLimit("the plan has more than \(OperationsLimits.planItemsMax) items")
    }
    guard items.bytes + refusals.bytes < OperationsLimits.planBytesMax else {
      throw .overLimit("the plan's items take more than \(OperationsLimits.planBytesMax) bytes")
    }
  }

  /// The plan.
  consuming func finished(_ operation: String, _ input: JSONValue) -> Plan {
    items.cut()
    refusals.cut()
    return Plan(
      operation: operation, input: input, chunks: items.chunks + refusals.chunks,
      itemCount: items.total, refusalCount: refusals.total, bytes: bytes, estimate: estimate,
      after: after)
  }
}
