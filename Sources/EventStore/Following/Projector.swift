// Runs projections: one pass over the log for all of them, from the one that is furthest behind up to
// what is visible. A pass ends at a whole place, where no batch and no fence is cut in two; there the
// states rest, the watermarks move and, now and then, snapshots are kept. A projection that cannot
// take an event in is put back to the whole place before it and left there; the others go on.

public import Ambient
public import DurableFiles
internal import Synchronization

/// Runs projections over one log.
public final class Projector: Sendable {
  /// The most projections of one projector.
  public static let projectionsMax = 256
  /// A pass ends at the first whole place after so many events.
  static let passEventsMin: UInt64 = 1_000
  /// A snapshot is kept after so many events.
  public static let snapshotEventsDefault: UInt64 = 65_536

  private struct State {
    var folds: [Fold] = []
    /// Positions of the newest snapshots.
    var saved: [String: UInt64] = [:]
    /// Somebody is making a pass.
    var isBusy = false
    var isStopped = false
    /// Wakes the thread that follows the log.
    var nudge = Cancellation()
  }

  private let reader: EventReader
  private let shelf: SnapshotShelf?
  private let snapshotEvents: UInt64
  private let state = Monitor(State())
  private let worker = Mutex<Worker?>(nil)

  init(_ reader: EventReader, _ shelf: SnapshotShelf?, _ snapshotEvents: UInt64) {
    self.reader = reader
    self.shelf = shelf
    self.snapshotEvents = max(snapshotEvents, 1)
  }

  /// Adds a projection, which begins at its snapshot or at the first event.
  ///
  /// In the writer's process the store's `applied` watermark waits for it from now on, and its name
  /// may be there once only.
  public func add<S>(_ projection: Projection<S>) throws(StoreError) -> ProjectionView<S> {
    if let fault = NameOfFile.fault(
      in: projection.name, bytesMax: Projection<S>.nameBytesMax)
    {
      throw .badName("projection", fault)
    }
    let found = ProjectionView<S>.begin(projection, shelf, reader)
    let view = ProjectionView(
      projection, found.state, at: found.position, found.start,
      wake: { [weak self] in self?.nudge() })
    let fold = view.fold(shelf, reader)
    try state.withLock { (state) throws(StoreError) in
      if state.isStopped { throw .closed }
      guard state.folds.count < Self.projectionsMax else {
        throw .tooMany("projections", countMax: Self.projectionsMax)
      }
      guard !state.folds.contains(where: { $0.name == projection.name }) else {
        throw .badName("projection", "'\(projection.name)' is there twice")
      }
      state.folds.append(fold)
      if case .resumed(let position) = found.start { state.saved[projection.name] = position }
    }
    if let board = reader.board, !board.register(projection.name, at: found.position) {
      state.withLock { $0.folds.removeAll { $0.name == projection.name } }
      throw .badName("projection", "'\(projection.name)' is there twice")
    }
    nudge()
    return view
  }

  /// Takes in, on the calling thread, everything that is visible now.
  public func catchUp() {
    while pass() {}
  }

  /// Follows the log on a thread of its own until it is stopped or the store is closed.
  public func start() {
    worker.withLock { worker in
      guard worker == nil else { return }
      worker = Worker("larder-project") { [self] in follow() }
    }
  }

  /// Ends the thread, keeps a snapshot of every projection, and lets the `applied` watermark go on
  /// without them.
  public func stop() {
    let first = state.withLock { state -> Bool in
      defer { state.isStopped = true }
      return !state.isStopped
    }
    guard first else { return }
    nudge()
    let running = worker.withLock { $0.take() }
    running?.join()
    let folds = takeTurn()
    for fold in folds {
      save(fold)
      reader.board?.unregister(fold.name)
    }
    endTurn()
  }

  private func nudge() {
    state.withLock { $0.nudge }.cancel()
  }

  private func follow() {
    while true {
      let nudge = state.withLock { state -> Cancellation? in
        if state.isStopped { return nil }
        state.nudge = Cancellation()
        return state.nudge
      }
      guard let nudge else { return }
      do throws(StoreError) {
        let level = try reader.lastSequence
        catchUp()
        try reader.wait(after: level, until: nudge)
      } catch .closed {
        return
      } catch {
        // The pass meets the same error, and stops every projection with it.
        return catchUp()
      }
    }
  }

  // MARK: - One pass

