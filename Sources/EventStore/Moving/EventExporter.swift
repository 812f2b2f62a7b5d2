// Exports a region as lines of canonical JSON, the same lines for the same events:
//
//   start    format, lineage, the last event that is looked at, and the region
//   event    everything that an event's commitment binds, and its payload
//   removed  an event of which compaction left its commitment
//   end      how many of each, the store's root, and a hash over all lines before
//
// The store's own records are not exported: they say what happened to this store. What cannot be
// read is exported without its payload, and what was removed is only named; nothing is made up.

internal import Bytes
public import Digests

/// What an export has told.
public struct ExportReport: Hashable, Sendable {
  /// The store whose events they are.
  public let source: Lineage
  public internal(set) var events: UInt64 = 0
  /// How many of them without their payloads, which cannot be read.
  public internal(set) var unreadable: UInt64 = 0
  /// Removed events that were named.
  public internal(set) var removed: UInt64 = 0
  /// How many events the store has had, and the root over them.
  public let count: UInt64
  public let root: Blake3Digest
}

/// An export, line by line.
public struct EventExporter: ~Copyable {
  /// What an exported stream is, beside its version.
  static let name = "larder export"
  static let format: Int64 = 1

  private let reader: EventReader
  private let region: Region
  /// What was told so far.
  public private(set) var report: ExportReport
  private var hasher: Blake3
  private var position: UInt64 = 0
  private var page: ArraySlice<Event> = []
  private var state = State.start
  private var looked: UInt64
  private let end: UInt64

  private enum State { case start, events, end, over }
  private static let pageEvents = 256

  /// Exports what is in the region and may be seen now.
  public init(_ reader: EventReader, region: Region = .everything) throws(StoreError) {
    let catalog = try reader.catalog()
    guard let lineage = catalog.lineage else { throw .absent("an event") }
    report = ExportReport(
      source: lineage, count: catalog.visible,
      root: try catalog.accumulator(count: catalog.visible).root)
    hasher = Blake3()
    self.reader = reader
    self.region = region
    looked = (region.sequences?.lowerBound ?? 1) - 1
    end = min(region.sequences?.upperBound ?? .max, catalog.visible)
    position = looked
  }

  /// How far the export has come, for a line of progress.
  public var progress: (done: UInt64, total: UInt64) { (looked, end) }

  /// The next line with its end; nil behind the last.
  public mutating func next() throws(StoreError) -> [UInt8]? {
    switch state {
    case .start:
      state = .events
      return line(start)
    case .events:
      if let value = try nextEvent() { return line(value) }
      state = .over
      return encoded(ending)
    case .end, .over: return nil
    }
  }

  private mutating func line(_ value: JSONValue) -> [UInt8] {
    let bytes = encoded(value)
    hasher.update(bytes)
    return bytes
  }

  private func encoded(_ value: JSONValue) -> [UInt8] {
    do throws(BytesError) {
      return try value.canonical() + [UInt8(ascii: "\n")]
    } catch {
      preconditionFailure("an event holds no number that JSON cannot")
    }
  }

  private var start: JSONValue {
    .object([
      "line": "start", "stream": .string(Self.name), "format": .integer(Self.format),
      "lineage": .string("\(report.source)"), "last": JSONValue(end), "region": region.value,
      "removedNamed": .bool(region.takesAll),
    ])
  }

  private var ending: JSONValue {
    .object([
      "line": "end", "events": JSONValue(report.events),
      "unreadable": JSONValue(report.unreadable), "removed": JSONValue(report.removed),
      "count": JSONValue(report.count), "root": .string("\(report.root)"),
      "digest": .string("\(hasher.digest())"),
    ])
  }

  /// The next event or removed one.
  private mutating func nextEvent() throws(StoreError) -> JSONValue? {
    while looked < end {
      if page.isEmpty { try turnPage() }
      // Between two events lie cancelled ones, and removed ones that are named where a region
      // takes everything; a removed event has kept nothing that a narrower one could be asked of.
      let next = page.first?.header.sequence ?? position + 1
      while looked + 1 < min(next, end + 1) {
        looked += 1
        if region.takesAll, let commitment = try removedCommitment(looked) {
          report.removed += 1
          return .object([
            "line": "removed", "sequence": JSONValue(looked),
            "commitment": .string("\(commitment)"),
          ])
        }
      }
      guard let event = page.popFirst() else { continue }
      looked = event.header.sequence
      if event.header.kind.isSystem { continue }
      let digest = try reader.receipt(event.header.sequence).digest
      let exported = ExportedEvent(
        header: event.header, digest: digest, commitment: event.commitment,
        payload: event.payload)
      report.events += 1
      if !exported.isReadable { report.unreadable += 1 }
      return exported.value
    }
    return nil
  }

  private mutating func turnPage() throws(StoreError) {
    var region = region
    region.sequences = max(position, 1)...max(end, 1)
    let found = try reader.events(in: region, after: position, limit: Self.pageEvents)
    page = found.events[...]
    position = found.isEnd ? end : found.position
  }

  private func removedCommitment(_ sequence: UInt64) throws(StoreError) -> Commitment? {
    do throws(StoreError) {
      _ = try reader.event(sequence)
      return nil
    } catch .removed {
      return try reader.commitment(of: sequence)
    } catch .absent {
      // A member of a fence that was cancelled.
      return nil
    }
  }
}

extension Region {
  /// Whether every event of its sequences is in it.
  fileprivate var takesAll: Bool {
    entityPrefix == nil && scope == nil && kind == .any && lane == nil
  }

  fileprivate var value: JSONValue {
    var object: JSONObject = [:]
    if let entityPrefix { object["entity"] = .string(entityPrefix) }
    if let scope { object["scope"] = .string(scope) }
    switch kind {
    case .any: break
    case .category(let category): object["kind"] = .string(String(category, radix: 16))
    case .exactly(let kind): object["kind"] = .string(kind.digits)
    }
    if let lane { object["lane"] = JSONValue(lane.number) }
    if let sequences {
      object["from"] = JSONValue(sequences.lowerBound)
      if sequences.upperBound < 1 << 53 { object["to"] = JSONValue(sequences.upperBound) }
    }
    return .object(object)
  }
}
