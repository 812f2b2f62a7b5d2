// Those who keep up with the log during a rehearsal: a cursor, a subscription and a projection. They
// are taken up again after every crash, and between them they hold that nobody who follows is told
// too much, too little, or anything in the wrong order.
//
//   cursor         its place is the last that was committed, or the one whose commit was cut short
//   subscription   tells everything behind its place, or says what it lost
//   projection     its state is that of its place, whether it was resumed or built anew

import Ambient
import Bytes
import DiskSimulation
import DurableFiles
import EventStore

/// A cursor, a subscription and a projection over one store.
struct Followers {
  /// The part of the store that all of them follow.
  let region: Region
  private let backlogEventsMax: Int
  /// Where the cursor stands, and where it may stand since its last commits were cut short: such a place
  /// may be in memory alone, and be seen until a loss of power.
  private var committed: UInt64 = 0
  private var tried: Set<UInt64> = []
  private var subscription: Subscription?
  private var subscribedUpTo: UInt64 = 0
  private var projector: Projector?
  private var view: ProjectionView<[UInt64]>?

  private static let name = "follower"
  private static let snapshotEvents: UInt64 = 16

  init(_ generator: inout SeededGenerator) {
    region =
      switch generator.below(3) {
      case 0: Region(entityPrefix: "file:\(generator.below(6))")
      case 1: Region(kind: .category(1))
      default: .everything
      }
    backlogEventsMax = generator.chance(oneIn: 3) ? 4 : Subscription.backlogEventsDefault
  }

  /// The store is gone; what was not made durable is, too.
  mutating func endLife() {
    subscription = nil
    projector = nil
    view = nil
  }

  /// Another store begins.
  mutating func beginAnew() {
    endLife()
    (committed, tried, subscribedUpTo) = (0, [], 0)
  }

  /// The store is about to be closed; a projection may keep its state.
  mutating func rest(keepingSnapshot: Bool) {
    if keepingSnapshot { projector?.stop() }
    endLife()
  }

  // MARK: - The cursor

  /// Takes some pages and may commit; the cursor is held no longer than this.
  mutating func read(
    _ store: EventStore, _ model: StoreModel, _ generator: inout SeededGenerator
  ) throws {
    var cursor = try store.cursors.open(Self.name, in: region, of: store.reader)
    guard cursor.position == committed || tried.contains(cursor.position) else {
      throw Broken("a cursor stands at \(cursor.position), and was committed at \(committed)")
    }
    for _ in 0..<generator.below(4) {
      let before = cursor.toldUpTo
      let page = try cursor.next(limit: 1 + generator.below(60))
      try model.check(
        page.events, of: region, behind: before, upTo: cursor.toldUpTo, "a cursor")
    }
    guard generator.chance(oneIn: 2) else { return }
    tried.insert(cursor.toldUpTo)
    try cursor.commit()
    (committed, tried) = (cursor.toldUpTo, [])
  }

  // MARK: - The subscription

  /// Takes everything that the subscription has to tell.
  mutating func listen(_ store: EventStore, _ model: StoreModel) throws {
    let feed =
      try subscription
      ?? store.reader.subscribe(
        to: region, from: .after(subscribedUpTo), backlogEventsMax: backlogEventsMax)
    subscription = feed
    var told: [Event] = []
    while let item = feed.next(timeout: .zero) {
      switch item {
      case .event(let event): told.append(event)
      case .lost(let first, let last):
        try model.check(
          told, of: region, behind: subscribedUpTo, upTo: first - 1, "a subscription")
        (told, subscribedUpTo) = ([], last)
      case .ended(.failed):
        // It met what the writer will meet, and another begins behind what this one told.
        try model.check(
          told, of: region, behind: subscribedUpTo,
          upTo: told.last?.header.sequence ?? subscribedUpTo, "a subscription")
        subscribedUpTo = told.last?.header.sequence ?? subscribedUpTo
        subscription = nil
        return
      case .ended(let end): throw Broken("a subscription to an open store ended: \(end)")
      }
    }
    let last = try store.reader.lastSequence
    try model.check(told, of: region, behind: subscribedUpTo, upTo: last, "a subscription")
    subscribedUpTo = last
  }

  // MARK: - The projection

  /// Takes in what there is, and looks at the state.
  mutating func project(_ store: EventStore, _ model: StoreModel) throws {
    if projector == nil {
      let projector = store.projector(snapshotEvents: Self.snapshotEvents)
      view = try projector.add(Self.projection(over: region))
      self.projector = projector
    }
    guard let projector, let view else { return }
    projector.catchUp()
    let standing = view.standing
    // What stopped it the writer will meet, too; then it tries the same event again.
    if standing.stop != nil { view.retry() }
    let (state, position) = view.current
    let known = model.acknowledged.filter { $0.sequence <= position && region.contains($0.header) }
    let sequences = Set(known.map(\.sequence))
    guard zip(state, state.dropFirst()).allSatisfy(<), state.allSatisfy(sequences.contains) else {
      throw Broken("a projection at \(position) took in what nobody may see, or twice: \(state)")
    }
    let taken = Set(state)
    for receipt in known where !model.removable.contains(receipt.sequence) {
      guard taken.contains(receipt.sequence) else {
        throw Broken("a projection at \(position) did not take in event \(receipt.sequence)")
      }
    }
    if standing.stop == nil {
      let last = try store.reader.lastSequence
      guard position == last else {
        throw Broken("a projection rests at \(position), and \(last) is visible")
      }
    }
  }

  /// The sequences of what happened in a region, in order.
  private static func projection(over region: Region) -> Projection<[UInt64]> {
    Projection(
      name, version: 1, in: region, initial: [],
      encode: { sequences in
        var writer = ByteWriter()
        for sequence in sequences { writer.append(sequence) }
        return writer.bytes
      },
      decode: { (bytes) throws(ProjectionFault) in
        guard bytes.count.isMultiple(of: 8) else { throw ProjectionFault("is cut short") }
        return stride(from: 0, to: bytes.count, by: 8).map { start in
          bytes[start..<start + 8].reversed().reduce(0) { $0 << 8 | UInt64($1) }
        }
      },
      apply: { (sequences, occurrence) throws(ProjectionFault) in
        switch occurrence {
        case .event(let event) where !event.header.kind.isReserved:
          sequences.append(event.header.sequence)
        case .shredded(let header): sequences.append(header.sequence)
        case .sealed: throw ProjectionFault("is sealed to a projection with keys")
        case .event, .removed, .cancelled: break
        }
      })
  }
}

extension StoreRehearsal {
  /// Has those who follow catch up, and holds what they were told against the model.
  mutating func follow() throws {
    guard let store, profile.isHonest else { return }
    guard disk.isRunning else { return try meet(.disk(.crashed)) }
    do {
      switch generator.below(3) {
      case 0: try followers.read(store, model, &generator)
      case 1: try followers.listen(store, model)
      default: try followers.project(store, model)
      }
    } catch let error as StoreError {
      try meet(error)
    }
    if self.store === store, !disk.isRunning { try meet(.disk(.crashed)) }
  }
}
