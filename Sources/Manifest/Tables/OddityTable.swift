// Transitions that made no sense on the row that they met, the last of them kept. Each leaves its
// row as it was; a person who wonders why finds the reason here.

package import DurableFiles
internal import SQLite

/// A transition that made no sense.
package struct Oddity: Hashable, Sendable {
  /// Its place in the log.
  package let sequence: UInt64
  /// The root when the event does not even say which file.
  package let path: FilePath
  package let sentence: String
}

enum OddityTable {
  /// How many are kept.
  static let rowsMax: Int64 = 200

  static func add(
    _ oddities: [Batch.Oddity], after count: Int64, _ connection: borrowing Connection
  ) throws(SQLiteError) {
    guard !oddities.isEmpty else { return }
    let last = count + Int64(oddities.count)
    for (index, oddity) in oddities.enumerated() {
      let number = count + Int64(index) + 1
      guard number > last - rowsMax else { continue }
      try connection.run(
        "INSERT OR REPLACE INTO oddity VALUES (?1, ?2, ?3, ?4)",
        [
          .integer(number), .integer(Int64(clamping: oddity.sequence)),
          .blob(oddity.path.bytes), .text(oddity.sentence),
        ])
    }
    try connection.run("DELETE FROM oddity WHERE number <= ?1", [.integer(last - rowsMax)])
  }

  /// The newest first.
  static func last(
    _ limit: Int, _ connection: borrowing Connection
  ) throws(SQLiteError) -> [Oddity] {
    try connection.rows(
      "SELECT sequence, path, sentence FROM oddity ORDER BY number DESC LIMIT ?1",
      [.integer(Int64(limit))]
    ) { row in
      Oddity(
        sequence: UInt64(clamping: row.integer(0)), path: filePath(row.bytes(1)) ?? .root,
        sentence: row.text(2))
    }
  }
}
