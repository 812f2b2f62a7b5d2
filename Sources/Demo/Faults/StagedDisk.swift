// A disk whose calls may be refused or kept waiting by whoever stages a fault. It invents nothing: what is
// not refused the disk behind it does.

import Ambient
import DurableFiles

/// What is asked of a disk, as far as faults tell it apart.
enum DiskCall: Equatable, Sendable {
  /// Opening for reading.
  case open
  /// Making a file.
  case create
  /// Anything else that changes nothing.
  case look
  /// Anything else that writes.
  case write
  /// Taking a name away or giving it another.
  case name
  case sync
}

/// What a fault does to a disk.
struct DiskGate: Sendable {
  /// Refuses a call on a path by throwing, or keeps it waiting; the path is the root's for a call on an
  /// open file.
  let permit: @Sendable (DiskCall, FilePath) throws(DiskError) -> Void
  /// What is left of the space that there is.
  let space: @Sendable (ByteCount) -> ByteCount

  init(
    permit: @escaping @Sendable (DiskCall, FilePath) throws(DiskError) -> Void,
    space: @escaping @Sendable (ByteCount) -> ByteCount = { $0 }
  ) {
    self.permit = permit
    self.space = space
  }
}

/// A disk behind a gate.
final class StagedDisk: Disk {
  private let inner: any Disk
  private let gate: DiskGate

  init(_ inner: any Disk, _ gate: DiskGate) {
    self.inner = inner
    self.gate = gate
  }

  var machineStart: UInt64 { inner.machineStart }

  func open(_ path: FilePath, _ access: FileAccess) throws(DiskError) -> FileID {
    switch access {
    case .reading: try gate.permit(.open, path)
    case .writing: try gate.permit(.write, path)
    case .creating: try gate.permit(.create, path)
    }
    return try inner.open(path, access)
  }

  func close(_ file: FileID) { inner.close(file) }

  func read(
    _ file: FileID, at offset: UInt64, into bytes: inout MutableSpan<UInt8>, range: Range<Int>
  ) throws(DiskError) -> Int {
    try gate.permit(.look, .root)
    return try inner.read(file, at: offset, into: &bytes, range: range)
  }

  func write(
    _ file: FileID, _ bytes: Span<UInt8>, at offset: UInt64
  ) throws(DiskError) -> Int {
    try gate.permit(.write, .root)
    return try inner.write(file, bytes, at: offset)
  }

  func append(_ file: FileID, _ bytes: Span<UInt8>) throws(DiskError) -> Int {
    try gate.permit(.write, .root)
    return try inner.append(file, bytes)
  }

  func truncate(_ file: FileID, to size: UInt64) throws(DiskError) {
    try gate.permit(.write, .root)
    try inner.truncate(file, to: size)
  }

  func allocate(_ file: FileID, to size: UInt64) throws(DiskError) {
    try gate.permit(.write, .root)
    try inner.allocate(file, to: size)
  }

  func sync(_ file: FileID, _ scope: SyncScope) throws(DiskError) {
    try gate.permit(.sync, .root)
    try inner.sync(file, scope)
  }

  func status(_ file: FileID) throws(DiskError) -> FileStatus { try inner.status(file) }

  func status(at path: FilePath) throws(DiskError) -> FileStatus? {
    try gate.permit(.look, path)
    return try inner.status(at: path)
  }

  func set(_ attributes: FileAttributes, of file: FileID) throws(DiskError) {
    try gate.permit(.write, .root)
    try inner.set(attributes, of: file)
  }

  func attribute(_ name: String, of file: FileID) throws(DiskError) -> [UInt8]? {
    try inner.attribute(name, of: file)
  }

  func setAttribute(_ name: String, of file: FileID, to value: [UInt8]?) throws(DiskError) {
    try gate.permit(.write, .root)
    try inner.setAttribute(name, of: file, to: value)
  }

  func list(
    _ path: FilePath, from position: ListPosition, max: Int
  ) throws(DiskError) -> DirectoryPage {
    try gate.permit(.look, path)
    return try inner.list(path, from: position, max: max)
  }

  func makeDirectory(_ path: FilePath, mode: UInt16) throws(DiskError) {
    try gate.permit(.write, path)
    try inner.makeDirectory(path, mode: mode)
  }

  func remove(_ path: FilePath) throws(DiskError) {
    try gate.permit(.name, path)
    try inner.remove(path)
  }

  func removeDirectory(_ path: FilePath) throws(DiskError) {
    try gate.permit(.name, path)
    try inner.removeDirectory(path)
  }

  func rename(_ from: FilePath, to: FilePath, replacing: Bool) throws(DiskError) {
    try gate.permit(.name, from)
    try inner.rename(from, to: to, replacing: replacing)
  }

  func syncDirectory(_ path: FilePath) throws(DiskError) {
    try gate.permit(.sync, path)
    try inner.syncDirectory(path)
  }

  func clone(_ from: FilePath, to: FilePath, mode: UInt16) throws(DiskError) {
    try gate.permit(.create, to)
    try inner.clone(from, to: to, mode: mode)
  }

  func lock(_ file: FileID) throws(DiskError) { try inner.lock(file) }

  func lease(_ file: FileID) throws(DiskError) -> Bool { try inner.lease(file) }

  func isLeased(_ file: FileID) throws(DiskError) -> Bool { try inner.isLeased(file) }

  func spaceLeft() throws(DiskError) -> ByteCount { gate.space(try inner.spaceLeft()) }

  func map(_ file: FileID, count: Int) throws(DiskError) -> any MappedBytes {
    try inner.map(file, count: count)
  }

  func sharedWords(
    _ path: FilePath, count: Int, writing: Bool
  ) throws(DiskError) -> any SharedWords {
    try inner.sharedWords(path, count: count, writing: writing)
  }
}
