// Seals segments that are full while appends go on in the next. A segment waits here from the moment
// its successor is made until its footer is durable; until then readers find its events through the
// tables in memory, and after a crash the next open scans it and seals it again:
//
//   full ──successor made──▶ waiting ──▶ in hand ──footer durable──▶ sealed
//                               ▲           │
//                               └── failed ─┘   tried again when the next segment is full
//
// With a worker this is done on a thread of its own; without one, by whoever fills the segment. A
// failure loses nothing: it is said in the log, counted in the statistics and tried again.

internal import Ambient
internal import Synchronization

final class Sealer: Sendable {
  private struct State {
    var waiting: [Segment] = []
    var failed: [(segment: Segment, error: StoreError)] = []
    var isBusy = false
    var isStopped = false

    var unsealed: Int { waiting.count + failed.count + (isBusy ? 1 : 0) }
  }
  private enum Next {
    case seal(Segment)
    case stop
  }

  private let state = Monitor(State())
  private let worker = Mutex<Worker?>(nil)
  private let usesWorker: Bool
  private let seal: @Sendable (Segment) throws(StoreError) -> Void
  private let log: Log

  init(
    maintenance: Maintenance, log: Log,
    seal: @escaping @Sendable (Segment) throws(StoreError) -> Void
  ) {
    usesWorker = maintenance == .worker
    self.log = log
    self.seal = seal
  }

  /// Waits until another segment may be full; throws what keeps the others from being sealed.
  func makeRoom() throws(StoreError) {
    retryFailed()
    let failure = state.wait { (state: inout State) -> Result<Void, StoreError>? in
      if state.unsealed < EventStoreLimits.unsealedSegmentsMax || state.isStopped {
        return .success(())
      }
      if state.waiting.isEmpty, !state.isBusy, let failed = state.failed.first {
        return .failure(failed.error)
      }
      return nil
    }
    try failure?.get()
  }

  /// Has a segment sealed whose successor is made.
  func add(_ segment: Segment) {
    state.withLock { $0.waiting.append(segment) }
    guard usesWorker else {
      sealNext()
      return
    }
    worker.withLock { worker in
      guard worker == nil else { return }
      worker = Worker("larder-sealer") { [self] in while sealNext() {} }
    }
    state.wakeAll()
  }

  /// Seals what waits; returns false when there is nothing more to be done, ever.
  @discardableResult
  private func sealNext() -> Bool {
    let next: Next? =
      usesWorker
      ? state.wait { (state: inout State) -> Next? in Self.next(&state) }
      : state.withLock { Self.next(&$0) }
    guard case .seal(let segment)? = next else { return false }
    var failure: StoreError?
    do throws(StoreError) {
      try seal(segment)
    } catch {
      failure = error
      log.write(
        .warning, "a segment is not sealed yet",
        [LogField("segment", "\(segment.path)"), LogField("cause", "\(error)")])
    }
    let failed = failure.map { (segment, $0) }
    state.change { state in
      state.isBusy = false
      if let failed { state.failed.append(failed) }
    }
    return true
  }

  private static func next(_ state: inout State) -> Next? {
    if state.isStopped { return .stop }
    guard !state.waiting.isEmpty else { return nil }
    state.isBusy = true
    return .seal(state.waiting.removeFirst())
  }

  /// Waits until everything is sealed that can be.
  func drain() {
    _ = state.wait { (state: inout State) -> Bool? in
      state.waiting.isEmpty && !state.isBusy || state.isStopped ? true : nil
    }
  }

  /// Seals what is left, once more where it failed, and ends the thread.
  func finish() throws(StoreError) {
    retryFailed()
    drain()
    stop()
    if let failed = state.withLock({ $0.failed.first }) { throw failed.error }
  }

  private func retryFailed() {
    let failed = state.withLock { state in
      defer { state.failed = [] }
      return state.failed
    }
    for entry in failed { add(entry.segment) }
  }

  /// Ends the thread after the segment in hand; what waits is sealed by the next open.
  func stop() {
    state.change { $0.isStopped = true }
    let running = worker.withLock { worker in worker.take() }
    running?.join()
  }
}
