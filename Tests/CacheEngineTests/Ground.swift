// What the engine's mechanics stand on in tests: a depot and a cold store, on the machine's disk or on
// simulated ones, and a store that does what a test wants at the moment it wants.

import Ambient
import ColdStorage
import Digests
import DiskSimulation
import DurableFiles
import EventStore
import Manifest
import Retry
import ScratchFiles
import Synchronization
import Telemetry

@testable import CacheEngine

/// A kind of disk below a depot.
enum DiskKind: CaseIterable, Sendable {
  case posix
  case simulated
}

/// A depot and a cold store for one test.
struct Ground {
  let depot: Depot
  let disk: any Disk
  let local: LocalStore
  let cold: HookedStore
  let naming: ObjectNaming
  let clock: WallClock
  private let scratch: [Scratch]
  /// The simulated depot's machine, where it is one.
  let machine: SimulatedDisk?

  init(_ kind: DiskKind = .simulated, capacity: ByteCount = ByteCount(1 << 30)) throws {
    switch kind {
    case .posix:
      let (depotScratch, coldScratch) = (try Scratch(), try Scratch())
      scratch = [depotScratch, coldScratch]
      machine = nil
      clock = .live
      depot = try Depot { () throws(DiskError) in depotScratch.disk }
      local = try LocalStore(.test(clock: nil), pause: .live, entropy: .live) {
        () throws(DiskError) in coldScratch.disk
      }
    case .simulated:
      let machine = SimulatedDisk(seed: 1, capacity: capacity)
      let store = SimulatedDisk(seed: 2, clock: machine.clock)
      scratch = []
      self.machine = machine
      clock = machine.clock.wall
      depot = try Depot { () throws(DiskError) in machine }
      local = try LocalStore(
        .test(clock: machine.clock), pause: .advancing(machine.clock), entropy: .seeded(3)
      ) { () throws(DiskError) in store }
    }
    disk = depot.disk
    cold = HookedStore(local)
    naming = ObjectNaming(
      limits: local.capabilities.keyLimits, lineage: Lineage(id: EventID(high: 1, low: 2)))
    try depot.prepare()
  }

  var uploader: Uploader { Uploader(depot: depot, cold: cold, naming: naming, clock: clock) }
  var restorer: Restorer { Restorer(depot: depot, cold: cold, entropy: .seeded(9)) }

  /// Writes a file as a program would, its directories with it, and returns its stamp.
  @discardableResult
  func write(_ path: FilePath, _ text: String, mode: UInt16 = 0o640) throws -> HotCopy {
    if path.parent != .root { try disk.makeDirectories(path.parent, mode: 0o755) }
    if try disk.status(at: path) == nil {
      let file = try OpenFile(path, .creating(mode: mode), on: disk)
      try file.write(Array(text.utf8), at: 0)
    } else {
      let file = try OpenFile(path, .writing, on: disk)
      try file.truncate(to: 0)
      try file.write(Array(text.utf8), at: 0)
    }
    return try stamp(path)
  }

  func stamp(_ path: FilePath) throws -> HotCopy {
    guard let hot = try depot.copy(at: path) else { throw DiskError.absent(path) }
    return hot
  }

  func text(_ path: FilePath) throws -> String {
    let file = try OpenFile(path, .reading, on: disk)
    return String(decoding: try file.readAll(bytesMax: 1 << 24), as: UTF8.self)
  }

  func order(_ path: FilePath, generation: UInt64 = 1) throws -> UploadOrder {
    UploadOrder(path: path, hot: try stamp(path), writtenGeneration: generation)
  }

  /// Uploads a file and takes it from the depot, as an eviction does.
  func makeCold(_ path: FilePath, generation: UInt64 = 1) throws -> StoredCopy {
    guard case .stored(let copy) = uploader.upload(try order(path, generation: generation)) else {
      throw StorageError.cancelled
    }
    try disk.remove(path)
    return copy
  }

  /// The names in a directory of the engine's corner.
  func names(in directory: FilePath) throws -> [String] {
    try disk.list(directory).map { String(decoding: $0.name, as: UTF8.self) }.sorted()
  }
}

