// What the rows are made of: which log, up to which event, and that event's commitment, by which a
// manifest of another log or of another past of this one is known. Beside it what is kept in sums.

internal import Bytes
internal import Digests
internal import EventStore
internal import SQLite

/// How far the rows follow which log.
struct Standing: Equatable, Sendable {
  /// Nil before anything was applied.
  var lineage: Lineage?
  /// Everything up to this sequence is in the rows.
  var watermark: UInt64 = 0
  /// Of the event there; nil at 0.
  var commitment: Commitment?
  /// How many transitions made no sense, ever.
  var oddities: Int64 = 0

  static func read(_ connection: borrowing Connection) throws(SQLiteError) -> Standing {
    let sql = "SELECT lineage, watermark, commitment, oddities FROM standing"
    let found = try connection.first(sql) { (row) throws(SQLiteError) in
      Standing(
        lineage: row.optionalBytes(0).flatMap(Lineage.init(bytes:)),
        watermark: UInt64(clamping: row.integer(1)),
        commitment: row.optionalBytes(2).flatMap(Commitment.init(bytes:)),
        oddities: row.integer(3))
    }
    guard let found else {
      throw .corrupt("the manifest", detail: "it does not say how far it came")
    }
    return found
  }

  /// How far the rows came, alone.
  static func watermark(_ connection: borrowing Connection) throws(SQLiteError) -> UInt64 {
    try connection.first("SELECT watermark FROM standing") { row in
      UInt64(clamping: row.integer(0))
    } ?? 0
  }

  func write(_ connection: borrowing Connection) throws(SQLiteError) {
    try connection.run(
      "UPDATE standing SET lineage = ?1, watermark = ?2, commitment = ?3, oddities = ?4",
      [
        .blob(orNull: lineage?.bytes), .integer(Int64(clamping: watermark)),
        .blob(orNull: commitment?.digest.bytes), .integer(oddities),
      ])
  }
}

extension Lineage {
  var bytes: [UInt8] {
    var writer = ByteWriter(reserving: 16)
    writer.append(id.high)
    writer.append(id.low)
    return writer.take()
  }

  init?(bytes: [UInt8]) {
    var reader = ByteReader(bytes)
    do throws(BytesError) {
      self.init(id: EventID(high: try reader.uint64(), low: try reader.uint64()))
      try reader.finish()
    } catch {
      // Whatever it is, it names no log, and so not ours.
      return nil
    }
  }
}

extension Commitment {
  fileprivate init?(bytes: [UInt8]) {
    do throws(DigestsError) {
      self.init(try Blake3Digest(bytes: bytes))
    } catch {
      // It is the commitment of no event.
      return nil
    }
  }
}

/// What is counted beside the states, as its table numbers it.
private enum Trait: Int64, CaseIterable {
  case pinned = 1
  case waiting = 2

  /// Where counts have it.
  var amount: WritableKeyPath<Counts, Amount> {
    switch self {
    case .pinned: \.pinned
    case .waiting: \.waiting
    }
  }

  /// The rows that have it.
  var condition: String {
    switch self {
    case .pinned: "state = 3 AND hot = 1 AND pinned = 1"
    case .waiting: "state = 1 AND retry IS NOT NULL"
    }
  }
}

extension Counts {
  static func read(_ connection: borrowing Connection) throws(SQLiteError) -> Counts {
    var counts = Counts()
    try connection.each("SELECT state, hot, files, bytes FROM tally") {
      (row) throws(SQLiteError) in
      guard let state = FileState(rawValue: UInt8(clamping: row.integer(0))) else {
        throw .corrupt("the manifest", detail: "it counts files of a state that there is not")
      }
      counts[state, hot: row.integer(1) != 0] = Amount(
        files: row.integer(2), bytes: row.integer(3))
      return true
    }
    try connection.each("SELECT trait, files, bytes FROM trait") { (row) throws(SQLiteError) in
      guard let trait = Trait(rawValue: row.integer(0)) else {
        throw .corrupt("the manifest", detail: "it counts files of a trait that there is not")
      }
      counts[keyPath: trait.amount] = Amount(files: row.integer(1), bytes: row.integer(2))
      return true
    }
    return counts
  }

  /// Writes those that differ from what is kept.
  func write(over before: Counts, _ connection: borrowing Connection) throws(SQLiteError) {
    for state in FileState.allCases {
      for isHot in [false, true] where self[state, hot: isHot] != before[state, hot: isHot] {
        let amount = self[state, hot: isHot]
        try connection.run(
          "INSERT OR REPLACE INTO tally VALUES (?1, ?2, ?3, ?4)",
          [
            .integer(Int64(state.rawValue)), .integer(isHot ? 1 : 0), .integer(amount.files),
            .integer(amount.bytes),
          ])
      }
    }
    for trait in Trait.allCases {
      let amount = self[keyPath: trait.amount]
      guard amount != before[keyPath: trait.amount] else { continue }
      try connection.run(
        "INSERT OR REPLACE INTO trait VALUES (?1, ?2, ?3)",
        [.integer(trait.rawValue), .integer(amount.files), .integer(amount.bytes)])
    }
  }

  /// Counts the rows one by one, for holding what is kept against.
  static func recount(_ connection: borrowing Connection) throws(SQLiteError) -> Counts {
    var counts = Counts()
    let sql = "SELECT state, hot, count(*), sum(size) FROM file GROUP BY state, hot"
    try connection.each(sql) { row in
      if let state = FileState(rawValue: UInt8(clamping: row.integer(0))) {
        counts[state, hot: row.integer(1) != 0] = Amount(
          files: row.integer(2), bytes: row.integer(3))
      }
      return true
    }
    for trait in Trait.allCases {
      let sql = "SELECT count(*), coalesce(sum(size), 0) FROM file WHERE \(trait.condition)"
      counts[keyPath: trait.amount] =
        try connection.first(sql) { row in
          Amount(files: row.integer(0), bytes: row.integer(1))
        } ?? .none
    }
    return counts
  }
}
