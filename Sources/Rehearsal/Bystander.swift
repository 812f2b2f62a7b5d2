// A reader in another process, which gets its turn between any two calls of the writer. It follows
// the log through what the writer published, notes what it sees, and judges nothing: whether an event
// may have been seen is known only when the writer's step is over.
//
//   watch ─▶ after a call, one in so many: open or refresh, page to the end ─▶ a sight is kept
//            power lost, or killed ─▶ the next turn begins with a new process and at the first event

import Ambient
import DiskSimulation
import DurableFiles
import EventStore
import Synchronization

/// A reader in another process than the writer's.
final class Bystander: Sendable {
  private struct State {
    var generator: SeededGenerator
    var reader: EventReader?
    var disk: SimulatedDisk?
    /// Everything up to here it has seen.
    var position: UInt64 = 0
    var receipts: [UInt64: Receipt] = [:]
    var sights: [Sight] = []
    var fault: String?
  }

  /// It looks after one in so many calls, and again at something that it saw before.
  private static let callsPerLook = 6
  private static let looksPerReview = 4

  private let keys: KeySource?
  private let state: Mutex<State>
  /// Whether there was a store, so that there must be one.
  private let knowsStore = Mutex(false)

  init(seed: UInt64, keys: KeySource?) {
    self.keys = keys
    state = Mutex(State(generator: SeededGenerator(seed: seed)))
  }

  /// Gets its turn after each call of this process from now on.
  func watch(_ disk: SimulatedDisk) {
    disk.afterEachCall { [self, weak disk] in
      guard let disk else { return }
      takeTurn(beside: disk)
    }
  }

  /// From now on a store that is not there is a fault.
  func expectStore() {
    knowsStore.withLock { $0 = true }
  }

  /// What it saw since the last time, and what it could not have met.
  func takeSights() -> (sights: [Sight], fault: String?) {
    state.withLock { state in
      defer { (state.sights, state.fault) = ([], nil) }
      return (state.sights, state.fault)
    }
  }

  /// Looks now, between two steps of the writer; returns how far it sees, if it lives.
  func lookNow(beside writer: SimulatedDisk) -> UInt64? {
    takeTurn(beside: writer, isCertain: true)
    return state.withLock { $0.reader == nil ? nil : $0.position }
  }

  /// Looks, if its turn has come; nothing is locked meanwhile.
  private func takeTurn(beside writer: SimulatedDisk, isCertain: Bool = false) {
    guard writer.isPowered else { return }
    let mine = state.withLock { state -> State? in
      guard isCertain || state.generator.chance(oneIn: Self.callsPerLook) else { return nil }
      return state
    }
    guard var mine else { return }
    do throws(StoreError) {
      try look(&mine, beside: writer)
    } catch {
      if mine.disk?.isRunning != true {
        (mine.reader, mine.disk, mine.position, mine.receipts) = (nil, nil, 0, [:])
      } else if !isExcused(error, mine) {
        mine.fault = "a reader in another process met: \(error)"
      }
    }
    state.withLock { [mine] state in state = mine }
  }

  private func look(_ mine: inout State, beside writer: SimulatedDisk) throws(StoreError) {
    let disk = mine.disk ?? writer.startProcess(readOnly: true)
    mine.disk = disk
    let reader: EventReader
    if let open = mine.reader {
      reader = open
    } else {
      reader = try EventReader.open(on: disk, keys: keys)
      mine.reader = reader
    }
    let visible = try reader.lastSequence
    if visible < mine.position {
      mine.fault = "a reader saw event \(mine.position), and then no more than \(visible)"
      return
    }
    var (events, position): ([(event: Event, receipt: Receipt)], UInt64) = ([], mine.position)
    while position < visible {
      let page = try reader.events(in: .everything, after: position, limit: 64)
      for event in page.events {
        if let receipt = try StoreModel.receipt(event.header.sequence, reader) {
          events.append((event, receipt))
        }
      }
      position = page.position
    }
    if visible > mine.position {
      mine.sights.append(Sight(after: mine.position, visible: visible, events: events))
      mine.position = visible
      for seen in events { mine.receipts[seen.receipt.sequence] = seen.receipt }
    }
    if mine.generator.chance(oneIn: Self.looksPerReview) { try review(&mine, reader) }
  }

  /// Looks again at something that it saw before.
  private func review(_ mine: inout State, _ reader: EventReader) throws(StoreError) {
    guard mine.position > 0 else { return }
    let sequence = UInt64(1 + mine.generator.below(Int(mine.position)))
    guard let known = mine.receipts[sequence] else { return }
    if let found = try StoreModel.receipt(sequence, reader), found != known {
      mine.fault = "a reader saw another receipt of event \(sequence) than before"
    }
  }

  private func isExcused(_ error: StoreError, _ mine: State) -> Bool {
    switch error {
    case .disk(.io), .disk(.interrupted): true
    case .notAStore: !knowsStore.withLock { $0 }
    default: false
    }
  }
}
