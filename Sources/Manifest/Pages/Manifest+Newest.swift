// Rows of pages as they are by now. A page is of what is applied; whoever is about to act looks once more
// at what was accepted since, all rows under one lock, without asking the tables again.

internal import Ambient
package import DurableFiles

extension Manifest {
  /// The rows as the last accepted transitions have made them; those that are gone are left out.
  package func newest(of rows: [FileRow]) -> [FileRow] {
    state.withLock { state in
      rows.compactMap { row in
        switch state.overlay.row(at: row.path) {
        case .row(let newer): newer
        case .unknown: row
        }
      }
    }
  }
}

extension RowPlace {
  /// The place of a path in the order of paths, whether there is such a file or not.
  package static func behind(_ path: FilePath) -> RowPlace {
    RowPlace(order: .path, numbers: [], path: path.bytes, id: 0)
  }

  /// The path of the file that it is behind.
  package var pathBytes: [UInt8] { path }
}
