// The promises of the door, kept by the live client against a server on the loopback and by the
// scripted one.

import Ambient
import HTTP
import Loopback
import Synchronization
import Testing

/// A client with a server behind it that answers as told.
struct ClientUnderTest {
  enum Kind: CaseIterable { case curl, scripted }

  let client: any Client
  let base: URL
  private let server: LoopbackServer?

  init(_ kind: Kind, answer: @escaping @Sendable (_ target: String, _ body: [UInt8]) -> Answer) {
    switch kind {
    case .curl:
      let server = LoopbackServer { answer($0.target, $0.body) }
      self.server = server
      base = URL(scheme: .http, host: "127.0.0.1", port: server.port)
      client = CurlClient()
    case .scripted:
      server = nil
      base = URL(scheme: .http, host: "scripted.example")
      client = ScriptedClient { sent in
        let url = sent.request.url
        let answer = answer(url.path + (url.query.map { "?\($0)" } ?? ""), sent.body)
        var headers = Headers()
        for (name, value) in answer.headers { headers.add(name, value) }
        return .init(answer.status, headers: headers, body: answer.body)
      }
    }
  }

  func stop() { server?.stop() }
}

@Suite struct ClientContractTests {
  @Test(arguments: ClientUnderTest.Kind.allCases)
  func `what is sent arrives, and what is answered comes back`(
    _ kind: ClientUnderTest.Kind
  ) throws {
    let tested = ClientUnderTest(kind) { target, body in
      Answer(201, headers: [("X-Target", target), ("x-two", "b")], body: body.reversed())
    }
    defer { tested.stop() }
    var url = tested.base
    url.path = "/a/../b//%2F%C3%A9"
    url.query = "q=%20&z"
    let body = (0..<300_000).map { UInt8(truncatingIfNeeded: $0 &* 7) }
    let response = try tested.client.exchange(Request(.put, url), body: body)
    #expect(response.head.status == 201)
    #expect(response.head.headers["x-target"] == "/a/../b//%2F%C3%A9?q=%20&z")
    #expect(response.head.headers["X-TWO"] == "b")
    #expect(response.body == body.reversed())
  }

  @Test(arguments: ClientUnderTest.Kind.allCases)
  func `an answer may be a refusal, and is no error`(_ kind: ClientUnderTest.Kind) throws {
    let tested = ClientUnderTest(kind) { _, _ in Answer(404, text: "gone") }
    defer { tested.stop() }
    let response = try tested.client.exchange(Request(.get, tested.base))
    #expect(response.head.status == 404)
    #expect(!response.head.isSuccess)
    #expect(response.body == Array("gone".utf8))
  }

  @Test(arguments: ClientUnderTest.Kind.allCases)
  func `whoever takes a body may stop it`(_ kind: ClientUnderTest.Kind) throws {
    let tested = ClientUnderTest(kind) { _, _ in
      Answer(200, body: [UInt8](repeating: 1, count: 1_000_000))
    }
    defer { tested.stop() }
    #expect(throws: HTTPError.stopped) {
      try tested.client.exchange(
        Request(.get, tested.base), cancellation: nil, send: { _, _ in nil },
        receive: { _, _ in false })
    }
  }

  @Test(arguments: ClientUnderTest.Kind.allCases)
  func `whoever gives a body may stop it`(_ kind: ClientUnderTest.Kind) throws {
    let tested = ClientUnderTest(kind) { _, _ in Answer(200) }
    defer { tested.stop() }
    #expect(throws: HTTPError.stopped) {
      try tested.client.exchange(
        Request(.put, tested.base, bodyBytes: 1_000_000), cancellation: nil,
        send: { offset, buffer in offset == 0 ? buffer.count : nil }, receive: { _, _ in true })
    }
  }

  @Test(arguments: ClientUnderTest.Kind.allCases)
  func `an answer that is longer than wanted is refused`(_ kind: ClientUnderTest.Kind) throws {
    let tested = ClientUnderTest(kind) { _, _ in Answer(200, text: "12345") }
    defer { tested.stop() }
    let origin = tested.base.origin
    #expect(try tested.client.exchange(Request(.get, tested.base), bytesMax: 5).body.count == 5)
    #expect(throws: HTTPError.bodyTooLong(origin, bytesMax: 4)) {
      try tested.client.exchange(Request(.get, tested.base), bytesMax: 4)
    }
  }

  @Test(arguments: ClientUnderTest.Kind.allCases)
  func `the answer to HEAD has a length and no body`(_ kind: ClientUnderTest.Kind) throws {
    let tested = ClientUnderTest(kind) { _, _ in Answer(200, headers: [("Content-Length", "77")]) }
    defer { tested.stop() }
    let response = try tested.client.exchange(Request(.head, tested.base))
    #expect(response.head.contentLength == 77)
    #expect(response.body == [])
  }

  @Test(arguments: ClientUnderTest.Kind.allCases)
  func `what was cancelled before is not sent`(_ kind: ClientUnderTest.Kind) throws {
    let tested = ClientUnderTest(kind) { _, _ in Answer(200) }
    defer { tested.stop() }
    let cancellation = Cancellation()
    cancellation.cancel()
    #expect(throws: HTTPError.cancelled) {
      try tested.client.exchange(Request(.get, tested.base), cancellation: cancellation)
    }
  }
}
