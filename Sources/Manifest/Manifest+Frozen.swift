// A manifest that is only looked at, beside an engine or on a copy, with not one byte written near
// it. SQLite alone cannot do that: what a write-ahead log holds is seen only by who may write beside
// it. So a database that is whole in its file is read where it is, and any other is copied first,
// with its log, to where writing is allowed, and brought after the log of events there.

package import DurableFiles
package import EventStore
internal import SQLite

extension Manifest {
  /// How often a database that changes while it is copied is copied again.
  private static let copiesMax = 5

  /// Opens the manifest in the root of a disk without changing anything there. Where that cannot be
  /// done in place, it is copied to `scratch`, an empty directory that the caller removes.
  package static func openFrozen(
    on disk: any Disk, path: [UInt8], log: EventReader, scratch: (disk: any Disk, path: [UInt8]),
    _ options: ManifestOptions = ManifestOptions()
  ) throws(ManifestError) -> Manifest {
    var options = options
    options.applying = .inline
    if try isWhole(on: disk) {
      do throws(ManifestError) {
        let opened = try OpenedTables.openFrozen(at: path, options)
        let isCurrent = try OpenedTables.doubt(opened.standing, log) == nil
        if isCurrent, try isApplied(opened.standing, log) {
          let visible = try inLog { () throws(StoreError) in try log.lastSequence }
          return Manifest(
            .directory(disk, path: path), opened, log: log, options, replayTarget: 0,
            scanned: visible)
        }
      } catch .database(let error) where error.isDamage || error.isOfAnOlderSchema {
        // It is made again from the log, or brought to the present schema, in the copy.
      }
    }
    try copy(from: disk, to: scratch.disk)
    let manifest = try open(.directory(scratch.disk, path: scratch.path), log: log, options)
    while try manifest.applyPending() {}
    return manifest
  }

  /// Whether the file alone is the database.
  private static func isWhole(on disk: any Disk) throws(ManifestError) -> Bool {
    try onDisk { () throws(DiskError) in
      guard try disk.status(at: FilePath.root.appending(OpenedTables.fileName)) != nil else {
        return false
      }
      let log = try disk.status(at: FilePath.root.appending(OpenedTables.fileName + "-wal"))
      return log?.size ?? 0 == 0
    }
  }

  /// Whether nothing of any file lies behind the tables.
  private static func isApplied(
    _ standing: Standing, _ log: EventReader
  ) throws(ManifestError) -> Bool {
    try inLog { () throws(StoreError) in
      var position = standing.watermark
      while true {
        let page = try log.events(
          in: Region(kind: .category(FileEvent.category)), after: position, limit: 1)
        if !page.events.isEmpty { return false }
        if page.isEnd { return true }
        position = page.position
      }
    }
  }

  private static func copy(
    from disk: any Disk, to scratch: any Disk
  ) throws(ManifestError) {
    try onDisk { () throws(DiskError) in
      let names = [OpenedTables.fileName, OpenedTables.fileName + "-wal"]
        .map { FilePath.root.appending($0) }
      for _ in 0..<copiesMax {
        var before: [FileStatus?] = []
        for name in names { before.append(try disk.status(at: name)) }
        for (name, status) in zip(names, before) where status != nil {
          try copyBytes(of: name, from: disk, to: scratch)
        }
        var after: [FileStatus?] = []
        for name in names { after.append(try disk.status(at: name)) }
        if before == after { return }
      }
      throw .locked(names[0], holder: 0)
    }
  }

  private static func copyBytes(
    of name: FilePath, from disk: any Disk, to scratch: any Disk
  ) throws(DiskError) {
    if try scratch.status(at: name) != nil { try scratch.remove(name) }
    let source = try OpenFile(name, .reading, on: disk)
    let target = try OpenFile(name, .creating(mode: 0o600), on: scratch)
    var offset: UInt64 = 0
    while true {
      let bytes = try source.read(at: offset, count: 1 << 20)
      if bytes.isEmpty { return }
      try target.write(bytes, at: offset)
      offset += UInt64(bytes.count)
    }
  }
}
