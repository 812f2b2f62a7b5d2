// Opening the database and deciding whether it can be believed. It can when it is whole, ours, and
// its watermark names an event that the log has at that place; then whatever the log holds behind it
// is missing and nothing else. What cannot be believed is moved aside under a name that says why,
// and an empty one takes its place.

internal import DurableFiles
internal import EventStore
internal import SQLite

struct OpenedTables {
  let databases: Databases
  let standing: Standing
  let counts: Counts
  /// Why a database that was there is not believed; nil when it is, or when there was none.
  let setAside: String?

  static let fileName = "manifest.sqlite"

  static func open(
    _ place: ManifestPlace, log: EventReader, _ options: ManifestOptions
  ) throws(ManifestError) -> OpenedTables {
    guard case .directory(let disk, let path) = place else {
      return try read(.memory, options, setAside: nil)
    }
    let location = Location.file(path + Array("/\(fileName)".utf8))
    let doubt: String
    do throws(ManifestError) {
      let opened = try read(location, options, setAside: nil)
      guard let found = try Self.doubt(opened.standing, log) else { return opened }
      doubt = found
    } catch .database(let error) where error.isDamage {
      doubt = "\(error)"
    }
    try setAside(on: disk)
    return try read(location, options, setAside: doubt)
  }

  /// Opens a database that nobody changes, and changes nothing.
  static func openFrozen(
    at path: [UInt8], _ options: ManifestOptions
  ) throws(ManifestError) -> OpenedTables {
    try read(
      .file(path + Array("/\(fileName)".utf8)), options, setAside: nil, isFrozen: true)
  }

  private static func read(
    _ location: Location, _ options: ManifestOptions, setAside: String?, isFrozen: Bool = false
  ) throws(ManifestError) -> OpenedTables {
    try inManifest { () throws(SQLiteError) in
      let databases = try Databases(
        location, readers: options.readers, cacheMax: options.cacheMax, isFrozen: isFrozen)
      let (standing, counts) = try databases.write { (connection) throws(SQLiteError) in
        (try Standing.read(connection), try Counts.read(connection))
      }
      return OpenedTables(
        databases: databases, standing: standing, counts: counts, setAside: setAside)
    }
  }

  /// Why the rows are not what this log made; nil when they are.
  static func doubt(_ standing: Standing, _ log: EventReader) throws(ManifestError) -> String? {
    guard standing.watermark > 0 else { return nil }
    return try inLog { () throws(StoreError) in
      guard let lineage = standing.lineage, lineage == (try log.lineage) else {
        return "it was made from another log"
      }
      guard standing.watermark <= (try log.lastSequence) else {
        return "it was made from more than the log has"
      }
      guard standing.commitment == (try log.commitment(of: standing.watermark)) else {
        return "it was made from another past of this log"
      }
      return nil
    }
  }

  /// Gives a database that is whole and synced the name of the one in use, which nobody has open.
  static func install(_ database: FilePath, on disk: any Disk) throws(ManifestError) {
    try onDisk { () throws(DiskError) in
      try removeLogs(on: disk)
      try disk.rename(database, to: FilePath.root.appending(fileName), replacing: true)
      try disk.syncDirectory(.root)
    }
  }

  /// Removes what SQLite keeps beside a database. Without its database a log of SQLite's says
  /// nothing, and beside another one it would be read.
  private static func removeLogs(on disk: any Disk) throws(DiskError) {
    for suffix in ["-wal", "-shm"] {
      do throws(DiskError) {
        try disk.remove(FilePath.root.appending(fileName + suffix))
      } catch .absent {
        // It was closed in order.
      }
    }
  }

  /// Puts the database out of the way, in place of one that was put there before.
  static func setAside(on disk: any Disk) throws(ManifestError) {
    try onDisk { () throws(DiskError) in
      try removeLogs(on: disk)
      let aside = FilePath.root.appending(fileName + ".damaged")
      do throws(DiskError) {
        try disk.rename(FilePath.root.appending(fileName), to: aside, replacing: true)
      } catch .absent {
        // It vanished by itself, which does as well.
      }
      try disk.syncDirectory(.root)
    }
  }
}
