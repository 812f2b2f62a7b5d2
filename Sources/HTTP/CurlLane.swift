// One handle of libcurl, in a set of its own so that it can be driven step by step and woken. The
// loop below is the whole life of an exchange: do what can be done, look whether it ended, was
// cancelled, stalled or took too long, and sleep until the network or the next of these.

import Ambient
import CCurl

/// A handle for one exchange after the other, with the connections that it keeps.
// One thread at a time drives a lane, for the pool lends it to one; the only call from elsewhere is
// the wake, which the library allows from any thread. That makes the unchecked conformance true.
@safe final class CurlLane: @unchecked Sendable {
  /// How many connections it keeps: one to the usual server, one to where that sends it.
  private static let connectionsMax: Int64 = 2
  /// How many bytes pass between us and the library at once.
  private static let bufferBytes: Int64 = 262_144

  private var easy: OpaquePointer
  private let multi: OpaquePointer
  private let reason: UnsafeMutablePointer<CChar>
  /// The server it last spoke to.
  var origin: Origin?

  init() {
    guard let easy = unsafe ccurl_easy_open(), let multi = unsafe ccurl_multi_open() else {
      preconditionFailure("no memory for a handle of libcurl")
    }
    unsafe self.easy = easy
    unsafe self.multi = multi
    unsafe reason = .allocate(capacity: Int(CCURL_ERROR_SIZE))
    unsafe reason.initialize(repeating: 0, count: Int(CCURL_ERROR_SIZE))
    _ = unsafe ccurl_multi_set_number(multi, CCURL_MULTI_MAXCONNECTS, Self.connectionsMax)
  }

  deinit {
    unsafe ccurl_easy_close(easy)
    _ = unsafe ccurl_multi_close(multi)
    unsafe reason.deallocate()
  }

  /// Makes one exchange on the calling thread.
  ///
  /// A connection that was kept may have died, or holds what a broken server sent too much: when it
  /// fails before a byte of the answer, the request goes out once more on a new one.
  func run(
    _ request: Request, _ settings: CurlSettings, _ clock: MonotonicClock, begun: MonotonicTime,
    _ cancellation: Cancellation?,
    send: (UInt64, inout MutableSpan<UInt8>) -> Int?,
    receive: (ResponseHead, Span<UInt8>) -> Bool
  ) throws(HTTPError) -> ResponseHead {
    // The library keeps pointers to the closures only while it has the handle, and it gives that
    // back below before this returns.
    let outcome = withoutActuallyEscaping(send) { send in
      withoutActuallyEscaping(receive) { receive in
        do throws(HTTPError) {
          for isFresh in [false, true] {
            let exchange = CurlExchange(request, clock, send: send, receive: receive)
            do throws(HTTPError) {
              return Result<ResponseHead, HTTPError>.success(
                try drive(exchange, request, settings, isFresh: isFresh, begun, cancellation))
            } catch .reset where !isFresh && exchange.mayBeSentAgain {
              continue
            }
          }
          preconditionFailure("a new connection is not tried twice")
        } catch {
          return .failure(error)
        }
      }
    }
    return try outcome.get()
  }

  private func drive(
    _ exchange: CurlExchange, _ request: Request, _ settings: CurlSettings, isFresh: Bool,
    _ begun: MonotonicTime, _ cancellation: Cancellation?
  ) throws(HTTPError) -> ResponseHead {
    let list = unsafe try headerList(request)
    var isWhole = false
    defer {
      if isWhole { unsafe ccurl_easy_reset(easy) } else { renew() }
      unsafe ccurl_list_close(list)
    }
    unsafe reason[0] = 0
    unsafe try configure(request, settings, list)
    try set(CCURL_NUMBER_FRESH_CONNECT, isFresh ? 1 : 0)
    try attach(exchange)
    try expectGood(unsafe ccurl_multi_add(multi, easy), "no place for another exchange")
    defer {
      // A handle that was added can be removed; an unfinished exchange loses its connection.
      _ = unsafe ccurl_multi_remove(multi, easy)
    }
    let result: Int32
    if let cancellation {
      let wake: @Sendable () -> Void = { _ = unsafe ccurl_multi_wake(self.multi) }
      result = try cancellation.watched(by: wake) { () throws(HTTPError) in
        try loop(exchange, request.deadlines, begun, cancellation)
      }
    } else {
      result = try loop(exchange, request.deadlines, begun, nil)
    }
    exchange.usedKeptConnection =
      unsafe ccurl_number_about(easy, CCURL_NUMBER_INFO_NUM_CONNECTS) == 0
    let head = try finish(exchange, result, request, settings)
    isWhole = true
    return head
  }

