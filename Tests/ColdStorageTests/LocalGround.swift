// Local stores for the contract: on the machine's disk, on one without extended attributes, and on
// the simulated one. Each stands on a directory or machine of its own.

import Ambient
import DiskSimulation
import DurableFiles
import Retry
import ScratchFiles
import StorageContract
import Synchronization
import Telemetry
import Testing

@testable import ColdStorage

/// A kind of disk below a local store.
enum LocalKind: CaseIterable, CustomTestStringConvertible {
  case posix
  /// The machine's, as a file system without extended attributes has it.
  case withoutAttributes
  case simulated

  var testDescription: String { "\(self)" }
}

/// A local store for one test, and what it stands on.
struct LocalGround {
  let ground: Ground
  let disk: any Disk
  let store: LocalStore
  private let scratch: Scratch?

  init(_ kind: LocalKind, name: String = "primary") throws {
    let scratch = try Scratch()
    let open: @Sendable () throws(DiskError) -> any Disk
    switch kind {
    case .posix:
      open = { () throws(DiskError) in try PosixDisk(root: scratch.path) }
    case .withoutAttributes:
      open = { () throws(DiskError) in
        AttributelessDisk(try PosixDisk(root: scratch.path))
      }
    case .simulated:
      let machine = SimulatedDisk(seed: 1, threads: .many)
      open = { () throws(DiskError) in machine.startProcess() }
    }
    disk = try open()
    self.scratch = scratch
    store = try LocalStore(.test(name), pause: .live, entropy: .live, opening: open)
    let other = try LocalStore(.test(name), pause: .live, entropy: .live, opening: open)
    let disk = disk
    ground = Ground(
      store: store, other: other,
      damage: { key in
        let file = try OpenFile(try FilePath(bytes: key.bytes), .writing, on: disk)
        let status = try file.status
        let byte = try file.readExactly(at: status.size / 2, count: 1)[0]
        try file.write([byte ^ 0x10], at: status.size / 2)
        // Bits that rot leave the times as they were.
        try file.set(FileAttributes(modifiedNanoseconds: status.modifiedNanoseconds))
      },
      unfinished: { try disk.allNames().count { AtomicReplace.isTemporary($0.name) } })
  }
}

extension Backend {
  /// A backend that tries once and is watched by nobody.
  static func test(
    _ name: String, _ policy: RetryPolicy = .once, clock: ManualClock = ManualClock(),
    registry: MetricRegistry? = nil, log: Log = Log(room: "storage", to: .none)
  ) -> Backend {
    do {
      return Backend(
        name,
        retries: Retries(
          policy, clock: clock.monotonic, entropy: .seeded(1), pause: .advancing(clock)),
        circuit: Circuit(name, clock: clock.monotonic, wall: clock.wall),
        metrics: try StorageMetrics(try registry ?? MetricRegistry()), log: log,
        clock: clock.monotonic)
    } catch {
      preconditionFailure("\(error)")
    }
  }
}

extension Disk {
  /// Makes a file that holds these bytes, as another program would.
  func put(_ path: FilePath, _ bytes: [UInt8]) throws(DiskError) {
    try makeDirectories(path.parent, mode: 0o700)
    try OpenFile(path, .creating(mode: 0o600), on: self).write(bytes, at: 0)
  }

  /// Everything below the root but the locks of stores.
  func allNames() throws(DiskError) -> [FilePath] {
    var walk = TreeWalk(.root, on: self)
    var names: [FilePath] = []
    while let step = try walk.next() {
      guard case .entry(let path, _) = step else { continue }
      if path.isWithin(StoreLocks.directory) { continue }
      names.append(path)
    }
    return names.sorted()
  }
}

/// A disk without extended attributes, and otherwise as another.
final class AttributelessDisk: Disk {
  private let disk: any Disk

  init(_ disk: any Disk) {
    self.disk = disk
  }

  func attribute(_ name: String, of file: FileID) throws(DiskError) -> [UInt8]? {
    throw .unsupported("attributes")
  }

  func setAttribute(
    _ name: String, of file: FileID, to value: [UInt8]?
  ) throws(DiskError) {
    throw .unsupported("attributes")
  }

  func open(_ path: FilePath, _ access: FileAccess) throws(DiskError) -> FileID {
    try disk.open(path, access)
  }
  func close(_ file: FileID) { disk.close(file) }
  func read(
    _ file: FileID, at offset: UInt64, into bytes: inout MutableSpan<UInt8>, range: Range<Int>
  ) throws(DiskError) -> Int {
    try disk.read(file, at: offset, into: &bytes, range: range)
  }
  func write(
    _ file: FileID, _ bytes: Span<UInt8>, at offset: UInt64
  ) throws(DiskError) -> Int {
    try disk.write(file, bytes, at: offset)
  }
  func append(_ file: FileID, _ bytes: Span<UInt8>) throws(DiskError) -> Int {
    try disk.append(file, bytes)
  }
  func truncate(_ file: FileID, to size: UInt64) throws(DiskError) {
    try disk.truncate(file, to: size)
  }
  func allocate(_ file: FileID, to size: UInt64) throws(DiskError) {
    try disk.allocate(file, to: size)
  }
  func sync(_ file: FileID, _ scope: SyncScope) throws(DiskError) { try disk.sync(file, scope) }
  func status(_ file: FileID) throws(DiskError) -> FileStatus { try disk.status(file) }
  func status(at path: FilePath) throws(DiskError) -> FileStatus? { try disk.status(at: path) }
  func set(_ attributes: FileAttributes, of file: FileID) throws(DiskError) {
    try disk.set(attributes, of: file)
  }
  func list(
    _ path: FilePath, from position: ListPosition, max: Int
  ) throws(DiskError) -> DirectoryPage {
    try disk.list(path, from: position, max: max)
  }
  func makeDirectory(_ path: FilePath, mode: UInt16) throws(DiskError) {
    try disk.makeDirectory(path, mode: mode)
  }
  func remove(_ path: FilePath) throws(DiskError) { try disk.remove(path) }
  func removeDirectory(_ path: FilePath) throws(DiskError) { try disk.removeDirectory(path) }
  func rename(_ from: FilePath, to: FilePath, replacing: Bool) throws(DiskError) {
    try disk.rename(from, to: to, replacing: replacing)
  }
  func syncDirectory(_ path: FilePath) throws(DiskError) { try disk.syncDirectory(path) }
  func clone(_ from: FilePath, to: FilePath, mode: UInt16) throws(DiskError) {
    try disk.clone(from, to: to, mode: mode)
  }
  func lock(_ file: FileID) throws(DiskError) { try disk.lock(file) }
  func lease(_ file: FileID) throws(DiskError) -> Bool { try disk.lease(file) }
  func isLeased(_ file: FileID) throws(DiskError) -> Bool { try disk.isLeased(file) }
  func spaceLeft() throws(DiskError) -> ByteCount { try disk.spaceLeft() }
  func map(_ file: FileID, count: Int) throws(DiskError) -> any MappedBytes {
    try disk.map(file, count: count)
  }
  var machineStart: UInt64 { disk.machineStart }

  func sharedWords(
    _ path: FilePath, count: Int, writing: Bool
  ) throws(DiskError) -> any SharedWords {
    try disk.sharedWords(path, count: count, writing: writing)
  }
}
