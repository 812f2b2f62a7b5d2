// The only place that appends what happened to files. Whoever acts on a file takes its turn, looks at
// its row, decides, and appends; the event names the generation that was judged, so the store itself
// refuses a decision that something else came before. Then the manifest takes the event in, and the
// turn is given back.
//
//   turn ─▶ row ─▶ decision ─▶ append, durable ─▶ manifest ─▶ (turn given back)
//
// Appends of many threads share commits. When the store refuses, nothing that needs an event is done;
// what the depot did meanwhile nobody wrote down, so a look through all of it is owed.

internal import Ambient
internal import DurableFiles
internal import EventStore
internal import Manifest

/// Why events cannot be written.
enum JournalRefusal: Equatable, Sendable {
  /// The disk of the event store is full; writing is tried again now and then.
  case full
  /// Nothing is written until the engine starts anew.
  case latched(String)
}

/// What happened to files, and in what order.
final class Ledger: Sendable {
  /// How long one waits for the turn of a file.
  static let turnTimeout = Duration.seconds(30)
  /// How long nothing is written after the disk was full.
  static let fullPause = Duration.seconds(5)
  /// What a machine's crash may cost of events whose loss only means that a file is compared again.
  static let buffered = Durability.buffered(eventsMax: 1_024, timeMax: .milliseconds(200))

  private struct State {
    var refusal: JournalRefusal?
    /// When it was last refused, and when first.
    var since = MonotonicTime(nanoseconds: 0)
    var began = MonotonicTime(nanoseconds: 0)
    var owesRescan = false
  }
  let store: EventStore
  let manifest: Manifest
  private let turns = Turns()
  private let news: EngineNews
  private let findings: Findings
  private let clock: MonotonicClock
  private let log: Log
  private let state = Monitor(State())

  init(
    _ store: EventStore, _ manifest: Manifest, clock: MonotonicClock, log: Log, news: EngineNews,
    findings: Findings
  ) {
    self.store = store
    self.manifest = manifest
    self.clock = clock
    self.log = log
    self.news = news
    self.findings = findings
  }

  // MARK: - Turns

  /// Waits for the turn of a file and looks at its row; throws `.busy` when others have it too long.
  func turn(
    of path: FilePath, timeout: Duration = Ledger.turnTimeout
  ) throws(EngineError) -> FileTurn {
    guard let turn = turns.take(path, timeout: timeout) else {
      throw .busy("\(path) is being worked on")
    }
    return FileTurn(turn, try row(at: path), self)
  }

  /// The turn of a file and its row, waited for or only if nobody else has it now.
  func turn(of path: FilePath, waits: Bool) throws(EngineError) -> FileTurn? {
    if waits { return try turn(of: path) }
    return try turnAtOnce(of: path)
  }

  /// The turn of a file and its row, if nobody else has it now.
  func turnAtOnce(of path: FilePath) throws(EngineError) -> FileTurn? {
    guard let turn = turns.takeAtOnce(path) else { return nil }
    return FileTurn(turn, try row(at: path), self)
  }

  /// What is true of a file.
  func row(at path: FilePath) throws(EngineError) -> FileRow? {
    do throws(ManifestError) {
      return try manifest.row(at: path)
    } catch {
      throw .manifest("\(error)")
    }
  }

  // MARK: - Events

  /// Appends an event that was decided on a generation; called in the turn of its file.
  fileprivate func append(
    _ event: FileEvent, judged generation: UInt64?, _ durability: Durability
  ) throws(EngineError) -> FileRow? {
    if let refusal = refusal { throw .journal(refusal.sentence) }
    let receipt: Receipt
    do throws(StoreError) {
      receipt = try store.append(event.event(judged: generation), durability)
    } catch {
      throw note(error, event.path)
    }
    settle()
    findings.take(event, at: receipt.header.time)
    defer { news.note() }
    do throws(ManifestError) {
      return try manifest.accept(event, at: EventPlace(receipt.header)).row
    } catch {
      // The log has it, and the manifest comes after the log. Until then no decision on this file
      // passes, for it names a generation that is not the last.
      log.write(.error, "an event is not in the manifest yet", [LogField("why", "\(error)")])
      throw .manifest("\(error)")
    }
  }

  private func note(_ error: StoreError, _ path: FilePath) -> EngineError {
    switch error {
    case .positionConflict: return .changed(path)
    case .full: refuse(.full)
    case .latched(let why): refuse(.latched(why))
    case .unknown: refuse(.latched("whether the last event is stored is not known"))
    case .closed: refuse(.latched("the event store is closed"))
    case .disk(let error): refuse(.latched("\(error)"))
    default: break
    }
    return .journal("\(error)")
  }

  private func refuse(_ refusal: JournalRefusal) {
    let now = clock.now()
    let isNew = state.change { (state: inout State) -> Bool in
      if state.refusal == nil { state.began = now }
      defer { (state.refusal, state.since, state.owesRescan) = (refusal, now, true) }
      return state.refusal == nil
    }
    news.note()
    if isNew { log.write(.error, "events cannot be written: \(refusal.sentence)") }
  }

  private func settle() {
    let wasRefusing = state.withLock { (state: inout State) -> Bool in
      defer { state.refusal = nil }
      return state.refusal != nil
    }
    guard wasRefusing else { return }
    news.note()
    log.write(.notice, "events can be written again")
  }

  /// Why events cannot be written at the moment; nil when they can, or when it is time to try.
  var refusal: JournalRefusal? {
    let now = clock.now()
    return state.withLock { state in
      if state.refusal == .full, now - state.since >= Self.fullPause { return nil }
      return state.refusal
    }
  }

  /// Why events could not be written the last time it was tried, and since when that is so.
  var standingRefusal: (refusal: JournalRefusal, since: MonotonicTime)? {
    state.withLock { state in state.refusal.map { ($0, state.began) } }
  }

  /// Whether the depot must be looked through, because something was not written down.
  var owesRescan: Bool { state.withLock { $0.owesRescan } }

  /// Notes that something was not written down.
  func oweRescan() {
    state.change { $0.owesRescan = true }
    news.note()
  }

  /// Tells of a directory that could not be looked through; another look is owed.
  func noteUnreadable(_ path: FilePath, _ error: DiskError) {
    log.write(.warning, "a directory could not be read", [LogField("why", "\(error)")])
    oweRescan()
  }

  /// Takes the debt over; whoever does looks through the depot.
  func takeRescan() -> Bool {
    state.withLock { (state: inout State) -> Bool in
      defer { state.owesRescan = false }
      return state.owesRescan
    }
  }
}

extension JournalRefusal {
  var sentence: String {
    switch self {
    case .full: "no space is left for events"
    case .latched(let why): why
    }
  }
}

/// The turn of one file, and what is true of it.
struct FileTurn: ~Copyable {
  private let turn: Turn
  private let ledger: Ledger
  /// The row as the last event has made it.
  private(set) var row: FileRow?

  fileprivate init(_ turn: consuming Turn, _ row: FileRow?, _ ledger: Ledger) {
    self.turn = turn
    self.row = row
    self.ledger = ledger
  }

  var path: FilePath { turn.path }

  /// Appends what has happened to the file, decided on the row as it is here.
  mutating func append(
    _ transition: Transition, _ durability: Durability = .durable
  ) throws(EngineError) {
    row = try ledger.append(
      FileEvent(path, transition), judged: row?.generation, durability)
  }
}
