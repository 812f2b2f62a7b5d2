// The contract of the door, on real servers of S3: a lenient one and a strict one.

import ColdStorage
import HTTP
import S3Servers
import StorageContract
import Synchronization
import Testing

@testable import CloudStorage

/// What a bucket can be asked to keep.
private let promises: [StoragePromise] = {
  let features = S3Store.features
  return StorageContract.promises.filter { $0.needs.isSubset(of: features) }
}()

/// Buckets are named in the order in which tests ask for one.
private let buckets = Mutex(0)

/// Holds the promise on a new bucket of the server.
private func check(_ promise: StoragePromise, on server: S3Server) throws {
  let bucket = buckets.withLock { (count: inout Int) in
    count += 1
    return "contract-\(count)"
  }
  let first = try server.store(bucket)
  let other = try server.other(bucket)
  try promise.check(
    Ground(
      store: first.store, other: other.store,
      damage: { key in
        // Behind the store's back: the bytes change, and what is said of them stays.
        let status = try #require(try other.store.head(key))
        var bytes = try other.store.get(key)
        bytes[bytes.count / 2] ^= 0x10
        var call = S3Call(.put, Array(key.bytes))
        other.store.describe(
          &call, metadata: status.metadata, contentType: nil, storageClass: nil,
          digest: status.digest)
        try other.store.call(call, body: S3Body(bytes))
      },
      unfinished: { try first.store.unfinishedUploads() }))
}

@Suite(.enabled(if: MotoServer.isExpected, "moto_server is not installed"), .moto)
struct S3ContractTests {
  // Every part of this server's answers passes through one Python; what moves hundreds of megabytes
  // is left to the other server. So are races for one object: this one looks at a condition and then
  // stores, in threads and without a lock, so that under load two can win.
  @Test(
    arguments: promises.filter { !$0.name.contains("100 MiB") && !$0.name.hasPrefix("of many who") }
  )
  func `a store on S3 keeps every promise of the door`(_ promise: StoragePromise) throws {
    try check(promise, on: try #require(MotoServer.current).server)
  }

  @Test func `a bucket is asked to keep all promises, none is left out`() {
    #expect(promises.map(\.name) == StorageContract.promises.map(\.name))
  }
}

@Suite(.enabled(if: RadosGateway.isExpected, "radosgw is not installed"), .serialized)
struct StrictContractTests {
  @Test(arguments: promises)
  func `a store on a server that checks everything keeps every promise`(
    _ promise: StoragePromise
  ) throws {
    try check(promise, on: try #require(RadosGateway.shared, "radosgw did not start"))
  }

  @Test func `a signature by another secret is refused, and says what to check`() throws {
    let server = try #require(RadosGateway.shared, "radosgw did not start")
    let wrong = S3Server(
      name: server.name, port: server.port, accessKey: server.accessKey, secretKey: "wrong")
    #expect {
      try wrong.other("contract-signature").store.put("k", [1])
    } throws: { error in
      (error as? StorageError)?.kind == .denied && "\(error)".contains("check secret_key")
    }
  }

  @Test func `a body that is not what its checksum says is refused by the server`() throws {
    let server = try #require(RadosGateway.shared, "radosgw did not start")
    let store = try server.store("contract-checksum").store
    var call = S3Call(.put, "k", in: .none)
    call.headers["Content-MD5"] = "AAAAAAAAAAAAAAAAAAAAAA=="
    #expect {
      try store.call(call, body: S3Body([1, 2, 3]))
    } throws: { ($0 as? StorageError)?.kind == .integrity }
    #expect(try store.head("k") == nil)
  }
}
