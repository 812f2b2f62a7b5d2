// The store on a server that does everything wrong. After each fault: the right error or the right
// success, as many attempts as promised, and no object half-visible.

import Ambient
import ColdStorage
import Digests
import HTTP
import Loopback
import Retry
import Synchronization
import Testing

@testable import CloudStorage

@Suite struct FaultyServerTests {
  static let bytes = sample(200_000)
  static let md5: String = {
    guard let digest = try? Md5.digest(of: bytes) else { return "" }
    return "\"\(digest)\""
  }()

  /// What a server answers.
  struct Script {
    let answer: @Sendable (Arrived) -> Answer
  }

  /// A refusal as S3 spells it.
  static func refusal(
    _ status: Int, _ code: String, headers: [(String, String)] = [], more: String = ""
  ) -> Answer {
    Answer(
      status,
      text: "<Error><Code>\(code)</Code><Message>no</Message>\(more)</Error>", headers: headers)
  }

  /// The object as it should be answered.
  static func whole(_ fault: Answer.Fault? = nil) -> Answer {
    Answer(200, headers: [("ETag", md5)], body: bytes, fault: fault)
  }

  /// What is left of the object from where a range begins.
  static func rest(_ arrived: Arrived) -> Answer {
    guard let range = arrived.header("range"),
      let first = Int(range.dropFirst("bytes=".count).prefix { $0 != "-" })
    else { return whole() }
    return Answer(
      206,
      headers: [
        ("ETag", md5), ("Content-Range", "bytes \(first)-\(bytes.count - 1)/\(bytes.count)"),
      ], body: Array(bytes[first...]))
  }

  /// Serves the script to a store, and says how it ended and how many requests there were.
  func serve(
    _ script: Script, _ body: (StoreUnderTest, LoopbackServer) throws -> Void
  ) throws {
    let server = LoopbackServer(script: script.answer)
    defer { server.stop() }
    let tested = try StoreUnderTest(port: server.port)
    try body(tested, server)
  }

  @Test(arguments: [
    refusal(500, "InternalError"), refusal(503, "SlowDown", headers: [("Retry-After", "2")]),
    refusal(429, ""), Answer(502), Answer(200, fault: .resetAtOnce),
    refusal(400, "RequestTimeout"),
  ])
  func `what fails twice and then goes well has gone well`(_ fault: Answer) throws {
    try serve(Script { $0.number < 3 ? fault : Self.whole() }) { (tested, server) throws in
      #expect(try tested.store.get("k") == Self.bytes)
      #expect(server.arrived.count == 3)
    }
  }

  @Test func `a server that says how long to wait is given that time`() throws {
    try serve(
      Script { arrived in
        arrived.number == 1
          ? Self.refusal(503, "SlowDown", headers: [("Retry-After", "7")]) : Self.whole()
      }
    ) { (tested, _) throws in
      let begun = tested.clock.monotonic.now()
      #expect(try tested.store.get("k") == Self.bytes)
      #expect(tested.clock.monotonic.now() - begun >= .seconds(7))
    }
  }

