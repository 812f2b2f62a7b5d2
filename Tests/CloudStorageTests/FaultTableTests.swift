// Every fault of a server, as a table: what goes wrong with which request, how the operation ends,
// and how many requests it took. The server is a bucket of one object that does as it is told. After
// every row the object is whole, the old one or the new, and nothing lies beside the file that a
// download would have made.

import Ambient
import ColdStorage
import Digests
import DurableFiles
import Loopback
import ScratchFiles
import Synchronization
import Testing

@testable import CloudStorage

/// A bucket of one object, wrong where its faults say so.
private final class FaultyBucket: Sendable {
  typealias Fault = @Sendable (_ number: Int, _ arrived: Arrived, _ right: Answer) -> Answer?

  static let old = sample(150_000)
  static let new = sample(160_000, seed: 2)

  private let kept = Mutex<[UInt8]>(old)

  var object: [UInt8] { kept.withLock { $0 } }

  func serve(_ fault: @escaping Fault) -> LoopbackServer {
    LoopbackServer { arrived in
      let right = self.right(arrived)
      guard let wrong = fault(arrived.number, arrived, right) else {
        if arrived.method == "PUT" { self.kept.withLock { $0 = arrived.body } }
        return right
      }
      return wrong
    }
  }

  private func right(_ arrived: Arrived) -> Answer {
    let bytes = arrived.method == "PUT" ? arrived.body : object
    let tag = md5(bytes)
    if arrived.method == "PUT" { return Answer(200, headers: [("ETag", tag)]) }
    if arrived.method == "HEAD" {
      return Answer(200, headers: [("ETag", tag), ("Content-Length", "\(bytes.count)")])
    }
    guard let range = arrived.header("range"),
      let first = Int(range.dropFirst("bytes=".count).prefix { $0 != "-" })
    else { return Answer(200, headers: [("ETag", tag)], body: bytes) }
    return Answer(
      206,
      headers: [
        ("ETag", tag), ("Content-Range", "bytes \(first)-\(bytes.count - 1)/\(bytes.count)"),
      ], body: Array(bytes[first...]))
  }

  private func md5(_ bytes: [UInt8]) -> String {
    do throws(DigestsError) {
      return "\"\(try Md5.digest(of: bytes))\""
    } catch {
      return "\"none\""
    }
  }
}

/// How an operation ends.
private enum Outcome: Equatable {
  case ok
  case fails(StorageError.Kind)
}

/// One row of the table.
private struct Row: Sendable, CustomTestStringConvertible {
  let name: String
  /// Whether it is about a get, a put, or either.
  let verbs: [String]
  let outcome: Outcome
  let requests: Int
  let fault: FaultyBucket.Fault

  init(
    _ name: String, _ verbs: [String], _ outcome: Outcome, requests: Int,
    fault: @escaping FaultyBucket.Fault
  ) {
    self.name = name
    self.verbs = verbs
    self.outcome = outcome
    self.requests = requests
    self.fault = fault
  }

  /// A row about both.
  init(
    _ name: String, _ outcome: Outcome, requests: Int, fault: @escaping FaultyBucket.Fault
  ) {
    self.init(name, ["get", "put"], outcome, requests: requests, fault: fault)
  }

  var testDescription: String { name }
}

private func refusal(
  _ status: Int, _ code: String, _ headers: [(String, String)] = [], more: String = ""
) -> Answer {
  Answer(
    status, text: "<Error><Code>\(code)</Code><Message>no</Message>\(more)</Error>",
    headers: headers)
}

/// A fault of the first `count` requests.
private func first(
  _ count: Int, _ wrong: @escaping @Sendable (Answer) -> Answer
) -> FaultyBucket.Fault {
  { number, _, right in number <= count ? wrong(right) : nil }
}

private func broken(_ fault: Answer.Fault) -> @Sendable (Answer) -> Answer {
  { right in
    var wrong = right
    wrong.fault = fault
    return wrong
  }
}

private let always = Int.max

