// The writing door of a store. Opening takes the directory's one writer's lock, repairs what a crash
// left, and records itself; closing leaves tables so that the next open need not scan. Between the
// two, `append` is the only way in: it returns a receipt when the event is as durable as was asked,
// and otherwise an error that says whether anything was stored.
//
//   open ─▶ lock, list, scan the tail, cut what is torn ─▶ `opened` is appended ─▶ ready
//   close ─▶ commit what is prepared, cancel open fences ─▶ `closed` ─▶ tables beside the tail
//
// A crash anywhere leaves a store that opens.

internal import Ambient
internal import Bytes
internal import Digests
public import DurableFiles
internal import Synchronization

/// An event store that is open for writing.
public final class EventStore: Sendable {
  /// Reads what this store has committed.
  public let reader: EventReader
  /// Which store this is.
  public let lineage: Lineage

  let disk: any Disk
  let writer: Writer
  let files: SegmentFiles
  /// Held until the store is closed.
  private let lock: Mutex<OpenFile?>
  private let isClosed = Mutex(false)
  let compactionTurn = CompactionTurn()
  /// Held by whoever destroys a key, until the log says so; taken before any of the writer's.
  let shredding = Mutex(())

  /// Opens the store in the disk's root, and makes one when `creating` and nothing is there.
  public static func open(
    on disk: any Disk, creating: Bool = true, _ options: StoreOptions = StoreOptions()
  ) throws(StoreError) -> EventStore {
    let key = try options.signing.key()
    let wrapping = try options.keys?.source.key(for: disk)
    try options.payloads.check()
    try Gate.check(options.gates)
    let lock = try WriterLock.take(on: disk)
    var meta = try meta(on: disk, creating: creating, options)
    let files = SegmentFiles(
      disk: disk, lineage: meta.lineage, key: key, entropy: options.entropy,
      origins: try OriginFile.read(on: disk))
    let words = try LiveWords.writing(on: disk)
    let opener = LogOpener(files: files, live: words.readDurable(), repairs: true)
    var cut: String?
    var opened: OpenedLog
    if let found = try opener.open() {
      opened = found
      if case .damage(let sentence) = found.scan.torn {
        cut = sentence
        try found.active.file.cut(to: found.scan.tables.endOffset)
      }
      try found.active.secure(found.scan.tables)
      opened = try files.handedOver(opened, at: options.wallClock.now())
    } else {
      let name = SegmentName(first: 1, generation: 0)
      let segment = try files.make(name, after: Accumulator(), at: options.wallClock.now())
      opened = OpenedLog(
        segments: [segment],
        scan: TailScan(
          tables: IndexTables(segment: name, accumulator: Accumulator()), torn: nil,
          openFences: [:]))
    }
    let keyring = try Keyring.writing(on: disk, &meta, wrapping, options, opened.segments)
    // From here on it is the store itself and no longer what a manifest says.
    try SmallFile.remove(StoreNames.manifest, on: disk)
    try files.secureNames()
    let store = try EventStore(
      disk, meta.lineage, options, key, consume lock, files, words, opened, keyring)
    try store.begin(opened.scan.openFences, cut: cut)
    return store
  }

  private init(
    _ disk: any Disk, _ lineage: Lineage, _ options: StoreOptions, _ key: SigningKey?,
    _ lock: consuming OpenFile, _ files: SegmentFiles, _ words: LiveWords, _ opened: OpenedLog,
    _ keyring: Keyring?
  ) throws(StoreError) {
    self.disk = disk
    self.lineage = lineage
    self.lock = Mutex(consume lock)
    self.files = files
    let tables = opened.scan.tables
    let active = opened.active
    let heads = HeadKeeper(
      disk: disk, entropy: options.entropy, maintenance: options.maintenance,
      log: Log(room: "event store", to: options.log))
    let box = CatalogBox(
      Catalog(
        segments: opened.segments, visible: opened.scan.visible,
        heads: heads.open(over: opened.segments), awaitsFooters: true))
    let publisher = LogPublisher(
      files: files, catalog: box, words: words, heads: heads, options)
    let line = CommitLine(
      segment: active, end: tables.endOffset, filledTo: try active.file.size(),
      lastMark: tables.lastMark, preallocationBytes: options.preallocationBytes)
    let last = try Self.last(opened.segments)
    writer = Writer(
      options: options, key: key, catalog: box,
      position: LogPosition(
        sequence: tables.accumulator.count, time: last?.time ?? WallTime(microseconds: 0)),
      ids: EventIDSource(seed: options.entropy.word(), after: last?.id),
      hidden: opened.scan.hidden, line: line, publisher: publisher, keyring: keyring)
    reader = EventReader(box: box, board: writer.board, keyring: keyring)
    // Before anything is written: a reader that is told nothing takes all that it finds for durable.
    publisher.publish(line, visible: opened.scan.visible)
  }

