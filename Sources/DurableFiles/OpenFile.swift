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
      let more = try persistently { () throws(DiskError) in
        var span = bytes.mutableSpan
        return try disk.read(id, at: offset + UInt64(got), into: &span, range: got..<count)
      }
      if more == 0 { break }
      got += more
    }
    return got
  }

  /// Exactly `count` bytes from `offset`; `.endsEarly` when the file is shorter.
  public func readExactly(at offset: UInt64, count: Int) throws(DiskError) -> [UInt8] {
    let bytes = try read(at: offset, count: count)
    guard bytes.count == count else {
      throw .endsEarly(path, offset: offset + UInt64(bytes.count))
    }
    return bytes
  }

  /// The whole file; `.tooLarge` when it has more than `bytesMax` bytes.
  public func readAll(bytesMax: Int) throws(DiskError) -> [UInt8] {
    let size = try size
    if size > UInt64(bytesMax) { throw .tooLarge(path, max: bytesMax) }
    var bytes = try read(at: 0, count: Int(size))
    // It may grow while it is read; then what comes is the file as it was at some moment between.
    while true {
      let more = try read(at: UInt64(bytes.count), count: min(65_536, bytesMax - bytes.count + 1))
      if more.isEmpty { return bytes }
      bytes += more
      if bytes.count > bytesMax { throw .tooLarge(path, max: bytesMax) }
    }
  }

  /// Writes all of the bytes at `offset`; after a throw, any first part of them may be there.
  public func write(_ bytes: Span<UInt8>, at offset: UInt64) throws(DiskError) {
    var done = 0
    while done < bytes.count {
      done += try persistently { () throws(DiskError) in
        try disk.write(id, bytes.extracting(done..<bytes.count), at: offset + UInt64(done))
      }
    }
  }

  /// Writes all of the bytes at `offset`; after a throw, any first part of them may be there.
  public func write(_ bytes: [UInt8], at offset: UInt64) throws(DiskError) {
    try write(bytes.span, at: offset)
  }

  /// Writes all of the bytes at the end. Other writers' bytes may come between when the kernel
  /// takes them in parts; after a throw, any first part of them may be there.
  public func append(_ bytes: Span<UInt8>) throws(DiskError) {
    var done = 0
    while done < bytes.count {
      done += try persistently { () throws(DiskError) in
        try disk.append(id, bytes.extracting(done..<bytes.count))
      }
    }
  }

  /// Writes all of the bytes at the end, in the same way.
  public func append(_ bytes: [UInt8]) throws(DiskError) {
    try append(bytes.span)
  }

  /// Makes what was written durable.
  public func sync(_ scope: SyncScope = .data) throws(DiskError) {
    try persistently { () throws(DiskError) in try disk.sync(id, scope) }
  }

  /// Cuts the file, or extends it with zeros.
  public func truncate(to size: UInt64) throws(DiskError) {
    try persistently { () throws(DiskError) in try disk.truncate(id, to: size) }
  }

  /// Reserves space up to `size`, extending the file with zeros.
  public func allocate(to size: UInt64) throws(DiskError) {
    try persistently { () throws(DiskError) in try disk.allocate(id, to: size) }
  }

  /// How many bytes the file has now.
  public var size: UInt64 {
    get throws(DiskError) { try disk.status(id).size }
  }

  /// What the file system says of it now.
  public var status: FileStatus {
    get throws(DiskError) { try disk.status(id) }
  }

  /// Changes its attributes.
  public func set(_ attributes: FileAttributes) throws(DiskError) {
    try disk.set(attributes, of: id)
  }

  /// An extended attribute in the user's name space; nil when it is not set.
  public func attribute(_ name: String) throws(DiskError) -> [UInt8]? {
    try disk.attribute(name, of: id)
  }

  /// Sets an extended attribute in the user's name space, or removes it when `value` is nil.
  public func setAttribute(_ name: String, to value: [UInt8]?) throws(DiskError) {
    try disk.setAttribute(name, of: id, to: value)
  }

  /// Locks the file until it is closed; `.locked` names the process that holds it.
  public func lock() throws(DiskError) {
    try disk.lock(id)
  }

  /// Takes the file if no other opening of it exists; false when one does.
  public func lease() throws(DiskError) -> Bool {
    try disk.lease(id)
  }

  /// Whether the lease is held and nobody has tried to open the file since.
  public var isLeased: Bool {
    get throws(DiskError) { try disk.isLeased(id) }
  }

  /// Maps the first `count` bytes for reading; the mapping outlives the open file.
  public func map(count: Int) throws(DiskError) -> any MappedBytes {
    try disk.map(id, count: count)
  }
}

/// Calls again after an interruption, so often and no oftener.
private func persistently<Result>(
  _ call: () throws(DiskError) -> Result
) throws(DiskError) -> Result {
  for _ in 1..<interruptionsMax {
    do throws(DiskError) {
      return try call()
    } catch .interrupted {
      continue
    }
  }
  return try call()
}
