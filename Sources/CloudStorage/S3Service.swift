// One call to S3: addressed, signed, sent, understood, and tried again where that can help.
//
//   call ─▶ sign ─▶ exchange ─▶ success ─▶ the caller's closure takes the body
//     ▲       ▲                 refusal ─▶ a StorageError, by the table in `S3Answers`
//     │       └─ other region, once ─┤
//     └──── transient, throttled, expired (refreshed once) ─────┘

package import Ambient
package import ColdStorage
import Digests
package import HTTP
import Synchronization

/// A call, before it is addressed and signed.
struct S3Call {
  var method: Method
  /// The name in the bucket; nil for the bucket itself.
  var name: [UInt8]?
  /// In any order; signing sorts.
  var query: [(String, String)] = []
  var headers: Headers = [:]
  /// What the call is about, for errors.
  var key: ObjectKey?
  /// The condition it carries, for errors.
  var condition = Condition.always

  init(_ method: Method, _ name: [UInt8]? = nil, query: [(String, String)] = []) {
    self.method = method
    self.name = name
    self.query = query
  }

  init(_ method: Method, _ key: ObjectKey, in prefix: KeyPrefix) {
    self.method = method
    self.key = key
    name = prefix.name(of: key)
  }
}

/// A body at hand: the first `count` of the bytes.
struct S3Body {
  let bytes: [UInt8]
  let count: Int

  init(_ bytes: [UInt8], count: Int? = nil) {
    self.bytes = bytes
    self.count = count ?? bytes.count
  }

  func withSpan<Result>(_ body: (Span<UInt8>) -> Result) -> Result {
    body(bytes.span.extracting(first: count))
  }
}

/// What the service runs on.
package struct S3Runtime: Sendable {
  package var client: any Client
  package var credentials: any CredentialSource
  package var wall: WallClock
  package var backend: Backend

  package init(
    client: any Client, credentials: any CredentialSource, wall: WallClock, backend: Backend
  ) {
    self.client = client
    self.credentials = credentials
    self.wall = wall
    self.backend = backend
  }
}

/// The operation that a call belongs to, and what ends the call early.
struct S3Run {
  let attempts: Attempts
  /// Raised for the operation, or for the part of it that the call is about.
  let cancellation: Cancellation?

  init(_ attempts: Attempts, cancellation: Cancellation? = nil) {
    self.attempts = attempts
    self.cancellation = cancellation ?? attempts.cancellation
  }
}

/// The calls on one bucket.
final class S3Service: Sendable {
  let settings: S3Settings
  let runtime: S3Runtime
  /// Where the bucket turned out to be.
  private let region: Mutex<String>
  /// Whether the server has said yes to anything, so that there is such a bucket.
  private let bucketIsKnown = Atomic(false)

  init(_ settings: S3Settings, _ runtime: S3Runtime) {
    self.settings = settings
    self.runtime = runtime
    region = Mutex(settings.region)
  }

  /// Makes the call until it goes well or cannot; `receive` takes the body of a success.
  ///
  /// `prepare` adapts the call before each attempt, so that a body goes on where it broke off.
  @discardableResult
  func send(
    _ call: S3Call, body: S3Body? = nil, _ run: S3Run,
    prepare: (inout S3Call, _ attempt: Int) -> Void = { _, _ in },
    receive: (ResponseHead, Span<UInt8>) throws(StorageError) -> Void
  ) throws(StorageError) -> ResponseHead {
    try run.attempts.run(refresh: runtime.credentials.refresh) {
      number throws(StorageError) in
      // A part whose neighbour has failed is not tried again.
      if run.cancellation?.isCancelled == true { throw .cancelled }
      var call = call
      prepare(&call, number)
      return try self.attempt(call, body, run.cancellation, receive)
    }
  }

  /// Makes the call and collects the body of a success, at most `bytesMax` bytes; `prepare` is told
  /// of every attempt.
  func collect(
    _ call: S3Call, body: S3Body? = nil, _ run: S3Run, bytesMax: Int = 4_194_304,
    prepare: (_ attempt: Int) -> Void = { _ in }
  ) throws(StorageError) -> Response {
    var collected: [UInt8] = []
    let name = settings.name
    let head = try send(
      call, body: body, run,
      prepare: { _, attempt in
        collected = []
        prepare(attempt)
      },
      receive: { _, bytes throws(StorageError) in
        guard collected.count + bytes.count <= bytesMax else {
          throw .unsupported(store: name, "its answer has more than \(bytesMax) bytes")
        }
        collected.append(bytes)
      })
    return Response(head: head, body: collected)
  }