  /// Takes a new handle: one whose exchange broke off keeps buffers that a reset leaves as they are,
  /// and refuses their sizes the next time. The connections belong to the set and stay.
  private func renew() {
    guard let fresh = unsafe ccurl_easy_open() else {
      preconditionFailure("no memory for a handle of libcurl")
    }
    unsafe ccurl_easy_close(easy)
    unsafe easy = fresh
  }

  /// Turns until the library says how it ended.
  private func loop(
    _ exchange: CurlExchange, _ deadlines: Deadlines, _ begun: MonotonicTime,
    _ cancellation: Cancellation?
  ) throws(HTTPError) -> Int32 {
    let origin = exchange.origin
    while true {
      var running: Int32 = 0
      try expectGood(unsafe ccurl_multi_perform(multi, &running), "the exchange cannot go on")
      var result: Int32 = 0
      if unsafe ccurl_multi_ended(multi, &result) != nil { return result }
      if cancellation?.isCancelled == true { throw .cancelled }
      let now = exchange.clock.now()
      if let quiet = exchange.watch.stall(at: now) { throw .stalled(origin, for: quiet) }
      var rest = exchange.watch.rest(at: now)
      if let overall = deadlines.overall {
        let left = begun + overall - now
        if left <= .zero { throw .timedOut(origin, after: overall) }
        rest = min(rest, left)
      }
      let milliseconds = Int32(clamping: max(rest, .zero).wholeMicroseconds / 1_000 + 1)
      try expectGood(unsafe ccurl_multi_wait(multi, milliseconds), "waiting for the network failed")
    }
  }

  private func configure(
    _ request: Request, _ settings: CurlSettings, _ list: OpaquePointer?
  ) throws(HTTPError) {
    try set(CCURL_TEXT_URL, request.url.spelling)
    try set(CCURL_TEXT_PROTOCOLS_STR, "http,https")
    try set(CCURL_TEXT_USERAGENT, settings.userAgent)
    // An empty proxy keeps the library from asking the environment for one.
    try set(CCURL_TEXT_PROXY, settings.proxy ?? "")
    try set(CCURL_TEXT_NOPROXY, settings.proxy == nil ? "*" : "")
    if let file = settings.trustFile { try set(CCURL_TEXT_CAINFO, file) }
    try set(CCURL_NUMBER_SSL_VERIFYPEER, 1)
    try set(CCURL_NUMBER_SSL_VERIFYHOST, 2)
    try set(CCURL_NUMBER_SSLVERSION, Int64(CCURL_SSLVERSION_TLSV1_2))
    try set(CCURL_NUMBER_HTTP_VERSION, Int64(CCURL_HTTP_VERSION_2TLS))
    try set(CCURL_NUMBER_PATH_AS_IS, 1)
    try set(CCURL_NUMBER_FOLLOWLOCATION, 0)
    try set(CCURL_NUMBER_NOSIGNAL, 1)
    try set(CCURL_NUMBER_TCP_KEEPALIVE, 1)
    try set(CCURL_NUMBER_BUFFERSIZE, Self.bufferBytes)
    try set(CCURL_NUMBER_UPLOAD_BUFFERSIZE, Self.bufferBytes)
    let connect = request.deadlines.connect.wholeMicroseconds / 1_000
    try set(CCURL_NUMBER_CONNECTTIMEOUT_MS, max(connect, 1))
    try expectGood(
      unsafe ccurl_set_list(easy, CCURL_LIST_HTTPHEADER, list), "the headers were refused")
    if let count = request.bodyBytes {
      try set(CCURL_NUMBER_UPLOAD, 1)
      try set(CCURL_NUMBER_INFILESIZE_LARGE, Int64(clamping: count))
    } else if request.method == .head {
      try set(CCURL_NUMBER_NOBODY, 1)
    }
    try set(CCURL_TEXT_CUSTOMREQUEST, request.method.rawValue)
  }

