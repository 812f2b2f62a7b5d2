// The record of a shred in the log, and what the log as a whole says of the keyset. The record has
// the epoch, which counts all shreds, and the hash of their history, so that a keyset from before a
// shred, or of a copy of the store that shredded something else, is told from the right one.

internal import Bytes
internal import Digests

/// What a shred's record says.
struct ShredRecord: Equatable {
  let scope: KeyScopeID
  let generation: UInt32
  let epoch: UInt64
  /// The history after this shred.
  let history: Blake3Digest

  init(_ shredding: Shredding) {
    scope = shredding.scope
    generation = shredding.generation
    epoch = shredding.epoch
    history = shredding.history
  }

  /// The event that records it.
  func event(_ granularity: KeyGranularity) -> NewEvent {
    SystemRecord.record(
      .shred,
      [
        "epoch": JSONValue(epoch), "generation": JSONValue(generation),
        "granularity": .string("\(granularity)"), "history": .string("\(history)"),
        "key": .string("\(scope)"),
      ])
  }

  /// Reads the payload of a shred's event; nil when it is none.
  init?(_ payload: [UInt8]) {
    let value: JSONValue
    do throws(BytesError) {
      value = try JSONValue(parsing: payload)
    } catch {
      return nil
    }
    guard let scope = value["key"]?.string.flatMap({ KeyScopeID(parsing: $0) }),
      let generation = value["generation"]?.integer.flatMap({ UInt32(exactly: $0) }),
      let epoch = value["epoch"]?.integer.flatMap({ UInt64(exactly: $0) }),
      let history = value["history"]?.string
    else { return nil }
    do throws(DigestsError) {
      self.history = try Blake3Digest(hexadecimal: history)
    } catch {
      return nil
    }
    self.scope = scope
    self.generation = generation
    self.epoch = epoch
  }
}

extension KeysetExpectation {
  /// How many of the newest events are looked at for one that is sealed.
  private static let looksMax: UInt64 = 4_096

  /// What a log says of its keyset. `reader` needs no keys, for the store's own events have none.
  static func read(_ reader: EventReader) throws(StoreError) -> KeysetExpectation {
    var expectation = KeysetExpectation()
    let catalog = reader.box.current
    let last = catalog.segments.last?.lastSequence ?? 0
    if let event = try reader.newest(.shred) {
      guard let record = event.bytes.flatMap({ ShredRecord($0) }) else {
        throw .badPayload(.shred, "cannot be read")
      }
      (expectation.epoch, expectation.history) = (record.epoch, record.history)
    }
    for kind in [EventKind.opened, .closed] {
      let minted = try reader.newest(kind).flatMap { SystemRecord.minted($0) } ?? 0
      expectation.minted = max(expectation.minted, minted)
    }
    var sequence = last
    while sequence > 0, last - sequence < looksMax {
      if let sealing = try reader.sealing(sequence, catalog) {
        expectation.minted = max(expectation.minted, sealing.minted)
        break
      }
      sequence -= 1
    }
    return expectation
  }
}

extension SystemRecord {
  /// How many keys had been minted when a record of an opening or a closing was made.
  fileprivate static func minted(_ event: Event) -> UInt64? {
    do throws(BytesError) {
      return try JSONValue(parsing: event.bytes ?? [])["keys"]?.integer.flatMap {
        UInt64(exactly: $0)
      }
    } catch {
      return nil
    }
  }
}

extension EventReader {
  /// The newest event of a kind, as of the catalog that was read last.
  fileprivate func newest(_ kind: EventKind) throws(StoreError) -> Event? {
    let catalog = box.current
    var position: UInt64 = 0
    while true {
      var walk = PageWalk(
        region: Region(kind: .exactly(kind)), limit: 1, order: .newestFirst, budget: 65_536,
        keyring: nil)
      let page = try walk.run(catalog, after: position)
      if let event = page.events.first { return event }
      if page.isEnd || page.position <= 1 { return nil }
      position = page.position
    }
  }

  /// How an event was sealed; nil when it was not, or was removed.
  func sealing(_ sequence: UInt64, _ catalog: Catalog) throws(StoreError) -> Sealing? {
    guard let segment = catalog.segment(holding: sequence), let place = segment.place(of: sequence)
    else { return nil }
    let offset = place.index.offset(of: place.ordinal)
    return try segment.withFrame(at: offset) { (bytes: Span<UInt8>, frame: Frame) in
      guard case .event(let event) = frame else { return nil }
      return Sealing(bytes, header: event.header)
    }
  }
}

extension Sealing {
  /// How many bytes it has at the end of a header.
  private static let count = 44

  /// How an event was sealed, from its header's bytes; nil when it was not.
  init?(_ bytes: Span<UInt8>, header: Range<Int>) {
    let start = header.upperBound - Self.count
    guard start > header.lowerBound + 38,
      HeaderFlags(
        rawValue: UInt16(bytes[header.lowerBound + 36])
          | UInt16(bytes[header.lowerBound + 37]) << 8
      ).contains(.sealed)
    else { return nil }
    self.init(
      scopeHigh: littleEndianUInt64(bytes, at: start).byteSwapped,
      scopeLow: littleEndianUInt64(bytes, at: start + 8).byteSwapped,
      generation: littleEndianUInt32(bytes, at: start + 16),
      nonce: copy(bytes, start + 20..<start + Self.count))
  }
}
