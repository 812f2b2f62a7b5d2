// What every adapter gets from its backend: attempts, circuit, metrics, and a log that says no more
// than it may.

import Ambient
import Digests
import Retry
import Synchronization
import Telemetry
import Testing

@testable import ColdStorage

@Suite struct BackendTests {
  private static let down = StorageError.unavailable(
    store: "primary", detail: "it answered 500", retryAfter: nil)

  /// Fails so often, then succeeds; counts the attempts.
  private func run(
    _ backend: Backend, failures: [StorageError], cancellation: Cancellation? = nil,
    refresh: () -> Bool = { false }, attempts: inout Int
  ) throws(StorageError) -> Int {
    var number = 0
    defer { attempts = number }
    return try backend.perform(
      .upload, "depot/main/a.c", cancellation: cancellation, bytes: { _ in 7 },
      { (tries) throws(StorageError) in
        try tries.run(refresh: refresh) { _ throws(StorageError) in
          number += 1
          if number <= failures.count { throw failures[number - 1] }
          return number
        }
      })
  }

  @Test func `what fails twice and then succeeds is one operation with two retries`() throws {
    let registry = try MetricRegistry()
    let backend = Backend.test("primary", RetryPolicy(), registry: registry)
    var attempts = 0
    #expect(
      try run(backend, failures: [Self.down, Self.down], attempts: &attempts) == 3)
    let text = registry.snapshot().exposition
    for line in [
      "persist_storage_ops_total{backend=\"primary\",op=\"upload\",result=\"ok\"} 1",
      "persist_storage_bytes_total{backend=\"primary\",op=\"upload\"} 7",
      "persist_storage_retries_total{backend=\"primary\",op=\"upload\"} 2",
      "persist_storage_latency_seconds_count{backend=\"primary\",op=\"upload\"} 1",
      "persist_transfer_bytes_count 1",
    ] {
      #expect(text.contains(line + "\n"), "\(line) is missing")
    }
  }

  @Test func `what never succeeds is given up after four attempts and counted once`() throws {
    let registry = try MetricRegistry()
    let backend = Backend.test("primary", RetryPolicy(), registry: registry)
    var attempts = 0
    #expect(throws: StorageError.gaveUp(attempts: 4, last: Self.down)) {
      try run(backend, failures: Array(repeating: Self.down, count: 9), attempts: &attempts)
    }
    #expect(attempts == 4)
    let text = registry.snapshot().exposition
    #expect(
      text.contains(
        "persist_storage_ops_total{backend=\"primary\",op=\"upload\",result=\"unavailable\"} 1\n"))
    #expect(!text.contains("persist_storage_bytes_total{"))
  }

  @Test func `an answer is not tried again`() throws {
    var attempts = 0
    #expect(throws: StorageError.absent("depot/main/a.c")) {
      try run(
        .test("primary", RetryPolicy()), failures: [.absent("depot/main/a.c")], attempts: &attempts)
    }
    #expect(attempts == 1)
  }

  @Test func `an answer to a later attempt is the answer`() throws {
    var attempts = 0
    #expect(throws: StorageError.absent("depot/main/a.c")) {
      try run(
        .test("primary", RetryPolicy()), failures: [Self.down, .absent("depot/main/a.c")],
        attempts: &attempts)
    }
    #expect(attempts == 2)
  }

  @Test func `credentials that have expired are renewed once`() throws {
    let expired = StorageError.expiredCredentials(store: "primary", detail: "the token is old")
    var (attempts, renewals) = (0, 0)
    let renew = {
      renewals += 1
      return true
    }
    let backend = Backend.test("primary", RetryPolicy())
    #expect(try run(backend, failures: [expired], refresh: renew, attempts: &attempts) == 2)
    #expect(throws: StorageError.gaveUp(attempts: 2, last: expired)) {
      try run(backend, failures: [expired, expired], refresh: renew, attempts: &attempts)
    }
    #expect(renewals == 2)
  }

  @Test func `a dead backend is not asked by everyone all the time`() throws {
    let clock = ManualClock()
    let backend = Backend.test("primary", clock: clock)
    var attempts = 0
    for _ in 0..<5 {
      #expect(throws: Self.down) {
        try run(backend, failures: [Self.down], attempts: &attempts)
      }
    }
    #expect(backend.circuit.snapshot.state == .open)
    do throws(StorageError) {
      _ = try run(backend, failures: [], attempts: &attempts)
      Issue.record("the backend was asked")
    } catch {
      #expect(error.kind == .circuitOpen && attempts == 0)
    }
    clock.advance(by: .seconds(2))
    #expect(try run(backend, failures: [], attempts: &attempts) == 1)
    #expect(backend.circuit.snapshot.state == .closed)
  }

  @Test func `a cancelled operation ends before its next attempt`() throws {
    let cancellation = Cancellation()
    cancellation.cancel()
    var attempts = 0
    #expect(throws: StorageError.cancelled) {
      try run(
        .test("primary"), failures: [], cancellation: cancellation, attempts: &attempts)
    }
    #expect(attempts == 0)
  }

  @Test func `the log names whole keys at debug only`() throws {
    let lines = Mutex<[LogRecord]>([])
    let log = Log(room: "storage", to: LogSink { line in lines.withLock { $0.append(line) } })
    let backend = Backend.test("primary", RetryPolicy(), log: log)
    var attempts = 0
    _ = try run(backend, failures: [Self.down], attempts: &attempts)
    #expect(throws: StorageError.self) {
      try run(
        backend, failures: [.denied(store: "primary", detail: "depot/main/a.c is denied")],
        attempts: &attempts)
    }
    let told = lines.withLock { $0 }
    #expect(told.contains { $0.level == .debug && "\($0)".contains("depot/main/a.c") })
    let shown = told.filter { $0.level > .debug }
    #expect(shown.count == 2)
    #expect(shown.allSatisfy { !"\($0)".contains("depot/main") })
    #expect(shown.contains { "\($0)".contains("a.c") })
  }
}

@Suite struct PartsDigestTests {
  private static let partBytes = 8_192

  @Test(arguments: [0, 1, 1_023, 1_024, 1_025, 8_191, 8_192, 8_193, 50_000, 65_536, 70_000])
  func `parts in any order have the digest of the whole`(count: Int) throws {
    var generator = SeededGenerator(seed: UInt64(count))
    let bytes = generator.bytes(count)
    let parts = stride(from: 0, to: max(count, 1), by: Self.partBytes).map { start in
      (start / Self.partBytes, Array(bytes[start..<min(count, start + Self.partBytes)]))
    }
    for _ in 0..<5 {
      let digest = PartsDigest(partBytes: Self.partBytes)
      for (number, part) in parts.shuffled(using: &generator) {
        digest.take(part.span, part: number)
        // Sent again, as after a lost answer.
        digest.take(part.span, part: number)
      }
      #expect(digest.digest == Blake3.digest(of: bytes))
    }
  }
}
