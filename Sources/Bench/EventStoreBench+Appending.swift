// The figures of appending. Each run is into a store that is new; the rivals do in their way what the
// store does in its own: a row with the same payload, durable when the call returns.

import Ambient
import Digests
import DurableFiles
import EventStore
import RocksDB
import SQLite
import Synchronization

extension EventStoreBench {
  /// How many threads append at once where several do.
  private static let appenders = 64
  private static let batchCount = 256

  var single: Contest {
    let count = max(events / 200, 10)
    return Contest(
      "durable append, 1 appender", .perSecond, bar: .ratio(0.85),
      against: .init("pwrite, fdatasync") { (stopwatch, _) throws(RivalMissing) in
        try bareLoop(stopwatch, count)
      }
    ) { (stopwatch) throws(BenchFailure) in
      try appendRate(stopwatch, threads: 1, count: count)
    }
  }

  var grouped: [Contest] {
    let count = max(events / 20, Self.appenders)
    let ours = Shared { (stopwatch) throws(BenchFailure) in
      try appendRate(stopwatch, threads: Self.appenders, count: count)
    }
    let name = "durable append, \(Self.appenders) appenders"
    return [
      Contest(
        name, .perSecond, bar: .ratio(1.1),
        against: .init("RocksDB, sync, \(Self.appenders) threads") {
          (stopwatch, _) throws(RivalMissing) in
          try rocksDB(stopwatch, threads: Self.appenders, count: count)
        }, measure: ours.first),
      Contest(
        name, .perSecond, bar: .ratio(6),
        against: .init("SQLite, WAL, FULL") { (stopwatch, _) throws(RivalMissing) in
          try sqlite(stopwatch, transactions: max(events / 200, 10), rows: 1)
        }, measure: ours.again),
    ]
  }

  var signed: Contest {
    let count = max(events / 20, Self.appenders)
    var options = StoreOptions()
    options.signing = .required(SigningKey(Ed25519.KeyPair(from: .seeded(3))))
    return Contest(
      "durable append, \(Self.appenders) appenders, signed", .perSecond, bar: .value(20_000)
    ) { (stopwatch) throws(BenchFailure) in
      try appendRate(stopwatch, threads: Self.appenders, count: count, options)
    }
  }

  var batches: [Contest] {
    let count = max(events / 10 / Self.batchCount, 2)
    let ours = Shared { (stopwatch) throws(BenchFailure) in
      try batchRate(stopwatch, count: count)
    }
    let name = "durable batches of \(Self.batchCount)"
    return [
      Contest(
        name, .perSecond, bar: .ratio(1),
        against: .init("RocksDB, sync, batches") { (stopwatch, _) throws(RivalMissing) in
          try rocksDBBatches(stopwatch, count: count)
        }, measure: ours.first),
      Contest(
        name, .perSecond, bar: .ratio(3),
        against: .init("SQLite, WAL, FULL, batches") { (stopwatch, _) throws(RivalMissing) in
          try sqlite(stopwatch, transactions: max(count / 4, 2), rows: Self.batchCount)
        }, measure: ours.again),
    ]
  }

  var buffered: Contest {
    let count = events / 5
    return Contest("buffered append, 1 thread", .perSecond, bar: .value(300_000)) {
      (stopwatch) throws(BenchFailure) in
      try workspace.fresh { (store) throws(BenchFailure) in
        let events = try storing { () throws(StoreError) in try BenchEvents() }
        let seconds = try stopwatch.once { () throws(BenchFailure) in
          try storing { () throws(StoreError) in
            for index in 0..<count {
              try store.append(events.event(index), EventStoreWorkspace.buffered)
            }
            try store.flush()
          }
        }
        return Double(count) / seconds
      }
    }
  }

  // MARK: - Ours

  private func appendRate(
    _ stopwatch: Stopwatch, threads: Int, count: Int, _ options: StoreOptions = StoreOptions()
  ) throws(BenchFailure) -> Double {
    try workspace.fresh(options) { (store) throws(BenchFailure) in
      let events = try storing { () throws(StoreError) in try BenchEvents() }
      let share = count / threads
      let failed = Mutex<StoreError?>(nil)
      let seconds = stopwatch.once {
        onThreads(threads) { thread in
          do throws(StoreError) {
            for index in 0..<share { try store.append(events.event(thread * share + index)) }
          } catch {
            failed.withLock { $0 = error }
          }
        }
      }
      if let error = failed.withLock({ $0 }) { throw BenchFailure("\(error)") }
      return Double(share * threads) / seconds
    }
  }

  private func batchRate(_ stopwatch: Stopwatch, count: Int) throws(BenchFailure) -> Double {
    try workspace.fresh { (store) throws(BenchFailure) in
      let events = try storing { () throws(StoreError) in try BenchEvents() }
      let seconds = try stopwatch.once { () throws(BenchFailure) in
        try storing { () throws(StoreError) in
          for batch in 0..<count {
            let first = batch * Self.batchCount
            _ = try store.append(batch: (first..<first + Self.batchCount).map(events.event))
          }
        }
      }
      return Double(count * Self.batchCount) / seconds
    }
  }

