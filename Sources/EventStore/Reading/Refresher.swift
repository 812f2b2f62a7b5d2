// Keeps a reader in another process up to date without a lock and without listing the directory
// over and over: the writer's words say how far the active segment is durable and whether any
// sealed segment changed. Only then is the directory listed anew.

internal import Ambient
internal import Digests
internal import DurableFiles
internal import Synchronization

final class Refresher: Sendable {
  private struct State {
    var words: LiveWords?
    var seen: LiveState?
    var scan: TailScan?
  }
  private let disk: any Disk
  private let state: Mutex<State>

  init(disk: any Disk) {
    self.disk = disk
    state = Mutex(State())
  }

  /// Opens the log as it is now.
  func open() throws(StoreError) -> Catalog {
    guard let meta = try StoreMeta.read(on: disk) else { throw .notAStore(StoreNames.meta) }
    return try state.withLock { (state) throws(StoreError) in
      state.words = try LiveWords.reading(on: disk)
      return try reopen(meta, &state)
    }
  }

  private func reopen(_ meta: StoreMeta, _ state: inout State) throws(StoreError) -> Catalog {
    let files = SegmentFiles(
      disk: disk, lineage: meta.lineage, key: nil, entropy: .seeded(0))
    // The writer may seal or compact between the words and the listing; then both are read again.
    for attempt in 0..<Self.attemptsMax {
      let live = state.words?.read()
      do throws(StoreError) {
        let opened = try LogOpener(files: files, live: live, repairs: false).open()
        if state.words?.read()?.epoch != live?.epoch { continue }
        state.seen = live
        state.scan = opened?.scan
        return catalog(opened, live)
      } catch {
        if attempt == Self.attemptsMax - 1 || state.words?.read()?.epoch == live?.epoch {
          throw error
        }
      }
    }
    throw .timedOut
  }

  /// How often a listing is repeated while the writer changes the segments under it.
  private static let attemptsMax = 100

  private func catalog(_ opened: OpenedLog?, _ live: LiveState?) -> Catalog {
    guard let opened else { return Catalog(segments: [], visible: 0) }
    let last = opened.segments.last?.lastSequence ?? 0
    // Without a writer's word, a fence that nobody ended hides what follows its first member.
    let fenced = opened.scan.openFences.keys.min().map { $0 - 1 } ?? last
    let visible = live.map { min($0.visible, last) } ?? min(fenced, last)
    return Catalog(segments: opened.segments, visible: visible)
  }

  /// Takes in what the writer published since the last time.
  func refresh(_ box: CatalogBox) throws(StoreError) {
    try state.withLock { (state) throws(StoreError) in
      if state.words == nil { state.words = try LiveWords.reading(on: disk) }
      guard let live = state.words?.read(), live != state.seen else { return }
      guard live.epoch == state.seen?.epoch, live.segment == state.seen?.segment,
        let segment = box.current.segments.last, segment.name == live.segment,
        let tail = segment.tail, var scan = state.scan
      else {
        guard let meta = try StoreMeta.read(on: disk) else { throw .notAStore(StoreNames.meta) }
        let catalog = try reopen(meta, &state)
        box.change { $0 = catalog }
        return
      }
      let scanner = TailScanner(
        file: segment.file, path: segment.path, segment: segment.name,
        durableBelow: live.durableOffset, limit: live.durableOffset)
      scan = try scanner.scan(tail.withTables { $0 }, openFences: scan.openFences)
      let tables = scan.tables
      tail.withTables { $0 = tables }
      state.scan = scan
      state.seen = live
      let last = segment.lastSequence
      box.change { $0.visible = min(live.visible, last) }
    }
  }

  /// Sleeps until the writer publishes, at most for `timeout`.
  func wait(timeout: Duration) throws(StoreError) {
    let words = try state.withLock { (state) throws(StoreError) -> (LiveWords, UInt64)? in
      if state.words == nil { state.words = try LiveWords.reading(on: disk) }
      return state.words.map { ($0, $0.version) }
    }
    guard let (words, version) = words else {
      // Nobody writes; whoever comes next makes the words, and is noticed then.
      _ = Pause.live.wait(timeout, nil)
      return
    }
    _ = words.wait(since: version, timeout: timeout)
  }
}
