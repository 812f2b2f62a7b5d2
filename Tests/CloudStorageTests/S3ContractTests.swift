// The contract of the door, on a real server of S3.

import ColdStorage
import HTTP
import StorageContract
import Synchronization
import Testing

@testable import CloudStorage

@Suite(.enabled(if: MotoServer.isExpected, "moto_server is not installed"), .moto)
struct S3ContractTests {
  /// Buckets are named in the order in which tests ask for one.
  private static let buckets = Mutex(0)

  static let promises = StorageContract.promises.filter { promise in
    // Every part of this server's answers passes through one Python; what moves hundreds of
    // megabytes is left to the other server.
    !promise.name.contains("100 MiB")
  }

  @Test(arguments: promises)
  func `a store on S3 keeps every promise of the door`(_ promise: StoragePromise) throws {
    let server = try #require(MotoServer.current)
    let number = Self.buckets.withLock { (count: inout Int) in
      count += 1
      return count
    }
    let first = try server.store("contract-\(number)")
    guard promise.needs.isSubset(of: first.store.capabilities.features) else { return }
    let other = try StoreUnderTest(port: server.port, bucket: "contract-\(number)")
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
}
