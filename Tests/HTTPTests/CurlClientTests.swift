// The live client against a server that does everything wrong, and against the world's habits:
// dead connections, redirects, proxies in the environment.

import Ambient
import Glibc
import Loopback
import Testing

@testable import HTTP

@Suite struct CurlClientTests {
  /// A server with a script, and a client whose patience is short.
  struct Pair: ~Copyable {
    let server: LoopbackServer
    let client: CurlClient
    var deadlines = Deadlines()

    init(_ settings: CurlSettings = CurlSettings(), script: @escaping @Sendable (Arrived) -> Answer)
    {
      server = LoopbackServer(script: script)
      client = CurlClient(settings)
      deadlines.stall = .milliseconds(200)
      deadlines.answer = .milliseconds(300)
      deadlines.connect = .milliseconds(300)
    }

    deinit { server.stop() }

    var origin: Origin { url.origin }
    var url: URL { URL(scheme: .http, host: "127.0.0.1", port: server.port) }

    func get(_ cancellation: Cancellation? = nil) throws(HTTPError) -> Response {
      try client.exchange(
        Request(.get, url, deadlines: deadlines), cancellation: cancellation)
    }
  }

  static let body = [UInt8](repeating: 7, count: 100_000)

  @Test func `connections are used again`() throws {
    let pair = Pair { _ in Answer(200, text: "ok") }
    for _ in 0..<20 { _ = try pair.get() }
    #expect(pair.server.connections == 1)
    #expect(pair.client.lanes == 1)
  }

  @Test func `a connection that died meanwhile is replaced, and the body sent from its beginning`()
    throws
  {
    let pair = Pair { _ in
      var answer = Answer(200, text: "ok")
      answer.closes = true
      return answer
    }
    for _ in 0..<5 {
      let response = try pair.client.exchange(
        Request(.put, pair.url, deadlines: pair.deadlines), body: Self.body)
      #expect(response.head.status == 200)
    }
    #expect(pair.server.arrived.allSatisfy { $0.body == Self.body })
    #expect(pair.server.arrived.count == 5)
  }

  @Test func `a redirect is an answer and is not followed`() throws {
    let pair = Pair { _ in Answer(307, headers: [("Location", "http://127.0.0.1:1/")]) }
    #expect(try pair.get().head.status == 307)
    #expect(pair.server.arrived.count == 1)
  }

