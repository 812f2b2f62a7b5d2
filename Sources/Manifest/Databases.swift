// The connections to one database: one that writes, and several that read beside it, each used by
// one thread at a time. In memory there is one connection for everything. Whoever reads works on
// what was committed when the call began.

internal import Ambient
internal import SQLite

final class Databases: Sendable {
  /// A connection that goes from hand to hand, and is in one at a time.
  private final class Lent {
    let connection: Connection

    init(_ connection: consuming Connection) {
      self.connection = connection
    }
  }
  private let writer: Monitor<Lent>
  /// Those that nobody uses; nil in memory.
  private let idle: Monitor<[Lent]>?

  /// Opens a database that is brought to the present schema.
  init(_ location: Location, readers: Int, cacheMax: ByteCount) throws(SQLiteError) {
    var options = ConnectionOptions()
    options.cacheMax = cacheMax
    options.mappedMax = Self.mappedMax
    options.foreignKeys = false
    options.logPagesMax = 4_000
    let connection = try Connection(location, options)
    try connection.adopt(ManifestSchema.schema)
    writer = Monitor(Lent(connection))
    guard case .file = location else {
      idle = nil
      return
    }
    options.access = .reading
    options.cacheMax = ByteCount(2 << 20)
    var lent: [Lent] = []
    for _ in 0..<max(1, readers) { lent.append(Lent(try Connection(location, options))) }
    idle = Monitor(lent)
  }

  /// How much of the file may be mapped; the pages are the kernel's and not this process's.
  private static let mappedMax = ByteCount(64 << 30)

  /// Lends the connection that writes; one caller at a time.
  func write<Result, Failure: Error>(
    _ body: (borrowing Connection) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try writer.withLock { (lent) throws(Failure) in try body(lent.connection) }
  }

  /// Lends a connection that reads; waits while all are in use.
  func read<Result, Failure: Error>(
    _ body: (borrowing Connection) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    guard let idle else { return try write(body) }
    guard let lent = idle.wait(until: { lent in lent.popLast() }) else {
      preconditionFailure("a wait without an end returned")
    }
    defer {
      idle.withLock { $0.append(lent) }
      idle.wakeOne()
    }
    return try body(lent.connection)
  }
}
