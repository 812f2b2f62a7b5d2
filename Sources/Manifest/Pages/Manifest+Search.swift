// Rows that pass a filter. A filter has no index, so the rows of the order are read one after the
// other, a piece at a time: whoever waits sees how far it is, may stop it anywhere, and goes on from
// there. What the paths of all that passes begin with is known, so that much is skipped.

package import Ambient
internal import SQLite
package import Views

extension Manifest {
  /// How many rows are read between two looks at the cancellation.
  static let searchPieceRows = 2_000

  /// The rows behind a place that pass, until there are as many as were asked for. `progress` is
  /// told how many rows were looked at; a raised cancellation, or `seenMax` rows that were looked at,
  /// end the search with what it has, and the next one goes on from there.
  package func search(
    _ query: RowQuery, _ filter: Filter, at now: WallTime, after place: RowPlace? = nil,
    seenMax: Int = .max, cancellation: Cancellation? = nil,
    progress: (_ rowsSeen: Int) -> Void = { _ in }
  ) throws(ManifestError) -> RowPage {
    var piece = query
    piece.limit = max(query.limit, Self.searchPieceRows)
    if query.order == .path {
      let prefix = filter.prefix(of: FileRow.pathField)
      if prefix.count > query.prefix.count, prefix.starts(with: query.prefix) {
        piece.prefix = prefix
      }
    }
    var found = RowPage(rows: [], next: place)
    var seen = 0
    while cancellation?.isCancelled != true, seen < seenMax {
      let page = try keptPage(piece, after: found.next)
      for kept in page.rows {
        seen += 1
        guard filter.matches(at: now, kept.row.value(of:)) else { continue }
        found.rows.append(kept.row)
        guard found.rows.count < query.limit else {
          progress(seen)
          found.next = query.order.place(of: kept)
          return found
        }
      }
      progress(seen)
      found.next = page.next
      if page.next == nil { break }
    }
    return found
  }
}