  // In a process of its own, for the environment belongs to all tests.
  @Test func `a proxy in the environment is not asked`() async {
    await #expect(processExitsWith: .success) {
      _ = unsafe setenv("http_proxy", "http://127.0.0.1:1/", 1)
      let pair = Pair { _ in Answer(200) }
      #expect(throws: Never.self) { try pair.get() }
    }
  }

  @Test func `a proxy that was asked for is asked`() throws {
    let proxy = LoopbackServer { Answer(200, text: $0.target) }
    defer { proxy.stop() }
    let client = CurlClient(CurlSettings(proxy: "http://127.0.0.1:\(proxy.port)"))
    let response = try client.exchange(
      Request(.get, URL(scheme: .http, host: "far.invalid", path: "/p")))
    #expect(response.body == Array("http://far.invalid/p".utf8))
  }

  @Test func `nothing is sent but what was asked for`() throws {
    let pair = Pair(CurlSettings(userAgent: "larder/1")) { _ in Answer(200) }
    let request = Request(
      .post, pair.url, headers: ["X-Empty": "", "X-One": "1"], deadlines: pair.deadlines)
    _ = try pair.client.exchange(request, body: [])
    let arrived = try #require(pair.server.arrived.first)
    let names = arrived.headers.map(\.name).sorted()
    #expect(names == ["content-length", "host", "user-agent", "x-empty", "x-one"])
    #expect(arrived.header("user-agent") == "larder/1")
    #expect(arrived.header("content-length") == "0")
    #expect(arrived.header("x-empty") == "")
    #expect(arrived.method == "POST")
  }

  @Test func `a body that ends early is told with both lengths`() {
    let pair = Pair { _ in Answer(200, body: Self.body, fault: .closeAfter(70_000)) }
    #expect(throws: HTTPError.bodyTooShort(pair.origin, got: 70_000, expected: 100_000)) {
      try pair.get()
    }
  }

  @Test func `a body that is longer than announced is cut off there`() throws {
    let pair = Pair { arrived in
      arrived.number == 1
        ? Answer(200, body: Self.body, announced: 1_000) : Answer(200, text: "second")
    }
    #expect(try pair.get().body == Array(Self.body.prefix(1_000)))
    // The rest of the first answer is not taken for the second.
    #expect(try pair.get().body == Array("second".utf8))
  }

  @Test func `a reset in mid-body is a reset`() {
    let pair = Pair { _ in Answer(200, body: Self.body, fault: .resetAfter(10)) }
    #expect(throws: HTTPError.reset(pair.origin)) { try pair.get() }
  }

  @Test func `a reset instead of an answer is a reset`() {
    let pair = Pair { _ in Answer(200, fault: .resetAtOnce) }
    #expect(throws: HTTPError.reset(pair.origin)) { try pair.get() }
  }

  @Test func `a body that stops coming is stalled within its time`() {
    let pair = Pair { _ in Answer(200, body: Self.body, fault: .stallAfter(10)) }
    let begun = MonotonicClock.live.now()
    #expect(throws: HTTPError.stalled(pair.origin, for: .milliseconds(200))) { try pair.get() }
    #expect(MonotonicClock.live.now() - begun < .seconds(5))
  }

  @Test func `a trickle is stalled`() {
    var pair = Pair { _ in Answer(200, body: Self.body, fault: .trickle(milliseconds: 20)) }
    pair.deadlines.bytesPerSecondMin = 1_000
    #expect(throws: HTTPError.stalled(pair.origin, for: .milliseconds(200))) { try pair.get() }
  }

  @Test func `a server that never answers is stalled`() {
    let pair = Pair { _ in Answer(200, fault: .silence) }
    #expect(throws: HTTPError.stalled(pair.origin, for: .milliseconds(300))) { try pair.get() }
  }

  @Test func `everything together has its time`() {
    var pair = Pair { _ in Answer(200, body: Self.body, fault: .trickle(milliseconds: 1)) }
    pair.deadlines.bytesPerSecondMin = 0
    pair.deadlines.overall = .milliseconds(150)
    #expect(throws: HTTPError.timedOut(pair.origin, after: .milliseconds(150))) {
      try pair.get()
    }
  }

  @Test func `cancelling ends a transfer at once, whatever it waits for`() {
    var pair = Pair { _ in Answer(200, body: Self.body, fault: .stallAfter(10)) }
    pair.deadlines.stall = .seconds(15)
    let cancellation = Cancellation()
    let server = pair.server
    let cancelledAt = Monitor(MonotonicTime(nanoseconds: 0))
    let canceller = Worker("canceller") {
      server.waitForRequests(1)
      cancelledAt.withLock { $0 = MonotonicClock.live.now() }
      cancellation.cancel()
    }
    #expect(throws: HTTPError.cancelled) { try pair.get(cancellation) }
    let ended = MonotonicClock.live.now()
    canceller.join()
    #expect(ended - cancelledAt.withLock { $0 } < .milliseconds(500))
  }

  @Test func `whoever comes when every lane is taken waits for one`() throws {
    var settings = CurlSettings()
    settings.lanesMax = 2
    let pair = Pair(settings) { _ in Answer(200, text: "ok") }
    let (client, url) = (pair.client, pair.url)
    let good = Monitor(0)
    Worker.each(8, named: "caller") { _ in
      for _ in 0..<5 {
        guard let response = try? client.exchange(Request(.get, url)) else { continue }
        if response.head.status == 200 { good.withLock { $0 += 1 } }
      }
    }
    #expect(good.withLock { $0 } == 40)
    #expect(client.lanes == 2)
    #expect(pair.server.connections <= 2)
  }

  @Test func `waiting for a lane can be cancelled`() {
    var settings = CurlSettings()
    settings.lanesMax = 1
    var pair = Pair(settings) { _ in Answer(200, fault: .silence) }
    pair.deadlines.answer = .seconds(15)
    let (first, second) = (Cancellation(), Cancellation())
    let (client, url, deadlines) = (pair.client, pair.url, pair.deadlines)
    let holder = Worker("holder") {
      _ = try? client.exchange(Request(.get, url, deadlines: deadlines), cancellation: first)
    }
    pair.server.waitForRequests(1)
    let canceller = Worker("canceller") { second.cancel() }
    #expect(throws: HTTPError.cancelled) { try pair.get(second) }
    canceller.join()
    first.cancel()
    holder.join()
  }

  @Test func `nobody at the address, and no such name, are told apart`() {
    let client = CurlClient()
    let nobody = URL(scheme: .http, host: "127.0.0.1", port: 1)
    #expect(throws: HTTPError.couldNotConnect(nobody.origin)) {
      try client.exchange(Request(.get, nobody))
    }
    #expect(throws: HTTPError.couldNotResolve(host: "nowhere.invalid")) {
      try client.exchange(Request(.get, URL(scheme: .http, host: "nowhere.invalid")))
    }
  }

  @Test func `an exchange that failed says the same when it is tried again`() throws {
    let pair = Pair { _ in Answer(200, text: "ok") }
    let unknown = Request(.get, URL(scheme: .http, host: "nowhere.invalid"))
    for _ in 0..<3 {
      #expect(throws: HTTPError.couldNotResolve(host: "nowhere.invalid")) {
        try pair.client.exchange(unknown)
      }
    }
    #expect(try pair.get().body == Array("ok".utf8))
    #expect(pair.client.lanes <= 2)
  }

  @Test func `a server that speaks no TLS is told so`() {
    let pair = Pair { _ in Answer(200) }
    let url = URL(scheme: .https, host: "127.0.0.1", port: pair.server.port)
    #expect {
      try pair.client.exchange(Request(.get, url))
    } throws: { error in
      guard case .tlsFailed(url.origin, _) = error as? HTTPError else { return false }
      return true
    }
  }
}
