// The calls on open files. Reading, writing and syncing allocate nothing; the table of open files
// is only asked when the kernel refused, to name the file in the error.

public import Ambient
import CLinux
import Glibc
import Synchronization

extension PosixDisk {
  public func open(_ path: FilePath, _ access: FileAccess) throws(DiskError) -> FileID {
    if access != .reading { try permitChange(path) }
    let file =
      switch access {
      case .reading: try resolve(path, 0, as: path)
      case .writing: try resolve(path, CLINUX_WRITING, as: path)
      case .creating(let mode): try create(path, mode: mode)
      }
    switch try status(of: file, path).kind {
    case .regular: break
    case .directory: throw .isADirectory(path)
    case .symbolicLink, .other: throw .notRegular(path)
    }
    let number = file.release()
    opened.withLock { $0[number] = Opened(path: path, changes: access != .reading) }
    return FileID(number: number)
  }

  /// Makes an empty file with exactly these bits, whatever the process's mask says.
  func create(_ path: FilePath, mode: UInt16) throws(DiskError) -> Descriptor {
    let file = try resolve(path, CLINUX_CREATING, mode: mode, as: path)
    do throws(DiskError) {
      if try status(of: file, path).mode != mode {
        try answer(for: path) { fchmod(file.number, mode_t(mode)) }
      }
    } catch {
      try remove(path)
      throw error
    }
    return file
  }

  public func close(_ file: FileID) {
    let known = opened.withLock { $0.removeValue(forKey: file.number) }
    precondition(known != nil, "a file was closed that is not open")
    // A lock lives as long as any copy of the opening, and a child that has not got as far as its own
    // program yet has one; so the lock is given back by name.
    if known?.isLocked == true { _ = clinux_unlock(file.number) }
    // Nothing is learnt from closing: what had to be durable was synced before.
    _ = Glibc.close(file.number)
  }

  public func read(
    _ file: FileID, at offset: UInt64, into bytes: inout MutableSpan<UInt8>, range: Range<Int>
  ) throws(DiskError) -> Int {
    precondition(range.lowerBound >= 0 && range.upperBound <= bytes.count, "no room for the bytes")
    if range.isEmpty { return 0 }
    let got = unsafe bytes.withUnsafeMutableBufferPointer { buffer in
      unsafe pread(
        file.number, buffer.baseAddress! + range.lowerBound, range.count, off_t(clamping: offset))
    }
    if got < 0 { throw refusal(on: file) }
    return got
  }

  public func write(
    _ file: FileID, _ bytes: Span<UInt8>, at offset: UInt64
  ) throws(DiskError) -> Int {
    try permitChange(path(of: file))
    if bytes.isEmpty { return 0 }
    let put = unsafe bytes.withUnsafeBufferPointer { buffer in
      unsafe pwrite(file.number, buffer.baseAddress, buffer.count, off_t(clamping: offset))
    }
    if put < 0 { throw refusal(on: file) }
    // A device that takes nothing and says nothing would be asked for ever.
    if put == 0 { throw .io(path(of: file)) }
    return put
  }

  public func append(_ file: FileID, _ bytes: Span<UInt8>) throws(DiskError) -> Int {
    try permitChange(path(of: file))
    if bytes.isEmpty { return 0 }
    let put = unsafe bytes.withUnsafeBufferPointer { buffer in
      unsafe clinux_append(file.number, buffer.baseAddress, buffer.count)
    }
    if put < 0 { throw refusal(on: file) }
    if put == 0 { throw .io(path(of: file)) }
    return Int(put)
  }

  public func truncate(_ file: FileID, to size: UInt64) throws(DiskError) {
    try permitChange(path(of: file))
    try requireWriting(file)
    if ftruncate(file.number, off_t(clamping: size)) != 0 { throw refusal(on: file) }
  }

  public func allocate(_ file: FileID, to size: UInt64) throws(DiskError) {
    try permitChange(path(of: file))
    try requireWriting(file)
    if size > 0, clinux_allocate(file.number, size) != 0 { throw refusal(on: file) }
  }

  public func sync(_ file: FileID, _ scope: SyncScope) throws(DiskError) {
    try permitChange(path(of: file))
    let failed =
      switch scope {
      case .data: fdatasync(file.number)
      case .all: fsync(file.number)
      }
    if failed != 0 { throw latching(refusal(on: file)) }
    // Another file's sync may have failed meanwhile, and with it the writes this one waited for.
    try permitChange(path(of: file))
  }

