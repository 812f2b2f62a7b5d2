// Imports what another store exported. Each event is appended under a key that follows from the
// store it comes from and its id, so importing it again appends nothing, however long ago the first
// time was; events keep their order and batches stay whole. Where an event came from is kept in
// extensions under the store's own prefix:
//
//   larder.import   lineage, id, sequence, time and commitment in the store it was exported from
//   larder.origin   the same of the store before that, if it was imported there
//   larder.key      the idempotency key it had there
//
// A line is checked by itself before it is appended, by its commitment, and all lines by the hash in
// the last. A stream that ends early or fails leaves what was appended; importing it whole later adds
// what is missing.

internal import Ambient
internal import Bytes
internal import Digests

/// What an import did.
public struct ImportReport: Hashable, Sendable {
  /// The store that the events come from.
  public internal(set) var source: Lineage
  public internal(set) var appended: UInt64 = 0
  /// Events that were imported before.
  public internal(set) var known: UInt64 = 0
  /// Events whose payload the stream does not have, and events that were removed before it was made.
  public internal(set) var unreadable: UInt64 = 0
  public internal(set) var removed: UInt64 = 0
}

/// An import, line by line.
public struct EventImporter: ~Copyable {
  /// The most events, and bytes of payloads, that are appended with one sync.
  private static let bufferedEventsMax = 1_024
  private static let bufferedBytesMax = 8 << 20
  /// Lines are flat; what nests deeper is none of ours.
  private static let depthMax = 8

  private let store: EventStore
  private var hasher = Blake3()
  private var report: ImportReport?
  private var number = 0
  private var last: UInt64 = 0
  private var seen: UInt64 = 0
  private var batch: [ExportedEvent] = []
  private var bufferedEvents = 0
  private var bufferedBytes = 0
  private var isEnded = false

  public init(into store: EventStore) {
    self.store = store
  }

  /// An import of events that come in no stream.
  init(into store: EventStore, of source: Lineage) {
    self.store = store
    report = ImportReport(source: source)
  }

  /// How many events were appended so far.
  var appended: UInt64 { report?.appended ?? 0 }

  /// How many events were taken so far.
  public var events: UInt64 { seen }

  /// Takes the next line, without its end.
  public mutating func take(_ line: [UInt8]) throws(StoreError) {
    number += 1
    if isEnded { throw fault("stands behind the last") }
    let value: JSONValue
    do throws(BytesError) {
      value = try JSONValue(parsing: line, depthMax: Self.depthMax)
    } catch {
      throw fault("is not JSON: \(error)")
    }
    switch (value["line"]?.string, report) {
    case ("start", nil): try begin(value)
    case ("event", .some): try takeEvent(value)
    case ("removed", .some): report?.removed += 1
    case ("end", .some):
      try appendBatch()
      try end(value)
    default: throw fault("is not one that may stand there")
    }
    hasher.update(line + [UInt8(ascii: "\n")])
  }

  /// Ends the import: everything that was taken is durable.
  public consuming func finish() throws(StoreError) -> ImportReport {
    try store.flush()
    guard isEnded, let report else { throw .stream("ends before its last line") }
    return report
  }

  private func fault(_ sentence: String) -> StoreError {
    .stream("has a line \(number) that \(sentence)")
  }

  private mutating func begin(_ value: JSONValue) throws(StoreError) {
    guard value["stream"]?.string == EventExporter.name,
      let lineage = value["lineage"]?.string.flatMap({ EventID(parsing: $0) })
    else { throw fault("begins no export of events") }
    guard value["format"]?.integer == EventExporter.format else {
      throw fault("is of a format that this program does not know")
    }
    report = ImportReport(source: Lineage(id: lineage))
  }

  private mutating func takeEvent(_ value: JSONValue) throws(StoreError) {
    guard let event = ExportedEvent(value) else { throw fault("holds no whole event") }
    guard event.holds else { throw fault("holds an event that does not fit its commitment") }
    guard event.header.sequence > last else { throw fault("goes back in sequence") }
    guard !event.header.kind.isSystem else { throw fault("holds a record of another store's") }
    last = event.header.sequence
    seen += 1
    guard event.isReadable else {
      report?.unreadable += 1
      return
    }
    try append(event)
  }

