// The socket at which the depot's server asks for cold files. It knows the protocol and who may
// speak it; what a file is, and how it comes back, it asks of the doors it is given. A fetch is
// answered when its door says so, from whatever thread that is, so a thousand files that are being
// restored hold no thread here, and a PING or a STAT is answered meanwhile.

package import Ambient
import Bytes
package import DurableFiles
package import Sockets
import Telemetry

/// What the socket asks of the engine.
package struct ShimDoors: Sendable {
  /// What becomes of a fetch: the size of the file that is in the depot now.
  package typealias Fetched = @Sendable (Result<UInt64, ShimRefusal>) -> Void

  /// Whether processes of this user may ask; asked at each connection, and must not wait.
  package var admits: @Sendable (_ user: UInt32) -> Bool
  /// Brings a file's bytes into the depot and then tells, once, from any thread. Letting go of what
  /// is to be told counts as an internal failure.
  package var fetch: @Sendable (FilePath, @escaping Fetched) -> Void
  /// What is known of a file, without bringing its bytes.
  package var status: @Sendable (FilePath) throws(ShimRefusal) -> ShimStatus
  /// Forgets a file that the server has deleted; returns when that is durable.
  package var delete: @Sendable (FilePath) throws(ShimRefusal) -> Void

  package init(
    admits: @escaping @Sendable (_ user: UInt32) -> Bool,
    fetch: @escaping @Sendable (FilePath, @escaping Fetched) -> Void,
    status: @escaping @Sendable (FilePath) throws(ShimRefusal) -> ShimStatus,
    delete: @escaping @Sendable (FilePath) throws(ShimRefusal) -> Void
  ) {
    self.admits = admits
    self.fetch = fetch
    self.status = status
    self.delete = delete
  }
}

/// Answers the depot's server, until it is stopped.
package final class ShimServer: Sendable {
  /// The name of the socket in the state directory.
  package static let socketName = "shim.sock"

  /// What a depot's server may need at once; the longest line is the protocol's.
  package static var limits: RequestLimits {
    var limits = RequestLimits()
    limits.requestBytesMax = ShimRequest.lineBytesMax
    return limits
  }

  private let server: RequestServer

  /// Listens at the path, with these permission bits. The socket of an engine that was killed is
  /// replaced; `.inUse` when a living one has it.
  package init(
    socket path: [UInt8], mode: UInt16, depot: DepotRoot, doors: ShimDoors, metrics: ShimMetrics,
    limits: RequestLimits = ShimServer.limits, clock: MonotonicClock = .live, log: Log
  ) throws(SocketsError) {
    let desk = ShimDesk(depot: depot, doors: doors, metrics: metrics, clock: clock, log: log)
    server = try RequestServer(
      "shim", try StreamListener(unix: path, mode: mode), limits: limits,
      RequestProtocol(
        admits: { desk.admits($0) }, refusal: { desk.refusal($0) },
        serve: { line, _, reply in desk.serve(line, reply) }))
  }

  /// What has been counted so far.
  package var counts: RequestCounts { server.counts }

  /// Why it takes no more connections by itself; nil while it does, and when it was told to stop.
  package var failure: SocketsError? { server.failure }

  /// Takes nothing new and returns when what is under way is answered; false when some is not after
  /// `timeout`, which is then given up: the shim takes it for a failure.
  @discardableResult
  package func stopServing(timeout: Duration? = nil) -> Bool {
    server.stopServing(timeout: timeout)
  }
}

/// What is done with a line, whatever connection it came on.
struct ShimDesk: Sendable {
  let depot: DepotRoot
  let doors: ShimDoors
  let metrics: ShimMetrics
  let clock: MonotonicClock
  let log: Log

  /// Whether a peer may ask.
  func admits(_ peer: Peer?) -> Bool {
    // A Unix socket's peer is always known.
    guard let peer, doors.admits(peer.user) else {
      metrics.rejectedPeers.add()
      log.write(
        .debug, "a process of another user asked for files",
        [LogField("user", peer?.user ?? .max), LogField("process", peer?.process ?? -1)])
      return false
    }
    return true
  }

  /// What is answered to those who are not served.
  func refusal(_ refusal: RequestRefusal) -> [UInt8] {
    switch refusal {
    case .denied: return answer(.denied, "this user may not ask; see shim_allowed_uids").line
    case .busy: return counted(.busy, "too much is asked at once; ask again")
    case .overlong: return counted(.malformed, "a path has at most 4096 bytes")
    case .unanswered: return counted(.internal, "the request was lost in the engine")
    }
  }

  private func answer(_ code: ShimRefusal.Code, _ sentence: String) -> ShimAnswer {
    .refused(ShimRefusal(code, sentence))
  }

  private func counted(_ code: ShimRefusal.Code, _ sentence: String) -> [UInt8] {
    let answer = answer(code, sentence)
    metrics.count(answer)
    return answer.line
  }

  /// Answers a line, now or when its file is there.
  func serve(_ line: [UInt8], _ reply: Reply) {
    let begun = clock.now()
    let settle: @Sendable (ShimAnswer) -> Void = { [metrics, clock] answer in
      metrics.count(answer)
      metrics.durations.observe(clock.now() - begun)
      reply.send(answer.line)
    }
    do throws(ShimRefusal) {
      switch try ShimRequest(parsing: line) {
      case .ping: settle(.done)
      case .fetch(let path): try fetch(path, settle)
      case .legacyFetch(let path):
        metrics.legacyRequests.add()
        try fetch(path, settle)
      case .status(let path): settle(.status(try doors.status(try depot.path(path))))
      case .delete(let path):
        try doors.delete(try depot.path(path))
        settle(.done)
      }
    } catch {
      settle(.refused(error))
    }
  }

  private func fetch(
    _ path: [UInt8], _ settle: @escaping @Sendable (ShimAnswer) -> Void
  ) throws(ShimRefusal) {
    doors.fetch(try depot.path(path)) { result in
      switch result {
      case .success(let size): settle(.fetched(size: size))
      case .failure(let refusal): settle(.refused(refusal))
      }
    }
  }
}
