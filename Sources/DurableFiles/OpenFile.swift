// An open file whose reads and writes are whole: short and interrupted calls are carried on here,
// once for every disk. Whoever holds it closes it.

/// An open file of a disk; closed when its holder lets go.
public struct OpenFile: ~Copyable, Sendable {
  /// The disk it is on.
  public let disk: any Disk
  /// Its number there.
  public let id: FileID
  /// The name it was opened by, for messages.
  public let path: FilePath

  /// Opens a regular file.
  public init(_ path: FilePath, _ access: FileAccess, on disk: any Disk) throws(DiskError) {
    self.disk = disk
    self.path = path
    id = try disk.open(path, access)
  }

  deinit {
    disk.close(id)
  }

  /// Up to `count` bytes from `offset`; fewer only where the file ends.
  public func read(at offset: UInt64, count: Int) throws(DiskError) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count)
    let got = try read(at: offset, into: &bytes, count: count)
    if got < count { bytes.removeLast(count - got) }
    return bytes
  }

  /// Fills the first `count` bytes of `bytes` from `offset`; returns fewer only where the file ends.
  public func read(
    at offset: UInt64, into bytes: inout [UInt8], count: Int
  ) throws(DiskError) -> Int {
    var got = 0
    while got < count {
      var span = bytes.mutableSpan
      do throws(DiskError) {
        let more = try disk.read(
          id, at: offset + UInt64(got), into: &span, range: got..<count)
        if more == 0 { break }
        got += more
      } catch .interrupted {
        continue
      }
    }
    return got
  }

  /// Writes all of the bytes at `offset`; after a throw, any first part of them may be there.
  public func write(_ bytes: Span<UInt8>, at offset: UInt64) throws(DiskError) {
    var done = 0
    while done < bytes.count {
      do throws(DiskError) {
        done += try disk.write(
          id, bytes.extracting(done..<bytes.count), at: offset + UInt64(done))
      } catch .interrupted {
        continue
      }
    }
  }

  /// Writes all of the bytes at `offset`; after a throw, any first part of them may be there.
  public func write(_ bytes: [UInt8], at offset: UInt64) throws(DiskError) {
    try write(bytes.span, at: offset)
  }

  /// Makes what was written durable.
  public func sync(_ scope: SyncScope = .data) throws(DiskError) {
    while true {
      do throws(DiskError) {
        return try disk.sync(id, scope)
      } catch .interrupted {
        continue
      }
    }
  }

  /// How many bytes the file has now.
  public var size: UInt64 {
    get throws(DiskError) { try disk.status(id).size }
  }

  /// What the file system says of it now.
  public var status: FileStatus {
    get throws(DiskError) { try disk.status(id) }
  }

  /// Cuts the file, or extends it with zeros.
  public func truncate(to size: UInt64) throws(DiskError) {
    try disk.truncate(id, to: size)
  }
}
