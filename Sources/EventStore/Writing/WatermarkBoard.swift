// How far the log has come, and who waits for it to come further. A change wakes only those whose
// target it reaches, and those who wait for what will never come: waits stand in a line for each
// mark, the nearest target last, so that looking for them costs nothing while nobody is due.

internal import Ambient
internal import Synchronization

/// Which of the watermarks is meant.
public enum Watermark: Hashable, Sendable {
  case written, durable, visible
  /// The projection of this name has taken it in.
  case applied(String)
  /// Every registered projection has taken it in; with none, it is visible.
  case appliedByAll
}

final class WatermarkBoard: Sendable {
  fileprivate struct Wait {
    let target: UInt64
    let parker: Parker
    let outcome: Outcome
    /// Whether it ends when the target turns out to be in a cancelled fence.
    let isForEvent: Bool
  }
  fileprivate final class Outcome: Sendable {
    let value = Mutex<Result<Void, StoreError>?>(nil)
  }
  /// Where a registered projection stands.
  fileprivate struct ProjectionMark {
    var position: UInt64
    /// Why it goes no further.
    var stop: StoreError?
  }
  fileprivate struct State {
    var marks: Watermarks
    /// Ordered by target, the nearest last.
    var lines: [Watermark: [Wait]] = [:]
    var count = 0
    /// Members of cancelled fences that would else become visible now.
    var cancelled: Set<UInt64> = []
    var projections: [String: ProjectionMark] = [:]
    var closed: StoreError?
  }
  /// The most threads that wait at once.
  static let waitsMax = 65_536

  private let state: Mutex<State>

  init(_ marks: Watermarks) {
    state = Mutex(State(marks: marks))
  }

  var current: Watermarks { state.withLock { $0.marks } }

  // MARK: - Moving

  /// Moves the mark that nobody waits for.
  func accept(_ sequence: UInt64) {
    state.withLock { $0.marks.accepted = max($0.marks.accepted, sequence) }
  }

  /// Moves the marks and wakes whom that concerns.
  func move(_ body: (inout Watermarks) -> Void) {
    settle { state, woken in
      body(&state.marks)
      state.weighApplied()
      state.release([.written, .durable, .visible, .appliedByAll], into: &woken)
      if !state.cancelled.isEmpty {
        let visible = state.marks.visible
        state.cancelled = state.cancelled.filter { $0 > visible }
      }
    }
  }

  /// Tells those who wait for these events to become visible that they never will.
  func cancel(_ sequences: [UInt64]) {
    guard !sequences.isEmpty else { return }
    settle { state, woken in
      state.cancelled.formUnion(sequences)
      let cancelled = state.cancelled
      state.end(in: [.visible], into: &woken) { wait in
        wait.isForEvent && cancelled.contains(wait.target) ? .cancelledFence(wait.target) : nil
      }
    }
  }

  /// Takes back sequences that were given out and whose events could not be committed; they will be
  /// given to others.
  func retract(from prepared: UInt64, to committed: UInt64, because error: StoreError) {
    settle { state, woken in
      state.marks.accepted = committed
      state.end(in: Array(state.lines.keys), into: &woken) { wait in
        wait.isForEvent && wait.target > committed && wait.target <= prepared ? error : nil
      }
    }
  }

  /// Ends every wait: nothing moves any more.
  func close(_ reason: StoreError) {
    settle { state, woken in
      state.closed = reason
      state.end(in: Array(state.lines.keys), into: &woken) { _ in reason }
    }
  }

  // MARK: - Projections

  /// Lets a projection hold the applied mark back; false when its name is taken.
  func register(_ projection: String, at position: UInt64) -> Bool {
    var isFree = true
    settle { state, woken in
      isFree = state.projections[projection] == nil
      guard isFree else { return }
      state.projections[projection] = ProjectionMark(position: position)
      state.weighApplied()
    }
    return isFree
  }

  /// Forgets a projection, whose waits end.
  func unregister(_ projection: String) {
    settle { state, woken in
      state.projections[projection] = nil
      state.end(in: [.applied(projection)], into: &woken) { _ in .unregistered(projection) }
      state.weighApplied()
      state.release([.appliedByAll], into: &woken)
    }
  }

  /// Notes how far a projection has come, and with `stop` that it goes no further; its waits then
  /// end with that.
  func moveProjection(_ projection: String, to position: UInt64, stop: StoreError? = nil) {
    settle { state, woken in
      guard state.projections[projection] != nil else { return }
      state.projections[projection] = ProjectionMark(position: position, stop: stop)
      state.weighApplied()
      state.release([.applied(projection), .appliedByAll], into: &woken)
      if let stop {
        state.end(in: [.applied(projection), .appliedByAll], into: &woken) { _ in stop }
      }
    }
  }