extension Backend {
  /// A backend that tries once and is watched by nobody.
  static func test(clock: ManualClock?) throws -> Backend {
    var policy = RetryPolicy()
    policy.attemptsMax = 1
    let (wall, monotonic) = (clock?.wall ?? .live, clock?.monotonic ?? .live)
    return Backend(
      "primary",
      retries: Retries(
        policy, clock: monotonic, entropy: .seeded(1), pause: clock.map { .advancing($0) } ?? .live),
      circuit: Circuit("primary", clock: monotonic, wall: wall),
      metrics: try StorageMetrics(MetricRegistry()), log: Log(room: "storage", to: .none),
      clock: monotonic)
  }
}

/// A store that lets a test act, fail or lie at each call.
final class HookedStore: ObjectStore {
  struct Hooks: Sendable {
    /// Called before the bytes of an upload pass.
    var beforeUpload: @Sendable (ObjectKey) throws(StorageError) -> Void = { _ in }
    /// Called when the bytes have passed and the object stands.
    var afterUpload: @Sendable (ObjectKey) throws(StorageError) -> Void = { _ in }
    /// Called before the bytes of a download pass.
    var beforeDownload: @Sendable (ObjectKey) throws(StorageError) -> Void = { _ in }
    /// What is given instead of the object's bytes, by a store that does not look at digests.
    var lie: (@Sendable (ObjectKey) -> [UInt8])?
    /// Called when the bytes of a download have passed.
    var afterDownload: @Sendable (ObjectKey) -> Void = { _ in }
    /// What a look at an object tells instead of the truth.
    var head: (@Sendable (ObjectStatus?) throws(StorageError) -> ObjectStatus?)?
    var beforeDelete: @Sendable (ObjectKey) throws(StorageError) -> Void = { _ in }
  }

  private let inner: any ObjectStore
  private let hooks = Mutex(Hooks())
  private let calls = Mutex<[String: Int]>([:])

  init(_ inner: any ObjectStore) {
    self.inner = inner
  }

  func hook(_ change: (inout Hooks) -> Void) {
    hooks.withLock { change(&$0) }
  }

  /// How often a call was made.
  func count(_ call: String) -> Int { calls.withLock { $0[call, default: 0] } }

  private func note(_ call: String) -> Hooks {
    calls.withLock { $0[call, default: 0] += 1 }
    return hooks.withLock { $0 }
  }

  var name: String { inner.name }
  var capabilities: Capabilities { inner.capabilities }

  func upload(
    _ key: ObjectKey, from source: any ObjectSource, _ request: UploadRequest
  ) throws(StorageError) -> Transfer {
    let hooks = note("upload")
    try hooks.beforeUpload(key)
    let transfer = try inner.upload(key, from: source, request)
    try hooks.afterUpload(key)
    return transfer
  }

  func download(
    _ key: ObjectKey, to sink: any ObjectSink, _ request: DownloadRequest
  ) throws(StorageError) -> Transfer {
    let hooks = note("download")
    try hooks.beforeDownload(key)
    guard let lie = hooks.lie else {
      let transfer = try inner.download(key, to: sink, request)
      hooks.afterDownload(key)
      return transfer
    }
    let bytes = lie(key)
    try sink.begin(size: UInt64(bytes.count))
    try sink.write(bytes.span, at: 0)
    guard let object = try inner.head(key) else { throw .absent(key) }
    return Transfer(
      object: object, digest: Blake3.digest(of: bytes), bytes: UInt64(bytes.count), store: name)
  }

  func head(_ key: ObjectKey, _ cancellation: Cancellation?) throws(StorageError) -> ObjectStatus? {
    let hooks = note("head")
    let found = try inner.head(key, cancellation)
    guard let head = hooks.head else { return found }
    return try head(found)
  }

  func setMetadata(
    _ key: ObjectKey, _ request: MetadataRequest
  ) throws(StorageError) -> ObjectStatus {
    try inner.setMetadata(key, request)
  }

  func delete(_ key: ObjectKey, _ request: DeleteRequest) throws(StorageError) {
    try note("delete").beforeDelete(key)
    try inner.delete(key, request)
  }

  func list(_ request: ListRequest) throws(StorageError) -> ObjectPage {
    try inner.list(request)
  }

  func sweep(_ cancellation: Cancellation?) throws(StorageError) -> Leftovers {
    try inner.sweep(cancellation)
  }
}