  // MARK: - Rivals

  /// Writes records of the payload's size one behind the other and syncs each.
  private func bareLoop(_ stopwatch: Stopwatch, _ count: Int) throws(RivalMissing) -> Double {
    try rival { () throws(BenchFailure) in
      let (disk, path) = try workspace.directory.freshDisk()
      let record = [UInt8](repeating: 0x5A, count: BenchEvents.payloadCount)
      let seconds: Double
      do throws(DiskError) {
        let file = try OpenFile("bare", .creating(mode: 0o600), on: disk)
        try file.write([UInt8](repeating: 0, count: record.count * count), at: 0)
        try file.sync(.all)
        seconds = try stopwatch.once { () throws(DiskError) in
          for index in 0..<count {
            try file.write(record.span, at: UInt64(index * record.count))
            try file.sync()
          }
        }
      } catch {
        throw BenchFailure("\(error)")
      }
      try workspace.directory.discard(path)
      return Double(count) / seconds
    }
  }

  private func rocksDB(
    _ stopwatch: Stopwatch, threads: Int, count: Int
  ) throws(RivalMissing) -> Double {
    try withRocksDB { (database) throws(RocksDBError) in
      let value = [UInt8](repeating: 0x5A, count: BenchEvents.payloadCount)
      let share = count / threads
      let failed = Mutex<RocksDBError?>(nil)
      let seconds = stopwatch.once {
        onThreads(threads) { thread in
          do throws(RocksDBError) {
            for index in 0..<share { try database.put(UInt64(thread * share + index), value) }
          } catch {
            failed.withLock { $0 = error }
          }
        }
      }
      if let error = failed.withLock({ $0 }) { throw error }
      return Double(share * threads) / seconds
    }
  }

  private func rocksDBBatches(_ stopwatch: Stopwatch, count: Int) throws(RivalMissing) -> Double {
    try withRocksDB { (database) throws(RocksDBError) in
      let value = [UInt8](repeating: 0x5A, count: BenchEvents.payloadCount)
      let rows = UInt64(Self.batchCount)
      let seconds = try stopwatch.once { () throws(RocksDBError) in
        for batch in 0..<UInt64(count) {
          try database.put(batch * rows..<(batch + 1) * rows, value)
        }
      }
      return Double(count * Self.batchCount) / seconds
    }
  }

  private func withRocksDB(
    _ body: (RocksDatabase) throws(RocksDBError) -> Double
  ) throws(RivalMissing) -> Double {
    try rival { () throws(BenchFailure) in
      let path = try workspace.directory.fresh()
      let value: Double
      do throws(RocksDBError) {
        value = try body(try RocksDatabase(path: path + "/rocks"))
      } catch {
        throw BenchFailure("\(error)")
      }
      try workspace.directory.discard(path)
      return value
    }
  }

  private func sqlite(
    _ stopwatch: Stopwatch, transactions: Int, rows: Int
  ) throws(RivalMissing) -> Double {
    try rival { () throws(BenchFailure) in
      let path = try workspace.directory.fresh()
      let value = [UInt8](repeating: 0x5A, count: BenchEvents.payloadCount)
      let seconds: Double
      do throws(SQLiteError) {
        var options = ConnectionOptions()
        options.synchronous = .full
        let connection = try Connection(.file(path + "/events.sqlite"), options)
        try connection.execute(
          "CREATE TABLE events (sequence INTEGER PRIMARY KEY, payload BLOB NOT NULL)")
        seconds = try stopwatch.once { () throws(SQLiteError) in
          for transaction in 0..<transactions {
            try connection.transaction { () throws(SQLiteError) in
              for row in 0..<rows {
                _ = try connection.run(
                  "INSERT INTO events VALUES (?, ?)",
                  [.integer(Int64(transaction * rows + row + 1)), .blob(value)])
              }
            }
          }
        }
      } catch {
        throw BenchFailure("\(error)")
      }
      try workspace.directory.discard(path)
      return Double(transactions * rows) / seconds
    }
  }

  /// What a rival fails with is why it cannot be measured.
  private func rival(
    _ body: () throws(BenchFailure) -> Double
  ) throws(RivalMissing) -> Double {
    do throws(BenchFailure) { return try body() } catch { throw RivalMissing(error.reason) }
  }
}

/// Runs the body on so many threads, on this one when it is one.
private func onThreads(_ count: Int, _ body: @escaping @Sendable (Int) -> Void) {
  if count == 1 { body(0) } else { Worker.each(count, named: "bench", body) }
}

/// One measurement that two figures are about, taken once a round.
final class Shared {
  private let measure: (Stopwatch) throws(BenchFailure) -> Double
  private var last = 0.0

  init(_ measure: @escaping (Stopwatch) throws(BenchFailure) -> Double) {
    self.measure = measure
  }

  /// Measures, for the first of the figures.
  func first(_ stopwatch: Stopwatch) throws(BenchFailure) -> Double {
    last = try measure(stopwatch)
    return last
  }

  /// What was measured in this round, for the others.
  func again(_ stopwatch: Stopwatch) -> Double { last }
}
