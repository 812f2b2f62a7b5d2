// How fast an engine writes down what happens to files, beside SQLite and LMDB, which do a synced commit
// for each. Both allow one writer, so one thread is the best that either can do.

import Ambient
import CacheEngine
import Digests
import DurableFiles
import SQLite
import Synchronization

extension EngineBench {
  /// Transitions in one round of each side.
  private static let transitionsCount = 40_000
  private static let rivalCount = 2_000

  var transitions: [Contest] {
    let ours = Shared { [self] (_) throws(BenchFailure) in
      let (rate, _) = try rate(until: { $0 >= Self.transitionsCount })
      return rate
    }
    let name = "durable transitions, \(Self.producers) producers"
    return [
      Contest(
        name, .perSecond, bar: .ratio(5),
        against: .init("SQLite, WAL, FULL, a commit each") {
          [self] (stopwatch, _) throws(RivalMissing) in
          do throws(BenchFailure) { return try sqliteRate(stopwatch) } catch {
            throw RivalMissing(error.reason)
          }
        }, measure: ours.first),
      Contest(
        name, .perSecond, bar: .ratio(5),
        against: .init("LMDB, a commit each") { [self] (_, _) throws(RivalMissing) in
          try lmdbRate()
        }, measure: ours.again),
    ]
  }

  /// The rate over a long time, and how far the manifest's tables were behind at most.
  func sustainedTransitions() throws(BenchFailure) -> (Figure, lag: UInt64) {
    let end = clock.now() + options.sustained
    let clock = clock
    let (rate, lag) = try rate(until: { _ in clock.now() >= end })
    return (
      Figure(
        name: "the same, sustained", quantity: .perSecond, runs: Runs([rate]), bar: .value(8_000)),
      lag
    )
  }

  private func rate(
    until isEnough: @escaping @Sendable (_ done: Int) -> Bool
  ) throws(BenchFailure) -> (rate: Double, lag: UInt64) {
    let (events, eventsPath) = try directory.freshDisk()
    let (state, statePath) = try directory.freshDisk()
    let files = try engining { () throws(EngineError) in
      try FileTransitions(events: events, state: (state, Array(statePath.utf8)))
    }
    let failed = Mutex<EngineError?>(nil)
    let done = Atomic(0)
    let lag = Atomic(UInt64(0))
    let begun = clock.now()
    Worker.each(Self.producers, named: "bench") { producer in
      do throws(EngineError) {
        var number = 0
        while !isEnough(done.load(ordering: .relaxed)), failed.withLock({ $0 == nil }) {
          let file = producer * 1_000_000 + number % 10_000
          try files.writeAndStore(BenchDepot.path(file), BenchDepot.details(file))
          done.add(2, ordering: .relaxed)
          number += 1
          if producer == 0, number % 64 == 0 { lag.max(try files.lag(), ordering: .relaxed) }
        }
      } catch {
        failed.withLock { $0 = error }
      }
    }
    let seconds = (clock.now() - begun).inSeconds
    if let error = failed.withLock({ $0 }) { throw BenchFailure("\(error)") }
    try engining { () throws(EngineError) in try files.close() }
    for path in [eventsPath, statePath] { try directory.discard(path) }
    return (Double(done.load(ordering: .relaxed)) / seconds, lag.load(ordering: .relaxed))
  }

  private func sqliteRate(_ stopwatch: Stopwatch) throws(BenchFailure) -> Double {
    let path = try directory.fresh()
    let value = [UInt8](repeating: 0x5A, count: Self.rowBytes)
    let seconds: Double
    do throws(SQLiteError) {
      var options = ConnectionOptions()
      options.synchronous = .full
      let connection = try Connection(.file(path + "/files.sqlite"), options)
      try connection.execute("CREATE TABLE files (path BLOB PRIMARY KEY, row BLOB NOT NULL)")
      seconds = try stopwatch.once { () throws(SQLiteError) in
        for index in 0..<Self.rivalCount {
          _ = try connection.run(
            "INSERT OR REPLACE INTO files VALUES (?, ?)",
            [.blob(BenchDepot.path(index / 2).bytes), .blob(value)])
        }
      }
    } catch {
      throw BenchFailure("\(error)")
    }
    try directory.discard(path)
    return Double(Self.rivalCount) / seconds
  }

  /// What a rival keeps of a file beside its path.
  private static let rowBytes = 200

  private func lmdbRate() throws(RivalMissing) -> Double {
    do throws(BenchFailure) {
      let path = try directory.fresh()
      let answer: Subprocess
      do throws(SubprocessError) {
        answer = try Subprocess.run(
          options.python, ["-c", Self.lmdb, path, "\(Self.rivalCount)", "\(Self.rowBytes)"],
          timeout: .seconds(120))
      } catch {
        throw BenchFailure("\(error)")
      }
      try directory.discard(path)
      guard answer.exitCode == 0 else {
        throw BenchFailure(
          answer.text.contains("No module named 'lmdb'")
            ? "\(options.python) has no module lmdb; install it with '\(options.python) -m pip install lmdb'"
            : "\(options.python) failed with \(answer.exitCode)")
      }
      let line = String(decoding: answer.output, as: UTF8.self).split(separator: "\n").first
      guard let line, let rate = Double(line), rate > 0 else {
        throw BenchFailure("\(options.python) answered something else than a rate")
      }
      return rate
    } catch {
      throw RivalMissing(error.reason)
    }
  }

  private static let lmdb = """
    import sys, time
    import lmdb

    count, row = int(sys.argv[2]), b"\\x5a" * int(sys.argv[3])
    store = lmdb.open(sys.argv[1], map_size=1 << 30)
    begun = time.perf_counter()
    for index in range(count):
        with store.begin(write=True) as transaction:
            transaction.put(b"depot/d0/e0/file-%d.psd" % (index // 2), row)
    print(count / (time.perf_counter() - begun))
    """
}

/// Runs the body with the engine's word as a failure of the bench.
func engining<Result>(
  _ body: () throws(EngineError) -> Result
) throws(BenchFailure) -> Result {
  do throws(EngineError) { return try body() } catch { throw BenchFailure("\(error)") }
}
