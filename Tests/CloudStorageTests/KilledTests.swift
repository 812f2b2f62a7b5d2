// What a process that is killed in the middle leaves behind in a bucket.

import Ambient
import ColdStorage
import Glibc
import HTTP
import S3Servers
import Testing

@testable import CloudStorage

@Suite(.enabled(if: MotoServer.isExpected, "moto_server is not installed"), .moto)
struct KilledTests {
  @Test func `a process that is killed in an upload leaves no object, and what it leaves is swept`()
    async throws
  {
    let server = try #require(MotoServer.current)
    let store = try server.store("killed") { $0.staleAfter = .zero }.store
    let port = server.port
    await #expect(processExitsWith: .signal(SIGKILL)) { [port = port as Int] in
      let store = try StoreUnderTest(port: port, bucket: "killed").store
      let request = UploadRequest(progress: { _ in _ = kill(getpid(), SIGKILL) })
      try store.put("k", sample(40 << 20), request)
    }
    #expect(try store.head("k") == nil)
    #expect(try store.list(ListRequest()).objects.isEmpty)
    #expect(try store.unfinishedUploads() == 1)
    #expect(try store.sweep(nil).removed == 1)
    #expect(try store.unfinishedUploads() == 0)
  }

  @Test func `an upload that began long ago is left alone while it takes parts`() throws {
    let server = try #require(MotoServer.current)
    let store = try server.store("busy").store
    let begun = try store.call(
      S3Call(.post, "busy", in: .none).asking([("uploads", "")]), body: S3Body([]))
    let id = try #require(XMLElement(parsing: begun.body)?.text(of: "UploadId"))
    try store.call(
      S3Call(.put, "busy", in: .none).asking([("partNumber", "1"), ("uploadId", id)]),
      body: S3Body([1, 2, 3]))
    #expect(try store.isIdle("busy", id, staleAfter: .seconds(60)) == false)
    #expect(try store.isIdle("busy", id, staleAfter: .zero))
    #expect(try store.isIdle("busy", "unknown", staleAfter: .zero) == false)
  }
}

extension S3Call {
  /// The call with this query.
  fileprivate func asking(_ query: [(String, String)]) -> S3Call {
    var call = self
    call.query = query
    return call
  }
}

extension S3Store {
  /// Whether the upload took no part for so long, as an operation of its own.
  fileprivate func isIdle(
    _ key: ObjectKey, _ uploadID: String, staleAfter: Duration
  ) throws(StorageError) -> Bool {
    try backend.perform(.sweep, nil, cancellation: nil) { attempts throws(StorageError) in
      try self.isIdle(key, uploadID, for: staleAfter, at: WallClock.live.now(), S3Run(attempts))
    }
  }
}
