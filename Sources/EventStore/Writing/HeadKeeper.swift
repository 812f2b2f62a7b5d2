// Keeps the tables of heads over the sealed segments. Whenever a segment was sealed, eight neighbours
// without a table get one, and eight neighbouring tables of one size become one of the next, so that a
// stream that is nowhere costs a few looks however long the log is:
//
//   ........  ........  ........  ....      segments
//   [------]  [------]  [------]            tables over eight
//   [--------------------------- ...  ]     one over eight of those
//
// A table's life, and what a crash at each step leaves:
//
//   written under a temporary name ─▶ renamed, durable ─▶ in force ─▶ replaced by a wider one ─▶ removed
//        removed by the next open          found again by its name       the wider one counts, and the
//                                                                         next open removes this one
//
// A table in force is read through its map, so removing its file hurts nobody who has it; but it is in
// force only under the name of its run, or a later open would not find it. Made by a thread of the
// store's own, or by whoever seals; nothing waits for it, and a failure costs speed alone: it is said in the
// log and tried again with the next segment.

internal import Ambient
internal import DurableFiles
internal import Synchronization

final class HeadKeeper: Sendable {
  private struct State {
    /// Whose segments have changed since they were last looked at.
    var wanted: CatalogBox?
    var isStopped = false
  }

  private let disk: any Disk
  private let entropy: Entropy
  private let log: Log
  private let usesWorker: Bool
  private let state = Monitor(State())
  private let worker = Mutex<Worker?>(nil)
  private let isStopping = Atomic(false)
  /// Held by whoever makes or removes files.
  private let turn = Mutex(())

  /// How many neighbours are put together.
  static let fanIn = 8

  init(disk: any Disk, entropy: Entropy, maintenance: Maintenance, log: Log) {
    self.disk = disk
    self.entropy = entropy
    self.log = log
    usesWorker = maintenance == .worker
  }

  // MARK: - Opening

  /// The tables that are of these segments, the oldest first; every other file is removed.
  func open(over segments: [Segment]) -> [HeadTable] {
    turn.withLock { _ in
      do throws(StoreError) {
        var found: [HeadTable] = []
        for name in try names() {
          if let table = open(name, over: segments) { found.append(table) }
        }
        let kept = Self.widest(found)
        try sweep(keeping: kept)
        return kept
      } catch {
        note(error)
        return []
      }
    }
  }

  /// A table by the name of its file; nil when it is damaged, or of other segments than it would be in
  /// force for. One under another name than its own, as a crash leaves it before the rename, does not
  /// count: its file would not be found again.
  private func open(_ name: [UInt8], over segments: [Segment]) -> HeadTable? {
    let path = StoreNames.heads.appending(name)
    guard !AtomicReplace.isTemporary(name) else { return nil }
    do throws(StoreError) {
      let table = try open(path)
      let isOwn = StoreNames.heads(table.run.sequences) == path
      return isOwn && HeadRun(table.run.sequences, of: segments) == table.run ? table : nil
    } catch {
      note(error)
      return nil
    }
  }

  /// Those that no other covers: after a crash between a merge and the removal of what was merged, the
  /// widest counts.
  private static func widest(_ tables: [HeadTable]) -> [HeadTable] {
    let ordered = tables.sorted {
      ($0.run.sequences.lowerBound, $1.run.sequences.upperBound)
        < ($1.run.sequences.lowerBound, $0.run.sequences.upperBound)
    }
    var kept: [HeadTable] = []
    for table in ordered {
      let end = kept.last?.run.sequences.upperBound ?? 0
      if end < table.run.sequences.lowerBound { kept.append(table) }
    }
    return kept
  }

  private func open(_ path: FilePath) throws(StoreError) -> HeadTable {
    let map: any MappedBytes
    do throws(DiskError) {
      let file = try OpenFile(path, .reading, on: disk)
      map = try file.map(count: Int(try file.size))
    } catch {
      throw StoreError(error)
    }
    do throws(FormatFault) { return try HeadTable(map) } catch { throw error.at(path) }
  }

  // MARK: - Tending

  /// Has tables made and merged, and the files of those removed that are in force no more.
  func tend(_ box: CatalogBox) {
    guard usesWorker else { return work(box) }
    state.change { $0.wanted = box }
    worker.withLock { worker in
      guard worker == nil, !isStopping.load(ordering: .relaxed) else { return }
      worker = Worker("larder-heads") { [self] in
        while let box = next() { work(box) }
      }
    }
  }

  private func next() -> CatalogBox? {
    let next = state.wait { (state: inout State) -> CatalogBox?? in
      if state.isStopped { return .some(nil) }
      return state.wanted.take().map { .some($0) }
    }
    return next ?? nil
  }

  /// Ends the thread; a table that is being made is given up, for it can be made again.
  func stop() {
    isStopping.store(true, ordering: .relaxed)
    state.change { $0.isStopped = true }
    let running = worker.withLock { worker in worker.take() }
    running?.join()
  }

  /// Makes and merges tables until there is nothing more to be done.
  private func work(_ box: CatalogBox) {
    turn.withLock { _ in
      do throws(StoreError) {
        box.change { $0.heads.removeAll(where: \.isDamaged) }
        // A table that did not come into force is tried again with the next segment.
        var goesOn = true
        while goesOn, let plan = HeadPlan(box.current) { goesOn = try carryOut(plan, box) }
        try sweep(keeping: box.current.heads)
      } catch {
        // One that cannot be read is no use to anyone; what it stood for is made anew.
        box.change { $0.heads.removeAll(where: \.isDamaged) }
        if !isStopping.load(ordering: .relaxed) { note(error) }
      }
    }
  }

  /// Makes a table; false when it is not in force, for its segments were replaced meanwhile.
  private func carryOut(_ plan: HeadPlan, _ box: CatalogBox) throws(StoreError) -> Bool {
    do throws(DiskError) {
      try SmallFile.prepare(StoreNames.heads, on: disk)
    } catch {
      throw StoreError(error)
    }
    let path = StoreNames.heads(plan.run.sequences)
    let writer = HeadTableWriter(path: path, disk: disk, entropy: entropy) {
      self.isStopping.load(ordering: .relaxed)
    }
    try writer.write(plan.run, plan.sources)
    let table = try open(path)
    var isInForce = false
    box.change { catalog in
      guard HeadRun(plan.run.sequences, of: catalog.segments) == plan.run else { return }
      isInForce = true
      catalog.heads.removeAll { plan.run.sequences.overlaps($0.run.sequences) }
      let place = catalog.heads.partition {
        $0.run.sequences.lowerBound > plan.run.sequences.upperBound
      }
      catalog.heads.insert(table, at: place)
    }
    return isInForce
  }

  // MARK: - Files

  private func names() throws(StoreError) -> [[UInt8]] {
    do throws(DiskError) {
      guard try disk.status(at: StoreNames.heads) != nil else { return [] }
      return try disk.list(StoreNames.heads).map(\.name)
    } catch {
      throw StoreError(error)
    }
  }

  private func sweep(keeping tables: [HeadTable]) throws(StoreError) {
    let kept = Set(tables.map { StoreNames.heads($0.run.sequences) })
    for name in try names() {
      let path = StoreNames.heads.appending(name)
      if !kept.contains(path) { try SmallFile.remove(path, on: disk) }
    }
  }

  private func note(_ error: StoreError) {
    log.write(
      .warning, "a table of heads is made later; appends to new streams are slower until then",
      [LogField("cause", "\(error)")])
  }
}
