// A disk on which somebody else gets a turn before every call. The engine decides on what it has looked
// at; here the server of the depot writes between any two of its looks.

import Ambient
import DurableFiles

/// A disk whose calls are preceded by whatever somebody else does.
final class InterposedDisk: Disk {
  private let inner: any Disk
  private let interpose: @Sendable () -> Void

  init(_ inner: any Disk, _ interpose: @escaping @Sendable () -> Void) {
    self.inner = inner
    self.interpose = interpose
  }

  var machineStart: UInt64 { inner.machineStart }

  func open(_ path: FilePath, _ access: FileAccess) throws(DiskError) -> FileID {
    interpose()
    return try inner.open(path, access)
  }

  func close(_ file: FileID) {
    inner.close(file)
  }

  func read(
    _ file: FileID, at offset: UInt64, into bytes: inout MutableSpan<UInt8>, range: Range<Int>
  ) throws(DiskError) -> Int {
    interpose()
    return try inner.read(file, at: offset, into: &bytes, range: range)
  }

  func write(
    _ file: FileID, _ bytes: Span<UInt8>, at offset: UInt64
  ) throws(DiskError) -> Int {
    interpose()
    return try inner.write(file, bytes, at: offset)
  }

  func append(_ file: FileID, _ bytes: Span<UInt8>) throws(DiskError) -> Int {
    interpose()
    return try inner.append(file, bytes)
  }

  func truncate(_ file: FileID, to size: UInt64) throws(DiskError) {
    interpose()
    try inner.truncate(file, to: size)
  }

  func allocate(_ file: FileID, to size: UInt64) throws(DiskError) {
    interpose()
    try inner.allocate(file, to: size)
  }

  func sync(_ file: FileID, _ scope: SyncScope) throws(DiskError) {
    interpose()
    try inner.sync(file, scope)
  }

  func status(_ file: FileID) throws(DiskError) -> FileStatus {
    interpose()
    return try inner.status(file)
  }

  func status(at path: FilePath) throws(DiskError) -> FileStatus? {
    interpose()
    return try inner.status(at: path)
  }

  func set(_ attributes: FileAttributes, of file: FileID) throws(DiskError) {
    interpose()
    try inner.set(attributes, of: file)
  }

  func attribute(_ name: String, of file: FileID) throws(DiskError) -> [UInt8]? {
    try inner.attribute(name, of: file)
  }

  func setAttribute(
    _ name: String, of file: FileID, to value: [UInt8]?
  ) throws(DiskError) {
    try inner.setAttribute(name, of: file, to: value)
  }

  func list(
    _ path: FilePath, from position: ListPosition, max: Int
  ) throws(DiskError) -> DirectoryPage {
    interpose()
    return try inner.list(path, from: position, max: max)
  }

  func makeDirectory(_ path: FilePath, mode: UInt16) throws(DiskError) {
    interpose()
    try inner.makeDirectory(path, mode: mode)
  }

  func remove(_ path: FilePath) throws(DiskError) {
    interpose()
    try inner.remove(path)
  }

  func removeDirectory(_ path: FilePath) throws(DiskError) {
    interpose()
    try inner.removeDirectory(path)
  }

  func rename(_ from: FilePath, to: FilePath, replacing: Bool) throws(DiskError) {
    interpose()
    try inner.rename(from, to: to, replacing: replacing)
  }

  func syncDirectory(_ path: FilePath) throws(DiskError) {
    interpose()
    try inner.syncDirectory(path)
  }

  func clone(_ from: FilePath, to: FilePath, mode: UInt16) throws(DiskError) {
    try inner.clone(from, to: to, mode: mode)
  }

  func lock(_ file: FileID) throws(DiskError) {
    try inner.lock(file)
  }

  func lease(_ file: FileID) throws(DiskError) -> Bool {
    interpose()
    return try inner.lease(file)
  }

  func isLeased(_ file: FileID) throws(DiskError) -> Bool {
    interpose()
    return try inner.isLeased(file)
  }

  func spaceLeft() throws(DiskError) -> ByteCount {
    try inner.spaceLeft()
  }

  func map(_ file: FileID, count: Int) throws(DiskError) -> any MappedBytes {
    try inner.map(file, count: count)
  }

  func sharedWords(
    _ path: FilePath, count: Int, writing: Bool
  ) throws(DiskError) -> any SharedWords {
    try inner.sharedWords(path, count: count, writing: writing)
  }
}