  /// Time and id of the last event that kept them.
  private static func last(
    _ segments: [Segment]
  ) throws(StoreError) -> (time: WallTime, id: EventID)? {
    for segment in segments.reversed() {
      for index in segment.indexes.reversed() {
        if let tail = index as? TailIndex {
          let found = tail.withTables { tables in
            tables.lastTime.flatMap { time in tables.lastID.map { (time, $0) } }
          }
          if let found { return found }
        } else if let footer = index as? FooterIndex, footer.count > 0 {
          return (footer.times.upperBound, footer.ids.upperBound)
        }
      }
    }
    return nil
  }

  private static func meta(
    on disk: any Disk, creating: Bool, _ options: StoreOptions
  ) throws(StoreError) -> StoreMeta {
    if let meta = try StoreMeta.read(on: disk) { return meta }
    do throws(DiskError) {
      if try disk.status(at: StoreNames.segments) == nil {
        guard creating else { throw DiskError.absent(StoreNames.meta) }
        try disk.makeDirectory(StoreNames.segments, mode: 0o700)
        try disk.syncDirectory(.root)
      } else if try !disk.list(StoreNames.segments).isEmpty || !creating {
        throw DiskError.absent(StoreNames.meta)
      }
    } catch .absent {
      throw .notAStore(StoreNames.meta)
    } catch {
      throw StoreError(error)
    }
    if let keys = options.keys, keys.granularity == nil { throw .keyset(.noGranularity) }
    let now = options.wallClock.now()
    var ids = EventIDSource(seed: options.entropy.word(), after: nil)
    let meta = StoreMeta(lineage: Lineage(id: ids.next(at: now)), made: now)
    try meta.write(on: disk, options.entropy)
    return meta
  }

  /// Records the opening and ends fences that nobody will end any more.
  private func begin(_ fences: [UInt64: [UInt64]], cut: String?) throws(StoreError) {
    try writer.cancelLeftFences(fences)
    let keys = writer.keyring?.keyset.minted
    let isDowngraded =
      if case .preferSigned(nil) = writer.options.signing { true } else { false }
    _ = try writer.append(
      PreparationRequest(SystemRecord.opened(cut: cut, downgraded: isDowngraded, keys: keys)),
      .durable)
    try recordShreds()
    writer.startKeeper()
    // A store that was copied or made before has segments that no table stands for.
    if HeadPlan(writer.catalog.current) != nil { writer.publisher.heads.tend(writer.catalog) }
  }

  // MARK: - Appending

  /// Appends one event and returns its receipt when the event is durable.
  @discardableResult
  public func append(_ event: NewEvent) throws(StoreError) -> Receipt {
    try append(event, writer.options.durability)
  }

  /// Appends one event with a durability of its own.
  @discardableResult
  public func append(_ event: NewEvent, _ durability: Durability) throws(StoreError) -> Receipt {
    let events = [event]
    try check(events)
    let request = PreparationRequest(alone: events)
    if let known = try writer.admit(request) { return known[0] }
    var receipts = try writer.append(request, durability)
    return receipts.removeLast()
  }

  /// Appends events as one transaction: all of them become visible, or none.
  public func append(batch events: [NewEvent]) throws(StoreError) -> [Receipt] {
    try append(batch: events, effects: false)
  }

  func append(batch events: [NewEvent], effects: Bool) throws(StoreError) -> [Receipt] {
    guard !events.isEmpty else { return [] }
    guard events.count <= EventStoreLimits.batchEventsMax else {
      throw .tooMany("events in a batch", countMax: EventStoreLimits.batchEventsMax)
    }
    guard try check(events, effects: effects) <= EventStoreLimits.batchBytesMax else {
      throw .tooLarge("a batch", bytesMax: EventStoreLimits.batchBytesMax)
    }
    let request = PreparationRequest(batch: events)
    if let known = try writer.admit(request) { return known }
    return try writer.append(request, writer.options.durability)
  }