  /// Appends the next event, with those of its batch when the last of them has come.
  mutating func append(_ event: ExportedEvent) throws(StoreError) {
    if batch.first?.header.batch?.id != event.header.batch?.id || event.header.batch == nil {
      try appendBatch()
    }
    batch.append(event)
    if event.header.batch == nil { try appendBatch() }
  }

  /// Appends what was collected and makes all of it durable.
  mutating func settle() throws(StoreError) {
    try appendBatch()
    try store.flush()
  }

  /// Appends what was collected and is not there yet, as one transaction when it is of a batch.
  private mutating func appendBatch() throws(StoreError) {
    guard let source = report?.source, !batch.isEmpty else { return }
    let taken = batch
    batch = []
    var events: [NewEvent] = []
    for event in taken {
      let new = try NewEvent(importing: event, from: source)
      guard let key = new.key, try !store.reader.holds(key) else {
        report?.known += 1
        continue
      }
      events.append(new)
      bufferedBytes += new.payload.count
    }
    guard let first = events.first else { return }
    bufferedEvents += events.count
    let request =
      taken[0].header.batch == nil ? PreparationRequest(first) : PreparationRequest(batch: events)
    _ = try store.writer.append(
      request, .buffered(eventsMax: Self.bufferedEventsMax, timeMax: .seconds(60)))
    report?.appended += UInt64(events.count)
    if bufferedEvents >= Self.bufferedEventsMax || bufferedBytes >= Self.bufferedBytesMax {
      try store.flush()
      (bufferedEvents, bufferedBytes) = (0, 0)
    }
  }

  private mutating func end(_ value: JSONValue) throws(StoreError) {
    guard value["digest"]?.string == "\(hasher.digest())",
      value["events"]?.integer.flatMap({ UInt64(exactly: $0) }) == seen,
      value["removed"]?.integer.flatMap({ UInt64(exactly: $0) }) == report?.removed
    else { throw fault("does not fit the lines before it: some were changed, added or left out") }
    isEnded = true
  }
}

extension NewEvent {
  private static let importKeys = Blake3Mode.deriving("larder 1 import key")
  private static let provenance = "larder.import"
  private static let olderProvenance = "larder.origin"
  private static let keyBefore = "larder.key"

  /// The event as it is appended to another store.
  init(importing event: ExportedEvent, from source: Lineage) throws(StoreError) {
    let header = event.header
    guard case .bytes(let payload) = event.payload else {
      preconditionFailure("what cannot be read is not imported")
    }
    self.init(
      header.coordinate, kind: header.kind, payload: payload,
      payloadVersion: header.payloadVersion, lane: header.lane,
      key: IdempotencyKey(trusted: Self.importKey(of: header.id, from: source)),
      correlation: header.correlation, causation: header.causation)
    let own = header.extensions.filter { !$0.name.hasPrefix(EventExtension.reservedPrefix) }
    let older = header.extensions.first { $0.name == Self.provenance }
    let words =
      "\(source) \(header.id) \(header.sequence) \(header.time.microseconds) \(event.commitment)"
    extensions = own + [EventExtension(trusted: Self.provenance, Array(words.utf8))]
    if let older {
      extensions.append(EventExtension(trusted: Self.olderProvenance, older.value))
    }
    if let key = header.key {
      extensions.append(EventExtension(trusted: Self.keyBefore, key.bytes))
    }
  }

  /// `import:` and 32 bytes that follow from where the event comes from.
  private static func importKey(of id: EventID, from source: Lineage) -> [UInt8] {
    var writer = ByteWriter()
    writer.append(id: source.id)
    writer.append(id: id)
    let digest = Blake3.digest(of: writer.bytes, importKeys)
    return Array("import:".utf8) + digest.bytes
  }
}

extension EventReader {
  /// Whether any event, however old, was appended with a key.
  func holds(_ key: IdempotencyKey) throws(StoreError) -> Bool {
    let hash = KeyHash(key)
    for segment in box.current.segments {
      for index in segment.indexes {
        for ordinal in index.keyed(hash) where !index.isCancelled(ordinal) {
          let receipt = try segment.receipt(at: index.offset(of: ordinal))
          if receipt.header.key == key { return true }
        }
      }
    }
    return false
  }
}
