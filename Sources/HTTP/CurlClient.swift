// The live client. A lane is a handle of libcurl with its own few connections, driven by whichever
// thread has an exchange to make; the pool below lends lanes and prefers one that last spoke to the
// same server, so connections are used again. There is no thread here, no queue of bytes, and never
// more than `lanesMax` exchanges at once: whoever comes then waits for a lane.

package import Ambient
import CCurl

/// How the live client connects.
package struct CurlSettings: Sendable {
  /// What the client calls itself.
  package var userAgent: String
  /// The file of certificates to trust instead of the system's; in PEM.
  package var trustFile: String?
  /// The address of a proxy; nil for none, whatever the environment says.
  package var proxy: String?
  /// The most exchanges at once; others wait.
  package var lanesMax = 64

  package init(userAgent: String = "larder", trustFile: String? = nil, proxy: String? = nil) {
    self.userAgent = userAgent
    self.trustFile = trustFile
    self.proxy = proxy
  }
}

/// The client that speaks through libcurl.
package final class CurlClient: Client {
  private struct Pool {
    var idle: [CurlLane] = []
    var lanes = 0

    /// A lane that spoke to the same server, or a new one, or any that is idle; nil when all are
    /// taken.
    mutating func lend(for origin: Origin, lanesMax: Int) -> CurlLane? {
      if let index = idle.lastIndex(where: { $0.origin == origin }) {
        return idle.remove(at: index)
      }
      guard lanes < lanesMax else { return idle.popLast() }
      lanes += 1
      return CurlLane()
    }
  }

  private enum Lending {
    case lane(CurlLane)
    case cancelled
  }

  private let settings: CurlSettings
  private let clock: MonotonicClock
  private let pool = Monitor(Pool())

  package init(_ settings: CurlSettings = CurlSettings(), clock: MonotonicClock = .live) {
    precondition(settings.lanesMax > 0, "a client without lanes sends nothing")
    self.settings = settings
    self.clock = clock
    // The library allows this to be called again, and by several threads, since 7.84.
    let failed = ccurl_prepare()
    precondition(failed == 0, "libcurl could not be prepared")
  }

  package func exchange(
    _ request: Request, cancellation: Cancellation?,
    send: (_ offset: UInt64, _ buffer: inout MutableSpan<UInt8>) -> Int?,
    receive: (_ head: ResponseHead, _ bytes: Span<UInt8>) -> Bool
  ) throws(HTTPError) -> ResponseHead {
    try request.headers.check()
    let begun = clock.now()
    let lane = try borrow(for: request, cancellation, begun)
    defer { giveBack(lane) }
    return try lane.run(
      request, settings, clock, begun: begun, cancellation, send: send, receive: receive)
  }

  /// How many lanes were opened and not yet closed.
  var lanes: Int { pool.withLock { $0.lanes } }

  private func borrow(
    for request: Request, _ cancellation: Cancellation?, _ begun: MonotonicTime
  ) throws(HTTPError) -> CurlLane {
    let origin = request.url.origin
    let wake: @Sendable () -> Void = { self.pool.wakeAll() }
    func wait() -> Lending? {
      pool.wait(timeout: request.deadlines.overall) { (pool: inout Pool) -> Lending? in
        if cancellation?.isCancelled == true { return .cancelled }
        return pool.lend(for: origin, lanesMax: self.settings.lanesMax).map { .lane($0) }
      }
    }
    switch cancellation.map({ $0.watched(by: wake, during: wait) }) ?? wait() {
    case .lane(let lane):
      lane.origin = origin
      return lane
    case .cancelled: throw .cancelled
    case nil: throw .timedOut(origin, after: clock.now() - begun)
    }
  }

  private func giveBack(_ lane: CurlLane) {
    pool.withLock { $0.idle.append(lane) }
    pool.wakeOne()
  }
}