  /// Changes the state under the lock, then wakes whom that ended the wait of.
  private func settle(_ change: (inout State, inout [Wait]) -> Void) {
    let woken = state.withLock { state -> [Wait] in
      var woken: [Wait] = []
      change(&state, &woken)
      return woken
    }
    for wait in woken { wait.parker.unpark() }
  }

  // MARK: - Waiting

  /// Sleeps until the mark has reached the sequence.
  func wait(
    for mark: Watermark, until target: UInt64, timeout: Duration?
  ) throws(StoreError) {
    let parker = Parker()
    guard let outcome = try enter(mark, target, parker, isForEvent: true) else { return }
    parker.park(timeout: timeout)
    leave(mark, parker)
    guard let result = outcome.value.withLock({ $0 }) else { throw .timedOut }
    try result.get()
  }

  /// Sleeps until something behind the sequence is visible, whatever it is. May return earlier: when
  /// the parker was woken by somebody else, or when `timeout` has passed.
  func waitForMore(
    after sequence: UInt64, _ parker: Parker, timeout: Duration?
  ) throws(StoreError) {
    guard let outcome = try enter(.visible, sequence + 1, parker, isForEvent: false) else { return }
    parker.park(timeout: timeout)
    leave(.visible, parker)
    if let result = outcome.value.withLock({ $0 }) { try result.get() }
  }

  /// Stands in line; nil when the target is reached already.
  private func enter(
    _ mark: Watermark, _ target: UInt64, _ parker: Parker, isForEvent: Bool
  ) throws(StoreError) -> Outcome? {
    try state.withLock { (state) throws(StoreError) in
      if isForEvent, mark == .visible, state.cancelled.contains(target) {
        throw .cancelledFence(target)
      }
      guard let reached = state.reached(mark) else {
        guard case .applied(let name) = mark else {
          preconditionFailure("marks move by themselves")
        }
        throw .unregistered(name)
      }
      if reached >= target { return nil }
      if let stop = state.stop(of: mark) ?? state.closed { throw stop }
      guard state.count < Self.waitsMax else {
        throw .tooMany("waits for the log", countMax: Self.waitsMax)
      }
      let outcome = Outcome()
      let wait = Wait(target: target, parker: parker, outcome: outcome, isForEvent: isForEvent)
      let place = state.lines[mark]?.partition { $0.target <= target } ?? 0
      state.lines[mark, default: []].insert(wait, at: place)
      state.count += 1
      return outcome
    }
  }

  /// Steps out of line, if still in it.
  private func leave(_ mark: Watermark, _ parker: Parker) {
    state.withLock { state in
      guard let place = state.lines[mark]?.firstIndex(where: { $0.parker === parker }) else {
        return
      }
      state.lines[mark]?.remove(at: place)
      state.count -= 1
    }
  }
}

extension WatermarkBoard.State {
  /// How far a mark has come; nil for a projection that nobody registered.
  fileprivate func reached(_ mark: Watermark) -> UInt64? {
    switch mark {
    case .written: marks.written
    case .durable: marks.durable
    case .visible: marks.visible
    case .applied(let name): projections[name]?.position
    case .appliedByAll: marks.applied
    }
  }

  /// Why a mark of projections goes no further.
  fileprivate func stop(of mark: Watermark) -> StoreError? {
    switch mark {
    case .written, .durable, .visible: nil
    case .applied(let name): projections[name]?.stop
    case .appliedByAll: projections.values.compactMap(\.stop).first
    }
  }

  fileprivate mutating func weighApplied() {
    marks.applied = projections.values.map(\.position).min() ?? marks.visible
  }

  /// Takes those out of the lines whose target is reached.
  fileprivate mutating func release(
    _ marks: [Watermark], into woken: inout [WatermarkBoard.Wait]
  ) {
    for mark in marks {
      guard let reached = reached(mark) else { continue }
      while let next = lines[mark]?.last, next.target <= reached {
        next.outcome.value.withLock { $0 = .success(()) }
        woken.append(next)
        lines[mark]?.removeLast()
        count -= 1
      }
    }
  }

  /// Takes those out of the lines who wait in vain.
  fileprivate mutating func end(
    in marks: [Watermark], into woken: inout [WatermarkBoard.Wait],
    _ reason: (WatermarkBoard.Wait) -> StoreError?
  ) {
    for mark in marks {
      lines[mark]?.removeAll { wait in
        guard let reason = reason(wait) else { return false }
        wait.outcome.value.withLock { $0 = .failure(reason) }
        woken.append(wait)
        count -= 1
        return true
      }
    }
  }
}

extension StoreError {
  static func cancelledFence(_ sequence: UInt64) -> StoreError {
    .fence("that holds event \(sequence) was cancelled")
  }

  fileprivate static func unregistered(_ projection: String) -> StoreError {
    .absent("the projection '\(projection)'")
  }
}
