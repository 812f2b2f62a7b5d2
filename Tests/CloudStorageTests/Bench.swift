// What the tests of this room stand on: a store on any server, credentials and time that are made
// up, and bytes that differ from place to place.

import Ambient
import ColdStorage
import Digests
import HTTP
import Loopback
import Retry
import S3Servers
import Synchronization
import Telemetry
import Testing

@testable import CloudStorage

/// What no log, error or description may ever contain.
let plantedSecret = "planted/SECRET+key0123456789"
let plantedToken = "planted-session-token"

func secret(_ text: String) -> SecretBytes { SecretBytes(copying: Array(text.utf8).span) }

/// Keeps every line that is logged.
final class KeptLog: Sendable {
  private let lines = Mutex<[String]>([])

  var sink: LogSink {
    LogSink { record in
      let fields = record.fields.map { "\($0.name)=\($0.value)" }.joined(separator: " ")
      self.lines.withLock { $0.append("\(record.message) \(fields)") }
    }
  }

  var text: String { lines.withLock { $0.joined(separator: "\n") } }
}

/// Credentials that can be renewed, and count how often they were.
final class RenewableCredentials: CredentialSource {
  private let renewals = Mutex(0)

  var renewed: Int { renewals.withLock { $0 } }

  func credentials() throws(StorageError) -> AWSCredentials {
    AWSCredentials(
      accessKey: "AKPLANTED\(renewed)", secretKey: secret(plantedSecret),
      sessionToken: secret(plantedToken))
  }

  func refresh() -> Bool {
    renewals.withLock { $0 += 1 }
    return true
  }
}

/// A store on a server at a port, whose waits between attempts take no time.
struct StoreUnderTest {
  let store: S3Store
  let clock = ManualClock(at: WallClock.live.now())
  let log = KeptLog()
  let credentials = RenewableCredentials()
  let registry: MetricRegistry

  init(
    port: Int, bucket: String = "bench", client: (any Client)? = nil,
    credentials given: (any CredentialSource)? = nil,
    _ change: (inout S3Settings) throws -> Void = { _ in }
  ) throws {
    registry = try MetricRegistry()
    var settings = S3Settings(bucket: bucket)
    settings.endpoint = URL(scheme: .http, host: "127.0.0.1", port: port)
    settings.endpointPin = true
    settings.chunkThreshold = 4 << 20
    try change(&settings)
    let backend = Backend(
      settings.name,
      retries: Retries(
        clock: clock.monotonic, entropy: .seeded(7), pause: .advancing(clock)),
      circuit: Circuit(settings.name, clock: clock.monotonic, wall: clock.wall),
      metrics: try StorageMetrics(registry), log: Log(room: "cloud", to: log.sink),
      clock: clock.monotonic)
    let runtime = S3Runtime(
      client: client ?? CurlClient(), credentials: given ?? credentials, wall: WallClock.live,
      backend: backend)
    store = try S3Store(settings, runtime)
  }
}

extension S3Server {
  /// A store on a bucket of this server, as another process has it.
  func other(
    _ bucket: String, client: (any Client)? = nil,
    _ change: (inout S3Settings) throws -> Void = { _ in }
  ) throws -> StoreUnderTest {
    let credentials = FixedCredentials(
      AWSCredentials(accessKey: accessKey, secretKey: secret(secretKey)))
    return try StoreUnderTest(
      port: port, bucket: bucket, client: client, credentials: credentials, change)
  }

  /// A store on a new bucket of this server.
  func store(
    _ bucket: String, _ change: (inout S3Settings) throws -> Void = { _ in }
  ) throws -> StoreUnderTest {
    let tested = try other(bucket, change)
    try tested.store.call(S3Call(.put))
    return tested
  }
}

extension MotoServer {
  /// A store on a new bucket of this server.
  func store(
    _ bucket: String, _ change: (inout S3Settings) throws -> Void = { _ in }
  ) throws -> StoreUnderTest {
    try server.store(bucket, change)
  }
}

extension S3Store {
  /// Makes one call as an operation of its own, for what the door does not offer.
  @discardableResult
  func call(_ call: S3Call, body: S3Body? = nil) throws(StorageError) -> Response {
    try backend.perform(.list, nil, cancellation: nil) { attempts throws(StorageError) in
      try self.service.collect(call, body: body, S3Run(attempts))
    }
  }

  /// How many uploads are unfinished in the bucket.
  func unfinishedUploads() throws(StorageError) -> Int {
    let answer = try call(S3Call(.get, query: [("uploads", "")]))
    return XMLElement(parsing: answer.body)?.all("Upload").count ?? -1
  }
}

/// Bytes that differ from place to place.
func sample(_ count: Int, seed: UInt64 = 1) -> [UInt8] {
  var generator = SeededGenerator(seed: seed)
  return generator.bytes(count)
}

extension ObjectStore {
  @discardableResult
  func put(
    _ key: ObjectKey, _ bytes: [UInt8], _ request: UploadRequest = UploadRequest()
  ) throws(StorageError) -> Transfer {
    try upload(key, from: BytesSource(bytes), request)
  }

  func get(
    _ key: ObjectKey, _ request: DownloadRequest = DownloadRequest()
  ) throws(StorageError) -> [UInt8] {
    let sink = BytesSink(bytesMax: 1 << 30)
    _ = try download(key, to: sink, request)
    return sink.bytes
  }
}
