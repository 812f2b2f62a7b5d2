// The store on a real server: what goes in comes out, under conditions, in parts and in ranges.

import Ambient
import ColdStorage
import Digests
import HTTP
import S3Servers
import Synchronization
import Testing

@testable import CloudStorage

@Suite(.enabled(if: MotoServer.isExpected, "moto_server is not installed"), .moto)
struct S3StoreTests {
  func store(
    _ bucket: String, _ change: (inout S3Settings) throws -> Void = { _ in }
  ) throws -> S3Store {
    let server = try #require(MotoServer.current)
    return try server.store(bucket, change).store
  }

  @Test(arguments: [0, 1, 5_000, 8_388_607, 8_388_608, 8_388_609, 20_971_520])
  func `what goes in comes out, with its digest`(_ count: Int) throws {
    let store = try store("round-\(count)")
    let bytes = sample(count)
    let digest = Blake3.digest(of: bytes)
    let done = Mutex<UInt64>(0)
    let request = UploadRequest(progress: { bytes in done.withLock { $0 = max($0, bytes) } })
    let stored = try store.put("a/b,v/1.1", bytes, request)
    #expect(stored.digest == digest)
    #expect(stored.bytes == UInt64(count))
    #expect(done.withLock { $0 } == UInt64(count))
    let back = try store.get("a/b,v/1.1", DownloadRequest(digest: digest))
    #expect(back == bytes)
    let head = try #require(try store.head("a/b,v/1.1"))
    #expect(head.size == UInt64(count))
    #expect(head.etag == stored.object.etag)
    #expect(try store.unfinishedUploads() == 0)
  }

