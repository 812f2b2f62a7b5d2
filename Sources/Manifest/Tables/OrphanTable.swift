// Stored objects that no row needs any more, until an event says that they are removed. An object
// that a row takes up again leaves the table in the same transaction, since what is in it is going
// to be deleted.

package import Ambient
internal import Bytes
package import DurableFiles
internal import SQLite

/// An object that may be removed from its backend.
package struct Orphan: Hashable, Sendable {
  /// Names it in this manifest, in the order in which they came.
  package let id: Int64
  /// The file that it was a copy of.
  package let path: FilePath
  package let copy: StoredCopy
  /// When the last row stopped needing it.
  package let since: WallTime
  /// Removals that failed; as far as they were noted.
  package let attempts: UInt32
  /// When the next removal is due; nil for at once.
  package let retryAt: WallTime?
}

/// What a transition does to the table.
enum OrphanChange {
  case add(StoredCopy, FilePath, EventPlace)
  case remove(key: [UInt8], backend: String)
}

extension OrphanChange {
  /// What an event changes, given what it made of its file: an object may be freed, taken up again,
  /// or removed.
  static func changes(
    by event: FileEvent, _ applied: Applied, at place: EventPlace
  ) -> [OrphanChange] {
    var changes: [OrphanChange] = []
    if let orphan = applied.orphan { changes.append(.add(orphan, event.path, place)) }
    switch event.transition {
    case .stored(let copy, _), .adopted(let copy, _):
      guard applied.row?.stored?.isSameObject(as: copy) == true else { break }
      changes.append(.remove(key: copy.key, backend: copy.backend))
    case .objectRemoved(let key, let backend):
      changes.append(.remove(key: key, backend: backend))
    default: break
    }
    return changes
  }
}

enum OrphanTable {
  static func write(
    _ change: OrphanChange, _ connection: borrowing Connection
  ) throws(SQLiteError) {
    switch change {
    case .add(let copy, let path, let place):
      var writer = ByteWriter(reserving: 256)
      copy.encode(into: &writer)
      try connection.run(
        """
        INSERT OR REPLACE INTO orphan (backend, key, path, copy, since, sequence, attempts)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, 0)
        """,
        [
          .text(copy.backend), .blob(copy.key), .blob(path.bytes), .blob(writer.take()),
          .integer(place.time.microseconds), .integer(Int64(clamping: place.sequence)),
        ])
    case .remove(let key, let backend):
      try connection.run(
        "DELETE FROM orphan WHERE backend = ?1 AND key = ?2", [.text(backend), .blob(key)])
    }
  }

  /// Those that are due, the oldest first.
  static func due(
    by time: WallTime, after id: Int64, limit: Int, _ connection: borrowing Connection
  ) throws(SQLiteError) -> [Orphan] {
    try connection.rows(
      """
      SELECT id, path, copy, since, attempts, retry FROM orphan
      WHERE id > ?1 AND (retry IS NULL OR retry <= ?2) ORDER BY id LIMIT ?3
      """,
      [.integer(id), .integer(time.microseconds), .integer(Int64(limit))]
    ) { (row) throws(SQLiteError) in try orphan(row) }
  }

  private static func orphan(_ row: borrowing Row) throws(SQLiteError) -> Orphan {
    let path = row.bytes(1)
    var reader = ByteReader(row.bytes(2))
    guard let name = filePath(path), let copy = copy(&reader) else {
      throw .corrupt("the manifest", detail: "the orphan of \(escaped(path)) has changed by itself")
    }
    return Orphan(
      id: row.integer(0), path: name, copy: copy, since: WallTime(microseconds: row.integer(3)),
      attempts: UInt32(clamping: row.integer(4)),
      retryAt: row.optionalInteger(5).map(WallTime.init(microseconds:)))
  }

  private static func copy(_ reader: inout ByteReader) -> StoredCopy? {
    do throws(BytesError) {
      let copy = try StoredCopy(&reader)
      try reader.finish()
      return copy
    } catch {
      // The caller says that it is damaged.
      return nil
    }
  }
}

/// A path that a table holds; nil for what is none.
func filePath(_ bytes: [UInt8]) -> FilePath? {
  do throws(DiskError) { return try FilePath(bytes: bytes) } catch { return nil }
}
