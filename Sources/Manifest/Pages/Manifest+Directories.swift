// The depot as a tree: what lies below a directory in sums, and its children in pages, directories
// first and then files, each by name.

package import DurableFiles
internal import SQLite

/// A directory and what is below it.
package struct DirectoryRow: Hashable, Sendable {
  package let path: FilePath
  package let below: RollUp
}

/// A place among the children of a directory.
package struct ChildPlace: Hashable, Sendable {
  let isFile: Bool
  let path: [UInt8]
}

/// Some children of a directory.
package struct ChildrenPage: Sendable {
  package var directories: [DirectoryRow]
  package var files: [FileRow]
  /// Nil when nothing lay behind when the page was read.
  package var next: ChildPlace?
}

extension Manifest {
  /// What lies below a directory; nil when no file does.
  package func directory(_ path: FilePath) throws(ManifestError) -> RollUp? {
    try reading { (connection) throws(SQLiteError) in
      try DirectoryTable.find(path, in: connection)?.rollUp
    }
  }

  /// The children of a directory behind a place.
  package func children(
    of path: FilePath, after place: ChildPlace? = nil, limit: Int = 200
  ) throws(ManifestError) -> ChildrenPage {
    let limit = max(1, min(limit, RowQuery.rowsMax))
    return try reading { (connection) throws(SQLiteError) in
      try connection.view { () throws(SQLiteError) in
        guard let directory = try DirectoryTable.find(path, in: connection)?.id else {
          return ChildrenPage(directories: [], files: [], next: nil)
        }
        return try Self.children(of: directory, after: place, limit, connection)
      }
    }
  }

  private static func children(
    of directory: Int64, after place: ChildPlace?, _ limit: Int, _ connection: borrowing Connection
  ) throws(SQLiteError) -> ChildrenPage {
    var page = ChildrenPage(directories: [], files: [], next: nil)
    if place?.isFile != true {
      page.directories = try connection.rows(
        """
        SELECT path, \(DirectoryTable.columns) FROM directory INDEXED BY directory_parent
        WHERE parent = ?1 AND path > ?2 ORDER BY path LIMIT ?3
        """,
        [.integer(directory), .blob(place?.path ?? []), .integer(Int64(limit) + 1)]
      ) { row in
        DirectoryRow(
          path: filePath(row.bytes(0)) ?? .root, below: DirectoryTable.rollUp(row, from: 1))
      }
      if page.directories.count > limit {
        page.directories.removeLast()
        page.next = ChildPlace(
          isFile: false, path: page.directories.last?.path.bytes ?? [])
        return page
      }
    }
    let left = limit - page.directories.count
    let name = place?.isFile == true ? place?.path ?? [] : []
    let files = try connection.rows(
      """
      SELECT \(FileTable.columns) FROM file INDEXED BY file_directory
      WHERE directory = ?1 AND name > ?2 ORDER BY name LIMIT ?3
      """,
      [.integer(directory), .blob(name), .integer(Int64(left) + 1)]
    ) { (row) throws(SQLiteError) in try FileTable.row(row).row }
    page.files = Array(files.prefix(left))
    if files.count > left {
      page.next = ChildPlace(isFile: true, path: page.files.last?.path.name ?? [])
    }
    return page
  }
}
