// The stores that a bench measures. Those that take long to make are made once, when they are first
// asked for, and kept to the end; a store to append to is new each time.

import Ambient
import Digests
import DurableFiles
import EventStore

/// The stores of one bench.
final class EventStoreWorkspace {
  let directory: BenchDirectory
  let events: Int
  private var kept: [Kept: String] = [:]
  private var opened: [Kept: EventStore] = [:]
  private var ended = false

  /// What is made once.
  private enum Kept: Hashable {
    case large, small, killed, vast, killedVast, wide
  }

  /// How many events may be in memory alone while stores are made.
  static let buffered = Durability.buffered(eventsMax: 16_384, timeMax: .milliseconds(200))

  init(_ directory: BenchDirectory, events: Int) {
    self.directory = directory
    self.events = events
  }

  /// Closes what is open and removes everything.
  func end() throws(BenchFailure) {
    guard !ended else { return }
    ended = true
    for store in opened.values { try closed(store) }
    opened = [:]
    try directory.remove()
  }

  // MARK: - Stores

  /// A closed store of all events, by its directory.
  func large() throws(BenchFailure) -> String { try made(.large) }

  /// A closed store of a tenth of them.
  func small() throws(BenchFailure) -> String { try made(.small) }

  /// The files of a store of all events whose writer was gone from one moment to the next.
  func killed() throws(BenchFailure) -> String { try made(.killed) }

  /// A closed store of ten times the events, in as many streams as the large one has events.
  func vast() throws(BenchFailure) -> String { try made(.vast) }

  /// The files of the same store whose writer was gone from one moment to the next.
  func killedVast() throws(BenchFailure) -> String { try made(.killedVast) }

  /// A closed store of ten times the events, each of which is a stream of its own.
  func wide() throws(BenchFailure) -> String { try made(.wide) }

  /// The large store, open.
  func openLarge() throws(BenchFailure) -> EventStore {
    if let store = opened[.large] { return store }
    let store = try opening(try large())
    opened[.large] = store
    return store
  }

  /// Closes the large store, if it is open, so that its files can be measured.
  func closeLarge() throws(BenchFailure) {
    guard let store = opened.removeValue(forKey: .large) else { return }
    try closed(store)
  }

  private func made(_ which: Kept) throws(BenchFailure) -> String {
    if let path = kept[which] { return path }
    switch which {
    case .large, .killed:
      let path = try directory.fresh()
      let store = try filled(path, events)
      // Now everything is durable and nothing is closed, as a kill leaves it.
      kept[.killed] = try directory.copy(of: path)
      try closed(store)
      kept[.large] = path
    case .small:
      let path = try directory.fresh()
      try closed(try filled(path, events / 10))
      kept[.small] = path
    case .vast, .killedVast:
      let path = try directory.fresh()
      let store = try filledWithStreams(path, events)
      if which == .killedVast { kept[which] = try directory.copy(of: path) }
      try closed(store)
      kept[.vast] = path
    case .wide:
      let path = try directory.fresh()
      try closed(try filledWithStreams(path, BenchEvents.vastCount(events)))
      kept[.wide] = path
    }
    return kept[which] ?? ""
  }

  private func filled(_ path: String, _ count: Int) throws(BenchFailure) -> EventStore {
    let store = try opening(path)
    try storing { () throws(StoreError) in
      let events = try BenchEvents()
      for index in 0..<count { try store.append(events.event(index), Self.buffered) }
      try store.flush()
    }
    return store
  }

  private func filledWithStreams(
    _ path: String, _ streams: Int
  ) throws(BenchFailure) -> EventStore {
    let store = try opening(path)
    try storing { () throws(StoreError) in
      let events = try BenchEvents()
      for index in 0..<BenchEvents.vastCount(self.events) {
        // Every stream begins before any goes on, so the last events come from all of them.
        let stream = index < streams ? index : BenchEvents.stream(of: index, among: streams)
        try store.append(
          events.event(index, at: try BenchEvents.coordinate(stream)), Self.buffered)
      }
      try store.flush()
    }
    return store
  }

  // MARK: - Doors

  /// Opens a store in a directory of this bench, making it as needed.
  func opening(
    _ path: String, _ options: StoreOptions = StoreOptions()
  ) throws(BenchFailure) -> EventStore {
    let disk = try directory.disk(at: path)
    return try storing { () throws(StoreError) in try EventStore.open(on: disk, options) }
  }

  /// Closes a store in order.
  func closed(_ store: EventStore) throws(BenchFailure) {
    try storing { () throws(StoreError) in try store.close() }
  }

  /// Opens a new store, lends it, and removes it.
  func fresh(
    _ options: StoreOptions = StoreOptions(),
    _ body: (EventStore) throws(BenchFailure) -> Double
  ) throws(BenchFailure) -> Double {
    let path = try directory.fresh()
    let store = try opening(path, options)
    let value = try body(store)
    try closed(store)
    try directory.discard(path)
    return value
  }
}

extension BenchEvents {
  /// How many events the store with many streams has.
  static func vastCount(_ events: Int) -> Int { events * 10 }
}

/// Runs what fails as a store does; a bench cannot go on then.
func storing<Result>(
  _ body: () throws(StoreError) -> Result
) throws(BenchFailure) -> Result {
  do throws(StoreError) { return try body() } catch { throw BenchFailure("\(error)") }
}
