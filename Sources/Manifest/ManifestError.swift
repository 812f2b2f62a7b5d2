// What the manifest refuses or suffers. None of it loses anything: what is written here can be made
// again from the log, and what the log itself says is passed on as it is.

package import DurableFiles
package import EventStore
package import SQLite

/// A refusal or failure of the manifest.
package enum ManifestError: Error, Equatable, Sendable {
  /// The database that holds the rows.
  case database(SQLiteError)
  /// The log that they are made from.
  case log(StoreError)
  /// A file beside the database.
  case disk(DiskError)
  case closed
  /// The log no longer holds the beginning, and there is nothing to begin from instead.
  case incomplete(removedBefore: UInt64)
}

extension ManifestError {
  /// Whether what is kept is not what was written, and cannot be made again here.
  package var isLoss: Bool {
    switch self {
    case .incomplete, .database(.corrupt), .database(.notADatabase): true
    default: false
    }
  }
}

extension ManifestError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .database(let error): "the manifest: \(error)"
    case .log(let error): "the log behind the manifest: \(error)"
    case .disk(let error): "beside the manifest: \(error)"
    case .closed: "the manifest is closed"
    case .incomplete(let sequence):
      "the manifest cannot be made again from the log, from which events before \(sequence) were "
        + "removed; rebuild it from cold storage"
    }
  }
}

/// Runs the body with the database's word as the manifest says it.
func inManifest<Result>(
  _ body: () throws(SQLiteError) -> Result
) throws(ManifestError) -> Result {
  do throws(SQLiteError) { return try body() } catch { throw .database(error) }
}

/// Runs the body with the log's word as the manifest says it.
func inLog<Result>(_ body: () throws(StoreError) -> Result) throws(ManifestError) -> Result {
  do throws(StoreError) { return try body() } catch { throw .log(error) }
}

/// Runs the body with the disk's word as the manifest says it.
func onDisk<Result>(_ body: () throws(DiskError) -> Result) throws(ManifestError) -> Result {
  do throws(DiskError) { return try body() } catch { throw .disk(error) }
}

extension SQLiteError {
  /// Whether the file is right, and of a program before this one.
  var isOfAnOlderSchema: Bool {
    if case .older = self { true } else { false }
  }

  /// Whether the file itself is bad, so that it must be made again.
  var isDamage: Bool {
    switch self {
    case .corrupt, .notADatabase, .constraint, .wrongStatement: true
    default: false
    }
  }
}
