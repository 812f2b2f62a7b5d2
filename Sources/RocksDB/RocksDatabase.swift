// An open RocksDB with its defaults, whose every write is synced before it returns. The library is
// found at run time; a machine without it is an answer and not a failure.

import CRocksDB

/// Why there is no database, or no row in it.
package enum RocksDBError: Error, Equatable, Sendable {
  /// The library is not on this machine.
  case notInstalled
  case notOpened(path: String)
  case notWritten
}

extension RocksDBError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .notInstalled: "librocksdb is not installed; on Debian it is in librocksdb-dev"
    case .notOpened(let path): "RocksDB could not open a database in \(path)"
    case .notWritten: "RocksDB could not write"
    }
  }
}

/// An open database; closed with its last holder.
// The library's handle may be used from any thread at once, and is closed only when nobody holds
// this any more.
@safe package final class RocksDatabase: @unchecked Sendable {
  private let handle: UnsafeMutableRawPointer

  /// Whether this machine has the library.
  package static let isInstalled = crocksdb_load() == 0

  /// Opens a database in a directory, which is made.
  package init(path: String) throws(RocksDBError) {
    guard Self.isInstalled else { throw .notInstalled }
    guard let handle = unsafe crocksdb_open(path) else { throw .notOpened(path: path) }
    unsafe self.handle = unsafe handle
  }

  deinit {
    unsafe crocksdb_close(handle)
  }

  /// Writes one row; it is durable when this returns.
  package func put(_ key: UInt64, _ value: [UInt8]) throws(RocksDBError) {
    guard unsafe crocksdb_put(handle, key, value, value.count) == 0 else { throw .notWritten }
  }

  /// Writes rows of one value whose keys count up, all together.
  package func put(_ keys: Range<UInt64>, _ value: [UInt8]) throws(RocksDBError) {
    guard
      unsafe crocksdb_put_many(handle, keys.lowerBound, keys.count, value, value.count) == 0
    else { throw .notWritten }
  }
}