  @Test func `metadata, type and class travel, and are replaced without the bytes`() throws {
    let store = try store("metadata")
    let request = UploadRequest(
      metadata: ["depot-path": "//depot/a b", "rev": "7"], contentType: "text/plain",
      storageClass: "STANDARD_IA")
    try store.put("m", [1, 2, 3], request)
    let head = try #require(try store.head("m"))
    #expect(head.metadata == ["depot-path": "//depot/a b", "rev": "7"])
    #expect(head.contentType == "text/plain")
    #expect(head.storageClass == "STANDARD_IA")
    #expect(head.digest == Blake3.digest(of: [1, 2, 3]))
    let changed = try store.setMetadata("m", MetadataRequest(metadata: ["rev": "8"]))
    #expect(changed.metadata == ["rev": "8"])
    let after = try #require(try store.head("m"))
    #expect(after.metadata == ["rev": "8"])
    #expect(after.contentType == "text/plain")
    #expect(after.digest == head.digest)
    #expect(try store.get("m") == [1, 2, 3])
    #expect(throws: StorageError.absent("none")) {
      try store.setMetadata("none", MetadataRequest(metadata: [:]))
    }
  }

  @Test func `a large object keeps its metadata, and its digest where that was known`() throws {
    let store = try store("large-metadata")
    let bytes = sample(9 << 20)
    let digest = Blake3.digest(of: bytes)
    try store.put("l", bytes, UploadRequest(metadata: ["rev": "7"], digest: digest))
    let head = try #require(try store.head("l"))
    #expect(head.metadata == ["rev": "7"])
    #expect(head.digest == digest)
  }

  @Test func `conditions decide`() throws {
    let store = try store("conditions")
    let first = try store.put("c", [1], UploadRequest(condition: .ifAbsent)).object.etag
    #expect(throws: StorageError.alreadyExists("c")) {
      try store.put("c", [2], UploadRequest(condition: .ifAbsent))
    }
    try store.put("c", [3], UploadRequest(condition: .ifMatch(first)))
    #expect(throws: StorageError.preconditionFailed("c")) {
      try store.put("c", [4], UploadRequest(condition: .ifMatch(first)))
    }
    #expect(try store.get("c") == [3])
    #expect(throws: StorageError.preconditionFailed("c")) {
      try store.get("c", DownloadRequest(ifMatch: first))
    }
    #expect(throws: StorageError.preconditionFailed("c")) {
      try store.delete("c", DeleteRequest(ifMatch: first))
    }
    #expect(throws: StorageError.preconditionFailed("c")) {
      try store.setMetadata("c", MetadataRequest(metadata: [:], ifMatch: first))
    }
  }

  @Test func `what is absent is absent, and may be deleted again`() throws {
    let store = try store("absent")
    #expect(try store.head("none") == nil)
    #expect(throws: StorageError.absent("none")) { try store.get("none") }
    try store.put("some", [1])
    try store.delete("some", DeleteRequest())
    try store.delete("some", DeleteRequest())
    #expect(try store.head("some") == nil)
  }

  @Test func `a part of an object is given, cut where the object ends`() throws {
    let store = try store("ranges")
    let bytes = sample(6 << 20)
    try store.put("r", bytes)
    for range in [0..<1, 10..<20, 1_000..<(5 << 20), 100..<(9 << 20)] as [Range<UInt64>] {
      let wanted = Array(bytes[Int(range.lowerBound)..<min(Int(range.upperBound), bytes.count)])
      #expect(try store.get("r", DownloadRequest(range: range)) == wanted)
    }
    #expect(try store.get("r", DownloadRequest(range: 5..<5)) == [])
    #expect(try store.get("r", DownloadRequest(range: (7 << 20)..<(8 << 20))) == [])
  }

  @Test func `a large object comes in ranges side by side, in whatever order`() throws {
    let store = try store("side-by-side") { $0.chunkThreshold = 1 << 20 }
    let bytes = sample(27 << 20 | 12_345)
    let digest = try store.put("s", bytes).digest
    let sink = BytesSink(bytesMax: 1 << 26)
    let transfer = try store.download("s", to: sink, DownloadRequest())
    #expect(transfer.digest == digest)
    #expect(sink.bytes == bytes)
    let wrong = DownloadRequest(digest: Blake3.digest(of: [9]))
    #expect(throws: StorageError.self) { try store.get("s", wrong) }
  }

  @Test func `names with every awkward character are stored, found, listed and deleted`() throws {
    let store = try store("names") { $0.prefix = try KeyPrefix("p x/é") }
    let names = [
      "with space", "percent%20%zz", "plus+plus", "hash#hash", "what?x=1", "tilde~", "quotes\"'`",
      "amp&semi;", "colon:at@", "star*", "brackets[1]{2}(3)", "less<more>", "pipe|caret^",
      "comma,dollar$", "equals=bang!", "grün", "文件", "🎻", "cafe\u{301}", " leading", "a\tb",
    ]
    let keys = try names.map { try ObjectKey("d/\($0)/f") }.sorted()
    for key in keys { try store.put(key, key.bytes) }
    for key in keys {
      #expect(try store.head(key)?.size == UInt64(key.bytes.count))
      #expect(try store.get(key) == key.bytes)
    }
    #expect(try store.list(ListRequest()).objects.map(\.key) == keys)
    for key in keys { try store.delete(key, DeleteRequest()) }
    #expect(try store.list(ListRequest()).objects.isEmpty)
    let longest = try ObjectKey(String(repeating: "k", count: 1_024 - "p x/é/".utf8.count))
    try store.put(longest, [1])
    #expect(try store.head(longest)?.size == 1)
    let tooLong = try ObjectKey("k" + String(decoding: longest.bytes, as: UTF8.self))
    #expect(throws: StorageError.self) { try store.put(tooLong, [1]) }
  }

  @Test func `more than a thousand keys are listed page by page, each once and in order`() throws {
    let store = try store("many")
    let keys = try (0..<1_203).map { try ObjectKey("many/\($0 % 7)/\($0)") }.sorted()
    let failures = Mutex<[StorageError]>([])
    Worker.each(4, named: "fill") { worker in
      do throws(StorageError) {
        for index in stride(from: worker, to: keys.count, by: 4) { try store.put(keys[index], []) }
      } catch {
        failures.withLock { $0.append(error) }
      }
    }
    #expect(failures.withLock { $0 } == [])
    var listed: [ObjectKey] = []
    var request = ListRequest()
    while true {
      let page = try store.list(request)
      listed += page.objects.map(\.key)
      guard let next = page.next else { break }
      request.after = next
    }
    #expect(listed == keys)
    let page = try store.list(ListRequest(prefix: Array("many/3/".utf8), after: nil, limit: 10))
    #expect(page.objects.map(\.key) == Array(keys.filter { "\($0)".hasPrefix("many/3/") }[..<10]))
    #expect(page.next == page.objects.last?.key)
  }

  @Test func `cancelling an upload on its way leaves no object and no unfinished upload`() throws {
    let store = try store("cancel")
    let cancellation = Cancellation()
    let request = UploadRequest(
      progress: { if $0 > 8 << 20 { cancellation.cancel() } }, cancellation: cancellation)
    #expect(throws: StorageError.cancelled) {
      try store.put("c", sample(48 << 20), request)
    }
    #expect(try store.head("c") == nil)
    #expect(try store.unfinishedUploads() == 0)
  }

  @Test func `unfinished uploads of ours are swept when they are old, and others left alone`()
    throws
  {
    let store = try store("sweep") {
      $0.prefix = try KeyPrefix("ours")
      $0.staleAfter = .zero
    }
    for name in ["ours/a", "ours/b c", "theirs/a"] {
      let call = S3Call(.post, Array(name.utf8), query: [("uploads", "")])
      try store.call(call, body: S3Body([]))
    }
    #expect(try store.sweep(nil).removed == 2)
    #expect(try store.unfinishedUploads() == 1)
    #expect(try store.sweep(nil).removed == 0)
  }

  @Test func `a bucket that is not there is told with what to do`() throws {
    let server = try #require(MotoServer.current)
    let store = try StoreUnderTest(port: server.port, bucket: "nowhere").store
    #expect(
      throws: StorageError.misconfigured(
        store: "s3",
        "the bucket 'nowhere' does not exist there; create it or correct its name")
    ) { try store.put("a", [1]) }
  }
}