  private func attach(_ exchange: CurlExchange) throws(HTTPError) {
    let context = unsafe Unmanaged.passUnretained(exchange).toOpaque()
    let results = unsafe [
      ccurl_set_header_writer(easy, takeHeaderLine, context),
      ccurl_set_writer(easy, takeBody, context),
      ccurl_set_reader(easy, giveBody, context),
      ccurl_set_seeker(easy, moveBody, context),
      ccurl_set_error_buffer(easy, reason),
    ]
    for result in results { try expectGood(result, "a closure was refused") }
  }

  /// The header fields as the library takes them, freed by the caller.
  private func headerList(_ request: Request) throws(HTTPError) -> OpaquePointer? {
    var lines = request.headers.fields.map { field in
      // A name with a colon and nothing behind it would remove a field instead of sending it.
      field.value.isEmpty ? "\(field.name);" : "\(field.name): \(field.value)"
    }
    // What the library would add by itself, and nobody signed or asked for.
    for name in ["Accept", "Expect", "Content-Type"] where request.headers[name] == nil {
      lines.append("\(name):")
    }
    var list: OpaquePointer?
    for line in lines {
      guard let longer = unsafe ccurl_list_append(list, line) else {
        unsafe ccurl_list_close(list)
        throw .library(request.url.origin, code: 27, reason: "no memory is left")
      }
      unsafe list = longer
    }
    return unsafe list
  }

  private func finish(
    _ exchange: CurlExchange, _ result: Int32, _ request: Request, _ settings: CurlSettings
  ) throws(HTTPError) -> ResponseHead {
    if exchange.hasStopped { throw .stopped }
    let origin = exchange.origin
    switch Int(result) {
    case Int(CCURL_RESULT_OK):
      guard let head = exchange.head else { throw .reset(origin) }
      return head
    case Int(CCURL_RESULT_COULDNT_RESOLVE_HOST), Int(CCURL_RESULT_COULDNT_RESOLVE_PROXY):
      throw .couldNotResolve(host: origin.host)
    case Int(CCURL_RESULT_COULDNT_CONNECT): throw .couldNotConnect(origin)
    case Int(CCURL_RESULT_OPERATION_TIMEDOUT):
      throw .connectTimedOut(origin, after: request.deadlines.connect)
    case Int(CCURL_RESULT_PEER_FAILED_VERIFICATION): throw .untrusted(origin, reason: reasonText)
    case Int(CCURL_RESULT_SSL_CONNECT_ERROR): throw .tlsFailed(origin, reason: reasonText)
    case Int(CCURL_RESULT_SSL_CACERT_BADFILE):
      throw .badTrustFile(path: settings.trustFile ?? "the system's file of authorities")
    case Int(CCURL_RESULT_PARTIAL_FILE):
      throw .bodyTooShort(
        origin, got: exchange.receivedBytes, expected: exchange.head?.contentLength)
    case Int(CCURL_RESULT_GOT_NOTHING), Int(CCURL_RESULT_SEND_ERROR),
      Int(CCURL_RESULT_RECV_ERROR), Int(CCURL_RESULT_HTTP2), Int(CCURL_RESULT_HTTP2_STREAM),
      Int(CCURL_RESULT_SEND_FAIL_REWIND):
      throw .reset(origin)
    case Int(CCURL_RESULT_WEIRD_SERVER_REPLY), Int(CCURL_RESULT_UNSUPPORTED_PROTOCOL),
      Int(CCURL_RESULT_WRITE_ERROR):
      throw exchange.usedKeptConnection ? .reset(origin) : .notHTTP(origin)
    case Int(CCURL_RESULT_URL_MALFORMAT): throw .badURL("\(request.url)")
    default: throw .library(origin, code: Int(result), reason: reasonText)
    }
  }

  private var reasonText: String {
    let text = unsafe String(cString: reason)
    return text.isEmpty ? "no reason was given" : text
  }

  private func set(_ option: ccurl_text, _ text: String) throws(HTTPError) {
    try expectGood(unsafe ccurl_set_text(easy, option, text), "an option was refused")
  }

  private func set(_ option: ccurl_number, _ number: Int64) throws(HTTPError) {
    try expectGood(unsafe ccurl_set_number(easy, option, number), "an option was refused")
  }

  private func expectGood(_ result: Int32, _ reason: String) throws(HTTPError) {
    guard result != 0 else { return }
    throw .library(
      origin ?? Origin(scheme: .http, host: "", port: 80), code: Int(result), reason: reason)
  }
}