  /// Makes sure that what is absent is not the bucket.
  ///
  /// A refused HEAD has no document that tells the two apart, and a misspelled bucket must not make
  /// every object look absent. It is asked once, and only while nothing has gone well.
  func confirmBucket(_ run: S3Run) throws(StorageError) {
    guard !bucketIsKnown.load(ordering: .relaxed) else { return }
    do throws(StorageError) {
      _ = try collect(S3Call(.head), run)
    } catch  where error.kind == .denied {
      // Whoever may use a bucket need not have the right to look at it.
      bucketIsKnown.store(true, ordering: .relaxed)
    }
  }

  /// One attempt; a second, in it, when the bucket turns out to be in another region.
  private func attempt(
    _ call: S3Call, _ body: S3Body?, _ cancellation: Cancellation?,
    _ receive: (ResponseHead, Span<UInt8>) throws(StorageError) -> Void
  ) throws(StorageError) -> ResponseHead {
    let asked = region.withLock { $0 }
    switch try exchange(call, body, region: asked, cancellation, receive) {
    case .success(let head): return head
    case .failure(let refusal):
      guard refusal.isRedirect, let other = refusal.region, other != asked, isRegion(other) else {
        throw meaning(of: refusal, call)
      }
      region.withLock { $0 = other }
      switch try exchange(call, body, region: other, cancellation, receive) {
      case .success(let head): return head
      case .failure(let refusal): throw meaning(of: refusal, call)
      }
    }
  }

  private func meaning(of refusal: S3Refusal, _ call: S3Call) -> StorageError {
    refusal.meaning(
      store: settings.name, bucket: settings.bucket, key: call.key, condition: call.condition,
      isWrite: call.method == .put || call.method == .post,
      now: runtime.wall.now())
  }

  /// The name becomes a part of a host, so nothing else may stand in it.
  private func isRegion(_ text: String) -> Bool {
    (1...40).contains(text.utf8.count)
      && text.utf8.allSatisfy {
        (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || $0 == 0x2D
      }
  }

  private enum Outcome {
    case success(ResponseHead)
    case failure(S3Refusal)
  }

  private func exchange(
    _ call: S3Call, _ body: S3Body?, region: String, _ cancellation: Cancellation?,
    _ receive: (ResponseHead, Span<UInt8>) throws(StorageError) -> Void
  ) throws(StorageError) -> Outcome {
    let request = try signed(call, body, region: region)
    var refused: [UInt8] = []
    var failure: StorageError?
    do throws(HTTPError) {
      let head = try runtime.client.exchange(
        request, cancellation: cancellation,
        send: { offset, buffer in
          body.map { buffer.fill(from: $0.bytes, at: Int(offset)) }
        },
        receive: { head, bytes in
          guard head.isSuccess else {
            refused.append(bytes)
            return refused.count <= S3Refusal.bytesMax
          }
          do throws(StorageError) {
            try receive(head, bytes)
            return true
          } catch {
            failure = error
            return false
          }
        })
      if head.isSuccess {
        bucketIsKnown.store(true, ordering: .relaxed)
        return .success(head)
      }
      return .failure(S3Refusal(head, body: refused))
    } catch {
      throw failure ?? error.meaning(store: settings.name)
    }
  }

  private func signed(
    _ call: S3Call, _ body: S3Body?, region: String
  ) throws(StorageError) -> Request {
    let credentials = try runtime.credentials.credentials()
    var url = settings.url(of: call.name, region: region)
    if !call.query.isEmpty {
      url.query = call.query.map { "\($0.0)=\(percentEncoded($0.1.utf8))" }.joined(separator: "&")
    }
    var request = Request(call.method, url, headers: call.headers)
    request.bodyBytes = body.map { UInt64($0.count) }
    let payload: Payload =
      switch (body, url.scheme) {
      case (nil, _): .empty
      // The connection protects the bytes, and the checksum finds what it does not.
      case (_?, .https): .unsigned
      case (let body?, .http): .hashed(body.withSpan { Sha256.digest(of: $0) })
      }
    request.headers["x-amz-content-sha256"] = payload.text
    AWSSigner(credentials: credentials, region: region, service: "s3")
      .sign(&request, payload: payload, at: runtime.wall.now())
    return request
  }
}
