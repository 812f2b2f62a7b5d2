// The client of tests and simulations: a closure plays the server. It sees each request with its
// whole body and says what comes back, a fault included, and every request is kept for the test to
// look at. Bodies pass through the same closures in pieces, so the code above cannot tell.

package import Ambient
import Synchronization

/// The client whose servers are a script.
package final class ScriptedClient: Client {
  /// What the script says to one request.
  package struct Answer: Sendable {
    package var response: Response
    /// What happens after the body, or instead of everything when there is no response.
    package var fault: HTTPError?

    package init(
      _ status: Int, headers: Headers = [:], body: [UInt8] = [], fault: HTTPError? = nil
    ) {
      response = Response(head: ResponseHead(status: status, headers: headers), body: body)
      self.fault = fault
    }
  }

  /// A request as it arrived.
  package struct Sent: Equatable, Sendable {
    package let request: Request
    package let body: [UInt8]
  }

  /// How many bytes pass at once.
  private let pieceBytes: Int
  private let script: @Sendable (Sent) throws(HTTPError) -> Answer
  private let log = Mutex<[Sent]>([])

  /// The script is called by whichever thread makes the exchange.
  package init(
    pieceBytes: Int = 4_096, script: @escaping @Sendable (Sent) throws(HTTPError) -> Answer
  ) {
    self.pieceBytes = pieceBytes
    self.script = script
  }

  /// Every request so far, in the order in which their bodies were complete.
  package var sent: [Sent] { log.withLock { $0 } }

  package func exchange(
    _ request: Request, cancellation: Cancellation?,
    send: (_ offset: UInt64, _ buffer: inout MutableSpan<UInt8>) -> Int?,
    receive: (_ head: ResponseHead, _ bytes: Span<UInt8>) -> Bool
  ) throws(HTTPError) -> ResponseHead {
    try request.headers.check()
    let body = try collect(request, cancellation, send)
    let sent = Sent(request: request, body: body)
    log.withLock { $0.append(sent) }
    let answer = try script(sent)
    let (head, bytes) = (answer.response.head, answer.response.body)
    var offset = 0
    while offset < bytes.count, request.method != .head {
      if cancellation?.isCancelled == true { throw .cancelled }
      let end = min(offset + pieceBytes, bytes.count)
      guard receive(head, bytes.span.extracting(offset..<end)) else { throw .stopped }
      offset = end
    }
    if let fault = answer.fault { throw fault }
    return head
  }

  private func collect(
    _ request: Request, _ cancellation: Cancellation?,
    _ send: (UInt64, inout MutableSpan<UInt8>) -> Int?
  ) throws(HTTPError) -> [UInt8] {
    let whole = Int(clamping: request.bodyBytes ?? 0)
    var body: [UInt8] = []
    while body.count < whole {
      if cancellation?.isCancelled == true { throw .cancelled }
      var piece = [UInt8](repeating: 0, count: min(pieceBytes, whole - body.count))
      var buffer = piece.mutableSpan
      guard let count = send(UInt64(body.count), &buffer), count > 0 else { throw .stopped }
      body += piece[..<count]
    }
    if cancellation?.isCancelled == true { throw .cancelled }
    return body
  }
}
