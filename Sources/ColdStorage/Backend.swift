// What every adapter stands on: its name, its way of trying again, its circuit, its metrics and its
// log, wired once. An operation is what was asked at the door and is counted once; an attempt is
// what is tried again when it fails. An adapter that sends many requests for one operation makes
// each an attempt of its own, so that a lost part of a large object costs that part.
//
//   operation ─┬─ attempts ── attempt, attempt ✓            counted, timed and logged
//              └─ attempts ── attempt ✓                     once, with all retries

package import Ambient
package import Retry
import Synchronization

/// The surroundings of one adapter.
package final class Backend: Sendable {
  /// What it is called in metrics, logs and messages.
  package let name: String
  /// The circuit of what the adapter talks to, as the console shows it.
  package let circuit: Circuit
  private let retries: Retries
  private let metrics: StorageMetrics
  private let log: Log
  private let clock: MonotonicClock
  private let record = BackendRecord()

  package init(
    _ name: String, retries: Retries, circuit: Circuit, metrics: StorageMetrics, log: Log,
    clock: MonotonicClock
  ) {
    self.name = name
    self.retries = retries
    self.circuit = circuit
    self.metrics = metrics
    self.log = log
    self.clock = clock
  }

  /// How it is doing; asks nobody.
  package var standing: BackendStanding { record.standing(name, circuit.snapshot) }

  /// Runs one operation, and counts, times and logs it. `bytes` says how many a transfer moved.
  ///
  /// The log names the base name of the key; the whole key only at debug.
  package func perform<Result>(
    _ operation: StorageOperation, _ key: ObjectKey?, cancellation: Cancellation?,
    bytes: (Result) -> UInt64? = { _ in nil },
    _ body: (Attempts) throws(StorageError) -> Result
  ) throws(StorageError) -> Result {
    let attempts = Attempts(of: self, operation, cancellation)
    let begun = clock.now()
    func note(_ transferred: UInt64?, _ error: StorageError?) {
      let (took, retries) = (clock.now() - begun, attempts.retried)
      metrics.record(
        name, operation, bytes: transferred, latency: took, retries: retries,
        result: error?.kind.rawValue ?? "ok")
      record.note(error, retries: retries, took: took, at: circuit.wall.now())
    }
    do throws(StorageError) {
      let result = try body(attempts)
      note(bytes(result), nil)
      log.write(.debug, "\(operation.rawValue) done", fields(key, whole: true))
      return result
    } catch {
      note(nil, error)
      if !error.isAnswer {
        log.write(.info, "\(operation.rawValue) failed", fields(key, whole: false, error))
        log.write(.debug, "\(operation.rawValue) failed: \(error)", fields(key, whole: true))
      }
      throw error
    }
  }

  private func fields(
    _ key: ObjectKey?, whole: Bool, _ error: StorageError? = nil
  ) -> [LogField] {
    var fields = [LogField("backend", name)]
    if let key { fields.append(LogField("object", whole ? key.description : key.baseName)) }
    if let error { fields.append(LogField("result", error.kind.rawValue)) }
    return fields
  }

  /// Tries until it goes well or the budget is spent.
  fileprivate func run<Result>(
    _ attempts: Attempts, refresh: () -> Bool, classify: (StorageError) -> FailureClass,
    _ attempt: (_ number: Int) throws(StorageError) -> Result
  ) throws(StorageError) -> Result {
    do throws(RetryFailure<StorageError>) {
      return try retries.run(
        cancellation: attempts.cancellation, circuit: circuit, classify: classify,
        refresh: refresh,
        note: { note in
          attempts.countRetry()
          let delay = note.delay.map { "\($0.wholeMicroseconds / 1_000) ms" } ?? "a refresh"
          log.write(
            .info, "\(attempts.operation.rawValue) is tried again after \(delay)",
            [
              LogField("backend", name), LogField("attempt", note.attempt),
              LogField("result", note.failure.kind.rawValue),
            ])
        }, attempt: attempt)
    } catch {
      throw error.asStorageError(name)
    }
  }
}

/// The attempts of one operation, which may come from several threads.
package final class Attempts: Sendable {
  private let backend: Backend
  fileprivate let operation: StorageOperation
  /// Looked at by whoever works for the operation.
  package let cancellation: Cancellation?
  private let retries = Atomic<Int>(0)

  fileprivate init(
    of backend: Backend, _ operation: StorageOperation, _ cancellation: Cancellation?
  ) {
    self.backend = backend
    self.operation = operation
    self.cancellation = cancellation
  }

  fileprivate var retried: Int { retries.load(ordering: .relaxed) }

  fileprivate func countRetry() {
    retries.wrappingAdd(1, ordering: .relaxed)
  }

  /// Tries until it goes well, cannot go well, or the budget is spent.
  ///
  /// `refresh` renews the credentials once when they are said to have expired. What fails to the
  /// last attempt comes as `.gaveUp`; an answer comes as itself, whichever attempt it is given to.
  package func run<Result>(
    refresh: () -> Bool = { false },
    classify: (StorageError) -> FailureClass = { $0.failureClass },
    _ attempt: (_ number: Int) throws(StorageError) -> Result
  ) throws(StorageError) -> Result {
    try backend.run(self, refresh: refresh, classify: classify, attempt)
  }

  /// Throws `.cancelled` once nobody wants the result.
  package func check() throws(StorageError) {
    if cancellation?.isCancelled == true { throw .cancelled }
  }
}

extension RetryFailure<StorageError> {
  fileprivate func asStorageError(_ store: String) -> StorageError {
    switch reason {
    case .cancelled: .cancelled
    case .circuitOpen(let time): .circuitOpen(store: store, retryIn: time, last: last)
    case .permanent, .attemptsSpent, .timeSpent, .authRefused:
      switch last {
      // What cannot go well is an answer, however many attempts it took to get one.
      case let last? where attempts > 1 && reason != .permanent:
        .gaveUp(attempts: attempts, last: last)
      case let last?: last
      case nil: preconditionFailure("what was given up was tried")
      }
    }
  }
}

extension StorageError {
  /// Whether the store worked and the caller merely learns how things stand.
  fileprivate var isAnswer: Bool {
    switch kind {
    case .absent, .alreadyExists, .preconditionFailed, .cancelled: true
    default: false
    }
  }
}
