// What the library's callbacks work on, and the callbacks themselves. They run on the thread that
// drives the lane, inside its loop, so nothing here needs a lock.

import Ambient
import CCurl

/// One exchange as the callbacks see it.
final class CurlExchange {
  let origin: Origin
  let clock: MonotonicClock
  private let send: (UInt64, inout MutableSpan<UInt8>) -> Int?
  private let receive: (ResponseHead, Span<UInt8>) -> Bool
  private let bodyBytes: UInt64
  private var offset: UInt64 = 0
  private var reader = HeadReader()
  private(set) var receivedBytes: UInt64 = 0
  /// True when a closure wanted no more.
  private(set) var hasStopped = false
  var watch: StallWatch
  /// True when the connection had been kept from an exchange before.
  var usedKeptConnection = false

  init(
    _ request: Request, _ clock: MonotonicClock,
    send: @escaping (UInt64, inout MutableSpan<UInt8>) -> Int?,
    receive: @escaping (ResponseHead, Span<UInt8>) -> Bool
  ) {
    origin = request.url.origin
    self.clock = clock
    self.send = send
    self.receive = receive
    bodyBytes = request.bodyBytes ?? 0
    watch = StallWatch(request.deadlines, hasBody: bodyBytes > 0, at: clock.now())
  }

  var head: ResponseHead? { reader.head }

  /// True when a kept connection was at fault and nothing of an answer has come.
  var mayBeSentAgain: Bool { usedKeptConnection && head == nil }

  func takeLine(_ line: Span<UInt8>) -> Bool {
    watch.received(line.count, at: clock.now())
    return reader.take(line)
  }

  func take(_ bytes: Span<UInt8>) -> Bool {
    guard let head else { return false }
    let began = clock.now()
    watch.received(bytes.count, at: began)
    receivedBytes += UInt64(bytes.count)
    guard receive(head, bytes) else {
      hasStopped = true
      return false
    }
    watch.excuse(clock.now() - began)
    return true
  }

  /// How many bytes of the body fit into a buffer of this size now; 0 at its end.
  func bytesNext(max: Int) -> Int {
    Int(clamping: min(UInt64(max), bodyBytes - offset))
  }

  /// Fills the buffer and says how far; nil when the body's owner stops.
  func give(_ buffer: inout MutableSpan<UInt8>) -> Int? {
    let began = clock.now()
    guard let count = send(offset, &buffer), count > 0 else {
      hasStopped = true
      return nil
    }
    offset += UInt64(count)
    let now = clock.now()
    watch.excuse(now - began)
    watch.sent(count, isLast: offset == bodyBytes, at: now)
    return count
  }

  func move(to offset: UInt64) {
    self.offset = offset
  }
}

private func exchange(_ context: UnsafeMutableRawPointer?) -> CurlExchange {
  unsafe Unmanaged<CurlExchange>.fromOpaque(context!).takeUnretainedValue()
}

private func bytes(
  _ start: UnsafeMutablePointer<CChar>?, _ count: Int
) -> UnsafeMutableBufferPointer<UInt8> {
  let first = unsafe UnsafeMutableRawPointer(start)?.assumingMemoryBound(to: UInt8.self)
  return unsafe UnsafeMutableBufferPointer(start: first, count: count)
}

let takeHeaderLine: ccurl_writer = { start, size, count, context in
  let line = unsafe bytes(start, size * count)
  return unsafe exchange(context).takeLine(line.span) ? size * count : 0
}

let takeBody: ccurl_writer = { start, size, count, context in
  let part = unsafe bytes(start, size * count)
  return unsafe exchange(context).take(part.span) ? size * count : 0
}

let giveBody: ccurl_reader = { start, size, count, context in
  let exchange = unsafe exchange(context)
  let next = exchange.bytesNext(max: size * count)
  guard next > 0 else { return 0 }
  let buffer = unsafe bytes(start, next)
  var span = unsafe buffer.mutableSpan
  return exchange.give(&span) ?? Int(CCURL_READ_ABORT)
}

let moveBody: ccurl_seeker = { context, offset, _ in
  unsafe exchange(context).move(to: UInt64(clamping: offset))
  return Int32(CCURL_SEEK_OK)
}
