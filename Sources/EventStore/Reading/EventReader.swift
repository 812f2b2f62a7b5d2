// The reading door of a store: in the writer's process a view of what it has committed, in any other
// a view that follows what the writer published. A reader takes no lock that anyone waits for; it
// works on the catalog that was newest when the call began.

internal import Bytes
public import DurableFiles

/// Reads a store.
public final class EventReader: Sendable {
  let box: CatalogBox
  /// Brings news to a reader of another process than the writer's.
  let refresher: Refresher?
  /// Knows what the writer of this process does.
  let board: WatermarkBoard?
  /// The keys that were there when the reader began, or else the way to those that may come.
  private let firstKeyring: Keyring?
  private let laterKeyring: LaterKeyring?

  init(
    box: CatalogBox, refresher: Refresher? = nil, board: WatermarkBoard? = nil,
    keyring: Keyring? = nil, laterKeyring: LaterKeyring? = nil
  ) {
    self.box = box
    self.refresher = refresher
    self.board = board
    firstKeyring = keyring
    self.laterKeyring = laterKeyring
  }

  /// Opens payloads; nil for a reader without keys, which sees them sealed.
  var keyring: Keyring? { firstKeyring ?? laterKeyring?.found }

  /// Opens the store in the disk's root for reading, beside its writer if it has one.
  ///
  /// Takes no lock and writes nothing. Without `keys` payloads that are sealed stay so.
  public static func open(
    on disk: any Disk, keys: KeySource? = nil
  ) throws(StoreError) -> EventReader {
    let refresher = Refresher(disk: disk)
    let box = CatalogBox(try refresher.open())
    let keyring = try Keyring.reading(on: disk, keys, EventReader(box: box))
    return EventReader(
      box: box, refresher: refresher, keyring: keyring,
      laterKeyring: keyring == nil ? keys.map { LaterKeyring(disk, $0) } : nil)
  }

  /// How many ordinals one page looks at for each event that it may return, and at least.
  private static let looksPerEvent = 64
  private static let looksMin = 4_096

  /// The newest catalog; a reader of another process looks for news first.
  func catalog() throws(StoreError) -> Catalog {
    if let refresher {
      try refresher.refresh(box)
      try laterKeyring?.look(box)
      try keyring?.refresh()
    }
    return box.current
  }

  /// The last sequence that may be seen.
  public var lastSequence: UInt64 {
    get throws(StoreError) { try catalog().visible }
  }

  /// Which store this is; nil while it has no segment.
  package var lineage: Lineage? {
    get throws(StoreError) { try catalog().lineage }
  }

  // MARK: - One event

  /// The event with this sequence.
  public func event(_ sequence: UInt64) throws(StoreError) -> Event {
    let catalog = try catalog()
    guard sequence > 0, sequence <= catalog.visible else {
      throw .absent("event \(sequence)")
    }
    guard let event = try event(sequence, catalog) else { throw .absent("event \(sequence)") }
    return event
  }

  /// The event with this id.
  public func event(_ id: EventID) throws(StoreError) -> Event {
    let catalog = try catalog()
    guard let sequence = try sequence(of: id, catalog), sequence <= catalog.visible,
      let event = try event(sequence, catalog)
    else { throw .absent("\(id)") }
    return event
  }

  /// The newest visible event of a lane; nil when it has none.
  public func latest(_ entity: String, lane: Lane = .main) throws(StoreError) -> Event? {
    let catalog = try catalog()
    let name = Array(entity.utf8)
    let key = StreamKey(entity: name, lane: lane)
    var sequence = try catalog.head(of: name, lane: lane, key: key)?.sequence
    while let found = sequence {
      do throws(StoreError) {
        if found <= catalog.visible, let event = try event(found, catalog) { return event }
      } catch .removed {
        // What came before it may still be there.
      }
      sequence = catalog.predecessor(of: name, lane: lane, key: key, before: found)
    }
    return nil
  }

  /// The receipt of an event, as it was first returned.
  public func receipt(_ sequence: UInt64) throws(StoreError) -> Receipt {
    let catalog = try catalog()
    guard sequence > 0, sequence <= catalog.visible else { throw .absent("event \(sequence)") }
    return try receipt(sequence, catalog)
  }