  /// Waits for the pass of another thread to end and keeps others waiting; gives the projections.
  private func takeTurn() -> [Fold] {
    state.wait { state -> [Fold]? in
      if state.isBusy { return nil }
      state.isBusy = true
      return state.folds
    }!
  }

  private func endTurn() {
    state.change { $0.isBusy = false }
  }

  /// Takes some events in; false when there is nothing left to do.
  private func pass() -> Bool {
    let folds = takeTurn()
    defer { endTurn() }
    var runs = folds.compactMap { fold -> FoldRun? in
      let standing = fold.standing()
      return standing.stop == nil ? FoldRun(fold, at: standing.position) : nil
    }
    let catalog: Catalog
    do throws(StoreError) {
      catalog = try reader.catalog()
    } catch {
      for run in runs {
        let stop = ProjectionStop(sequence: run.position + 1, id: nil, reason: "\(error)")
        run.fold.stop(stop)
        note(run.fold)
      }
      return false
    }
    runs.removeAll { $0.position >= catalog.visible }
    guard let start = runs.map(\.position).min() else { return false }
    for run in runs { run.fold.take() }
    let end = run(&runs, from: start, in: catalog)
    for run in runs { settle(run, end, catalog) }
    for run in runs {
      note(run.fold)
      saveIfDue(run.fold)
    }
    return true
  }

  /// Shows the events behind `start` to everyone who has not seen them; returns the whole place
  /// where it ended.
  private func run(_ runs: inout [FoldRun], from start: UInt64, in catalog: Catalog) -> UInt64 {
    var seam = Seam()
    var (sequence, whole) = (start, start)
    while sequence < catalog.visible, runs.contains(where: { $0.stop == nil }) {
      if seam.isWhole, sequence - start >= Self.passEventsMin { break }
      sequence += 1
      do throws(StoreError) {
        try show(sequence, to: &runs, &seam, after: whole, catalog)
      } catch {
        for index in runs.indices {
          runs[index].fail(at: sequence, nil, "\(error)", after: whole)
        }
      }
      if seam.isWhole { whole = sequence }
    }
    return sequence
  }

  private func show(
    _ sequence: UInt64, to runs: inout [FoldRun], _ seam: inout Seam, after whole: UInt64,
    _ catalog: Catalog
  ) throws(StoreError) {
    let header = try reader.keptHeader(sequence, catalog)
    if let header {
      seam.pass(header)
      if header.kind == .fenceCommitted || header.kind == .fenceCancelled {
        seam.end(try reader.event(sequence, catalog)?.bytes ?? [])
      }
    }
    guard runs.contains(where: { $0.wants(sequence, header) }) else { return }
    let occurrence = try reader.occurrence(sequence, header, catalog)
    for index in runs.indices where runs[index].wants(sequence, header) {
      runs[index].apply(occurrence, after: whole)
    }
  }

  /// Lets a state rest where the pass ended, or puts one that failed back to the whole place before.
  private func settle(_ run: FoldRun, _ end: UInt64, _ catalog: Catalog) {
    guard let stop = run.stop else { return run.fold.rest(max(run.position, end)) }
    let target = max(run.position, run.whole)
    var part = catalog
    part.visible = target
    var again = [FoldRun(run.fold, at: run.fold.revive(target))]
    while again[0].stop == nil, again[0].position < target {
      again[0].position = self.run(&again, from: again[0].position, in: part)
    }
    // A fold that is not the same twice can be trusted with nothing but its beginning.
    run.fold.rest(again[0].stop == nil ? target : run.fold.revive(0))
    run.fold.stop(stop)
  }

  /// Tells the watermarks where a projection stands.
  private func note(_ fold: Fold) {
    let standing = fold.standing()
    reader.board?.moveProjection(
      fold.name, to: standing.position,
      stop: standing.stop.map { .projection(fold.name, $0) })
  }

  private func saveIfDue(_ fold: Fold) {
    let position = fold.standing().position
    let saved = state.withLock { $0.saved[fold.name] ?? 0 }
    if position >= saved + snapshotEvents { save(fold) }
  }

  private func save(_ fold: Fold) {
    let position = fold.standing().position
    guard shelf != nil, state.withLock({ $0.saved[fold.name] }) != position,
      let lineage = reader.box.current.lineage
    else { return }
    fold.save(lineage)
    state.withLock { $0.saved[fold.name] = position }
  }
}

/// One projection during a pass.
private struct FoldRun {
  let fold: Fold
  /// Everything up to here it has seen before.
  var position: UInt64
  private(set) var stop: ProjectionStop?
  /// The whole place before the event that stopped it.
  private(set) var whole: UInt64 = 0

