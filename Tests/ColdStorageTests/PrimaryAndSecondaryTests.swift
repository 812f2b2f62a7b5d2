// Two stores as one: who is asked when, who is written to, and what is said when both fail.

import Ambient
import Digests
import StorageContract
import Synchronization
import Telemetry
import Testing

@testable import ColdStorage

@Suite struct PrimaryAndSecondaryTests {
  private static let down = StorageError.unavailable(
    store: "primary", detail: "it answered 500", retryAfter: nil)

  private let registry: MetricRegistry
  private let first: LocalGround
  private let second: LocalGround

  init() throws {
    registry = try MetricRegistry()
    first = try LocalGround(.posix)
    second = try LocalGround(.posix, name: "secondary")
  }

  private func both(
    refusing error: StorageError? = nil, asksWhenUnavailable: Bool = false
  ) throws -> PrimaryAndSecondary {
    PrimaryAndSecondary(
      primary: error.map { RefusingStore(first.store, $0) } ?? first.store,
      secondary: second.store, asksWhenUnavailable: asksWhenUnavailable,
      metrics: try StorageMetrics(registry))
  }

  private var secondaryHits: Bool {
    registry.snapshot().exposition.contains("persist_storage_secondary_hits_total 1\n")
  }

  @Test(arguments: StorageContract.promises.filter { !$0.isHeavy })
  func `two stores as one keep every promise of the door`(promise: StoragePromise) throws {
    func pair() throws -> PrimaryAndSecondary { try both() }
    let pair = try pair()
    let ground = Ground(
      store: pair, other: pair, damage: first.ground.damage, unfinished: first.ground.unfinished)
    try promise.check(ground)
    #expect(try second.disk.allNames() == [], "something was written to the secondary")
  }

  @Test func `what only the secondary has comes from there, and is counted`() throws {
    try second.put("old", [1, 2])
    let store = try both()
    let sink = BytesSink(bytesMax: 9)
    let transfer = try store.download("old", to: sink, DownloadRequest())
    #expect(sink.bytes == [1, 2] && transfer.store == "secondary")
    #expect(secondaryHits)
    #expect(try store.head("old")?.size == 2)
    #expect(try first.disk.allNames() == [])
  }

  @Test func `what the primary has comes from there`() throws {
    try first.put("k", [1])
    try second.put("k", [2])
    let sink = BytesSink(bytesMax: 9)
    let transfer = try both().download("k", to: sink, DownloadRequest())
    #expect(sink.bytes == [1] && transfer.store == "primary")
    #expect(!secondaryHits)
  }

  @Test func `what neither has is absent`() throws {
    let store = try both()
    #expect(try store.head("none") == nil)
    #expect(throws: StorageError.absent("none")) {
      try store.download("none", to: BytesSink(bytesMax: 9), DownloadRequest())
    }
  }

  @Test func `a primary that cannot be reached is not passed over unless that is set`() throws {
    try second.put("k", [2])
    let store = try both(refusing: Self.down)
    #expect(throws: Self.down) {
      try store.download("k", to: BytesSink(bytesMax: 9), DownloadRequest())
    }
    #expect(throws: Self.down) { try store.head("k") }
    let asking = try both(refusing: Self.down, asksWhenUnavailable: true)
    let sink = BytesSink(bytesMax: 9)
    _ = try asking.download("k", to: sink, DownloadRequest())
    #expect(sink.bytes == [2])
    #expect(try asking.head("k")?.size == 1)
  }

  @Test func `when both fail both reasons are told`() throws {
    let store = try both(refusing: Self.down, asksWhenUnavailable: true)
    let failure = StorageError.bothFailed(primary: Self.down, secondary: .absent("k"))
    #expect(throws: failure) {
      try store.download("k", to: BytesSink(bytesMax: 9), DownloadRequest())
    }
    // The primary may have it, so nobody may call it absent.
    #expect(throws: failure) { try store.head("k") }
    #expect(failure.kind == .unavailable)
  }

  @Test func `a primary that denies or is damaged is not passed over`() throws {
    try second.put("k", [2])
    let denied = StorageError.denied(store: "primary", detail: "no")
    #expect(throws: denied) {
      try both(refusing: denied, asksWhenUnavailable: true)
        .download("k", to: BytesSink(bytesMax: 9), DownloadRequest())
    }
  }

  @Test func `a delete leaves the secondary as it is`() throws {
    try second.put("k", [2])
    try both().delete("k", DeleteRequest())
    #expect(try second.store.head("k")?.size == 1)
  }
}

@Suite struct StorageProbeTests {
  @Test func `a probe of a store that works goes well and leaves nothing`() throws {
    let local = try LocalGround(.posix)
    let probe = try StorageProbe.run(local.store, clock: .live, entropy: .seeded(1))
    #expect(probe.isWell && probe.failure == nil)
    #expect(probe.steps.map(\.name) == ["put", "head", "get", "range", "list", "delete", "sweep"])
    #expect(try local.disk.allNames() == [])
  }

  @Test func `a probe of a store that cannot be read says so and still cleans up`() throws {
    let local = try LocalGround(.posix)
    let denied = StorageError.denied(store: "primary", detail: "no")
    let probe = try StorageProbe.run(
      RefusingStore(local.store, denied), clock: .live, entropy: .seeded(1))
    #expect(!probe.isWell && probe.failure == denied)
    #expect(
      probe.steps.filter { $0.failure == nil }.map(\.name) == ["put", "list", "delete", "sweep"])
    #expect(try local.disk.allNames() == [])
  }

  @Test func `a probe that cannot put tries nothing else`() throws {
    let local = try LocalGround(.posix)
    let cancellation = Cancellation()
    cancellation.cancel()
    let probe = try StorageProbe.run(
      local.store, clock: .live, entropy: .seeded(1), cancellation: cancellation)
    #expect(probe.steps.map(\.name) == ["put"])
    #expect(probe.failure == .cancelled)
  }
}

/// A store that refuses to be read, and is otherwise as another.
final class RefusingStore: ObjectStore {
  private let store: any ObjectStore
  private let error: StorageError

  init(_ store: any ObjectStore, _ error: StorageError) {
    self.store = store
    self.error = error
  }

  var name: String { store.name }
  var capabilities: Capabilities { store.capabilities }

  func upload(
    _ key: ObjectKey, from source: any ObjectSource, _ request: UploadRequest
  ) throws(StorageError) -> Transfer {
    try store.upload(key, from: source, request)
  }

  func download(
    _ key: ObjectKey, to sink: any ObjectSink, _ request: DownloadRequest
  ) throws(StorageError) -> Transfer {
    throw error
  }

  func head(
    _ key: ObjectKey, _ cancellation: Cancellation?
  ) throws(StorageError) -> ObjectStatus? {
    throw error
  }

  func setMetadata(
    _ key: ObjectKey, _ request: MetadataRequest
  ) throws(StorageError) -> ObjectStatus {
    try store.setMetadata(key, request)
  }

  func delete(_ key: ObjectKey, _ request: DeleteRequest) throws(StorageError) {
    try store.delete(key, request)
  }

  func list(_ request: ListRequest) throws(StorageError) -> ObjectPage {
    try store.list(request)
  }

  func sweep(_ cancellation: Cancellation?) throws(StorageError) -> Leftovers {
    try store.sweep(cancellation)
  }
}
