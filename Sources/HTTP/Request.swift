// What is asked of a server, and how long it may take. The body is not held here: it is pulled
// while it is sent, by position, so that it can be sent again on another connection.

/// What a request does.
package enum Method: String, Sendable {
  case get = "GET"
  case head = "HEAD"
  case put = "PUT"
  case post = "POST"
  case delete = "DELETE"
}

/// How long an exchange may take.
package struct Deadlines: Equatable, Sendable {
  /// Until there is a connection, the handshake of TLS included.
  package var connect = Duration.seconds(10)
  /// Without a byte of the answer, once everything was sent.
  package var answer = Duration.seconds(120)
  /// Without a byte in either direction, while a body is on its way.
  package var stall = Duration.seconds(30)
  /// Bodies slower than this on average, over the time of a stall, count as stalled.
  package var bytesPerSecondMin = 64
  /// For all of it; nil for as long as bytes move.
  package var overall: Duration?

  package init() {}
}

/// A request without its body.
package struct Request: Equatable, Sendable {
  package var method: Method
  package var url: URL
  package var headers: Headers
  /// How many bytes the body has; nil for a request without one.
  package var bodyBytes: UInt64?
  package var deadlines: Deadlines

  package init(
    _ method: Method, _ url: URL, headers: Headers = [:], bodyBytes: UInt64? = nil,
    deadlines: Deadlines = Deadlines()
  ) {
    self.method = method
    self.url = url
    self.headers = headers
    self.bodyBytes = bodyBytes
    self.deadlines = deadlines
  }
}