  init(_ fold: Fold, at position: UInt64) {
    self.fold = fold
    self.position = position
  }

  /// Whether it is to be shown an event; one without a header may be about anything.
  func wants(_ sequence: UInt64, _ header: EventHeader?) -> Bool {
    guard stop == nil, sequence > position else { return false }
    if let header { return fold.region.contains(header) }
    return fold.region.sequences?.contains(sequence) ?? true
  }

  mutating func apply(_ occurrence: Occurrence, after whole: UInt64) {
    do throws(ProjectionFault) {
      try fold.apply(occurrence)
    } catch {
      fail(at: occurrence.sequence, occurrence.header?.id, error.sentence, after: whole)
    }
  }

  mutating func fail(at sequence: UInt64, _ id: EventID?, _ reason: String, after whole: UInt64) {
    guard stop == nil, sequence > position else { return }
    stop = ProjectionStop(sequence: sequence, id: id, reason: reason)
    self.whole = whole
  }
}

/// Knows, event by event, where no batch and no fence is cut in two.
private struct Seam {
  private var fences: Set<UInt64> = []
  private var isInBatch = false

  var isWhole: Bool { fences.isEmpty && !isInBatch }

  mutating func pass(_ header: EventHeader) {
    isInBatch = header.batch.map { $0.index + 1 < $0.count } ?? false
    if let fence = header.fence { fences.insert(fence) }
  }

  /// Notes the end of a fence, by the payload of the record that ends it.
  mutating func end(_ record: [UInt8]) {
    if let fence = FenceRecord.fence(in: record.span, record.indices) { fences.remove(fence) }
  }
}

extension EventReader {
  /// What is known of an event without its payload; nil when compaction kept nothing of it.
  fileprivate func keptHeader(
    _ sequence: UInt64, _ catalog: Catalog
  ) throws(StoreError) -> EventHeader? {
    guard let segment = catalog.segment(holding: sequence), let place = segment.place(of: sequence)
    else { throw .absent("event \(sequence)") }
    let header = try segment.header(at: place.index.offset(of: place.ordinal))
    if let header, header.sequence != sequence {
      throw FormatFault.strayed(to: header.sequence, from: sequence).at(segment.path)
    }
    return header
  }

  /// An event as projections are shown it.
  fileprivate func occurrence(
    _ sequence: UInt64, _ header: EventHeader?, _ catalog: Catalog
  ) throws(StoreError) -> Occurrence {
    guard let header else { return .removed(sequence: sequence, nil) }
    do throws(StoreError) {
      guard let event = try event(sequence, catalog) else { return .cancelled(header) }
      switch event.payload {
      case .bytes: return .event(event)
      case .shredded: return .shredded(header)
      case .sealed: return .sealed(header)
      }
    } catch .removed {
      return .removed(sequence: sequence, header)
    }
  }
}

extension Segment {
  /// The header of the event, present or removed, whose frame stands there; nil where none was kept.
  fileprivate func header(at offset: UInt64) throws(StoreError) -> EventHeader? {
    try withFrame(at: offset) { (bytes: Span<UInt8>, frame: Frame) throws(StoreError) in
      let range: Range<Int>? =
        switch frame {
        case .event(let event): event.header
        case .husk(let husk): husk.kept?.header
        case .mark: nil
        }
      guard let range else { return nil }
      do throws(FormatFault) {
        return try EventHeader.decode(bytes, range)
      } catch {
        throw error.at(path, offset)
      }
    }
  }
}

extension EventStore {
  /// Runs projections over this store; their snapshots are kept in its directory.
  public func projector(
    snapshotEvents: UInt64 = Projector.snapshotEventsDefault
  ) -> Projector {
    Projector(
      reader,
      SnapshotShelf(
        disk: disk, directory: StoreNames.projections, entropy: writer.options.entropy),
      snapshotEvents)
  }
}

extension EventReader {
  /// Runs projections beside the writer. Snapshots are kept in a directory of the disk, or, without
  /// one, nowhere: then each run begins at the first event.
  public func projector(
    keepingOn disk: (any Disk)? = nil, directory: FilePath = "projections",
    entropy: Entropy = .live, snapshotEvents: UInt64 = Projector.snapshotEventsDefault
  ) -> Projector {
    Projector(
      self, disk.map { SnapshotShelf(disk: $0, directory: directory, entropy: entropy) },
      snapshotEvents)
  }
}
