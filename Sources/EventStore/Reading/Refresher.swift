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
    /// Which file the words are in; a writer that closes takes it away, and the next makes another.
    var inode: UInt64?
    var seen: LiveState?
    var scan: TailScan?
    /// The last segment and its size when the log was listed. Every writer's session makes it
    /// longer, so a reader that meets no writer sees by it that one was there.
    var last: (path: FilePath, size: UInt64)?
  }
  let disk: any Disk
  private let state: Mutex<State>

  init(disk: any Disk) {
    self.disk = disk
    state = Mutex(State())
  }

  /// Opens the log as it is now.
  func open() throws(StoreError) -> Catalog {
    guard let meta = try StoreMeta.read(on: disk) else { throw .notAStore(StoreNames.meta) }
    return try state.withLock { (state) throws(StoreError) in
      try mapWords(&state)
      return try reopen(meta, &state)
    }
  }

  /// Maps the words of the writer that is there now, if any is.
  private func mapWords(_ state: inout State) throws(StoreError) {
    state.inode = try inode()
    state.words = state.inode == nil ? nil : try LiveWords.reading(on: disk)
    state.seen = nil
  }

  private func inode() throws(StoreError) -> UInt64? {
    do throws(DiskError) {
      return try disk.status(at: StoreNames.words)?.inode
    } catch {
      throw StoreError(error)
    }
  }

  private func reopen(_ meta: StoreMeta, _ state: inout State) throws(StoreError) -> Catalog {
    let files = SegmentFiles(
      disk: disk, lineage: meta.lineage, key: nil, entropy: .seeded(0),
      origins: try OriginFile.read(on: disk))
    // The writer may seal or compact between the words and the listing; then both are read again.
    for attempt in 0..<Self.attemptsMax {
      let live = state.words?.read()
      let last = try last(files)
      do throws(StoreError) {
        let opened = try LogOpener(files: files, live: live, repairs: false).open()
        if state.words?.read()?.epoch != live?.epoch { continue }
        state.seen = live
        state.scan = opened?.scan
        state.last = last
        return try catalog(opened, live)
      } catch {
        if attempt == Self.attemptsMax - 1 || state.words?.read()?.epoch == live?.epoch {
          throw error
        }
      }
    }
    throw .timedOut
  }

  private func last(_ files: SegmentFiles) throws(StoreError) -> (path: FilePath, size: UInt64)? {
    guard let path = try files.list().last.map(StoreNames.segment) else { return nil }
    return try size(path).map { (path, $0) }
  }

  private func size(_ path: FilePath) throws(StoreError) -> UInt64? {
    do throws(DiskError) {
      return try disk.status(at: path)?.size
    } catch {
      throw StoreError(error)
    }
  }

  /// Lists the log anew when a writer came and went unseen.
  private func catchUp(_ box: CatalogBox, _ state: inout State) throws(StoreError) {
    guard let last = state.last, try size(last.path) != last.size else { return }
    guard let meta = try StoreMeta.read(on: disk) else { throw .notAStore(StoreNames.meta) }
    let catalog = try reopen(meta, &state)
    box.change { $0 = catalog }
  }

  /// How often a listing is repeated while the writer changes the segments under it.
  private static let attemptsMax = 100

  private func catalog(
    _ opened: OpenedLog?, _ live: LiveState?
  ) throws(StoreError) -> Catalog {
    guard let opened else { return Catalog(segments: [], visible: 0) }
    let last = opened.segments.last?.lastSequence ?? 0
    // Without a writer's word, a fence that nobody ended hides what follows its first member.
    let visible = min(live?.visible ?? opened.scan.visible, last)
    var catalog = Catalog(segments: opened.segments, visible: visible)
    catalog.awaitsFooters = live == nil ? try !catalog.endsClosed : true
    return catalog
  }

  /// Takes in what the writer published since the last time.
  func refresh(_ box: CatalogBox) throws(StoreError) {
    try state.withLock { (state) throws(StoreError) in
      if state.words?.isPublished != true { try mapWords(&state) }
      if state.words?.isPublished != true { return try catchUp(box, &state) }
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
      scan = try scanner.scan(tail.withTables { $0 }, after: scan)
      let tables = scan.tables
      tail.withTables { $0 = tables }
      state.scan = scan
      state.seen = live
      let last = segment.lastSequence
      box.change { $0.visible = min(live.visible, last) }
    }
  }

  /// Sleeps until the writer publishes, at most for `timeout`. While there is no writer the words
  /// are looked for again after it.
  func wait(timeout: Duration) throws(StoreError) {
    let sleep = try state.withLock { (state) throws(StoreError) -> Sleep in
      if state.words?.isPublished != true { try mapWords(&state) }
      guard let words = state.words else { return .untilTime }
      let counter = words.version
      // What was published since the reader looked last is no reason to sleep.
      return words.read() == state.seen ? .onWords(words, counter) : .not
    }
    switch sleep {
    case .not: return
    case .untilTime: _ = Pause.live.wait(timeout, nil)
    case .onWords(let words, let counter):
      if words.wait(since: counter, timeout: timeout) == counter { try leaveOldWords() }
    }
  }

  private enum Sleep {
    case not, untilTime
    case onWords(LiveWords, UInt64)
  }

  /// Lets go of words that nobody writes any more.
  private func leaveOldWords() throws(StoreError) {
    try state.withLock { (state) throws(StoreError) in
      if try inode() != state.inode { state.words = nil }
    }
  }
}