private let table: [Row] = [
  Row("500 twice", .ok, requests: 3, fault: first(2) { _ in refusal(500, "InternalError") }),
  Row(
    "500 always", .fails(.unavailable), requests: 4,
    fault: first(always) { _ in refusal(500, "InternalError") }),
  Row(
    "503 with Retry-After", .ok, requests: 2,
    fault: first(1) { _ in refusal(503, "", [("Retry-After", "3")]) }),
  Row(
    "503 whose Retry-After is beyond all patience", .fails(.throttled), requests: 1,
    fault: first(always) { _ in refusal(503, "", [("Retry-After", "3600")]) }),
  Row("SlowDown twice", .ok, requests: 3, fault: first(2) { _ in refusal(503, "SlowDown") }),
  Row(
    "429 always", .fails(.throttled), requests: 4, fault: first(always) { _ in refusal(429, "") }),
  Row("reset before an answer", .ok, requests: 2, fault: first(1, broken(.resetAtOnce))),
  Row(
    "reset always", .fails(.unavailable), requests: 4, fault: first(always, broken(.resetAtOnce))),
  Row("reset in mid-body", ["get"], .ok, requests: 2, fault: first(1, broken(.resetAfter(70_000)))),
  Row("truncated body", ["get"], .ok, requests: 2, fault: first(1, broken(.closeAfter(70_000)))),
  Row(
    "truncated at once, always", ["get"], .fails(.unavailable), requests: 4,
    fault: first(always, broken(.closeAfter(0)))),
  Row("stalled body", ["get"], .ok, requests: 2, fault: first(1, broken(.stallAfter(70_000)))),
  Row("no answer at all", .ok, requests: 2, fault: first(1, broken(.silence))),
  Row("no answer ever", .fails(.unavailable), requests: 4, fault: first(always, broken(.silence))),
  Row(
    "wrong bytes", ["get"], .fails(.integrity), requests: 1,
    fault: first(always) { right in
      var wrong = right
      wrong.body[70_000] ^= 1
      return wrong
    }),
  Row(
    "wrong checksum", .fails(.integrity), requests: 1,
    fault: first(always) { right in
      var wrong = right
      wrong.headers = [("ETag", "\"x\""), ("x-amz-checksum-crc32c", "AAAAAA==")]
      return wrong
    }),
  Row(
    "wrong ETag", .fails(.integrity), requests: 1,
    fault: first(always) { right in
      var wrong = right
      wrong.headers = [("ETag", "\"00000000000000000000000000000000\"")]
      return wrong
    }),
  Row(
    "the whole object again where the rest was asked for", ["get"], .fails(.unsupported),
    requests: 2,
    fault: { number, _, right in
      var wrong = right
      if number == 1 {
        wrong.fault = .closeAfter(70_000)
      } else {
        wrong = Answer(200, headers: right.headers, body: FaultyBucket.old)
      }
      return wrong
    }),
  Row(
    "redirect to the right region", .ok, requests: 2,
    fault: { _, arrived, _ in
      arrived.header("authorization")?.contains("/eu-west-1/") == true
        ? nil : refusal(301, "PermanentRedirect", [("x-amz-bucket-region", "eu-west-1")])
    }),
  Row(
    "redirect in a circle", .fails(.misconfigured), requests: 2,
    fault: { number, _, _ in
      refusal(301, "PermanentRedirect", [("x-amz-bucket-region", "r\(number)")])
    }),
  Row(
    "redirect to another host", .fails(.misconfigured), requests: 1,
    fault: first(always) { _ in Answer(307, headers: [("Location", "http://127.0.0.1:1/")]) }),
  Row("expired token", .ok, requests: 2, fault: first(1) { _ in refusal(400, "ExpiredToken") }),
  Row(
    "expired token, also when renewed", .fails(.expiredCredentials), requests: 2,
    fault: first(always) { _ in refusal(400, "ExpiredToken") }),
  Row(
    "clock skew", .fails(.clockSkew), requests: 1,
    fault: first(always) { _ in refusal(403, "RequestTimeTooSkewed") }),
  Row(
    "a body longer than announced", ["get"], .ok, requests: 1,
    fault: first(always) { right in
      var wrong = right
      wrong.announced = right.body.count
      wrong.body += [1, 2, 3]
      return wrong
    }),
  Row(
    "a body shorter than announced, always", ["get"], .fails(.unavailable), requests: 4,
    fault: first(always) { right in
      var wrong = right
      wrong.announced = right.body.count
      wrong.body = []
      wrong.closes = true
      return wrong
    }),
  Row("no space", .fails(.diskFull), requests: 1, fault: first(always) { _ in Answer(507) }),
]

@Suite struct FaultTableTests {
  @Test(arguments: table)
  fileprivate func `a fault of the server ends as the table says`(_ row: Row) throws {
    for verb in row.verbs { try check(row, verb) }
  }

  private func check(_ row: Row, _ verb: String) throws {
    let bucket = FaultyBucket()
    let server = bucket.serve(row.fault)
    defer { server.stop() }
    let scratch = try Scratch()
    let tested = try StoreUnderTest(port: server.port, client: ImpatientClient())
    let begun = tested.clock.monotonic.now()
    var outcome = Outcome.ok
    do throws(StorageError) {
      if verb == "put" {
        try tested.store.put("k", FaultyBucket.new)
      } else {
        try download(tested.store, to: scratch)
      }
    } catch {
      outcome = .fails(error.kind)
    }
    #expect(outcome == row.outcome, "\(row.name), \(verb)")
    #expect(server.arrived.count == row.requests, "\(row.name), \(verb)")
    // The waits between attempts pass on this clock alone.
    #expect(tested.clock.monotonic.now() - begun <= .seconds(30), "\(row.name), \(verb)")
    let isWhole = bucket.object == FaultyBucket.old || bucket.object == FaultyBucket.new
    #expect(isWhole, "\(row.name), \(verb)")
    if verb == "put", outcome == .ok { #expect(bucket.object == FaultyBucket.new) }
    let names = try scratch.disk.list(.root).map { String(decoding: $0.name, as: UTF8.self) }
    #expect(names == (verb == "get" && outcome == .ok ? ["file"] : []), "\(row.name), \(verb)")
    if names == ["file"] {
      let file = try OpenFile("file", .reading, on: scratch.disk)
      #expect(try file.readAll(bytesMax: 1 << 20) == FaultyBucket.old)
    }
  }

  /// Downloads as whoever makes a file does: beside its name, and there when all of it is right.
  private func download(_ store: S3Store, to scratch: Scratch) throws(StorageError) {
    let sink: ReplacingSink
    do throws(DiskError) {
      sink = ReplacingSink(
        try AtomicReplace("file", mode: 0o600, on: scratch.disk, entropy: .live))
    } catch {
      throw .sinkFailed(error)
    }
    _ = try store.download("k", to: sink, DownloadRequest())
    do throws(DiskError) { try sink.commit(replacing: false) } catch { throw .sinkFailed(error) }
  }
}
