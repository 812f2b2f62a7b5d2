// A running projection as its owner sees it: the state, and where it stands. While events are taken
// in, the state is in the projector's hand and whoever asks for it waits for the next whole place;
// so no event costs a copy of the state, and nobody ever sees half of a batch or of a fence.
//
//   resting ──taken──▶ in hand ──whole place──▶ resting, further on
//                         └──an event it cannot take in──▶ built anew up to the last whole place,
//                                                          stopped until told to retry

internal import Ambient
internal import Synchronization

/// A running projection.
public final class ProjectionView<State: Sendable>: Sendable {
  private struct Resting {
    /// Nil while it is in hand.
    var state: State?
    var position: UInt64
    var start: ProjectionStart
    var stop: ProjectionStop?
    var unsaved: StoreError?
  }

  public let projection: Projection<State>
  private let resting: Monitor<Resting>
  private let inHand = Mutex<State?>(nil)
  private let wake: @Sendable () -> Void

  init(
    _ projection: Projection<State>, _ state: State, at position: UInt64, _ start: ProjectionStart,
    wake: @escaping @Sendable () -> Void
  ) {
    self.projection = projection
    self.wake = wake
    resting = Monitor(Resting(state: state, position: position, start: start))
  }

  /// The state, and up to which sequence everything is in it. Waits while events are being taken
  /// in, so the projection's own fold must not ask.
  public var current: (state: State, position: UInt64) {
    resting.wait { resting in resting.state.map { ($0, resting.position) } }!
  }

  /// The state alone.
  public var state: State { current.state }

  /// Where the projection stands; never waits.
  public var standing: ProjectionStanding {
    resting.withLock { resting in
      ProjectionStanding(
        position: resting.position, start: resting.start, stop: resting.stop,
        unsaved: resting.unsaved)
    }
  }

  /// Has a projection that stopped try the same event again; any other goes on as it was.
  public func retry() {
    resting.withLock { $0.stop = nil }
    wake()
  }

  /// The projection without its state's type, as a projector runs it.
  func fold(_ shelf: SnapshotShelf?, _ reader: EventReader) -> Fold {
    Fold(
      name: projection.name, region: projection.region,
      standing: { [self] in standing },
      take: { [self] in
        let state = resting.withLock { $0.state.take() }
        inHand.withLock { $0 = state }
      },
      apply: { [self] occurrence throws(ProjectionFault) in
        guard var state = inHand.withLock({ $0.take() }) else {
          preconditionFailure("a projection is applied by one thread, which has taken its state")
        }
        // What it did before it threw does not count: then nothing is put back in hand.
        try projection.apply(&state, occurrence)
        inHand.withLock { [state] in $0 = state }
      },
      rest: { [self] position in
        let state = inHand.withLock { $0.take() }
        resting.change { resting in
          resting.state = state
          resting.position = position
        }
      },
      stop: { [self] stop in resting.withLock { $0.stop = stop } },
      revive: { [self] target in revive(upTo: target, shelf, reader) },
      save: { [self] lineage in save(lineage, shelf, reader) })
  }

  /// Puts the state of the newest snapshot in hand, or the initial one where that goes too far;
  /// returns its position.
  private func revive(
    upTo target: UInt64, _ shelf: SnapshotShelf?, _ reader: EventReader
  ) -> UInt64 {
    let found = Self.begin(projection, target == 0 ? nil : shelf, reader)
    let isUsable = found.position <= target
    inHand.withLock { $0 = isUsable ? found.state : projection.initial }
    return isUsable ? found.position : 0
  }

  /// Keeps a snapshot of the resting state; a failure is noted and costs only time later.
  private func save(_ lineage: Lineage, _ shelf: SnapshotShelf?, _ reader: EventReader) {
    guard let shelf else { return }
    let (state, position) = current
    var fault: StoreError?
    do throws(StoreError) {
      try shelf.keep(
        ProjectionSnapshot(
          lineage: lineage, name: projection.name, version: projection.version,
          region: projection.region, position: position,
          commitment: position == 0 ? nil : try reader.commitment(of: position),
          state: projection.encode(state)))
    } catch {
      fault = error
    }
    resting.withLock { [fault] in $0.unsaved = fault }
  }

  /// The state to begin with, from the snapshot when there is one that can be used.
  static func begin(
    _ projection: Projection<State>, _ shelf: SnapshotShelf?, _ reader: EventReader
  ) -> (state: State, position: UInt64, start: ProjectionStart) {
    func anew(_ start: ProjectionStart) -> (State, UInt64, ProjectionStart) {
      (projection.initial, 0, start)
    }
    guard let shelf else { return anew(.new) }
    do throws(StoreError) {
      let lineage = try reader.catalog().lineage
      let found = try shelf.find(
        projection.name, version: projection.version, region: projection.region, lineage: lineage,
        reader)
      switch found {
      case .absent: return anew(.new)
      case .unusable(let reason): return anew(.rebuilt(because: reason))
      case .usable(let snapshot):
        do throws(ProjectionFault) {
          let state = try projection.decode(snapshot.state)
          return (state, snapshot.position, .resumed(at: snapshot.position))
        } catch {
          return anew(.rebuilt(because: "the snapshot cannot be read: \(error.sentence)"))
        }
      }
    } catch {
      return anew(.rebuilt(because: "\(error)"))
    }
  }
}

/// A projection whose state has a type that its projector does not know.
struct Fold: Sendable {
  let name: String
  let region: Region
  let standing: @Sendable () -> ProjectionStanding
  /// Takes the resting state in hand.
  let take: @Sendable () -> Void
  /// Takes one event in; after a throw nothing is in hand.
  let apply: @Sendable (Occurrence) throws(ProjectionFault) -> Void
  /// Lets the state in hand rest at a position.
  let rest: @Sendable (UInt64) -> Void
  let stop: @Sendable (ProjectionStop) -> Void
  /// Puts a state of this position or an older one in hand; returns which.
  let revive: @Sendable (UInt64) -> UInt64
  /// Keeps a snapshot of the resting state.
  let save: @Sendable (Lineage) -> Void
}