  @Test func `what fails each time is given up after four attempts, as what it is`() throws {
    try serve(Script { _ in Self.refusal(500, "InternalError") }) { (tested, server) throws in
      #expect {
        try tested.store.put("k", [1])
      } throws: { error in
        guard case .gaveUp(attempts: 4, .unavailable) = error as? StorageError else { return false }
        return true
      }
      #expect(server.arrived.count == 4)
    }
    try serve(Script { _ in Self.refusal(503, "SlowDown") }) { (tested, server) throws in
      #expect {
        try tested.store.put("k", [1])
      } throws: { ($0 as? StorageError)?.kind == .throttled }
      #expect(server.arrived.count == 4)
    }
  }

  @Test(arguments: [
    Answer.Fault.resetAfter(70_000), .closeAfter(70_000), .stallAfter(70_000),
  ])
  func `a body that breaks off is continued where it broke`(_ fault: Answer.Fault) throws {
    try serve(Script { $0.number == 1 ? Self.whole(fault) : Self.rest($0) }) {
      (tested, server) throws in
      let client = ImpatientClient()
      let impatient = try StoreUnderTest(port: server.port, client: client)
      let sink = BytesSink(bytesMax: 1 << 20)
      let transfer = try impatient.store.download("k", to: sink, DownloadRequest())
      #expect(sink.bytes == Self.bytes)
      #expect(transfer.digest == Blake3.digest(of: Self.bytes))
      #expect(server.arrived.count == 2)
      #expect(server.arrived.last?.header("if-match") == Self.md5)
      #expect(server.arrived.last?.header("range")?.hasPrefix("bytes=") == true)
    }
  }

  @Test func `a body that always breaks off is given up`() throws {
    try serve(Script { _ in Self.whole(.closeAfter(0)) }) { (tested, server) throws in
      #expect {
        try tested.store.get("k")
      } throws: { ($0 as? StorageError)?.kind == .unavailable }
      #expect(server.arrived.count == 4)
    }
  }

  @Test func `a body that is not what its entity tag says is refused`() throws {
    var wrong = Self.bytes
    wrong[100_000] ^= 1
    let body = wrong
    try serve(Script { _ in Answer(200, headers: [("ETag", Self.md5)], body: body) }) {
      (tested, _) throws in
      #expect {
        try tested.store.get("k")
      } throws: { ($0 as? StorageError)?.kind == .integrity }
    }
  }

  @Test func `a body that is not what its checksum says is refused`() throws {
    let checksum = spelled(crc32c: 1)
    try serve(
      Script { _ in
        Answer(200, headers: [("ETag", "\"x\""), ("x-amz-checksum-crc32c", checksum)], body: [1])
      }
    ) { (tested, _) throws in
      #expect {
        try tested.store.get("k")
      } throws: { ($0 as? StorageError)?.kind == .integrity }
    }
  }

  @Test func `a body that is not what the caller expects is refused`() throws {
    try serve(Script { _ in Self.whole() }) { (tested, _) throws in
      let request = DownloadRequest(digest: Blake3.digest(of: [1]))
      #expect {
        try tested.store.get("k", request)
      } throws: { ($0 as? StorageError)?.kind == .integrity }
    }
  }

  @Test func `a body that is longer than announced is taken as announced, and checked`() throws {
    try serve(
      Script { _ in
        Answer(
          200, headers: [("ETag", Self.md5)], body: Self.bytes + [1, 2, 3], announced: 200_000)
      }
    ) { (tested, _) throws in
      #expect(try tested.store.get("k") == Self.bytes)
    }
  }

  @Test(arguments: [
    ("ETag", "\"00000000000000000000000000000000\""),
    ("x-amz-checksum-crc32c", "AAAAAA=="),
  ])
  func `an upload that the server took otherwise is refused`(
    _ name: String, _ value: String
  ) throws {
    try serve(Script { _ in Answer(200, headers: [(name, value)]) }) { (tested, _) throws in
      #expect {
        try tested.store.put("k", [1, 2, 3])
      } throws: { ($0 as? StorageError)?.kind == .integrity }
    }
  }

  @Test func `a bucket in another region is found there, once`() throws {
    let script: @Sendable (Arrived) -> Answer = { arrived in
      arrived.header("authorization")?.contains("/eu-west-1/") == true
        ? Self.whole()
        : Self.refusal(
          400, "AuthorizationHeaderMalformed", more: "<Region>eu-west-1</Region>")
    }
    try serve(Script(answer: script)) { (tested, server) throws in
      #expect(try tested.store.get("k") == Self.bytes)
      #expect(try tested.store.get("k") == Self.bytes)
      #expect(server.arrived.count == 3)
    }
    let astray: @Sendable (Arrived) -> Answer = { arrived in
      Self.refusal(
        301, "PermanentRedirect", headers: [("x-amz-bucket-region", "r\(arrived.number)")])
    }
    try serve(Script(answer: astray)) { (tested, server) throws in
      #expect {
        try tested.store.get("k")
      } throws: { ($0 as? StorageError)?.kind == .misconfigured }
      #expect(server.arrived.count == 2)
    }
  }

  @Test func `a redirect to another host is not followed`() throws {
    let other = LoopbackServer { _ in Answer(200) }
    defer { other.stop() }
    let port = other.port
    try serve(
      Script { _ in
        Answer(307, headers: [("Location", "http://127.0.0.1:\(port)/bench/k")])
      }
    ) { (tested, _) throws in
      #expect {
        try tested.store.get("k")
      } throws: { ($0 as? StorageError)?.kind == .misconfigured }
    }
    #expect(other.arrived.isEmpty)
  }

  @Test func `expired credentials are renewed once`() throws {
    let script: @Sendable (Arrived) -> Answer = { arrived in
      arrived.header("authorization")?.contains("AKPLANTED1") == true
        ? Self.whole() : Self.refusal(400, "ExpiredToken")
    }
    try serve(Script(answer: script)) { (tested, server) throws in
      #expect(try tested.store.get("k") == Self.bytes)
      #expect(tested.credentials.renewed == 1)
      #expect(server.arrived.count == 2)
    }
    try serve(Script { _ in Self.refusal(400, "ExpiredToken") }) { (tested, server) throws in
      #expect {
        try tested.store.get("k")
      } throws: { ($0 as? StorageError)?.kind == .expiredCredentials }
      #expect(server.arrived.count == 2)
    }
  }

  @Test func `a clock that is wrong is said to be, with both times`() throws {
    try serve(
      Script { _ in
        Self.refusal(
          403, "RequestTimeTooSkewed", headers: [("Date", "Wed, 21 Oct 2015 07:28:00 GMT")])
      }
    ) { (tested, server) throws in
      #expect {
        try tested.store.get("k")
      } throws: { error in
        "\(error)".contains("2015-10-21T07:28:00") && "\(error)".contains("set its clock")
      }
      #expect(server.arrived.count == 1)
    }
  }

  @Test(arguments: [
    (403, "AccessDenied", StorageError.Kind.denied, "rights"),
    (403, "SignatureDoesNotMatch", .denied, "secret_key"),
    (403, "InvalidAccessKeyId", .denied, "access_key"),
    (404, "NoSuchBucket", .misconfigured, "create it"), (404, "NoSuchKey", .absent, "not in"),
    (507, "", .diskFull, "space"), (501, "NotImplemented", .unavailable, "NotImplemented"),
  ])
  func `a refusal is told in a sentence that says what to do`(
    _ status: Int, _ code: String, _ kind: StorageError.Kind, _ words: String
  ) throws {
    try serve(Script { _ in Self.refusal(status, code) }) { (tested, _) throws in
      #expect {
        try tested.store.get("k")
      } throws: { error in
        (error as? StorageError)?.kind == kind && "\(error)".contains(words)
      }
    }
  }

  @Test func `only 404 is absent to a head`() throws {
    try serve(Script { $0.path.hasSuffix("/k") ? Answer(404) : Answer(200) }) {
      (tested, server) throws in
      #expect(try tested.store.head("k") == nil)
      #expect(try tested.store.head("k") == nil)
      // The bucket was asked for once, so that it is not what is absent.
      #expect(server.arrived.map(\.path) == ["/bench/k", "/bench", "/bench/k"])
    }
    try serve(Script { _ in Answer(404) }) { (tested, _) throws in
      #expect {
        try tested.store.head("k")
      } throws: { ($0 as? StorageError)?.kind == .misconfigured }
    }
    try serve(Script { _ in Answer(403) }) { (tested, _) throws in
      #expect {
        try tested.store.head("k")
      } throws: { ($0 as? StorageError)?.kind == .denied }
    }
  }

  @Test func `an upload whose answer was lost is not said to be refused`() throws {
    let digest = Blake3.digest(of: [1, 2, 3])
    try serve(
      Script { arrived in
        switch (arrived.method, arrived.number) {
        case ("PUT", 1): Answer(200, fault: .resetAtOnce)
        case ("PUT", _): Self.refusal(412, "PreconditionFailed")
        default:
          Answer(
            200,
            headers: [
              ("Content-Length", "3"), ("ETag", "\"e\""), (S3Store.digestHeader, "\(digest)"),
            ])
        }
      }
    ) { (tested, _) throws in
      let request = UploadRequest(condition: .ifAbsent)
      #expect(try tested.store.put("k", [1, 2, 3], request).object.etag == ETag("e"))
    }
  }

  @Test func `a part that fails for good has the upload aborted`() throws {
    try serve(
      Script { arrived in
        switch arrived.method {
        case "POST": Answer(200, text: "<R><UploadId>u1</UploadId></R>")
        case "DELETE": Answer(204)
        default: Self.refusal(403, "AccessDenied")
        }
      }
    ) { (tested, server) throws in
      #expect {
        try tested.store.put("k", sample(20 << 20))
      } throws: { ($0 as? StorageError)?.kind == .denied }
      // A part that was given up may be heard of after that.
      let aborts = server.arrived.filter { $0.method == "DELETE" }
      #expect(aborts.count == 1 && aborts[0].target.hasSuffix("/k?uploadId=u1"))
      #expect(!server.arrived.contains { $0.method == "POST" && $0.target.contains("uploadId") })
    }
  }

  @Test func `a completion that fails after its 200 was sent is tried no further and aborted`()
    throws
  {
    try serve(
      Script { arrived in
        switch arrived.method {
        case "POST" where arrived.target.hasSuffix("?uploads="):
          Answer(200, text: "<R><UploadId>u1</UploadId></R>")
        case "POST": Answer(200, text: "<Error><Code>InternalError</Code></Error>")
        case "DELETE": Answer(204)
        default:
          Answer(200, headers: [("ETag", "\"part\"")])
        }
      }
    ) { (tested, server) throws in
      #expect {
        try tested.store.put("k", sample(9 << 20))
      } throws: { ($0 as? StorageError)?.kind == .unavailable }
      #expect(server.arrived.last?.method == "DELETE")
    }
  }

  @Test func `every request is signed, and no secret is in any log or error`() throws {
    try serve(
      Script { arrived in
        arrived.number < 3
          ? Answer(500, text: "\(plantedSecret)") : Self.refusal(403, "AccessDenied")
      }
    ) { (tested, server) throws in
      var told = ""
      do throws(StorageError) {
        _ = try tested.store.get("k")
      } catch {
        told = "\(error)"
        dump(error, to: &told)
      }
      told += tested.log.text
      dump(tested.store, to: &told)
      #expect(told.contains("AccessDenied"))
      #expect(!told.contains(plantedSecret) && !told.contains(plantedToken))
      #expect(
        server.arrived.allSatisfy { $0.header("authorization")?.contains("AKPLANTED") == true })
      #expect(server.arrived.allSatisfy { $0.header("x-amz-security-token") == plantedToken })
    }
  }
}

/// A live client that counts a server as stalled soon.
final class ImpatientClient: Client {
  private let client = CurlClient()

  func exchange(
    _ request: Request, cancellation: Cancellation?,
    send: (_ offset: UInt64, _ buffer: inout MutableSpan<UInt8>) -> Int?,
    receive: (_ head: ResponseHead, _ bytes: Span<UInt8>) -> Bool
  ) throws(HTTPError) -> ResponseHead {
    var request = request
    request.deadlines.stall = .milliseconds(300)
    request.deadlines.answer = .milliseconds(300)
    request.deadlines.connect = .milliseconds(300)
    return try client.exchange(
      request, cancellation: cancellation, send: send, receive: receive)
  }
}
