// `larder bench event-store`: what the event store must reach, each figure beside its peer in the same
// run. Stores are made where they are first needed and removed at the end; what is measured is never
// the making. Every size follows from one number of events, so a small number gives every row quickly.

package import Ambient
import Digests
import DurableFiles
import EventStore

/// The rows of the table; one may give several figures.
package enum EventStoreRow: String, CaseIterable, Sendable {
  /// Durable appends of one appender.
  case single
  /// Durable appends of 64 appenders.
  case grouped
  /// The same, signed.
  case signed
  case batches
  case buffered
  /// Opening after a clean close.
  case open
  /// Opening after a kill.
  case killed
  case verify
  case pages
  case reads
  /// Bytes on disk.
  case size
  /// Memory of an open store with many streams.
  case memory
  /// The same, opened after a kill.
  case killedMemory = "killed-memory"
  /// The first append of a stream where there are very many.
  case newStreams = "new-streams"
}

/// The figures of the event store.
package struct EventStoreBench {
  let events: Int
  let rounds: Int
  let rows: Set<EventStoreRow>
  /// What is run to open and page a store in a process of its own.
  let program: String
  let workspace: EventStoreWorkspace

  /// The least number of events that still gives every row.
  package static let eventsMin = 2_000

  /// A bench over a store of so many events, in a new directory below `directory`.
  package init(
    directory: String, events: Int, rounds: Int, rows: Set<EventStoreRow>,
    program: String = "/proc/self/exe"
  ) throws(BenchFailure) {
    precondition(events >= Self.eventsMin, "a bench needs \(Self.eventsMin) events")
    self.events = events
    self.rounds = rounds
    self.rows = rows
    self.program = program
    workspace = EventStoreWorkspace(try BenchDirectory(below: directory), events: events)
  }

  /// How many measurements it takes.
  package var measurements: Int { contests.count * rounds }

  /// Measures; `progress` is told how many measurements are behind. The directory is gone afterwards.
  package func report(
    clock: MonotonicClock, wall: WallClock, progress: (_ done: Int) -> Void
  ) throws(BenchFailure) -> BenchReport {
    let machine = Machine.current()
    let figures: [Figure]
    do throws(BenchFailure) {
      figures = try hold(contests, rounds: rounds, Stopwatch(clock), progress: progress)
    } catch {
      try workspace.end()
      throw error
    }
    try workspace.end()
    return BenchReport(
      bench: "event-store", time: wall.now(), machine: machine, rounds: rounds, figures: figures,
      notes: notes)
  }

  private var contests: [Contest] {
    EventStoreRow.allCases.filter(rows.contains).flatMap { row -> [Contest] in
      switch row {
      case .single: [single]
      case .grouped: grouped
      case .signed: [signed]
      case .batches: batches
      case .buffered: [buffered]
      case .open: opened
      case .killed: [killed]
      case .verify: [verify]
      case .pages: pages
      case .reads: [reads]
      case .size: [size]
      case .memory: [memory]
      case .killedMemory: [killedMemory]
      case .newStreams: newStreams
      }
    }
  }

  private var notes: [String] {
    [
      "payloads have \(BenchEvents.payloadCount) bytes; the large store has \(events) events in "
        + "\(BenchEvents.streams) streams, and the one whose memory is measured ten times as many in "
        + "\(events) streams",
      "a kill is a store whose files were copied while it was open",
      "the store in which streams begin has \(events * 10) of them, of one event each",
    ]
  }
}

/// The events that are appended.
struct BenchEvents: Sendable {
  static let payloadCount = 256
  static let streams = 1_000
  /// One event in so many is of the rare kind.
  static let rareEvery = 2_500
  static let common = EventKind(rawValue: 0x1001)
  static let other = EventKind(rawValue: 0x2001)
  static let rare = EventKind(rawValue: 0x3001)

  private let coordinates: [Coordinate]
  let payload: [UInt8]

  init() throws(StoreError) {
    var coordinates: [Coordinate] = []
    for stream in 0..<Self.streams { coordinates.append(try Self.coordinate(stream)) }
    self.coordinates = coordinates
    payload = Entropy.seeded(7).bytes(Self.payloadCount)
  }

  /// The coordinate of a stream: ten streams share a group, and a tenth of all groups a scope.
  static func coordinate(_ stream: Int) throws(StoreError) -> Coordinate {
    try Coordinate(
      entity: "group:\(stream / 10):file:\(stream)", scope: "scope-\(stream / 10 % 10)")
  }

  /// Spreads events over streams without a pattern that caches could follow.
  static func stream(of index: Int, among streams: Int) -> Int {
    Int((UInt64(index) &* 0x9E37_79B9_7F4A_7C15) >> 20) % streams
  }

  func event(_ index: Int) -> NewEvent {
    event(index, at: coordinates[Self.stream(of: index, among: Self.streams)])
  }

  func event(_ index: Int, at coordinate: Coordinate) -> NewEvent {
    let kind =
      index % Self.rareEvery == 1 ? Self.rare : index % 10 == 0 ? Self.other : Self.common
    return NewEvent(coordinate, kind: kind, payload: payload)
  }
}