  /// Refuses events that cannot be appended; returns how many bytes their payloads have.
  @discardableResult
  private func check(_ events: [NewEvent], effects: Bool = false) throws(StoreError) -> Int {
    // They are looked at where they lie, for copies of many would cost more than all the rest.
    let events = events.span
    var bytes = 0
    for index in events.indices {
      bytes += events[index].payload.count
      let kind = events[index].kind
      guard !kind.isReserved || effects && !kind.isSystem else { throw .reservedKind(kind) }
      try writer.options.payloads.check(kind, version: events[index].payloadVersion)
      guard events[index].payload.count <= NewEvent.payloadBytesMax else {
        throw .tooLarge("the payload", bytesMax: NewEvent.payloadBytesMax)
      }
      if !events[index].extensions.isEmpty { try check(events[index].extensions) }
    }
    return bytes
  }

  private func check(_ extensions: [EventExtension]) throws(StoreError) {
    guard extensions.count <= EventExtension.countMax else {
      throw .tooMany("extensions", countMax: EventExtension.countMax)
    }
    if extensions.contains(where: { $0.name.hasPrefix(EventExtension.reservedPrefix) }) {
      throw .badName("extension", "begins with the store's own prefix")
    }
  }

  /// Settles an append whose fate was unknown, after the store was opened again.
  public func resolve(_ token: AppendToken) throws(StoreError) -> Receipt? {
    let catalog = writer.catalog.current
    guard let sequence = try reader.sequence(of: token.id, catalog) else { return nil }
    let receipt = try reader.receipt(sequence)
    return receipt.commitment == token.commitment ? receipt : nil
  }

  // MARK: - Fences

  /// Opens a fence: what is appended through it becomes visible together, or never.
  public func openFence() throws(StoreError) -> Fence {
    Fence(try writer.openFence(), self)
  }

  // MARK: - Progress

  /// How far the log has come.
  public var watermarks: Watermarks { writer.board.current }

  /// Sleeps until the mark has reached the sequence; throws at once when it never will, as for an
  /// event of a cancelled fence, or for a projection that has stopped.
  public func wait(
    for mark: Watermark, until sequence: UInt64, timeout: Duration? = nil
  ) throws(StoreError) {
    try writer.board.wait(for: mark, until: sequence, timeout: timeout)
    if mark == .visible, try reader.isCancelled(sequence) { throw .cancelledFence(sequence) }
  }

  /// Makes everything that was accepted durable.
  public func flush() throws(StoreError) {
    try writer.flush()
  }

  /// Ends the store in order; further calls do nothing.
  public func close() throws(StoreError) {
    let first = isClosed.withLock { closed -> Bool in
      defer { closed = true }
      return !closed
    }
    guard first else { return }
    writer.stopKeeper()
    try writer.cancelFences()
    _ = try writer.append(
      PreparationRequest(SystemRecord.closed(keys: writer.keyring?.keyset.minted)), .durable)
    try writer.finish()
    writer.publisher.retire()
    do throws(DiskError) {
      try disk.remove(StoreNames.words)
    } catch .absent {
      // Nobody published, or somebody removed it; nothing is lost either way.
    } catch {
      throw StoreError(error)
    }
    lock.withLock { $0 = nil }
  }

  deinit {
    writer.stopKeeper()
    writer.publisher.stop()
    writer.stop(.closed)
  }
}

/// Events that become visible together.
public final class Fence: Sendable {
  private let number: Int
  private let store: EventStore

  fileprivate init(_ number: Int, _ store: EventStore) {
    self.number = number
    self.store = store
  }

  /// Appends an event that stays hidden until the fence is committed.
  @discardableResult
  public func append(_ event: NewEvent) throws(StoreError) -> Receipt {
    try store.append(event, fence: number)
  }

  /// Makes every member visible at once.
  public func commit() throws(StoreError) {
    try store.writer.endFence(number, cancels: false)
  }

  /// Makes every member invisible for ever.
  public func cancel() throws(StoreError) {
    try store.writer.endFence(number, cancels: true)
  }
}

extension EventStore {
  fileprivate func append(_ event: NewEvent, fence: Int) throws(StoreError) -> Receipt {
    let events = [event]
    try check(events)
    let request = PreparationRequest(alone: events, fence: fence)
    if let known = try writer.admit(request) { return known[0] }
    return try writer.append(request, .durable)[0]
  }
}