  /// Latches the disk when the error says that a sync failed, rather than that it was not tried.
  func latching(_ error: DiskError) -> DiskError {
    switch error {
    case .interrupted, .unsupported, .system(_, EINVAL): break
    default: latched.store(true, ordering: .releasing)
    }
    return error
  }

  public func status(_ file: FileID) throws(DiskError) -> FileStatus {
    var status = clinux_status()
    if unsafe clinux_status_of(file.number, &status) != 0 { throw refusal(on: file) }
    return FileStatus(status)
  }

  func status(of file: borrowing Descriptor, _ path: FilePath) throws(DiskError) -> FileStatus {
    var status = clinux_status()
    let number = file.number
    try answer(for: path) { unsafe clinux_status_of(number, &status) }
    return FileStatus(status)
  }

  public func set(_ attributes: FileAttributes, of file: FileID) throws(DiskError) {
    let path = path(of: file)
    try permitChange(path)
    // A change of owner clears set-id bits, so the mode comes after it.
    if attributes.owner != nil || attributes.group != nil {
      let (owner, group) = (attributes.owner ?? .max, attributes.group ?? .max)
      try answer(for: path) { fchown(file.number, owner, group) }
    }
    if let mode = attributes.mode {
      try answer(for: path) { fchmod(file.number, mode_t(mode)) }
    }
    if let modified = attributes.modifiedNanoseconds {
      try answer(for: path) { clinux_set_modified(file.number, modified) }
    }
  }

  public func attribute(_ name: String, of file: FileID) throws(DiskError) -> [UInt8]? {
    let path = path(of: file)
    do throws(DiskError) {
      // The kernel's own maximum, so that no value is too long for it.
      var value = [UInt8](repeating: 0, count: 65_536)
      let length = try answer(for: path) {
        unsafe clinux_attribute(file.number, "user." + name, &value, value.count)
      }
      return Array(value[..<Int(length)])
    } catch .system(_, ENODATA) {
      return nil
    }
  }

  public func setAttribute(
    _ name: String, of file: FileID, to value: [UInt8]?
  ) throws(DiskError) {
    let path = path(of: file)
    try permitChange(path)
    do throws(DiskError) {
      try answer(for: path) {
        if let value {
          unsafe clinux_set_attribute(file.number, "user." + name, value, value.count)
        } else {
          unsafe clinux_remove_attribute(file.number, "user." + name)
        }
      }
    } catch .system(_, ENODATA) where value == nil {
      return
    } catch .system(_, E2BIG) {
      throw .tooLarge(path, max: 65_536)
    }
  }

  public func lock(_ file: FileID) throws(DiskError) {
    let path = path(of: file)
    try permitChange(path)
    try requireWriting(file)
    do throws(DiskError) {
      try answer(for: path) { clinux_lock(file.number, getpid()) }
      opened.withLock { $0[file.number]?.isLocked = true }
    } catch .locked {
      throw .locked(path, holder: clinux_lock_holder(file.number))
    } catch .denied {
      // What POSIX allows a kernel to say instead of EAGAIN.
      throw .locked(path, holder: clinux_lock_holder(file.number))
    }
  }

  public func lease(_ file: FileID) throws(DiskError) -> Bool {
    let path = path(of: file)
    try permitChange(path)
    do throws(DiskError) {
      try answer(for: path) { clinux_lease(file.number) }
      return true
    } catch .locked {
      return false
    } catch .system(_, EINVAL) {
      throw .unsupported(path)
    }
  }

  public func isLeased(_ file: FileID) throws(DiskError) -> Bool {
    clinux_is_leased(file.number) != 0
  }

  public func spaceLeft() throws(DiskError) -> ByteCount {
    ByteCount(try root.spaceLeft())
  }

  /// The name by which the file was opened.
  func path(of file: FileID) -> FilePath {
    guard let opened = opened.withLock({ $0[file.number] }) else {
      preconditionFailure("a file was used after it was closed")
    }
    return opened.path
  }

  func requireWriting(_ file: FileID) throws(DiskError) {
    let path = path(of: file)
    guard opened.withLock({ $0[file.number]?.changes == true }) else { throw .denied(path) }
  }

  /// What the kernel's last refusal means for an open file.
  func refusal(on file: FileID) -> DiskError {
    let number = errno
    let path = path(of: file)
    // The file is open, so it is open for something else.
    return number == EBADF ? .denied(path) : DiskError(errno: number, path)
  }
}
