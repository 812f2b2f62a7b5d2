// Many connections that ask for one line at a time, most of them silent: one thread waits for all of
// them, and a bounded number of others answers what is asked.
//
//   listener ──▶ loop ──a whole line──▶ board ──▶ a worker ──▶ serve ──▶ Reply ─┐
//                 ▲                                                             │
//                 └──────────────── what is to be written ◀────── board ◀───────┘
//
// A reply may be sent later, by anybody, so whoever must wait for something holds a reply and not a
// thread. Every bound has its answer: a connection too many ends the one that has been silent
// longest, and is told `busy` when none is; so is a request too many. Who is silent, slow to ask or
// slow to read for too long is cut off. Stopping takes nothing new and waits for what is under way.

import Ambient
import Synchronization

/// What a server of requests allows.
package struct RequestLimits: Sendable {
  /// Connections at once.
  package var connectionsMax = 1_024
  /// Requests that are not answered yet, of connections that have left too.
  package var requestsMax = 1_024
  /// Threads that answer.
  package var workersMax = 16
  /// Bytes of a request, without its newline.
  package var requestBytesMax = 4_096
  /// How long a connection may be silent between two requests.
  package var silenceMax = Duration.seconds(300)
  /// How long the rest of a request may take that has begun.
  package var askingMax = Duration.seconds(10)
  /// How long the rest of an answer may wait to be read.
  package var readingMax = Duration.seconds(10)

  package init() {}
}

/// Why a server of requests answers by itself.
package enum RequestRefusal: Equatable, Sendable {
  /// This peer may not ask.
  case denied
  /// There are as many connections, or requests under way, as may be.
  case busy
  /// The line is longer than may be.
  case overlong
  /// Whoever held the reply let go of it.
  case unanswered
}

/// What is said on the connections, known to whoever makes the server.
package struct RequestProtocol: Sendable {
  /// Whether a peer may ask; called by the loop, so it must not wait.
  package var admits: @Sendable (Peer?) -> Bool
  /// What is answered instead of an answer; called by the loop, so it must not wait.
  package var refusal: @Sendable (RequestRefusal) -> [UInt8]
  /// Answers one line, now or later; called by a worker, which it may keep waiting.
  package var serve: @Sendable (_ line: [UInt8], Peer?, Reply) -> Void

  package init(
    admits: @escaping @Sendable (Peer?) -> Bool = { _ in true },
    refusal: @escaping @Sendable (RequestRefusal) -> [UInt8],
    serve: @escaping @Sendable (_ line: [UInt8], Peer?, Reply) -> Void
  ) {
    self.admits = admits
    self.refusal = refusal
    self.serve = serve
  }
}

/// What a server has counted.
package struct RequestCounts: Equatable, Sendable {
  /// Connections that are open now.
  package var connections = 0
  /// Connections that were accepted since the beginning, whoever they came from.
  package var accepted = 0
  /// Those that were not admitted.
  package var denied = 0
  /// Connections and requests that were told `busy`.
  package var busy = 0
  /// Connections that were ended because they were silent or slow, or to make room.
  package var cutOff = 0
  /// Requests that are not answered yet.
  package var underWay = 0

  package init(
    connections: Int = 0, accepted: Int = 0, denied: Int = 0, busy: Int = 0, cutOff: Int = 0,
    underWay: Int = 0
  ) {
    self.connections = connections
    self.accepted = accepted
    self.denied = denied
    self.busy = busy
    self.cutOff = cutOff
    self.underWay = underWay
  }
}

/// Serves the requests of one listener's connections, until it is stopped.
package final class RequestServer: Sendable {
  private let board: RequestBoard

  /// Begins to serve.
  package init(
    _ name: String, _ listener: consuming sending StreamListener,
    limits: RequestLimits = RequestLimits(), _ spoken: RequestProtocol
  ) throws(SocketsError) {
    let board = try RequestBoard(limits: limits)
    let loop = try RequestLoop(name, listener, board, spoken)
    self.board = board
    let handed = Handoff(loop)
    Worker("\(name)-loop") { handed.take().run() }.detach()
    for index in 0..<limits.workersMax {
      Worker("\(name)-\(index)") { board.work(spoken.serve) }.detach()
    }
  }

  /// What has been counted so far.
  package var counts: RequestCounts { board.counts }

  /// Why it stopped accepting by itself; nil while it accepts, and when it was told to stop.
  package var failure: SocketsError? { board.failure }

  /// Takes no more connections and requests, and returns when what is under way is answered and
  /// read; false when some is not after `timeout`, which is then given up.
  @discardableResult
  package func stopServing(timeout: Duration? = nil) -> Bool {
    board.stop(timeout: timeout)
  }
}

/// The way back of one answer; it is sent once, from any thread. A reply that nobody holds any more
/// and that was not sent is answered as `unanswered`.
package final class Reply: Sendable {
  private let connection: UInt64
  private let board: RequestBoard
  private let isSent = Atomic(false)

  init(to connection: UInt64, _ board: RequestBoard) {
    self.connection = connection
    self.board = board
  }

  deinit {
    if !isSent.load(ordering: .acquiring) { board.settle(connection, nil) }
  }

  /// Sends the answer; nobody is told when the asker has left meanwhile.
  package func send(_ answer: [UInt8]) {
    let wasSent = isSent.exchange(true, ordering: .acquiringAndReleasing)
    precondition(!wasSent, "a request is answered once")
    board.settle(connection, answer)
  }
}