  func receipt(_ sequence: UInt64, _ catalog: Catalog) throws(StoreError) -> Receipt {
    guard let segment = catalog.segment(holding: sequence), let place = segment.place(of: sequence)
    else { throw .absent("event \(sequence)") }
    let offset = place.index.offset(of: place.ordinal)
    let receipt = try segment.receipt(at: offset)
    guard receipt.sequence == sequence else {
      throw FormatFault.strayed(to: receipt.sequence, from: sequence).at(segment.path, offset)
    }
    return receipt
  }

  /// The event; nil for a member of a cancelled fence.
  func event(_ sequence: UInt64, _ catalog: Catalog) throws(StoreError) -> Event? {
    guard let segment = catalog.segment(holding: sequence), let place = segment.place(of: sequence)
    else { throw .absent("event \(sequence)") }
    if place.index.isCancelled(place.ordinal) { return nil }
    return try segment.event(at: place.index.offset(of: place.ordinal), sequence, keyring)
  }

  /// True for a member of a cancelled fence.
  func isCancelled(_ sequence: UInt64) throws(StoreError) -> Bool {
    guard let segment = try catalog().segment(holding: sequence),
      let place = segment.place(of: sequence)
    else { return false }
    return place.index.isCancelled(place.ordinal)
  }

  /// The commitment of an event that may be seen, removed or not.
  package func commitment(of sequence: UInt64) throws(StoreError) -> Commitment {
    guard let segment = try catalog().segment(holding: sequence),
      let place = segment.place(of: sequence)
    else { throw .absent("event \(sequence)") }
    return try segment.commitment(at: place.index.offset(of: place.ordinal))
  }

  // MARK: - Pages

  /// Events of a region after a sequence, or before it newest first; 0 begins at the end that the
  /// order begins at. The cost is that of what is returned, wherever in the log that lies.
  public func events(
    in region: Region, after position: UInt64 = 0, limit: Int = 100,
    order: PageOrder = .oldestFirst
  ) throws(StoreError) -> Page {
    let catalog = try catalog()
    var walk = PageWalk(
      region: region, limit: min(max(limit, 1), EventStoreLimits.pageEventsMax), order: order,
      budget: max(limit * Self.looksPerEvent, Self.looksMin), keyring: keyring)
    return try walk.run(catalog, after: position)
  }
}

extension Segment {
  /// The event whose frame stands there; throws `.removed` for what compaction took.
  func event(
    at offset: UInt64, _ sequence: UInt64, _ keyring: Keyring?
  ) throws(StoreError) -> Event {
    try withFrame(at: offset) { (bytes: Span<UInt8>, frame: Frame) throws(StoreError) in
      guard case .event(let event) = frame else {
        if case .husk = frame { throw .removed(sequence: sequence) }
        throw FormatFault("has a mark where an event should be").at(path, offset)
      }
      let found = try self.event(bytes, event, at: offset, keyring)
      guard found.header.sequence == sequence else {
        throw FormatFault.strayed(to: found.header.sequence, from: sequence).at(path, offset)
      }
      return found
    }
  }

  /// Decodes an event out of its frame, and opens its payload if there is a keyring.
  func event(
    _ bytes: Span<UInt8>, _ frame: EventFrame, at offset: UInt64, _ keyring: Keyring?
  ) throws(StoreError) -> Event {
    let header: EventHeader
    do throws(FormatFault) {
      header = try EventHeader.decode(bytes, frame.header)
    } catch {
      throw error.at(path, offset)
    }
    let payload: Payload?
    if let sealing = header.sealing {
      payload =
        try keyring.map { (keyring) throws(StoreError) in
          try keyring.open(bytes.extracting(frame.payload), header, sealing)
        } ?? .sealed
    } else {
      payload = .bytes(copy(bytes, frame.payload))
    }
    guard let payload else {
      throw FormatFault("has a payload that its key does not open").at(path, offset)
    }
    return Event(header: header, payload: payload, commitment: frame.commitment(in: bytes))
  }

  /// The id of the event whose frame stands there; nil for a husk that kept none.
  func id(at offset: UInt64) throws(StoreError) -> EventID? {
    try withFrame(at: offset) { (bytes: Span<UInt8>, frame: Frame) throws(StoreError) in
      let header: Range<Int>? =
        switch frame {
        case .event(let event): event.header
        case .husk(let husk): husk.kept?.header
        case .mark: nil
        }
      guard let header else { return nil }
      do throws(BytesError) {
        var cursor = ByteCursor(header)
        return try HeaderGlance(bytes, &cursor).id
      } catch {
        throw FormatFault(error).at(path, offset)
      }
    }
  }
}
