// The door to servers. An exchange is one blocking call on the caller's thread: its bodies pass
// through two closures that run on that thread too, so a slow disk slows the server down, nothing
// is queued in between, and parallel parts are as many callers.

package import Ambient

/// Whoever carries requests to servers.
package protocol Client: AnyObject, Sendable {
  /// Sends a request and waits for the whole answer, trying once; blocks.
  ///
  /// `send` fills the buffer with the body from the offset on and says how many bytes it gave, at
  /// least one; nil stops the exchange. It may be asked for the beginning again when a connection
  /// turns out to be dead. `receive` takes the next bytes of the answer's body and says whether it
  /// wants more. After either refusal the error is `.stopped`.
  func exchange(
    _ request: Request, cancellation: Cancellation?,
    send: (_ offset: UInt64, _ buffer: inout MutableSpan<UInt8>) -> Int?,
    receive: (_ head: ResponseHead, _ bytes: Span<UInt8>) -> Bool
  ) throws(HTTPError) -> ResponseHead
}

extension Client {
  /// Sends a request whose body is at hand, and collects an answer of at most `bytesMax` bytes.
  package func exchange(
    _ request: Request, body: [UInt8]? = nil, bytesMax: Int = 1_048_576,
    cancellation: Cancellation? = nil
  ) throws(HTTPError) -> Response {
    var request = request
    request.bodyBytes = body.map { UInt64($0.count) }
    var collected: [UInt8] = []
    var isTooLong = false
    do throws(HTTPError) {
      let head = try exchange(
        request, cancellation: cancellation,
        send: { offset, buffer in buffer.fill(from: body ?? [], at: Int(offset)) },
        receive: { _, bytes in
          isTooLong = collected.count + bytes.count > bytesMax
          if !isTooLong { collected.append(bytes) }
          return !isTooLong
        })
      return Response(head: head, body: collected)
    } catch .stopped where isTooLong {
      throw .bodyTooLong(request.url.origin, bytesMax: bytesMax)
    }
  }
}

extension MutableSpan<UInt8> {
  /// Copies the bytes from the offset on, as many as fit, and says how many.
  package mutating func fill(from bytes: [UInt8], at offset: Int) -> Int {
    let count = min(self.count, bytes.count - offset)
    unsafe withUnsafeMutableBufferPointer { target in
      unsafe bytes.withUnsafeBufferPointer { source in
        let part = unsafe UnsafeBufferPointer(rebasing: source[offset..<(offset + count)])
        _ = unsafe target.update(fromContentsOf: part)
      }
    }
    return count
  }
}

extension [UInt8] {
  /// Appends a copy of the bytes.
  package mutating func append(_ bytes: Span<UInt8>) {
    unsafe bytes.withUnsafeBufferPointer { unsafe append(contentsOf: $0) }
  }
}
