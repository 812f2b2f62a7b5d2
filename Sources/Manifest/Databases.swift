// The connections to one database: one that writes, and several that read beside it, each used by
// one thread at a time. In memory there is one connection for everything. Whoever reads works on
// what was committed when the call began. The file under them can be replaced: then whoever comes
// waits until the new one is open, and whoever was reading has finished on the old one.

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
  /// The connection that writes; nil after a replacement that failed.
  private let writer: Monitor<Lent?>
  /// Those that nobody uses; nil in memory.
  private let idle: Monitor<[Lent]>?
  private let location: Location
  private let readers: Int
  private let cacheMax: ByteCount
  /// Nothing is written, and nobody else writes.
  let isFrozen: Bool

  /// How much of the file may be mapped; the pages are the kernel's and not this process's.
  private static let mappedMax = ByteCount(64 << 30)

  /// Opens a database that is brought to the present schema, or, frozen, must have it.
  init(
    _ location: Location, readers: Int, cacheMax: ByteCount, isFrozen: Bool = false
  ) throws(SQLiteError) {
    self.location = location
    self.readers = max(1, readers)
    self.cacheMax = cacheMax
    self.isFrozen = isFrozen
    writer = Monitor(try Self.openWriter(location, cacheMax, isFrozen))
    idle =
      if case .file = location {
        Monitor(try Self.openReaders(location, self.readers, isFrozen))
      } else {
        nil
      }
  }

  private static func openWriter(
    _ location: Location, _ cacheMax: ByteCount, _ isFrozen: Bool
  ) throws(SQLiteError) -> Lent {
    var options = ConnectionOptions()
    options.access = isFrozen ? .readingFrozen : .creating
    options.cacheMax = cacheMax
    options.mappedMax = mappedMax
    options.foreignKeys = false
    options.logPagesMax = 4_000
    let connection = try Connection(location, options)
    if isFrozen {
      try connection.require(ManifestSchema.schema)
    } else {
      try connection.adopt(ManifestSchema.schema)
    }
    return Lent(connection)
  }

  private static func openReaders(
    _ location: Location, _ count: Int, _ isFrozen: Bool
  ) throws(SQLiteError) -> [Lent] {
    var options = ConnectionOptions()
    options.access = isFrozen ? .readingFrozen : .reading
    options.cacheMax = ByteCount(2 << 20)
    options.mappedMax = mappedMax
    var lent: [Lent] = []
    for _ in 0..<count { lent.append(Lent(try Connection(location, options))) }
    return lent
  }

  /// Lends the connection that writes; one caller at a time.
  func write<Result, Failure: Error>(
    _ body: (borrowing Connection) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try writer.withLock { (lent) throws(Failure) in
      guard let lent else { preconditionFailure("the database was lost in its replacement") }
      return try body(lent.connection)
    }
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

  /// Closes everything, has the file replaced, and opens what is there then.
  func replace(_ body: () throws(ManifestError) -> Void) throws(ManifestError) {
    try writer.withLock { (writer) throws(ManifestError) in
      let readers = self.readers
      _ = idle?.wait(until: { (idle: inout [Lent]) -> Bool? in
        guard idle.count == readers else { return nil }
        idle = []
        return true
      })
      writer = nil
      // Whatever comes of it, a database is there afterwards, for whoever waits for one.
      var fault: ManifestError?
      do throws(ManifestError) { try body() } catch { fault = error }
      try inManifest { () throws(SQLiteError) in
        writer = try Self.openWriter(location, cacheMax, isFrozen)
        if let idle {
          let lent = try Self.openReaders(location, readers, isFrozen)
          idle.withLock { $0 = lent }
          idle.wakeAll()
        }
      }
      if let fault { throw fault }
    }
  }
}
