// Brings those who ask for files and the restores together. Whoever asks leaves a closure and no thread;
// it is called by the thread that restored the file, once.

internal import Ambient
internal import Bytes
internal import DurableFiles
internal import Manifest
internal import Synchronization
internal import Telemetry
internal import Views

/// Runs restores on threads of its own, or on the caller's.
final class RestoreRunner: Sendable {
  typealias Answer = @Sendable (Result<UInt64, EngineError>) -> Void

  private struct State {
    var table: RestoreTable
    var answers: [RestoreTable.Asker: Answer] = [:]
    var asked: RestoreTable.Asker = 0
    var isStopping = false
  }
  private let work: RestoreWork
  private let counters: EngineCounters
  private let concurrency: Int
  private let clock: MonotonicClock
  /// How fast files came lately.
  let pace: TransferPace
  private let state: Mutex<State>
  private let box: Mailbox<FilePath>
  private let cancellation = Cancellation()
  private let left: Monitor<Int>
  private let transfers = Mutex<[FilePath: TransferInHand]>([:])
  let flow: TransferFlow
  /// What ended lately.
  let recent = RecentRestores()
  private let wall: WallClock

  init(
    _ work: RestoreWork, counters: EngineCounters, concurrency: Int, flow: TransferFlow,
    clock: MonotonicClock, wall: WallClock
  ) {
    self.work = work
    self.counters = counters
    self.concurrency = concurrency
    self.flow = flow
    self.clock = clock
    self.wall = wall
    pace = TransferPace(together: concurrency)
    state = Mutex(State(table: RestoreTable(concurrencyMax: concurrency)))
    box = Mailbox(messagesMax: concurrency)
    left = Monitor(0)
  }

  /// How files are taken over that only cold storage knows.
  var adoption: Adoption { work.adoption }

  /// Starts the threads.
  func start() {
    left.change { $0 = concurrency }
    for number in 0..<concurrency {
      Worker("restore-\(number)") { [self] in
        while let path = box.receive() { restore(path) }
        left.change { $0 -= 1 }
      }.detach()
    }
  }

  /// Takes nothing new, lets what is under way and waits go on until `timeout`, then cancels it.
  func stop(timeout: Duration) {
    state.withLock { $0.isStopping = true }
    let isDone = wait(timeout: timeout)
    if !isDone { cancellation.cancel() }
    _ = wait(timeout: nil)
    box.close()
    _ = left.wait { $0 == 0 ? true : nil }
  }

  private let idle = Monitor(true)

  private func wait(timeout: Duration?) -> Bool {
    idle.wait(timeout: timeout) { $0 ? true : nil } ?? false
  }

  /// What is under way, the oldest first, and how many files wait for a place.
  var standing: (inFlight: [TransferView], queued: Int) {
    let transfers = transfers.withLock { Array($0.values) }.sorted { $0.since < $1.since }
    return state.withLock { state in
      (
        transfers.map { $0.view(waiting: state.table.askersCount(of: $0.path)) },
        state.table.filesCount - state.table.underWayCount
      )
    }
  }

  /// Asks for a file; the answer is given once, perhaps before this returns.
  func ask(_ path: FilePath, _ answer: @escaping Answer) {
    let actions = state.withLock { (state: inout State) -> [RestoreTable.Action]? in
      if state.isStopping { return nil }
      state.asked += 1
      state.answers[state.asked] = answer
      return state.table.handle(.asked(path, by: state.asked))
    }
    guard let actions else { return answer(.failure(.stopping)) }
    perform(actions, .failure(.busy("too many files are asked for")))
  }

  private func perform(
    _ actions: [RestoreTable.Action], _ result: Result<UInt64, EngineError>
  ) {
    for action in actions {
      switch action {
      case .begin(let path):
        idle.change { $0 = false }
        // There are as many places in the box as restores that may be under way.
        precondition(box.post(path) == .accepted, "a restore begins that has no place")
      case .answer(let askers): give(result, to: askers)
      case .refuse(let asker):
        counters.refusedRestores.add()
        give(.failure(.busy("too many files are asked for")), to: [asker])
      }
    }
    let isIdle = state.withLock { $0.table.filesCount == 0 }
    if isIdle { idle.change { $0 = true } }
  }

  private func give(_ result: Result<UInt64, EngineError>, to askers: [RestoreTable.Asker]) {
    let answers = state.withLock { state in
      askers.compactMap { state.answers.removeValue(forKey: $0) }
    }
    for answer in answers { answer(result) }
  }

  private func restore(_ path: FilePath) {
    let begun = clock.now()
    let result: Result<UInt64, EngineError>
    let transfer = TransferInHand(path, since: wall.now(), flow)
    transfers.withLock { $0[path] = transfer }
    defer {
      transfers.withLock { _ = $0.removeValue(forKey: path) }
      flow.news.note()
    }
    do throws(EngineError) {
      let size = try work.run(path, cancellation, transfer)
      transfer.complete()
      flow.ended()
      pace.note(bytes: size, took: clock.now() - begun)
      counters.restores.add()
      counters.restoredBytes.add(size)
      result = .success(size)
    } catch {
      counters.restoreFailures.add()
      result = .failure(error)
    }
    let actions = state.withLock { $0.table.handle(.ended(path)) }
    recent.add(ended(path, result, actions, after: clock.now() - begun))
    perform(actions, result)
  }

  private func ended(
    _ path: FilePath, _ result: Result<UInt64, EngineError>, _ actions: [RestoreTable.Action],
    after took: Duration
  ) -> RestoredView {
    let waited = actions.reduce(0) { count, action in
      if case .answer(let askers) = action { count + askers.count } else { count }
    }
    var view = RestoredView(
      path: escaped(path.bytes), bytes: 0, ended: wall.now(), took: took, waited: waited)
    switch result {
    case .success(let size): view.bytes = size
    case .failure(let error): view.fault = "\(error)"
    }
    return view
  }

  /// Restores on the calling thread all that were asked for. For simulations.
  func step() {
    while let path = box.drain(max: 1).first { restore(path) }
  }
}
